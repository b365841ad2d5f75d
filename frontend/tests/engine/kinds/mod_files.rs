//! Edits of mod files, of modules in place of others, and of vendored code.

use super::ALL;
use super::Edit;
use super::Expectation::{Links, LinksAlone, ResolveAlone};

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
