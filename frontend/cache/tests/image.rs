//! Random faults of results images: whatever is wrong with one, a result is missing or right.
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
use std::fs;
use std::path::Path;

use gowork_cache::checksum;
use gowork_cache::id::Id;
use gowork_cache::layer::format::{self, Entry};
use gowork_cache::layer::image::ResultsImage;
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
