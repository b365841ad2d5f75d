//! The real go command, building through the program. The oracle is the go command without it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::type_complexity
)]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use tempfile::TempDir;

/// Counts that the program said at its end.
#[derive(Debug, PartialEq, Eq)]
struct Stats {
    hits: u32,
    misses: u32,
    puts: u32,
}

/// A workspace with two libraries and a main, which all use std. `extra` is one more std import of
/// the main.
fn sources(extra: &str) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = dir.path().join("m").join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("go.mod", "module example.com/m\n\ngo 1.24\n");
    write(
        "a/a.go",
        "package a\n\nimport \"errors\"\n\nvar Err = errors.New(\"a\")\n",
    );
    write(
        "b/b.go",
        "package b\n\nimport \"strconv\"\n\nfunc B() string { return strconv.Itoa(7) }\n",
    );
    let main = "package main\n\nimport (\n\t_ \"EXTRA\"\n\n\t\"example.com/m/a\"\n\t\"example.com/m/b\"\n)\n\nfunc main() { println(a.Err.Error(), b.B()) }\n";
    write("main.go", &main.replace("EXTRA", extra));
    dir
}

fn go(sources: &TempDir, words: &[&str], env: &[(&str, &str)]) -> String {
    let output = Command::new("go")
        .args(words)
        .current_dir(sources.path().join("m"))
        .env_remove("GOCACHEPROG")
        .env_remove("GOFLAGS")
        .envs([
            ("GOENV", "off"),
            ("GOTOOLCHAIN", "local"),
            ("GOWORK", "off"),
            ("GODEBUG", "goindex=0"),
            ("CGO_ENABLED", "0"),
            ("GOPROXY", "off"),
        ])
        .envs(env.iter().copied())
        .output()
        .expect("the go command, 1.24 or later, must be on PATH");
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "go {words:?}: {stderr}");
    stderr
}

/// `go build` of `packages` through the program.
fn build(sources: &TempDir, packages: &[&str], parents: &[&Path], results: (&str, &Path)) -> Stats {
    let gocache = tempfile::tempdir().unwrap();
    let mut program = format!("{} --stats", env!("CARGO_BIN_EXE_gowork-cache"));
    for parent in parents {
        program += &format!(" --parent {}", parent.display());
    }
    program += &format!(" {} {}", results.0, results.1.display());
    let words = [
        &["build", "-trimpath", "-buildvcs=false", "-o", "out/"],
        packages,
    ]
    .concat();
    let words = if packages == ["."] {
        words
    } else {
        [&["build", "-trimpath", "-buildvcs=false"], packages].concat()
    };
    let stderr = go(
        sources,
        &words,
        &[
            ("GOCACHEPROG", &program),
            ("GOCACHE", gocache.path().to_str().unwrap()),
        ],
    );
    let line = stderr
        .lines()
        .find(|line| line.contains(" puts"))
        .unwrap_or_else(|| panic!("no counts: {stderr}"));
    let numbers: Vec<u32> = line
        .split(|c: char| !c.is_ascii_digit())
        .filter_map(|number| number.parse().ok())
        .collect();
    Stats {
        hits: numbers[0],
        misses: numbers[1],
        puts: numbers[2],
    }
}

/// The main's binary, removed so that the next build links again.
fn take_binary(sources: &TempDir) -> Vec<u8> {
    let path = sources.path().join("m/out/m");
    let bytes = fs::read(&path).unwrap();
    fs::remove_file(path).unwrap();
    bytes
}

/// What the go command makes without the program.
fn plain(sources: &TempDir) -> Vec<u8> {
    go(
        sources,
        &["build", "-trimpath", "-buildvcs=false", "-o", "out/", "."],
        &[],
    );
    take_binary(sources)
}

/// Everything of a tree that a layer's digest covers: kind and mode, modification time, content.
fn snapshot(root: &Path) -> BTreeMap<PathBuf, (u32, i64, i64, Vec<u8>)> {
    let mut found = BTreeMap::new();
    let mut queue = vec![root.to_path_buf()];
    while let Some(path) = queue.pop() {
        let metadata = fs::symlink_metadata(&path).unwrap();
        let content = if metadata.is_dir() {
            queue.extend(
                fs::read_dir(&path)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
            Vec::new()
        } else {
            fs::read(&path).unwrap()
        };
        let key = path.strip_prefix(root).unwrap().to_path_buf();
        found.insert(
            key,
            (
                metadata.mode(),
                metadata.mtime(),
                metadata.mtime_nsec(),
                content,
            ),
        );
    }
    found
}

/// The layer of a cold build of everything, made once a run.
fn base() -> &'static Path {
    static BASE: OnceLock<PathBuf> = OnceLock::new();
    BASE.get_or_init(|| {
        // The next run replaces it: nobody removes the directory of a static value.
        let layer = Path::new(env!("CARGO_TARGET_TMPDIR")).join("layer-of-go");
        let _ = fs::remove_dir_all(&layer);
        fs::create_dir_all(&layer).unwrap();
        let stats = build(&sources("errors"), &["."], &[], ("--layer", &layer));
        assert!(stats.hits == 0 && stats.puts > 50, "{stats:?}");
        layer
    })
}

