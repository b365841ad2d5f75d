//! Modules in named contexts: which context stands for what, and what becomes of the mod files.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use expect_test::{Expect, expect};
use gowork_llb::packages;
use gowork_llb::tree::MemTree;
use gowork_llb::workspace;

/// Where contexts are laid, and the mod files that change.
fn placed(archive: &str, names: &[&str], shown: &Expect) {
    let texts = packages::scan(&MemTree::from_txtar(archive)).mod_files;
    let names: BTreeSet<String> = names.iter().map(|&name| name.to_owned()).collect();
    let loaded = workspace::load(&texts).workspace;
    let placed = workspace::place_contexts(&texts, &loaded, &names);
    let mut text = String::new();
    for (name, dir) in &placed.dirs {
        let _ = writeln!(text, "{name}: {dir}");
    }
    for (path, changed) in &placed.texts {
        let _ = writeln!(text, "-- {path} --\n{changed}");
    }
    shown.assert_eq(&text);
    // Nothing is left to do for the files that name the contexts.
    let mut changed = texts;
    changed.extend(placed.texts);
    let loaded = workspace::load(&changed).workspace;
    let again = workspace::place_contexts(&changed, &loaded, &names);
    assert!(again.texts.is_empty(), "{:?}", again.texts);
}

const WORKSPACE: &str = "\
-- go.work --
go 1.26
use (
	./api
	./words
	../lib // ours
	../../other/deep/util
)
-- api/go.mod --
module example.com/api
go 1.26
require (
	example.com/lib v1.0.0
	example.com/fork v1.2.0
	github.com/BurntSushi/toml v1.5.0
	example.com/words v0.0.0
)
replace example.com/fork => ../../third/Fork
-- words/go.mod --
module example.com/words
";

#[test]
fn directories_outside_of_a_workspace() {
    placed(
        WORKSPACE,
        &["lib", "deep/util", "fork", "golang"],
        &expect![[r#"
            deep/util: .gowork-contexts/deep+util
            fork: .gowork-contexts/fork
            lib: .gowork-contexts/lib
            -- api/go.mod --
            module example.com/api
            go 1.26
            require (
            	example.com/lib v1.0.0
            	example.com/fork v1.2.0
            	github.com/BurntSushi/toml v1.5.0
            	example.com/words v0.0.0
            )
            replace example.com/fork => ../.gowork-contexts/fork

            -- go.work --
            go 1.26
            use (
            	./api
            	./words
            	./.gowork-contexts/lib // ours
            	./.gowork-contexts/deep+util
            )

        "#]],
    );
}

/// A module is replaced in go.work, or its member; one that go.work uses is not replaced besides.
#[test]
fn modules_by_their_paths() {
    placed(
        WORKSPACE,
        &[
            "example.com/lib",
            "example.com/fork",
            "github.com/burntsushi/toml",
            "example.com/words",
        ],
        &expect![[r#"
            example.com/fork: .gowork-contexts/example.com+fork
            example.com/lib: .gowork-contexts/example.com+lib
            example.com/words: .gowork-contexts/example.com+words
            github.com/burntsushi/toml: .gowork-contexts/github.com+burntsushi+toml
            -- api/go.mod --
            module example.com/api
            go 1.26
            require (
            	example.com/lib v1.0.0
            	example.com/fork v1.2.0
            	github.com/BurntSushi/toml v1.5.0
            	example.com/words v0.0.0
            )
            replace example.com/fork => ../.gowork-contexts/example.com+fork

            -- go.work --
            go 1.26
            use (
            	./api
            	./.gowork-contexts/example.com+words
            	./.gowork-contexts/example.com+lib // ours
            	../../other/deep/util
            )
            replace example.com/fork => ./.gowork-contexts/example.com+fork
            replace github.com/BurntSushi/toml => ./.gowork-contexts/github.com+burntsushi+toml

        "#]],
    );
}

/// Two contexts that end alike say nothing about a directory.
#[test]
fn a_name_that_may_be_two_directories() {
    placed(
        "\
-- go.work --
use ../lib
",
        &["a.example/lib", "b.example/lib"],
        &expect![[r#""#]],
    );
}

#[test]
fn a_module_by_itself() {
    placed(
        "\
-- svc/go.mod --
module example.com/svc
go 1.26
require (
	example.com/a v1.0.0
	example.com/b v1.0.0
)
replace (
	example.com/a v1.0.0 => example.com/c v1.1.0 // pinned
	example.com/b => ../../b
	example.com/x => /abs/x
)",
        &["example.com/a", "b", "x"],
        &expect![[r#"
            b: .gowork-contexts/b
            example.com/a: .gowork-contexts/example.com+a
            x: .gowork-contexts/x
            -- svc/go.mod --
            module example.com/svc
            go 1.26
            require (
            	example.com/a v1.0.0
            	example.com/b v1.0.0
            )
            replace (
            	 // pinned
            	example.com/b => ../.gowork-contexts/b
            	example.com/x => ../.gowork-contexts/x
            )
            replace example.com/a => ../.gowork-contexts/example.com+a

        "#]],
    );
}

/// What is vendored is taken from nowhere else.
#[test]
fn a_vendored_module() {
    placed(
        "\
-- go.mod --
module example.com/m
go 1.26
require example.com/a v1.0.0
replace example.com/b => ../b
-- vendor/modules.txt --
# example.com/a v1.0.0
## explicit
",
        &["example.com/a", "b"],
        &expect![[r#""#]],
    );
}

/// A context is a repository of its own: what its mod file says is seen from there.
#[test]
fn a_context_that_names_another() {
    placed(
        "\
-- go.work --
go 1.26
use ./.gowork-contexts/lib
-- .gowork-contexts/lib/go.mod --
module example.com/lib
go 1.26
require example.com/more v1.0.0
replace example.com/more => ../more
",
        &["lib", "more"],
        &expect![[r#"
            lib: .gowork-contexts/lib
            more: .gowork-contexts/more
        "#]],
    );
}

#[test]
fn names_that_would_be_used() {
    let texts = packages::scan(&MemTree::from_txtar(WORKSPACE)).mod_files;
    let loaded = workspace::load(&texts).workspace;
    let names: Vec<String> = workspace::context_names(&texts, &loaded)
        .into_iter()
        .collect();
    expect![[r#"
        example.com/api
        example.com/fork
        example.com/lib
        example.com/words
        fork
        github.com/burntsushi/toml
        lib
        util"#]]
    .assert_eq(&names.join("\n"));
}
