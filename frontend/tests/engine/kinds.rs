//! Kinds of edits: what is done, and what a person would expect of it.

use crate::repository::Repository;

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
use Expectation::{Links, LinksAlone, Nothing, ResolveAlone};

const MONEY: &[&str] = &["api", "orders"];
const ALL: &[&str] = &["api", "orders", "web", "worker"];

/// Edits of sources, and of files that are none, of `examples/shop`.
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

/// Edits of mod files and imports of `examples/shop`, after those of [`SOURCES`].
pub(crate) const MOD_FILES: [Edit; 10] = [
    (
        "a comment in a go.mod",
        |r, u| r.append("services/worker/go.mod", &format!("\n// {u}\n")),
        LinksAlone,
    ),
    (
        "a comment in go.work",
        |r, u| r.append("go.work", &format!("\n// {u}\n")),
        LinksAlone,
    ),
    (
        "a requirement of a module already chosen",
        |r, _| {
            r.append(
                "services/api/go.mod",
                "\nrequire golang.org/x/text v0.42.0 // indirect\n",
            )
        },
        LinksAlone,
    ),
    (
        "a new member",
        |r, u| {
            r.write(
                "tools/go.mod",
                "module example.com/shop/tools\n\ngo 1.26.0\n",
            );
            r.write(
                "tools/tools.go",
                &format!("package tools\n\n// C is a constant.\nconst C = \"{u}\"\n"),
            );
            r.write(
                "go.work",
                &r.read("go.work")
                    .replace("\t./proto\n", "\t./proto\n\t./tools\n"),
            );
        },
        LinksAlone,
    ),
    (
        "the go line of a member",
        |r, _| {
            r.write(
                "lib/money/go.mod",
                &r.read("lib/money/go.mod").replace("go 1.26.0", "go 1.25.0"),
            )
        },
        Links(ALL),
    ),
    (
        "an import of std that others have",
        |r, _| {
            r.write(
                "services/worker/store/more.go",
                "package store\n\nimport \"os/signal\"\n\nvar _ = signal.Ignore\n",
            )
        },
        Links(&["worker"]),
    ),
    (
        "an import of std that nobody has",
        |r, _| {
            r.write(
                "services/worker/store/more.go",
                "package store\n\nimport \"container/ring\"\n\nvar _ = ring.New\n",
            )
        },
        Links(&["worker"]),
    ),
    (
        "a third-party package that others use",
        |r, _| {
            r.write(
                "services/worker/go.mod",
                &r.read("services/worker/go.mod").replacen(
                    "require (\n",
                    "require (\n\tgithub.com/go-chi/chi/v5 v5.5.0\n",
                    1,
                ),
            );
            r.append("services/worker/go.sum", &r.read("services/api/go.sum"));
            r.write(
                "services/worker/store/more.go",
                "package store\n\nimport \"github.com/go-chi/chi/v5\"\n\nvar _ = chi.NewRouter\n",
            );
        },
        Links(ALL),
    ),
    (
        "a bump",
        |r, _| {
            for file in [
                "services/worker/go.mod",
                "services/orders/go.mod",
                "proto/go.mod",
                "services/api/go.mod",
            ] {
                r.write(
                    file,
                    &r.read(file)
                        .replace("golang.org/x/text v0.42.0", "golang.org/x/text v0.43.0"),
                );
            }
            r.go("", &["work", "sync"]);
        },
        Links(ALL),
    ),
    (
        "a third-party package that is new",
        |r, _| {
            r.write(
                "services/worker/store/more.go",
                "package store\n\nimport \"github.com/google/uuid\"\n\nvar _ = uuid.New\n",
            );
            r.go("services/worker", &["get", "github.com/google/uuid@v1.6.0"]);
        },
        Links(ALL),
    ),
];

/// Edits of `examples/replace`.
pub(crate) const STAND_INS: [Edit; 6] = [
    (
        "a stand-in of both",
        |r, u| {
            r.append(
                "lib/pad/pad.go",
                &format!("\n// C{u} is new.\nconst C{u} = 1\n"),
            )
        },
        Links(&["bye", "hello"]),
    ),
    (
        "the main of one",
        |r, u| r.append("bye/main.go", &format!("\nvar v{u} = 1\n")),
        Links(&["bye"]),
    ),
    (
        "a comment in one go.mod",
        |r, u| r.append("bye/go.mod", &format!("\n// {u}\n")),
        Links(&["bye"]),
    ),
    (
        "a comment in a stand-in's go.mod",
        |r, u| r.append("lib/pad/go.mod", &format!("\n// {u}\n")),
        Links(&["bye", "hello"]),
    ),
    (
        "the go line of a stand-in",
        |r, _| {
            r.write(
                "lib/pad/go.mod",
                &r.read("lib/pad/go.mod").replace("go 1.26.0", "go 1.25.0"),
            )
        },
        Links(&["bye", "hello"]),
    ),
    (
        "a new package of a stand-in",
        |r, u| {
            r.write(
                "lib/greet/deep/deep.go",
                &format!("package deep\n\n// C is a constant.\nconst C = \"{u}\"\n"),
            );
            r.append("hello/cmd/hello/main.go", "\nvar _ = deep.C\n");
            r.write(
                "hello/cmd/hello/main.go",
                &r.read("hello/cmd/hello/main.go").replace(
                    "\t\"example.com/replace/greet\"\n",
                    "\t\"example.com/replace/greet\"\n\t\"example.com/replace/greet/deep\"\n",
                ),
            );
        },
        Links(&["hello"]),
    ),
];