fn copy_layer(from: &Path) -> TempDir {
    let to = tempfile::tempdir().unwrap();
    fs::create_dir(to.path().join("o")).unwrap();
    for (path, (.., content)) in snapshot(from)
        .into_iter()
        .filter(|(path, _)| from.join(path).is_file())
    {
        fs::write(to.path().join(path), content).unwrap();
    }
    to
}

/// With everything known only the link's action is asked for in vain; its result is never stored.
fn assert_warm(stats: &Stats) {
    assert!(
        stats.misses <= 1 && stats.puts == 0 && stats.hits > 50,
        "{stats:?}"
    );
}

#[test]
fn a_server_is_compiled_once_and_is_the_plain_binary() {
    let (sources, layer, scratch) = (
        sources("net/http"),
        tempfile::tempdir().unwrap(),
        tempfile::tempdir().unwrap(),
    );
    build(&sources, &["."], &[], ("--layer", layer.path()));
    let cold = take_binary(&sources);
    assert_warm(&build(
        &sources,
        &["."],
        &[layer.path()],
        ("--discard", scratch.path()),
    ));
    let warm = take_binary(&sources);
    assert!(
        fs::read_dir(scratch.path()).unwrap().next().is_none(),
        "scratch space is left empty"
    );
    let plain = plain(&sources);
    assert!(cold == plain && warm == plain);
}

#[test]
fn a_layer_depends_on_its_results_only() {
    let again = tempfile::tempdir().unwrap();
    build(&sources("errors"), &["."], &[], ("--layer", again.path()));
    let (one, two) = (snapshot(base()), snapshot(again.path()));
    assert_eq!(
        one.keys().collect::<Vec<_>>(),
        two.keys().collect::<Vec<_>>()
    );
    for (path, metadata) in &one {
        assert!(two[path] == *metadata, "{} differs", path.display());
        let mode = if base().join(path).is_dir() {
            0o40755
        } else {
            0o100_644
        };
        assert_eq!(
            (metadata.0, metadata.1, metadata.2),
            (mode, 0, 0),
            "{}",
            path.display()
        );
    }
}

/// The go command trims what it finds to be unused for five days in a cache of its own. A year-old
/// layer is not such a cache: nothing in it is touched, and all of it hits.
#[test]
fn age_takes_nothing_from_a_layer() {
    let sources = sources("errors");
    let layer = copy_layer(base());
    let year_ago = SystemTime::now() - Duration::from_secs(366 * 24 * 60 * 60);
    for path in snapshot(layer.path()).keys().rev() {
        fs::File::open(layer.path().join(path))
            .unwrap()
            .set_modified(year_ago)
            .unwrap();
    }
    let before = snapshot(layer.path());
    // Its own cache, last trimmed a year ago, has an entry as old: both show that the go command
    // trims.
    let (gocache, scratch) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let old = gocache
        .path()
        .join("00")
        .join(format!("{}-a", "0".repeat(64)));
    fs::create_dir(gocache.path().join("00")).unwrap();
    fs::write(&old, "old").unwrap();
    fs::File::open(&old)
        .unwrap()
        .set_modified(year_ago)
        .unwrap();
    let trimmed = year_ago
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap()
        .as_secs();
    fs::write(gocache.path().join("trim.txt"), trimmed.to_string()).unwrap();
    go(
        &sources,
        &["build", "-o", "out/", "."],
        &[("GOCACHE", gocache.path().to_str().unwrap())],
    );
    assert!(!old.exists(), "the go command does not trim");

    assert_warm(&build(
        &sources,
        &["."],
        &[layer.path()],
        ("--discard", scratch.path()),
    ));
    let aged = take_binary(&sources);
    assert!(
        snapshot(layer.path()) == before,
        "a layer was changed by reading it"
    );
    assert!(aged == plain(&sources), "wrong binary");
}

