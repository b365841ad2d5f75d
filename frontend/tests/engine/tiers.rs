//! Where compile results are kept: layers and the cache mount, and what may happen to the mount and
//! to the steps that use it.

use std::time::Duration;

use crate::engine::{Build, EmptyEngine, Engine, Outcome};
use crate::mounts;
use crate::repository::{Repository, files, slow_to_compile, unique};

/// A program that is like none that the engine has seen, with results kept there.
fn program(cache: &str) -> Repository {
    let files = [
        ("go.mod", "module example.com/tiers\n\ngo 1.26\n"),
        (
            "main.go",
            "package main\n\nimport \"example.com/tiers/a\"\n\nfunc main() { a.Say() }\n",
        ),
        (
            "a/a.go",
            "package a\n\nimport (\n\t\"fmt\"\n\n\t\"example.com/tiers/b\"\n)\n\nfunc Say() { fmt.Println(b.Word) }\n",
        ),
    ];
    let program = Repository::new(&files);
    program.write(
        "Dockerfile",
        &format!("# syntax=docker.io/gowork/gowork:1\ncache = {cache:?}\n"),
    );
    edit(&program);
    program
}

/// An edit of a package that the other one imports.
fn edit(program: &Repository) {
    program.write(
        "b/b.go",
        &format!(
            "package b\n\n// Word is a word.\nconst Word = \"{}\"\n",
            unique()
        ),
    );
}

fn build(program: &Repository) -> Build {
    Engine::main().frontend(&program.root())
}

fn binary(build: Build) -> Vec<u8> {
    let out = tempfile::tempdir().unwrap();
    build.files_to(out.path()).succeeds();
    files(out.path())
        .remove("usr/local/bin/tiers")
        .expect("the binary")
}

fn local(program: &Repository) -> Vec<u8> {
    program.go_build("", ".")
}

/// Arguments that let every step run again, and do not empty the cache mounts as `--no-cache` does.
fn anew() -> [String; 2] {
    ["--add-host".to_owned(), format!("{}:127.0.0.1", unique())]
}

