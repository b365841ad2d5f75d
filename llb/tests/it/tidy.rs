//! House rules as tests: who may import whom, how large files may be, and where the world may be
//! touched. Each failure names its cure.

mod circles;
mod imports;
mod tokens;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use imports::Crate;

/// The numbers that every stage keeps to.
const LIMITS: &str = "limits";
/// What makes a type of a text.
const TEXT_TYPE: &str = "text_type";

/// Stage -> the stages whose public items it may use. Anything not listed fails.
const ARROWS: [(&str, &[&str]); 21] = [
    (LIMITS, &[]),
    (TEXT_TYPE, &[]),
    ("batches", &[]),
    ("diag", &[]),
    ("tree", &["diag", "batches"]),
    ("gomod", &["diag"]),
    ("gosrc", &["diag"]),
    ("workspace", &["gomod", "tree", "diag"]),
    (
        "packages",
        &["workspace", "gosrc", "gomod", "tree", "diag", "batches"],
    ),
    ("resolution", &["gomod", "gosrc", "tree", "diag"]),
    ("config", &["licenses", "gosrc", "tree", "diag"]),
    (
        "plan",
        &[
            "packages",
            "resolution",
            "workspace",
            "config",
            "gosrc",
            "gomod",
            "tree",
            "diag",
        ],
    ),
    (
        "lint",
        &["workspace", "config", "gomod", "ops", "tree", "diag"],
    ),
    (
        "keys",
        &[
            "licenses",
            "plan",
            "packages",
            "resolution",
            "workspace",
            "config",
            "gosrc",
            "gomod",
            "tree",
        ],
    ),
    (
        "sbom",
        &[
            "licenses",
            "lower",
            "ops",
            "plan",
            "packages",
            "resolution",
            "workspace",
            "config",
            "gomod",
            "tree",
            "diag",
        ],
    ),
    ("licenses", &["tree"]),
    ("ops", &[]),
    ("image", &["ops"]),
    (
        "lower",
        &[
            "gomod",
            "plan",
            "packages",
            "workspace",
            "config",
            "resolution",
            "gosrc",
            "ops",
            "image",
            "tree",
            "diag",
        ],
    ),
    (
        "repository",
        &[
            "lint",
            "lower",
            "plan",
            "packages",
            "resolution",
            "workspace",
            "config",
            "tree",
            "diag",
        ],
    ),
    ("lib", &["repository"]),
];

/// The same for the rooms of gowork-cache.
const CACHE_ARROWS: [(&str, &[&str]); 10] = [
    ("id", &[]),
    ("checksum", &[]),
    ("hit", &[]),
    ("layer", &[]),
    ("mount", &[]),
    ("args", &["mount"]),
    ("server", &["layer", "mount"]),
    ("steps", &["args", "layer", "mount", "server"]),
    ("run", &["args", "layer", "mount", "server", "steps"]),
    ("lib", &[]),
];

/// The same for the frontend.
const FRONTEND_ARROWS: [(&str, &[&str]); 11] = [
    ("gateway", &[]),
    ("error", &["gateway"]),
    ("opts", &["gateway"]),
    ("result", &["gateway"]),
    ("context", &["error", "gateway", "opts"]),
    ("subrequests", &["error", "result"]),
    ("steps", &[]),
    ("version", &[]),
    (
        "builder",
        &[
            "context",
            "error",
            "gateway",
            "opts",
            "result",
            "steps",
            "subrequests",
        ],
    ),
    (
        "serve",
        &["builder", "error", "gateway", "opts", "subrequests"],
    ),
    ("lib", &[]),
];

