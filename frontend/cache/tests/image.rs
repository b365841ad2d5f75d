//! Results images: what is found in one, and random faults: whatever is wrong with one, a result is
//! missing or right.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests document themselves and fail where they cannot go on"
)]

#[path = "world/harm.rs"]
#[allow(dead_code, reason = "each test program needs its share")]
mod harm;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;

use gowork_cache::checksum;
use gowork_cache::id::Id;
use gowork_cache::layer::format::{self, Entry};
use gowork_cache::layer::image::{MAX_INDEXES, ResultsImage};
use gowork_cache::layer::parts;

/// How many images are damaged: each has some four faults on average.
const IMAGES: u64 = 1000;

/// Parts of an image, each with numbers that stand for its packages. Parts of one name are of two
/// builds.
const PARTS: [(&str, std::ops::Range<u8>); 4] = [
    ("example.com!m!a", 0..4),
    ("example.com!m!b", 4..7),
    ("fmt", 7..9),
    ("1/example.com!m!a", 9..11),
];

fn action(n: u8) -> Id {
    Id::of(&[n])
}

/// Results of equal length: so a file in the place of another one has the right size.
fn content(n: u8) -> Vec<u8> {
    vec![n; 300]
}

fn write(root: &Path) {
    for (part, numbers) in PARTS {
        layer(root, part, numbers);
    }
}

/// Adds a layer with these results.
fn layer(root: &Path, part: &str, numbers: std::ops::Range<u8>) {
    let dir = root.join(part);
    fs::create_dir_all(format::outputs_dir(&dir)).unwrap();
    let mut entries = BTreeMap::new();
    for n in numbers {
        let bytes = content(n);
        let entry = Entry {
            output: Id::of(&bytes),
            size: bytes.len() as u64,
            checksum: checksum::of(&bytes),
        };
        parts::write_output(&dir, &entry.output, &bytes).unwrap();
        entries.insert(action(n), entry);
    }
    fs::write(format::index_path(&dir), format::format_index(&entries)).unwrap();
}

#[test]
fn no_damage_makes_a_wrong_result() {
    let mut random = fastrand::Rng::with_seed(1);
    let (mut right, mut missing) = (0, 0);
    for number in 0..IMAGES {
        let root = tempfile::tempdir().unwrap();
        write(root.path());
        let probability = random.f64() / 2.0;
        harm::damage(root.path(), &mut random, probability);
        let image = ResultsImage::open(root.path());
        for n in 0..11 {
            match image.find(&action(n)) {
                Some((output, bytes)) => {
                    assert!(
                        bytes == content(n) && output == Id::of(&bytes),
                        "image {number}, result {n}"
                    );
                    right += 1;
                }
                None => missing += 1,
            }
        }
    }
    // Both happen, and often.
    assert!(right > 1000 && missing > 1000, "{right}, {missing}");
}

fn right(n: u8) -> Option<(Id, Vec<u8>)> {
    Some((Id::of(&content(n)), content(n)))
}

fn image() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    layer(root.path(), "example.com!m!a", 0..4);
    layer(root.path(), "fmt", 4..6);
    layer(root.path(), "1/example.com!m!a", 6..9);
    root
}

#[test]
fn results_are_found_at_both_places() {
    let root = image();
    fs::write(root.path().join("a file"), "").unwrap();
    let image = ResultsImage::open(root.path());
    for n in 0..9 {
        assert_eq!(image.find(&action(n)), right(n), "{n}");
    }
    assert_eq!(image.find(&action(9)), None);
    assert_eq!(
        ResultsImage::open(&root.path().join("nowhere")).find(&action(0)),
        None
    );
}

#[test]
fn links_are_not_followed() {
    let (root, other) = (image(), tempfile::tempdir().unwrap());
    layer(other.path(), "b", 9..12);
    std::os::unix::fs::symlink(other.path().join("b"), root.path().join("b")).unwrap();
    let moved = format::output_path(&root.path().join("fmt"), &Id::of(&content(4)));
    fs::remove_file(&moved).unwrap();
    let outside = other.path().join("outside");
    fs::write(&outside, content(4)).unwrap();
    std::os::unix::fs::symlink(outside, moved).unwrap();
    let image = ResultsImage::open(root.path());
    let found = [4, 5, 9].map(|n| image.find(&action(n)).is_some());
    assert_eq!(found, [false, true, false]);
}

#[test]
fn another_version_and_more_than_the_limits_are_misses() {
    let root = image();
    let index = format::index_path(&root.path().join("fmt"));
    let text = fs::read_to_string(&index).unwrap();
    fs::write(&index, text.replacen("gowork-cache 1", "gowork-cache 2", 1)).unwrap();
    let opened = ResultsImage::open(root.path());
    assert_eq!(opened.find(&action(4)), None);
    assert_eq!(opened.find(&action(0)), right(0));
    // More than an index may have, on disk no bytes at all.
    File::options()
        .write(true)
        .open(&index)
        .and_then(|file| file.set_len(MAX_INDEXES + 1))
        .unwrap();
    assert_eq!(ResultsImage::open(root.path()).find(&action(0)), right(0));
}
