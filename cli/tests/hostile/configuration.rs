//! Hostile configurations, ignore files, and mains by the thousand.

use crate::corpus::Named;
use crate::writer::{MAIN, MODULE, Writer, lines};

pub(crate) const CONFIGURATION: &[Named] = &[
    ("mains", |w| mains(w, 1_000)),
    ("mains of one name", |w| {
        w.file("go.mod", MODULE);
        (0..2_000).for_each(|n| w.file(&format!("s{n}/server/main.go"), MAIN));
    }),
    ("images", |w| {
        mains(w, 500);
        w.file(
            "gowork.toml",
            lines(500, |n| format!("[images.i{n}]\nmain = \"./cmd/c{n}\"\n")),
        );
    }),
    ("images without mains", |w| {
        w.module();
        w.file(
            "gowork.toml",
            lines(2_000, |n| format!("[images.i{n}]\nmain = \"./cmd/c{n}\"\n")),
        );
    }),
    ("images with tags", |w| {
        mains(w, 200);
        w.file(
            "gowork.toml",
            lines(200, |n| {
                format!("[images.i{n}]\nmain = \"./cmd/c{n}\"\ntags = [\"t{n}\"]\n")
            }),
        );
    }),
    ("skip patterns", |w| {
        mains(w, 500);
        w.file(
            "gowork.toml",
            format!(
                "skip = [{}]\n",
                lines(2_000, |n| format!("\"./x{n}/...\", "))
            ),
        );
    }),
    ("brackets", |w| {
        toml(
            w,
            &format!("x = {}{}\n", "[".repeat(100_000), "]".repeat(100_000)),
        )
    }),
    ("dotted key", |w| {
        toml(w, &format!("{}a = 1\n", "a.".repeat(100_000)))
    }),
    ("unknown keys", |w| {
        toml(w, &lines(50_000, |n| format!("key{n} = 1\n")))
    }),
    ("TOML errors", |w| toml(w, &"x = = 1\n".repeat(50_000))),
    ("configuration of 5 GB", |w| {
        w.module();
        w.sparse("gowork.toml", "", 5 << 30);
    }),
    ("Dockerfile of 5 GB", |w| {
        w.module();
        w.sparse("Dockerfile", "", 5 << 30);
    }),
    ("ignore patterns", |w| {
        w.module();
        w.file(".dockerignore", lines(100_000, |n| format!("x{n}\n")));
        (0..100).for_each(|n| w.file(&format!("d{n}/p.go"), "package p\n"));
    }),
    ("ignore patterns of stars", |w| {
        w.module();
        w.file(".dockerignore", format!("{}b\n!x\n", "*a".repeat(30)));
        (0..20).for_each(|n| w.file(&format!("{}{n}", "a".repeat(200)), ""));
    }),
    ("ignore patterns of **", |w| {
        w.module();
        w.file(".dockerignore", format!("{}b\n", "**/".repeat(30)));
        w.file(&format!("{}p.go", "a/".repeat(50)), "package p\n");
    }),
];

fn mains(w: &Writer, count: usize) {
    w.file("go.mod", MODULE);
    (0..count).for_each(|n| w.file(&format!("cmd/c{n}/main.go"), MAIN));
}

fn toml(w: &Writer, text: &str) {
    w.module();
    w.file("gowork.toml", text);
}