/// The same for the command line.
const CLI_ARROWS: [(&str, &[&str]); 29] = [
    ("bounded", &[]),
    ("root", &[]),
    ("shell_word", &[]),
    ("slashed", &[]),
    ("ui", &[]),
    ("git", &[]),
    ("resolve", &[]),
    ("exit", &["ui"]),
    ("args", &["exit", "root"]),
    ("source", &["args", "root"]),
    ("contexts", &["args", "exit"]),
    ("output", &["args", "exit", "ui"]),
    (
        "project",
        &[
            "args", "contexts", "exit", "git", "resolve", "root", "source", "ui",
        ],
    ),
    ("licenses", &["project"]),
    ("main_version", &["project"]),
    ("membership", &["project"]),
    ("by_name", &["membership", "root"]),
    (
        "by_commit",
        &["args", "git", "project", "resolve", "source", "ui"],
    ),
    (
        "commands",
        &[
            "args",
            "by_commit",
            "by_name",
            "conversion",
            "deploy",
            "doctor",
            "drawing",
            "exit",
            "licenses",
            "main_version",
            "make",
            "membership",
            "output",
            "pipeline",
            "project",
            "rebuild",
            "report",
            "root",
            "source",
            "ui",
            "vuln",
        ],
    ),
    ("rebuild", &["git"]),
    ("report", &[]),
    ("vuln", &["bounded", "exit"]),
    ("conversion", &[]),
    ("deploy", &[]),
    ("doctor", &["shell_word"]),
    ("drawing", &[]),
    ("pipeline", &["shell_word"]),
    ("make", &["conversion"]),
    ("main", &[]),
];

/// Words that a stage must not know: `packages` is about Go, `plan` about steps, `ops` about
/// BuildKit.
const FOREIGN: [(&str, &[&str]); 3] = [
    ("packages", &["container", "dockerfile", "llb::"]),
    ("plan", &["crate::ops", "crate::lower"]),
    ("ops", &["gomod", "gosrc", "go.work"]),
];

/// Lines of a file; more is a sign that it owns two things.
const MAX_LINES: usize = 500;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_path_buf()
}

/// Every file below `dir` whose name ends in `.rs`.
fn files(dir: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    let mut open = vec![dir.to_path_buf()];
    while let Some(dir) = open.pop() {
        for entry in std::fs::read_dir(&dir).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.insert(path);
            }
        }
    }
    found
}

/// The same, with the text of each.
fn sources(dir: &Path) -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    for path in files(dir) {
        let text = std::fs::read_to_string(&path).unwrap();
        found.insert(path, text);
    }
    found
}

/// The code of a file: comments and the test module left out.
fn code(text: &str) -> impl Iterator<Item = &str> {
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    code.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
}

/// A crate whose rooms are its modules at the top.
struct Rooms {
    dir: &'static str,
    /// Room -> the rooms that it may use.
    arrows: &'static [(&'static str, &'static [&'static str])],
    /// Rooms that every other may use.
    shared: &'static [&'static str],
}

const ROOMS: [Rooms; 4] = [
    Rooms {
        dir: "llb/src",
        arrows: &ARROWS,
        shared: &[LIMITS, TEXT_TYPE],
    },
    Rooms {
        dir: "frontend/cache/src",
        arrows: &CACHE_ARROWS,
        shared: &["id", "checksum", "hit"],
    },
    Rooms {
        dir: "frontend/src",
        arrows: &FRONTEND_ARROWS,
        shared: &[],
    },
    Rooms {
        dir: "cli/src",
        arrows: &CLI_ARROWS,
        shared: &["bounded", "slashed"],
    },
];

/// The room that a file of a crate is in: its folder, or its own name.
fn room(file: &Path) -> String {
    let first = file.components().next().unwrap().as_os_str();
    first.to_str().unwrap().trim_end_matches(".rs").to_owned()
}