/// How many results the cache mount has.
fn results_in_mount() -> usize {
    let count = mounts::look(
        "gowork-results",
        "find /mount -type f -path '*/a/*' | wc -l >/out/count",
        b"",
    );
    String::from_utf8_lossy(&count["count"])
        .trim()
        .parse()
        .expect("a number")
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn a_damaged_mount_makes_no_wrong_binary() {
    for cache in ["both", "mount"] {
        let program = program(cache);
        let right = local(&program);
        assert!(binary(build(&program)) == right, "{cache}");
        for damage in [
            "for f in $(find /mount/1/o -type f | awk 'NR % 3 == 0'); do : > $f; done",
            "for f in $(find /mount/1/o -type f | awk 'NR % 3 == 1'); do printf X | dd of=$f bs=1 seek=100 conv=notrunc 2>/dev/null; done",
            "for f in $(find /mount/1/a -type f | awk 'NR % 2 == 0'); do cp $(find /mount/1/a -type f | head -n 1) $f; done",
            "for f in $(find /mount/1/o -type f | awk 'NR % 5 == 0'); do rm $f && mkdir $f; done",
            "rm -rf /mount/1",
        ] {
            assert!(results_in_mount() > 40, "the mount is used");
            mounts::look("gowork-results", damage, b"");
            assert!(
                binary(build(&program).args(anew())) == right,
                "{cache}, after {damage}"
            );
        }
    }
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn a_build_that_is_stopped_leaves_nothing_wrong() {
    for cache in ["both", "mount"] {
        let program = program(cache);
        for tenths in [3, 7, 11, 16, 22] {
            edit(&program);
            build(&program)
                .args(["--output", "type=cacheonly"])
                .stopped_after(Duration::from_millis(100 * tenths));
            assert!(
                binary(build(&program)) == local(&program),
                "{cache}, stopped after {tenths} tenths of a second"
            );
        }
    }
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn two_builds_use_one_mount_at_once() {
    for cache in ["both", "mount"] {
        let programs = [program(cache), program(cache)];
        let binaries = std::thread::scope(|scope| {
            let builds = [&programs[0], &programs[1]]
                .map(|program| scope.spawn(|| binary(build(program).args(anew()))));
            builds.map(|build| build.join().unwrap())
        });
        for (program, binary) in programs.iter().zip(binaries) {
            assert!(binary == local(program), "{cache}");
        }
    }
}

/// Four programs and a library that all import, and that takes its time to compile. Three have the
/// very same source; the first has files in it.
fn programs() -> Repository {
    let mut files = vec![(
        "go.mod".to_owned(),
        "module example.com/ahead\n\ngo 1.26\n".to_owned(),
    )];
    for name in PROGRAMS {
        let text =
            "package main\n\nimport \"example.com/ahead/b\"\n\nfunc main() { println(b.Word) }\n";
        files.push((format!("{name}/main.go"), text.to_owned()));
    }
    let text = "package main\n\nimport \"embed\"\n\n//go:embed static\nvar Files embed.FS\n";
    files.push(("one/files.go".to_owned(), text.to_owned()));
    files.push(("one/static/before/a.txt".to_owned(), "a\n".to_owned()));
    files.push(("b/slow.go".to_owned(), slow_to_compile("b")));
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    let programs = Repository::new(&files);
    programs.write(
        "Dockerfile",
        "# syntax=docker.io/gowork/gowork:1\ncache = \"both\"\n",
    );
    edit(&programs);
    programs
}

const PROGRAMS: [&str; 4] = ["one", "two", "three", "four"];

/// Builds all programs; they are right.
fn build_all(engine: &Engine, programs: &Repository, args: &[String]) -> Outcome {
    build_programs(engine, programs, &PROGRAMS, args)
}

/// Builds the binaries of a repository on this engine. Those of the mains in the directories `names`
/// must be right.
pub(crate) fn build_programs(
    engine: &Engine,
    repository: &Repository,
    names: &[&str],
    args: &[String],
) -> Outcome {
    let out = tempfile::tempdir().unwrap();
    let outcome = engine
        .frontend(&repository.root())
        .target("binaries")
        .args(args)
        .files_to(out.path())
        .succeeds();
    let made = files(out.path());
    for &name in names {
        assert!(
            made[name] == repository.go_build("", &format!("./{name}")),
            "{name}\n{}",
            outcome.everything()
        );
    }
    outcome
}

/// The links ran and took their binaries: a go command would have said, with -v, what it compiles.
fn linked_at_once(outcome: &Outcome) {
    assert!(
        outcome.records.compiled_at_once(),
        "{}",
        outcome.everything()
    );
    let ran = outcome.records.programs_ran();
    let links = PROGRAMS.map(|name| format!("link {name}"));
    assert!(
        links.iter().all(|link| ran.contains(link.as_str())),
        "{}",
        outcome.everything()
    );
    assert!(
        links
            .iter()
            .all(|link| outcome.records.log_of(link).is_empty()),
        "{}",
        outcome.everything()
    );
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn what_changed_is_compiled_and_linked_at_once() {
    let programs = programs();
    let build_all = || build_all(&Engine::main(), &programs, &[]);
    linked_at_once(&build_all());
    edit(&programs);
    linked_at_once(&build_all());
    // What else is needed, the layers have.
    mounts::look("gowork-results", "rm -rf /mount/1", b"");
    edit(&programs);
    linked_at_once(&build_all());
    // The same content under another name.
    programs.remove("one/static/before/a.txt");
    programs.write("one/static/after/a.txt", "a\n");
    let renamed = build_all();
    assert!(
        !renamed.records.compiled_at_once(),
        "one link alone\n{}",
        renamed.everything()
    );
    // The step that an error belongs to reports it.
    programs.write("b/b.go", "package b\n\nconst Word = undefined\n");
    let failed = build(&programs)
        .target("binaries")
        .args(["--output", "type=cacheonly"])
        .fails();
    assert!(
        failed
            .records
            .log_of("compile ./b (all 4 images)")
            .contains("b/b.go:3:"),
        "{}",
        failed.everything()
    );
    assert!(
        failed.text.contains("b/b.go:3:14: undefined: undefined"),
        "{}",
        failed.text
    );
}

/// A machine that has nothing but an exported cache compiles at once what was edited, from the
/// layers of the rest.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn with_an_imported_cache_what_changed_is_compiled_at_once() {
    let programs = programs();
    let cache = tempfile::tempdir().unwrap();
    let to = format!("type=local,mode=max,dest={}", cache.path().display());
    build_all(&Engine::main(), &programs, &["--cache-to".to_owned(), to]);
    let empty = EmptyEngine::start("imported");
    edit(&programs);
    let from = format!("type=local,src={}", cache.path().display());
    let outcome = build_all(&empty.engine, &programs, &["--cache-from".to_owned(), from]);
    linked_at_once(&outcome);
    let ran = outcome.records.programs_ran();
    assert!(
        !ran.iter().any(|name| name.contains(" std")),
        "{}",
        outcome.everything()
    );
}
