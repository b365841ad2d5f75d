//! The inputs: each has far too much of one thing.

use crate::configuration::CONFIGURATION;
use crate::writer::{MAIN, MODULE, Writer, lines};

/// An input.
pub(crate) struct Input {
    pub(crate) name: &'static str,
    pub(crate) make: fn(&Writer),
}

/// What it has too much of, and how it is written.
pub(crate) type Named = (&'static str, fn(&Writer));

pub(crate) fn all() -> Vec<Input> {
    let parts: [&[Named]; 6] = [IMPORTS, MOD_FILES, SOURCES, EMBEDS, CONFIGURATION, NAMES];
    parts
        .concat()
        .into_iter()
        .map(|(name, make)| Input { name, make })
        .collect()
}

const IMPORTS: &[Named] = &[
    ("missing imports", |w| {
        w.importing((0..60_000).map(|n| format!("example.com/m/missing/p{n}")))
    }),
    ("missing imports, one line", |w| {
        w.file("go.mod", MODULE);
        w.file(
            "main.go",
            format!(
                "package main;{}\nfunc main() {{}}\n",
                lines(60_000, |n| format!("import _ \"example.com/m/p{n}\";"))
            ),
        );
    }),
    ("missing imports, near ones", |w| {
        w.importing((0..20_000).map(|n| format!("example.com/m/some/where/paackage{n}")));
        (0..2_000).for_each(|n| w.file(&format!("some/where/package{n}/p.go"), "package p\n"));
    }),
    ("imports of others", |w| {
        w.importing((0..20_000).map(|n| format!("example.org/p{n}/x")));
        w.file(
            "go.mod",
            format!(
                "{MODULE}require (\n{})\n",
                lines(20_000, |n| format!("\texample.org/p{n} v1.0.0\n"))
            ),
        );
    }),
    ("missing imports, requires", |w| {
        w.importing((0..20_000).map(|n| format!("example.com/m/p{n}/x")));
        w.file(
            "go.mod",
            format!(
                "{MODULE}require (\n{})\n",
                lines(20_000, |n| format!("\texample.org/p{n} v1.0.0\n"))
            ),
        );
    }),
    ("import path of 2 MB", |w| {
        w.importing(["example.com/m".to_owned() + &"/a".repeat(1 << 20)].into_iter())
    }),
    ("chain of packages", |w| {
        w.importing(["example.com/m/p0".to_owned()].into_iter());
        (0..3_000).for_each(|n| {
            w.file(
                &format!("p{n}/p.go"),
                format!(
                    "package p\n\nimport _ \"example.com/m/p{}\"\n",
                    (n + 1) % 3_000
                ),
            )
        });
    }),
    ("broken packages", |w| {
        w.importing((0..3_000).map(|n| format!("example.com/m/p{n}")));
        (0..3_000).for_each(|n| w.file(&format!("p{n}/p.go"), "pakcage p\n"));
    }),
];

const MOD_FILES: &[Named] = &[
    ("missing members", |w| {
        w.file(
            "go.work",
            format!(
                "go 1.24\nuse (\n{})\n",
                lines(100_000, |n| format!("\t./missing{n}\n"))
            ),
        )
    }),
    ("members outside", |w| {
        w.file(
            "go.work",
            format!(
                "go 1.24\nuse (\n{})\n",
                lines(50_000, |n| format!("\t../{n}\n"))
            ),
        )
    }),
    ("members twice", |w| {
        w.module();
        w.file("go.work", format!("go 1.24\n{}", "use .\n".repeat(50_000)));
    }),
    ("modules of a workspace", |w| {
        w.file(
            "go.work",
            format!(
                "go 1.24\nuse (\n{})\n",
                lines(1_000, |n| format!("\t./m{n}\n"))
            ),
        );
        (0..1_000).for_each(|n| module(w, n));
    }),
    ("modules without a workspace", |w| {
        (0..1_000).for_each(|n| module(w, n))
    }),
    ("workspaces", |w| {
        for n in 0..500 {
            module(w, n);
            w.file(&format!("m{n}/go.work"), "go 1.24\nuse .\n");
        }
    }),
    ("modules of one path", |w| {
        w.file(
            "go.work",
            format!(
                "go 1.24\nuse (\n{})\n",
                lines(1_000, |n| format!("\t./m{n}\n"))
            ),
        );
        (0..1_000).for_each(|n| w.file(&format!("m{n}/go.mod"), MODULE));
    }),
    ("open blocks", |w| {
        w.module_with(&"require (\n".repeat(100_000))
    }),
    ("parentheses", |w| w.module_with(&"(".repeat(1 << 20))),
    ("requirements", |w| {
        w.module_with(&format!(
            "require (\n{})\n",
            lines(30_000, |n| format!("\texample.org/p{n} v1.0.0\n"))
        ))
    }),
    ("wrong requirements", |w| {
        w.module_with(&"require example.org/p vx\n".repeat(30_000))
    }),
    ("exclusions", |w| {
        w.module_with(&lines(30_000, |n| {
            format!("exclude example.org/p v1.0.{n}\n")
        }))
    }),
    ("retractions with reasons", |w| {
        w.module_with(&format!(
            "{}retract (\n{})\n",
            "// why\n".repeat(20_000),
            lines(20_000, |n| format!("\tv1.0.{n}\n"))
        ));
    }),
    ("replacements, none there", |w| {
        let requires = lines(10_000, |n| format!("require example.org/p{n} v1.0.0\n"));
        w.module_with(
            &(requires + &lines(10_000, |n| format!("replace example.org/p{n} => ./r{n}\n"))),
        );
    }),
    ("replacements", |w| {
        let requires = lines(1_000, |n| format!("require example.org/p{n} v1.0.0\n"));
        w.module_with(
            &(requires + &lines(1_000, |n| format!("replace example.org/p{n} => ./r{n}\n"))),
        );
        (0..1_000).for_each(|n| {
            w.file(
                &format!("r{n}/go.mod"),
                format!("module example.org/p{n}\n"),
            )
        });
    }),
    ("replacements of versions", |w| {
        w.module_with(&lines(20_000, |n| {
            format!("replace example.org/p v1.0.{n} => ./r\n")
        }));
        w.file("r/go.mod", "module example.org/p\n");
    }),
    ("ignored directories", |w| {
        w.module_with(&lines(20_000, |n| {
            format!("ignore {}x{n}\n", if n % 2 == 0 { "./" } else { "" })
        }));
        (0..1_000).for_each(|n| w.file(&format!("d{n}/p.go"), "package p\n"));
    }),
    ("words of a mod file", |w| {
        w.module_with(&"a ".repeat(1_500_000))
    }),
    ("mod file of 5 MB", |w| {
        w.module_with(&"// x\n".repeat(1 << 20))
    }),
    ("mod file of 5 GB", |w| w.sparse("go.mod", MODULE, 5 << 30)),
    ("sums of 25 MB", |w| {
        w.module();
        w.file(
            "go.sum",
            lines(400_000, |n| {
                format!("example.org/p{n} v1.0.0 h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n")
            }),
        );
    }),
    ("sums of 5 GB", |w| {
        w.module();
        w.sparse("go.sum", "", 5 << 30);
    }),
    ("vendored modules", |w| {
        w.module();
        w.file(
            "vendor/modules.txt",
            lines(30_000, |n| {
                format!("# example.org/p{n} v1.0.0\n## explicit\nexample.org/p{n}\n")
            }),
        );
    }),
];

fn module(w: &Writer, n: usize) {
    w.file(
        &format!("m{n}/go.mod"),
        format!("module example.com/m{n}\n\ngo 1.24\n"),
    );
    w.file(&format!("m{n}/main.go"), MAIN);
}

const SOURCES: &[Named] = &[
    ("file of 5 GB", |w| {
        w.module();
        w.sparse("a.go", "package main\n", 5 << 30);
    }),
    ("file of 200 MB with embeds", |w| {
        w.module();
        w.sparse("a.go", "package main\n\nimport _ \"embed\"\n\n", 200 << 20);
    }),
    ("head of 8 MB", |w| {
        w.file("main.go", format!("// {}\n{MAIN}", "x".repeat(8 << 20)))
    }),
    ("comments above", |w| {
        w.module();
        w.file("main.go", format!("{}{MAIN}", "// x\n".repeat(200_000)));
    }),
    ("files of a package", |w| {
        w.module();
        (0..10_000).for_each(|n| w.file(&format!("f{n}.go"), "package main\n"));
    }),
    ("packages of one directory", |w| {
        w.module();
        (0..3_000).for_each(|n| w.file(&format!("f{n}.go"), format!("package p{n}\n")));
    }),
    ("constraint of parentheses", |w| {
        w.module();
        w.file(
            "a.go",
            format!(
                "//go:build {}linux{}\n\npackage main\n",
                "(".repeat(200_000),
                ")".repeat(200_000)
            ),
        );
    }),
    ("constraint of tags", |w| {
        w.module();
        w.file(
            "a.go",
            format!(
                "//go:build {}linux\n\npackage main\n",
                lines(100_000, |n| format!("t{n} || "))
            ),
        );
    }),
    ("old constraints", |w| {
        w.module();
        w.file(
            "a.go",
            format!(
                "{}\npackage main\n",
                lines(50_000, |n| format!("// +build t{n} !x\n"))
            ),
        );
    }),
    ("headers in a circle", |w| {
        w.module();
        w.file("gowork.toml", "[go]\ncgo = true\n");
        w.file(
            "main.go",
            "package main\n\n// #include \"f0.h\"\nimport \"C\"\n\nfunc main() {}\n",
        );
        (0..2_000).for_each(|n| {
            w.file(
                &format!("f{n}.h"),
                format!("#include \"f{}.h\"\n", (n + 1) % 2_000),
            )
        });
    }),
    ("header directories", |w| {
        w.module();
        let preamble = lines(3_000, |n| {
            format!("#cgo CFLAGS: -Id{n}\n#include \"f{n}.h\"\n")
        });
        w.file(
            "main.go",
            format!("package main\n\n/*\n{preamble}*/\nimport \"C\"\n\nfunc main() {{}}\n"),
        );
    }),
    ("includes by a macro", |w| {
        w.module();
        w.file(
            "main.go",
            "package main\n\n// #include X\nimport \"C\"\n\nfunc main() {}\n",
        );
        (0..3_000).for_each(|n| w.file(&format!("f{n}.h"), "#include X\n"));
    }),
];

const EMBEDS: &[Named] = &[
    ("embed patterns", |w| {
        w.module();
        let embeds = lines(3_000, |n| format!("//go:embed d/*{n}\nvar v{n} string\n"));
        w.file(
            "main.go",
            format!("package main\n\nimport _ \"embed\"\n\n{embeds}\nfunc main() {{}}\n"),
        );
        (0..3_000).for_each(|n| w.file(&format!("d/f{n}"), ""));
    }),
    ("embed patterns, one line", |w| {
        w.module();
        let embeds = lines(10_000, |n| format!(" d/f{n}"));
        w.file(
            "main.go",
            format!("package main\n\nimport \"embed\"\n\n//go:embed{embeds}\nvar v embed.FS\n\nfunc main() {{}}\n"),
        );
        (0..10_000).for_each(|n| w.file(&format!("d/f{n}"), ""));
    }),
    ("embed patterns of stars", |w| {
        w.module();
        let stars = "*a".repeat(100);
        w.file(
            "main.go",
            format!("package main\n\nimport \"embed\"\n\n//go:embed {stars}b\nvar v embed.FS\n\nfunc main() {{}}\n"),
        );
        (0..2_000).for_each(|n| w.file(&format!("{}{n}", "a".repeat(200)), ""));
    }),
    ("embed patterns, all alike", |w| {
        w.module();
        let embeds = lines(2_000, |n| {
            format!(
                "//go:embed {}d\nvar v{n} embed.FS\n",
                "[d]".repeat(n % 2) + &"*".repeat(n)
            )
        });
        w.file(
            "main.go",
            format!("package main\n\nimport \"embed\"\n\n{embeds}\nfunc main() {{}}\n"),
        );
        (0..3_000).for_each(|n| w.file(&format!("d/f{n}"), ""));
    }),
    ("embeds that fail", |w| {
        w.importing((0..3_000).map(|n| format!("example.com/m/p{n}")));
        (0..3_000).for_each(|n| {
            w.file(
                &format!("p{n}/p.go"),
                "package p\n\nimport _ \"embed\"\n\n//go:embed no\nvar s string\n",
            )
        });
    }),
];

const NAMES: &[Named] = &[
    ("deep directories", |w| {
        w.module();
        w.deep(3_000);
    }),
    ("directories", |w| {
        w.module();
        (0..20_000).for_each(|n| w.dir(&format!("x/{n}")));
    }),
    ("files that are not read", |w| {
        w.module();
        (0..50_000).for_each(|n| w.file(&format!("x/{n}.txt"), ""));
    }),
    ("names that are not UTF-8", |w| {
        w.module();
        w.named(b"data/\xff.txt", "");
        w.named(b"dir\xff/a.go", "package a\n");
        w.named(b"line\nbreak\x1b[2J.txt", "");
    }),
    ("source that is not UTF-8", |w| {
        w.module();
        w.named(b"x\xff.go", "package main\n");
    }),
    ("embed that is not UTF-8", |w| {
        w.module();
        w.file("main.go", "package main\n\nimport \"embed\"\n\n//go:embed data\nvar v embed.FS\n\nfunc main() {}\n");
        w.named(b"data/\xff.txt", "");
    }),
    ("chain of links", |w| {
        w.module();
        w.link("l0.go", "main.go");
        (1..2_000).for_each(|n| w.link(&format!("l{n}.go"), &format!("l{}.go", n - 1)));
    }),
    ("links in a circle", |w| {
        w.importing((0..5_000).map(|n| format!("example.com/m/{}p{n}", "x/".repeat(n % 60))));
        w.link("x", ".");
        w.link("a.go", "b.go");
        w.link("b.go", "a.go");
    }),
    ("one package by many links", |w| {
        w.importing((0..2_000).map(|n| format!("example.com/m/l{n}")));
        w.file("t/t.go", "package t\n");
        (0..2_000).for_each(|n| w.link(&format!("l{n}"), "t"));
    }),
];
