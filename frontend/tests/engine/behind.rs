//! Own code behind third-party code: forks in directories of the repository that third-party
//! packages import.

use crate::engine::Engine;
use crate::kinds::{Edit, Expectation};
use crate::repository::{Repository, files};
use Expectation::{Links, Nothing};

/// How forks belong to the repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    /// They stand in for what the one module requires.
    Replaced,
    /// They are members of a go.work.
    Members,
}

/// Mains by image: the first reaches a fork, which imports another package of the repository, a
/// third-party module of its own, and by way of one more third-party module a second fork. One main
/// reaches only that, one none of them.
pub(crate) const MAINS: [(&str, &str, &str); 3] = [
    ("app", "", "./cmd/app"),
    ("many", "", "./cmd/many"),
    ("plain", "", "./cmd/plain"),
];

const FORK: &str = "\
// Package sampler is a fork.
package sampler

import (
\t\"example.com/words\"
\t\"github.com/hashicorp/go-multierror\"
\t\"golang.org/x/text/language\"
)

// Hello greets.
func Hello(prefs ...language.Tag) string { return words.Hello + multierror.Prefix(nil, \"\").Error() }

// Glass is about glass.
func Glass(prefs ...language.Tag) string { return \"glass\" }
";

const SECOND_FORK: &str = "\
// Package errwrap is a fork.
package errwrap

// Wrapf wraps.
func Wrapf(format string, err error) error { return wrapped{format, err} }

type wrapped struct {
\tformat string
\terr    error
}

func (w wrapped) Error() string { return w.format }
";

fn main_of(import: &str, call: &str) -> String {
    format!("package main\n\nimport {import}\n\nfunc main() {{ println({call}) }}\n")
}

/// The repository.
pub(crate) fn repository(layout: Layout) -> Repository {
    let multierror = "require github.com/hashicorp/go-multierror v1.1.1\n";
    let text = "require golang.org/x/text v0.14.0\n";
    let replaces = "\
replace (
\texample.com/words => ./words
\tgithub.com/hashicorp/errwrap => ./third_party/errwrap
\trsc.io/sampler => ./third_party/sampler
)
";
    let replaces = if layout == Layout::Replaced {
        replaces
    } else {
        ""
    };
    let words = if layout == Layout::Replaced {
        "require example.com/words v0.0.0\n"
    } else {
        ""
    };
    let repository = Repository::new(&[
        (
            "go.mod",
            &format!(
                "module example.com/app\n\ngo 1.26\n\nrequire rsc.io/quote v1.5.2\n{multierror}{text}{replaces}"
            ),
        ),
        (
            "cmd/app/main.go",
            &main_of("\"rsc.io/quote\"", "quote.Hello()"),
        ),
        (
            "cmd/many/main.go",
            &main_of(
                "\"github.com/hashicorp/go-multierror\"",
                "multierror.Prefix(nil, \"\") == nil",
            ),
        ),
        (
            "cmd/plain/main.go",
            &main_of(
                "\"golang.org/x/text/language\"",
                "language.English.String()",
            ),
        ),
        (
            "third_party/sampler/go.mod",
            &format!("module rsc.io/sampler\n\ngo 1.24\n\n{words}{multierror}{text}"),
        ),
        ("third_party/sampler/sampler.go", FORK),
        (
            "third_party/sampler/unused/unused.go",
            "package unused\n\nimport _ \"no.such/module\"\n",
        ),
        (
            "third_party/errwrap/go.mod",
            "module github.com/hashicorp/errwrap\n\ngo 1.24\n",
        ),
        ("third_party/errwrap/errwrap.go", SECOND_FORK),
        ("words/go.mod", "module example.com/words\n\ngo 1.24\n"),
        (
            "words/words.go",
            "package words\n\n// Hello is a word.\nconst Hello = \"hello\"\n",
        ),
    ]);
    match layout {
        Layout::Replaced => repository.go("", &["mod", "tidy", "-e"]),
        Layout::Members => {
            repository.go(
                "",
                &[
                    "work",
                    "init",
                    ".",
                    "./third_party/errwrap",
                    "./third_party/sampler",
                    "./words",
                ],
            );
            // The go command completes go.work.sum.
            repository.go("", &["build", "./cmd/..."]);
            for binary in ["app", "many", "plain"] {
                let _ = std::fs::remove_file(repository.root().join(binary));
            }
        }
    }
    repository
}

/// Edits of it.
pub(crate) const EDITS: [Edit; 8] = [
    (
        "a fork",
        |r, u| {
            r.append(
                "third_party/sampler/sampler.go",
                &format!("\n// C{u} is new.\nconst C{u} = 1\n"),
            )
        },
        Links(&["app"]),
    ),
    (
        "a fork's test",
        |r, u| {
            r.write(
                "third_party/sampler/a_test.go",
                &format!("package sampler\n\n// {u}\n"),
            )
        },
        Nothing,
    ),
    (
        "a package of a fork that nobody imports",
        |r, u| {
            r.append(
                "third_party/sampler/unused/unused.go",
                &format!("\n// {u}\n"),
            )
        },
        Nothing,
    ),
    (
        "what a fork imports of the repository",
        |r, u| {
            r.append(
                "words/words.go",
                &format!("\n// C{u} is new.\nconst C{u} = 1\n"),
            )
        },
        Links(&["app"]),
    ),
    (
        "a fork behind a fork",
        |r, u| {
            r.append(
                "third_party/errwrap/errwrap.go",
                &format!("\n// C{u} is new.\nconst C{u} = 1\n"),
            )
        },
        Links(&["app", "many"]),
    ),
    (
        "a main beside",
        |r, u| r.append("cmd/plain/main.go", &format!("\nvar v{u} = 1\n")),
        Links(&["plain"]),
    ),
    (
        "a new package of the fork",
        |r, u| {
            r.write(
                "third_party/sampler/deep/deep.go",
                &format!("package deep\n\n// C is a constant.\nconst C = \"{u}\"\n"),
            );
            r.write(
                "third_party/sampler/more.go",
                "package sampler\n\nimport _ \"rsc.io/sampler/deep\"\n",
            );
        },
        Links(&["app"]),
    ),
    (
        "what only the fork imports of a third party",
        |r, _| {
            r.write(
                "third_party/sampler/more.go",
                "package sampler\n\nimport _ \"golang.org/x/text/width\"\n",
            )
        },
        // Links see all third-party packages.
        Links(&["app", "many", "plain"]),
    ),
];

/// A package of the repository that third-party packages import, and that is not there.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn a_fork_that_lacks_a_package() {
    let repository = repository(Layout::Replaced);
    repository.remove("third_party/errwrap/errwrap.go");
    repository.write("third_party/errwrap/other/other.go", "package other\n");
    let outcome = Engine::main()
        .frontend(&repository.root())
        .target("app")
        .fails();
    let words = "package github.com/hashicorp/errwrap is imported by github.com/hashicorp/go-multierror, \
                 but module github.com/hashicorp/errwrap (third_party/errwrap) has no such package";
    assert!(
        outcome.everything().contains(words),
        "{}",
        outcome.everything()
    );
    // Other images have no part in it.
    let out = tempfile::tempdir().unwrap();
    Engine::main()
        .frontend(&repository.root())
        .target("plain")
        .files_to(out.path())
        .succeeds();
}

/// A requirement whose content cannot be had is no matter for what does not import it: the go
/// command reads only the mod files of modules that provide packages, where the main module names
/// them all.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn a_requirement_that_cannot_be_had() {
    let repository = Repository::new(&[
        (
            "go.mod",
            "module example.com/m\n\ngo 1.26\n\nrequire rsc.io/quote v1.5.2\n",
        ),
        (
            "cmd/api/main.go",
            "package main\n\nfunc main() { println(\"api\") }\n",
        ),
        (
            "cmd/quote/main.go",
            &main_of("\"rsc.io/quote\"", "quote.Hello()"),
        ),
    ]);
    repository.go("", &["mod", "tidy"]);
    repository.append("go.mod", "\nrequire no.such.example/module v1.2.3\n");
    for image in ["api", "quote"] {
        let out = tempfile::tempdir().unwrap();
        Engine::main()
            .frontend(&repository.root())
            .target(image)
            .files_to(out.path())
            .succeeds();
        let made = &files(out.path())[&format!("usr/local/bin/{image}")];
        assert!(
            *made == repository.go_build("", &format!("./cmd/{image}")),
            "{image} differs from that of go build"
        );
    }
    // As long as another image imports it, these two are built by themselves, and that one is not.
    repository.write(
        "cmd/bad/main.go",
        "package main\n\nimport _ \"no.such.example/module\"\n\nfunc main() {}\n",
    );
    for image in ["api", "quote"] {
        Engine::main()
            .frontend(&repository.root())
            .target(image)
            .succeeds();
    }
    let said = Engine::main()
        .frontend(&repository.root())
        .target("bad")
        .fails()
        .everything();
    assert!(said.contains("no.such.example/module"), "{said}");
}
