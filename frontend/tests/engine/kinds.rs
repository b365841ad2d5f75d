//! Kinds of edits: what is done, and what a person would expect of it.

mod etcd;
mod mod_files;

use crate::repository::Repository;
pub(crate) use etcd::{ETCD, ETCD_MODULES};
pub(crate) use mod_files::{MOD_FILES, STAND_INS, VENDORED};

/// What is done to the repository. The text is like no other that the engine has seen.
pub(crate) type Edit = (&'static str, fn(&Repository, &str), Expectation);

/// What a person would expect, beside all that is computed.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Expectation {
    /// No step but the scan.
    Nothing,
    /// Resolve, which finds that all is as it was.
    ResolveAlone,
    /// Resolve and every link, but nothing is compiled and all binaries stay as they are.
    LinksAlone,
    /// These images are linked anew, and no other.
    Links(&'static [&'static str]),
}
use Expectation::{Links, Nothing};

const MONEY: &[&str] = &["api", "orders"];
const ALL: &[&str] = &["api", "orders", "web", "worker"];

/// Edits of `examples/shop`: of sources, and of other files.
pub(crate) const SOURCES: [Edit; 16] = [
    ("a README", |r, u| r.append("README.md", u), Nothing),
    (
        "a test",
        |r, u| r.append("lib/money/money_test.go", &format!("\n// {u}\n")),
        Nothing,
    ),
    (
        "a file for another platform",
        |r, u| r.append("lib/events/host_windows.go", &format!("\n// {u}\n")),
        Nothing,
    ),
    (
        "a file under another tag",
        |r, u| r.append("services/web/assets/assets_dev.go", &format!("\n// {u}\n")),
        Nothing,
    ),
    (
        "a package that nothing imports",
        |r, u| {
            r.write(
                "lib/money/none/none.go",
                &format!("package none\n\nconst C = \"{u}\"\n"),
            )
        },
        Nothing,
    ),
    (
        "a file beside sources",
        |r, u| r.write("services/web/notes.txt", u),
        Nothing,
    ),
    (
        "the body of a main",
        |r, u| {
            r.append(
                "services/worker/cmd/worker/main.go",
                &format!("\nfunc init() {{ version += \"{u}\" }}\n"),
            )
        },
        Links(&["worker"]),
    ),
    (
        "a body in the most shared package",
        |r, u| {
            r.write(
                "lib/money/money.go",
                &r.read("lib/money/money.go")
                    .replace("is not an amount", &format!("is no amount {u}")),
            )
        },
        Links(MONEY),
    ),
    (
        "a signature in the most shared package",
        |r, u| {
            r.append(
                "lib/money/money.go",
                &format!("\n// New is new.\nfunc New{u}() string {{ return \"{u}\" }}\n"),
            )
        },
        Links(MONEY),
    ),
    (
        "a comment at the end",
        |r, u| r.append("lib/money/money.go", &format!("\n// {u}\n")),
        Links(MONEY),
    ),
    (
        "an embedded file",
        |r, u| {
            r.append(
                "services/web/assets/static/shop.css",
                &format!("/* {u} */\n"),
            )
        },
        Links(&["web"]),
    ),
    (
        "a new embedded file",
        |r, u| r.write("services/web/assets/static/new.txt", u),
        Links(&["web"]),
    ),
    (
        "a hidden file that is not embedded",
        |r, u| r.write("services/web/assets/static/.new", u),
        Nothing,
    ),
    (
        "a new source file",
        |r, u| {
            r.write(
                "lib/httpx/more.go",
                &format!("package httpx\n\n// More is more.\nconst More = \"{u}\"\n"),
            )
        },
        Links(&["api", "web"]),
    ),
    (
        "a file that goes again",
        |r, _| r.remove("lib/httpx/more.go"),
        Nothing,
    ),
    (
        "a package that moves into use",
        |r, u| {
            r.write(
                "services/web/cmd/web/more.go",
                "package main\n\nimport \"example.com/shop/web/fresh\"\n\nfunc init() { version += fresh.C }\n",
            );
            r.write(
                "services/web/fresh/fresh.go",
                &format!("package fresh\n\n// C is a constant.\nconst C = \"{u}\"\n"),
            );
        },
        Links(&["web"]),
    ),
];

/// Edits of the configuration of `examples/single`.
pub(crate) const FLAGS: [Edit; 5] = [
    (
        "the linker's flags",
        |r, _| r.append("Dockerfile", "ldflags = \"-s -w -X=main.version=2\"\n"),
        Links(&["single"]),
    ),
    (
        "compiler flags of the main",
        |r, _| r.append("Dockerfile", "gcflags = \"-N\"\n"),
        Links(&["single"]),
    ),
    (
        "compiler flags of everything",
        |r, _| {
            r.write(
                "Dockerfile",
                &r.read("Dockerfile").replace("\"-N\"", "\"all=-N\""),
            )
        },
        Links(&["single"]),
    ),
    (
        "a label",
        |r, u| {
            r.append(
                "Dockerfile",
                &format!("[runtime]\nlabels = {{ a = \"{u}\" }}\n"),
            )
        },
        Nothing,
    ),
    (
        "flags as they were",
        |r, _| {
            r.write(
                "Dockerfile",
                &r.read("Dockerfile").replace("gcflags = \"all=-N\"\n", ""),
            )
        },
        Nothing,
    ),
];
