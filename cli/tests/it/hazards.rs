//! Hazards of the go command's own cache that a printed Dockerfile guards against. Each is
//! reproduced with the real go command twice: with the guard, which must help, and with the guard
//! taken out, which must not: otherwise the test would hold nothing, or the hazard is gone and so
//! may be the guard.

use std::collections::BTreeMap;
use std::fs::{self, File, FileTimes};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use crate::support::{Repository, SMALL};

/// A module of two packages. One imports the other.
const MODULE: &str = "
-- go.mod --
module example.com/m

go 1.24
-- lib/lib.go --
package lib

import \"example.com/m/low\"

func Lib() int { return low.Low() }
-- lib/other.go --
//go:build arm64

package lib

const Other = true
-- low/low.go --
package low

func Low() int { return 1 }
";

/// Lines of the Dockerfile that is printed for a repository of one service.
fn printed() -> String {
    let said = Repository::new(SMALL).run("dockerfile");
    assert_eq!(said.code, 0, "{said}");
    said.out
}

fn go(dir: &Path, cache: &Path, environment: &[(&str, &str)], words: &[&str]) -> String {
    let mut command = Command::new("go");
    command
        .args(words)
        .current_dir(dir)
        .env("GOCACHE", cache)
        .env_remove("GODEBUG")
        .env_remove("GOFLAGS")
        .env_remove("GOCACHEPROG");
    command.envs([
        ("GOENV", "off"),
        ("GOTOOLCHAIN", "local"),
        ("GOWORK", "off"),
        ("GOARCH", "amd64"),
        ("GOOS", "linux"),
        ("CGO_ENABLED", "0"),
    ]);
    let output = command
        .envs(environment.iter().copied())
        .output()
        .expect("the go command must be on PATH");
    assert!(
        output.status.success(),
        "go {words:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

/// What `lib` is compiled to: its build ID, which tells of sources and result alike.
fn compiled(dir: &Path, cache: &Path, environment: &[(&str, &str)]) -> String {
    go(
        dir,
        cache,
        environment,
        &[
            "list",
            "-export",
            "-trimpath",
            "-f",
            "{{.BuildID}}",
            "./lib",
        ],
    )
}

fn set_time(path: &Path, time: SystemTime) {
    let file = File::options().read(true).open(path).unwrap();
    file.set_times(FileTimes::new().set_modified(time).set_accessed(time))
        .unwrap();
}

fn ago(days: u64) -> SystemTime {
    SystemTime::now() - Duration::from_secs(days * 86_400)
}

/// Every file below `dir` with its modification time.
fn times(dir: &Path) -> BTreeMap<PathBuf, i64> {
    let mut found = BTreeMap::new();
    let mut open = vec![dir.to_path_buf()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(&next).unwrap().map(Result::unwrap) {
            let metadata = entry.metadata().unwrap();
            if metadata.is_dir() {
                open.push(entry.path());
            } else {
                found.insert(entry.path(), metadata.mtime());
            }
        }
    }
    found
}

/// An edit that keeps size and time, as files have them that a build copies with one time for all:
/// is it noticed?
fn is_edit_noticed(environment: &[(&str, &str)]) -> bool {
    let repository = Repository::new(MODULE);
    let (shared, fresh) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let file = repository.path().join("lib/other.go");
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    let settle = || {
        ["lib/lib.go", "lib/other.go", "low/low.go"]
            .map(|name| set_time(&repository.path().join(name), time))
    };
    settle();
    compiled(repository.path(), shared.path(), environment);
    // The file is now for this platform, by as many letters.
    fs::write(
        &file,
        fs::read_to_string(&file).unwrap().replace("arm64", "amd64"),
    )
    .unwrap();
    settle();
    compiled(repository.path(), shared.path(), environment)
        == compiled(repository.path(), fresh.path(), environment)
}

/// golang/go#69179: the go command keeps an index of each package's files, keyed by their names,
/// sizes and times.
#[test]
fn an_edit_of_equal_size_and_time_is_noticed() {
    let text = printed();
    let guard = text
        .lines()
        .find_map(|line| line.trim().trim_end_matches(" \\").strip_prefix("GODEBUG="))
        .expect("GODEBUG is set");
    assert!(is_edit_noticed(&[("GODEBUG", guard)]));
    assert!(
        !is_edit_noticed(&[]),
        "the guard GODEBUG={guard} does nothing: is the hazard gone?"
    );
}

/// What a later step does to a cache that lies in a layer of ten days ago: files that it touches
/// are copied into the new layer, and files that it removes are gone for all that follow.
fn harm_done(end_of_step: &str) -> usize {
    let repository = Repository::new(MODULE);
    let cache = tempfile::tempdir().unwrap();
    let debug = [("GODEBUG", "goindex=0")];
    go(
        repository.path(),
        cache.path(),
        &debug,
        &["build", "-trimpath", "./low"],
    );
    // Ten days pass: whatever has the time of the build is ten days old.
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let status = Command::new("sh")
        .args(["-euc", end_of_step])
        .env("GOCACHE", cache.path())
        .status()
        .unwrap();
    assert!(status.success());
    for (path, _) in times(cache.path())
        .into_iter()
        .filter(|(_, time)| time.unsigned_abs() <= now + 60)
    {
        set_time(&path, ago(10));
    }
    let trimmed = cache.path().join("trim.txt");
    if trimmed.exists() {
        let time = ago(10)
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap()
            .as_secs();
        fs::write(&trimmed, time.to_string()).unwrap();
        set_time(&trimmed, ago(10));
    }
    let before = times(cache.path());
    go(
        repository.path(),
        cache.path(),
        &debug,
        &["build", "-trimpath", "./lib"],
    );
    let after = times(cache.path());
    before
        .iter()
        .filter(|(path, time)| !path.ends_with("trim.txt") && after.get(*path) != Some(time))
        .count()
}

/// golang/go#69565: the go command marks the entries it uses, and removes old ones.
#[test]
fn a_cache_in_a_layer_is_neither_touched_nor_trimmed() {
    let text = printed();
    let step = text
        .split("\nRUN ")
        .find(|step| step.contains("go build") && step.contains("find $GOCACHE"))
        .expect("a step fills the cache");
    let start = step.find("find $GOCACHE").unwrap();
    let end_of_step = step[start..]
        .split("\n\n")
        .next()
        .unwrap()
        .replace("\\\n", "");
    let end_of_step = end_of_step.split("&& find $GOMODCACHE").next().unwrap();
    assert_eq!(harm_done(end_of_step), 0);
    assert!(
        harm_done("true") > 0,
        "the guard {end_of_step:?} does nothing: is the hazard gone?"
    );
}