#[test]
fn layers_made_apart_combine() {
    let sources = sources("errors");
    let std: Vec<&str> = vec!["errors", "strconv", "runtime"];
    let [std_layer, a, b, main] = [(); 4].map(|()| tempfile::tempdir().unwrap());
    build(&sources, &std, &[base()], ("--layer", std_layer.path()));
    assert_eq!(
        snapshot(std_layer.path()).len(),
        3,
        "all of it is in the parent: an index, an empty directory"
    );
    // Layers of one package each, made without knowing of each other, on the std part of the base.
    let only_std = tempfile::tempdir().unwrap();
    build(&sources, &std, &[], ("--layer", only_std.path()));
    let stats = build(
        &sources,
        &["./a"],
        &[only_std.path()],
        ("--layer", a.path()),
    );
    assert!(stats.puts > 0 && stats.puts < 10, "{stats:?}");
    build(
        &sources,
        &["./b"],
        &[only_std.path()],
        ("--layer", b.path()),
    );
    build(
        &sources,
        &["."],
        &[only_std.path(), a.path(), b.path()],
        ("--layer", main.path()),
    );
    let parts = take_binary(&sources);
    assert_warm(&build(
        &sources,
        &["./a", "./b"],
        &[b.path(), only_std.path(), a.path()],
        ("--layer", std_layer.path()),
    ));
    assert!(parts == plain(&sources));
}

#[test]
fn two_builds_share_a_layer() {
    let (sources, own, other) = (
        sources("errors"),
        tempfile::tempdir().unwrap(),
        tempfile::tempdir().unwrap(),
    );
    build(&sources, &["./a"], &[base()], ("--layer", own.path()));
    let first = snapshot(own.path());
    build(&sources, &["./a", "./b"], &[], ("--layer", other.path()));
    build(&sources, &["./b"], &[], ("--layer", own.path()));
    build(&sources, &["./a"], &[], ("--layer", own.path()));
    let (both, other) = (snapshot(own.path()), snapshot(other.path()));
    assert!(first.keys().all(|path| both.contains_key(path)));
    assert!(both == other, "one build or two, the layer is the same");
}

#[test]
fn damage_is_a_miss_and_never_a_wrong_binary() {
    let sources = sources("errors");
    let right = plain(&sources);
    let damages: [(&str, fn(usize, &Path)); 4] = [
        ("truncated", |_, path| {
            fs::write(
                path,
                &fs::read(path).unwrap()[..fs::metadata(path).unwrap().len() as usize / 2],
            )
            .unwrap()
        }),
        ("flipped", |n, path| {
            let mut bytes = fs::read(path).unwrap();
            let at = n * 7919 % bytes.len().max(1);
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << (n % 8);
            }
            fs::write(path, bytes).unwrap();
        }),
        ("deleted", |_, path| fs::remove_file(path).unwrap()),
        ("a directory", |_, path| {
            fs::remove_file(path).unwrap();
            fs::create_dir(path).unwrap();
        }),
    ];
    for (name, damage) in damages {
        let layer = copy_layer(base());
        let mut outputs: Vec<PathBuf> = fs::read_dir(layer.path().join("o"))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        outputs.sort();
        // The empty output cannot be flipped or cut.
        for (n, path) in outputs
            .iter()
            .enumerate()
            .filter(|(n, path)| n % 3 == 0 && fs::metadata(path).unwrap().len() > 0)
        {
            damage(n, path);
        }
        let repaired = tempfile::tempdir().unwrap();
        let stats = build(
            &sources,
            &["."],
            &[layer.path()],
            ("--layer", repaired.path()),
        );
        assert!(stats.misses > 1 && stats.puts > 0, "{name}: {stats:?}");
        assert!(take_binary(&sources) == right, "{name}: wrong binary");
        assert_warm(&build(
            &sources,
            &["."],
            &[layer.path(), repaired.path()],
            ("--layer", repaired.path()),
        ));
        assert!(
            take_binary(&sources) == right,
            "{name}: wrong binary from the repaired layers"
        );
    }
}

#[test]
fn a_damaged_index_is_an_empty_layer() {
    let sources = sources("errors");
    let right = plain(&sources);
    // The many kinds of damage are unit tests; this one leaves every line well-formed.
    let layer = copy_layer(base());
    let mut index = fs::read(layer.path().join("index")).unwrap();
    index.swap(200, 9000);
    fs::write(layer.path().join("index"), index).unwrap();
    let own = tempfile::tempdir().unwrap();
    let missing = own.path().join("nothing-here");
    let stats = build(
        &sources,
        &["."],
        &[layer.path(), &missing],
        ("--layer", own.path()),
    );
    assert_eq!(stats.hits, 0);
    assert!(take_binary(&sources) == right, "wrong binary");
}

#[test]
fn a_layer_that_cannot_be_written_fails_the_build() {
    let sources = sources("errors");
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("o"), "in the way").unwrap();
    let output = Command::new("go")
        .args(["build", "-trimpath", "./a"])
        .current_dir(sources.path().join("m"))
        .envs([
            ("GOENV", "off"),
            ("GOWORK", "off"),
            ("GOFLAGS", ""),
            ("GOTOOLCHAIN", "local"),
        ])
        .env(
            "GOCACHEPROG",
            format!(
                "{} --layer {}",
                env!("CARGO_BIN_EXE_gowork-cache"),
                dir.path().display()
            ),
        )
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        !output.status.success() && stderr.contains("make the layer"),
        "{stderr}"
    );
}
