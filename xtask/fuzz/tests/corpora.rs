//! Replays the committed corpora: every file that a fuzzer found worth keeping, without the fuzzer.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    reason = "a test that cannot be set up has failed"
)]

use std::fs;
use std::path::{Path, PathBuf};

/// Files of one corpus, and bytes of one file: a corpus is what every change is tested with, not an
/// archive.
const MOST_FILES: usize = 100;
const MOST_BYTES: u64 = 8 << 10;

fn corpus(target: &str) -> Vec<PathBuf> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(target);
    let mut files: Vec<PathBuf> = fs::read_dir(&dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
}

#[test]
fn every_corpus_keeps_its_property() {
    for (target, check) in gowork_fuzz::TARGETS {
        let files = corpus(target);
        assert!(
            !files.is_empty() && files.len() < MOST_FILES,
            "corpus/{target} has {} files",
            files.len()
        );
        for file in files {
            let size = file.metadata().unwrap().len();
            assert!(
                size <= MOST_BYTES,
                "{}: {size} bytes; minimise it with `cargo fuzz tmin`",
                file.display()
            );
            let data = fs::read(&file).unwrap();
            if let Err(panic) = std::panic::catch_unwind(|| check(&data)) {
                eprintln!("{target}: {} breaks the property", file.display());
                std::panic::resume_unwind(panic);
            }
        }
    }
}

#[test]
fn every_target_is_a_program_of_its_name() {
    let manifest =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).unwrap();
    for (target, _) in gowork_fuzz::TARGETS {
        assert!(
            manifest.contains(&format!(
                "name = \"{target}\"\npath = \"fuzz_targets/{target}.rs\""
            )),
            "{target}"
        );
    }
    assert_eq!(
        manifest.matches("[[bin]]").count(),
        gowork_fuzz::TARGETS.len()
    );
}
