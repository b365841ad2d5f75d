//! No circle of files: a file that is part of one cannot be read, or moved, without the others.
//!
//! What counts as a use is in `imports`. A `mod.rs` that only shows what is in its files is part of no
//! circle, even if they take its types. If it calls them too, it is.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::imports::Crate;

/// Files that use each other in a circle, below a crate's `src`, and why. This table can only
/// shrink: a new circle fails, and so does a line that is out of date.
const CIRCLES: [(&str, &[&str], &str); 4] = [
    (
        "llb/src",
        &["config/document.rs", "config/read.rs", "config/suggest.rs"],
        "one list of options is read, checked and searched for advice",
    ),
    (
        "llb/src",
        &[
            "lower/llb/mod.rs",
            "lower/llb/progress.rs",
            "lower/llb/step_files.rs",
        ],
        "each file adds its own methods to `Lowering`",
    ),
    (
        "llb/src",
        &[
            "ops/caps.rs",
            "ops/definition.rs",
            "ops/import.rs",
            "ops/marshal.rs",
            "ops/output.rs",
        ],
        "a definition is made of outputs, and an output is read from a definition",
    ),
    (
        "frontend/src",
        &["steps/resolve/command.rs", "steps/resolve/failure.rs"],
        "a command that fails, and what it said",
    ),
];

/// In which crates circles are looked for.
const CRATES: [&str; 4] = ["llb/src", "frontend/cache/src", "frontend/src", "cli/src"];

/// The files that each file uses.
type Uses<'c> = BTreeMap<&'c Path, BTreeSet<&'c Path>>;

/// Every largest set of files in which each uses each other, directly or not.
fn circles<'c>(uses: &Uses<'c>) -> Vec<BTreeSet<&'c Path>> {
    let reach: Uses<'c> = uses
        .keys()
        .map(|file| (*file, reached(uses, file)))
        .collect();
    let mut found: Vec<BTreeSet<&Path>> = Vec::new();
    for (file, reached) in &reach {
        if reached.contains(file) && !found.iter().any(|circle| circle.contains(file)) {
            let circle = reached
                .iter()
                .copied()
                .filter(|other| reach[other].contains(file));
            found.push(circle.collect());
        }
    }
    found
}

/// All files that a file uses, directly or not. It is one of them if it is in a circle.
fn reached<'c>(uses: &Uses<'c>, file: &Path) -> BTreeSet<&'c Path> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<&Path> = uses[file].iter().copied().collect();
    while let Some(next) = open.pop() {
        if reached.insert(next) {
            open.extend(&uses[next]);
        }
    }
    reached
}

/// The uses that make a circle, a line a file.
fn shown(circle: &BTreeSet<&Path>, uses: &Uses<'_>) -> String {
    let mut lines = String::new();
    for file in circle {
        let used: Vec<String> = uses[file]
            .intersection(circle)
            .map(|used| used.display().to_string())
            .collect();
        lines += &format!("    {} uses {}\n", file.display(), used.join(", "));
    }
    lines
}

#[test]
fn files_make_no_circles_but_those_with_a_reason() {
    let mut wrong = Vec::new();
    for dir in CRATES {
        let source = Crate::read(&super::root().join(dir));
        let uses = source.uses();
        let circles = circles(&uses);
        let mut allowed: Vec<BTreeSet<&Path>> = CIRCLES
            .iter()
            .filter(|(of, ..)| *of == dir)
            .map(|(_, files, _)| files.iter().map(Path::new).collect())
            .collect();
        for circle in &circles {
            if allowed.contains(circle) {
                allowed.retain(|other| other != circle);
                continue;
            }
            wrong.push(format!(
                "{dir}: a circle of files that CIRCLES does not name. Move what they share to a \
                 file of its own, or name the circle with a reason:\n{}",
                shown(circle, &uses)
            ));
        }
        for circle in allowed {
            wrong.push(format!(
                "{dir}: CIRCLES names {circle:?}, which is no circle any more, or has other files"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A crate of these files. Returns what its circles are.
fn circles_of(files: &[(&str, &str)]) -> Vec<Vec<String>> {
    let dir = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = dir.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let source = Crate::read(dir.path());
    let circles = circles(&source.uses());
    circles
        .iter()
        .map(|circle| {
            circle
                .iter()
                .map(|file| file.display().to_string())
                .collect()
        })
        .collect()
}

#[test]
fn a_name_is_followed_to_the_file_that_defines_it() {
    let reexported = [
        ("lib.rs", "mod a; mod b;"),
        (
            "a/mod.rs",
            "mod types; mod run; pub use types::Type; pub use run::run;",
        ),
        ("a/types.rs", "pub struct Type;"),
        ("a/run.rs", "use super::Type; pub fn run(_: Type) {}"),
        (
            "b.rs",
            "use crate::a::{\n    self,\n    Type,\n};\nfn b() { a::run(Type) }",
        ),
    ];
    assert!(circles_of(&reexported).is_empty());
    let circle = ["a/run.rs", "b.rs"];
    for back in [
        "use crate::b::b;",
        "fn c() { crate::b::b() }",
        "use super::super::b; fn c() { b::b() }",
        "use crate::b::*; fn c() { b() }",
        "use crate::{\n    b as d,\n};\nfn c() { d::b() }",
    ] {
        let mut files = reexported.map(|(path, text)| (path, text.to_owned()));
        files[3].1 += back;
        let files: Vec<(&str, &str)> = files.iter().map(|(p, t)| (*p, t.as_str())).collect();
        assert_eq!(circles_of(&files), [circle], "{back}");
    }
}

#[test]
fn a_room_and_its_files_make_a_circle_if_each_uses_the_other() {
    let files = |parent: &'static str| {
        [
            ("lib.rs", "mod a;"),
            ("a.rs", parent),
            ("a/b.rs", "use super::A; pub fn b(_: A) {}"),
        ]
    };
    let uses = "mod b; pub struct A; fn a() { b::b(A) }";
    assert_eq!(circles_of(&files(uses)), [["a/b.rs", "a.rs"]]);
    for reexports in [
        "mod b; pub struct A;",
        "mod b; pub use b::b; pub struct A;",
        "mod b; pub(crate) use b::{self, b as c}; pub struct A;",
        "mod b; pub struct A; #[cfg(test)] mod tests { use super::b::b; }",
        "mod b; pub struct A; // b::b(A)",
    ] {
        assert!(circles_of(&files(reexports)).is_empty(), "{reexports}");
    }
}