/// Edits of `examples/vendored`.
pub(crate) const VENDORED: [Edit; 4] = [
    (
        "a package of a member",
        |r, u| {
            r.append(
                "lib/roman/roman.go",
                &format!("\n// C{u} is new.\nconst C{u} = 1\n"),
            )
        },
        Links(&["numeral"]),
    ),
    (
        "a comment in a member's go.mod",
        |r, u| r.append("lib/roman/go.mod", &format!("\n// {u}\n")),
        LinksAlone,
    ),
    (
        "a vendored file that is built",
        |r, u| {
            r.append(
                "vendor/github.com/dustin/go-humanize/comma.go",
                &format!("\n// {u}\nvar _ = \"{u}\"\n"),
            )
        },
        Links(&["numeral"]),
    ),
    (
        "a vendored file that is not",
        |r, u| r.write("vendor/github.com/dustin/go-humanize/NOTES", u),
        ResolveAlone,
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

/// The modules of etcd that make its three programs.
pub(crate) const ETCD_MODULES: [(&str, &str); 7] = [
    ("go.etcd.io/etcd/api/v3@v3.6.5", "api"),
    ("go.etcd.io/etcd/client/pkg/v3@v3.6.5", "client/pkg"),
    ("go.etcd.io/etcd/client/v3@v3.6.5", "client/v3"),
    ("go.etcd.io/etcd/pkg/v3@v3.6.5", "pkg"),
    ("go.etcd.io/etcd/server/v3@v3.6.5", "server"),
    ("go.etcd.io/etcd/etcdctl/v3@v3.6.5", "etcdctl"),
    ("go.etcd.io/etcd/etcdutl/v3@v3.6.5", "etcdutl"),
];

const PROGRAMS: &[&str] = &["etcdctl", "etcdutl", "server"];

/// Edits of etcd.
pub(crate) const ETCD: [Edit; 10] = [
    (
        "a test",
        |r, u| r.append("server/embed/config_test.go", &format!("\n// {u}\n")),
        Nothing,
    ),
    (
        "the body of a main",
        |r, u| r.append("etcdctl/main.go", &format!("\nvar v{u} = 1\n")),
        Links(&["etcdctl"]),
    ),
    (
        "a package of the server",
        |r, u| {
            r.append(
                "server/etcdserver/server.go",
                &format!("\n// V{u} is new.\nconst V{u} = 1\n"),
            )
        },
        Links(&["server", "etcdutl"]),
    ),
    (
        "the most shared package",
        |r, u| {
            r.append(
                "client/pkg/logutil/zap.go",
                &format!("\n// V{u} is new.\nconst V{u} = 1\n"),
            )
        },
        Links(PROGRAMS),
    ),
    (
        "an import of std that nobody has",
        |r, _| {
            r.write(
                "etcdctl/ctlv3/more.go",
                "package ctlv3\n\nimport \"container/ring\"\n\nvar _ = ring.New\n",
            )
        },
        Links(&["etcdctl"]),
    ),
    (
        "a comment in a go.mod",
        |r, u| r.append("pkg/go.mod", &format!("\n// {u}\n")),
        LinksAlone,
    ),
    (
        "a comment in go.work",
        |r, u| r.append("go.work", &format!("\n// {u}\n")),
        LinksAlone,
    ),
    (
        "a new member",
        |r, u| {
            r.write("more/go.mod", "module example.com/more\n\ngo 1.24\n");
            r.write(
                "more/more.go",
                &format!("package more\n\n// C is a constant.\nconst C = \"{u}\"\n"),
            );
            r.go("", &["work", "use", "./more"]);
        },
        LinksAlone,
    ),
    (
        "a bump",
        |r, _| {
            for member in [
                "api",
                "client/pkg",
                "client/v3",
                "pkg",
                "server",
                "etcdctl",
                "etcdutl",
            ] {
                if r.read(&format!("{member}/go.mod"))
                    .contains("go.uber.org/zap v1.27.0")
                {
                    r.go(member, &["get", "go.uber.org/zap@v1.27.1"]);
                }
            }
            r.go("", &["build", "./server", "./etcdctl", "./etcdutl"]);
        },
        Links(PROGRAMS),
    ),
    (
        "a third-party package that is new",
        |r, _| {
            r.go("etcdctl", &["get", "github.com/fatih/color@v1.19.0"]);
            r.write(
                "etcdctl/ctlv3/more.go",
                "package ctlv3\n\nimport \"github.com/fatih/color\"\n\nvar _ = color.New\n",
            );
            r.go("", &["build", "./server", "./etcdctl", "./etcdutl"]);
        },
        Links(PROGRAMS),
    ),
];