#[test]
fn arrows_go_one_way() {
    let mut wrong = Vec::new();
    for rooms in &ROOMS {
        let allowed: BTreeMap<&str, &[&str]> = rooms.arrows.iter().copied().collect();
        let source = Crate::read(&root().join(rooms.dir));
        for (file, paths) in source.named() {
            let own = room(file);
            let place = format!("{}/{}", rooms.dir, file.display());
            let Some(may_use) = allowed.get(own.as_str()) else {
                wrong.push(format!(
                    "{place}: room {own} is not in the table of tidy.rs: add it with what it may use"
                ));
                continue;
            };
            if own == "lib" || own == "main" {
                // The front door leads to every room.
                continue;
            }
            let used: BTreeSet<&String> = paths.iter().filter_map(|path| path.first()).collect();
            for name in used {
                let is_allowed = *name == own
                    || rooms.shared.contains(&name.as_str())
                    || may_use.contains(&name.as_str());
                if allowed.contains_key(name.as_str()) && !is_allowed {
                    wrong.push(format!(
                        "{place}: {own} must not use {name}; move what it needs, or the need"
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn stages_speak_their_own_words() {
    let mut wrong = Vec::new();
    for (file, text) in sources(&root().join("llb/src")) {
        let own = room(file.strip_prefix(root().join("llb/src")).unwrap());
        for (_, words) in FOREIGN.iter().filter(|(stage, _)| *stage == own) {
            for word in words
                .iter()
                .filter(|word| code(&text).any(|line| line.to_lowercase().contains(**word)))
            {
                wrong.push(format!("{}: {own} must not know {word:?}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_library_is_pure() {
    let mut wrong = Vec::new();
    for (file, text) in sources(&root().join("llb/src")) {
        let local = file.ends_with("tree/local.rs");
        for word in [
            "async fn",
            "std::env::",
            "std::process::",
            "std::fs::",
            "std::net::Tcp",
            "SystemTime",
            "Instant::now",
            "HashMap",
            "HashSet",
        ] {
            if !(local && word == "std::fs::") && code(&text).any(|line| line.contains(word)) {
                wrong.push(format!(
                    "{}: {word} does not belong into the library",
                    file.display()
                ));
            }
        }
    }
    let manifest = std::fs::read_to_string(root().join("llb/Cargo.toml")).unwrap();
    for name in ["tokio", "tonic", "clap", "anyhow", "reqwest", "rand"] {
        if manifest.lines().any(|line| line.starts_with(name)) {
            wrong.push(format!(
                "llb/Cargo.toml: the library must not depend on {name}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn files_are_small_and_say_what_they_own() {
    let mut wrong = Vec::new();
    for dir in [
        "llb/src",
        "llb/step",
        "llb/tests",
        "xtask/fuzz",
        "frontend/src",
        "frontend/cache",
        "frontend/tests",
        "cli/src",
        "xtask/src",
    ] {
        for (file, text) in sources(&root().join(dir)) {
            let lines = text.lines().count();
            if lines > MAX_LINES {
                wrong.push(format!(
                    "{}: {lines} lines, more than {MAX_LINES}: part it by what its pieces own",
                    file.display()
                ));
            }
            if !text.starts_with("//!") && !text.starts_with("#!") {
                wrong.push(format!(
                    "{}: begin with a `//!` line that says what the file owns",
                    file.display()
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn mains_are_thin() {
    for main in [
        "frontend/src/main.rs",
        "frontend/cache/src/main.rs",
        "cli/src/main.rs",
    ] {
        let lines = std::fs::read_to_string(root().join(main))
            .unwrap()
            .lines()
            .count();
        assert!(
            lines <= 60,
            "{main}: {lines} lines; a main only starts things: move the rest into a module"
        );
    }
}

/// Folders named after nothing collect everything.
#[test]
fn no_file_is_named_after_nothing() {
    for dir in [
        "llb/src",
        "llb/step",
        "xtask/fuzz",
        "frontend/src",
        "frontend/cache/src",
        "cli/src",
        "xtask/src",
    ] {
        for file in sources(&root().join(dir)).into_keys() {
            let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
            let bad = [
                "utils", "util", "common", "helpers", "helper", "misc", "manager", "types",
            ];
            // config/types.rs holds the schema's types, which is what it owns.
            let schema = file.ends_with("config/types.rs");
            assert!(
                schema || !bad.contains(&name.as_str()),
                "{}: name it after what it owns",
                file.display()
            );
        }
    }
}

/// A page that names files that are gone leads its readers astray.
#[test]
fn the_page_on_internals_names_files_that_exist() {
    let page = std::fs::read_to_string(root().join("docs/internals.md")).unwrap();
    let crates = ["llb/", "frontend/", "cli/"];
    let words = page.split('`').skip(1).step_by(2);
    let paths: BTreeSet<&str> = words
        .filter(|word| crates.iter().any(|dir| word.starts_with(dir)))
        .collect();
    assert!(paths.len() > 30, "{} paths", paths.len());
    for path in paths {
        assert!(root().join(path).exists(), "docs/internals.md: {path}");
    }
}
