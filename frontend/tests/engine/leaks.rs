//! Looks for texts that must be nowhere: in files, in compressed layers, in what programs said, as
//! they are and encoded.

use std::fs;
use std::io::Read as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use memchr::memmem;

/// Texts that must be nowhere.
#[derive(Debug, Default)]
pub(crate) struct Canaries {
    needles: Vec<Needle>,
}

#[derive(Debug)]
struct Needle {
    /// Which text, and how it is written.
    name: String,
    bytes: Vec<u8>,
}

impl Canaries {
    /// Adds a text of letters and digits: encoding for URLs or for JSON leaves these as they are.
    pub(crate) fn add(&mut self, name: &str, text: &str) {
        assert!(
            text.len() >= 12 && text.bytes().all(|byte| byte.is_ascii_alphanumeric()),
            "{text:?} is no canary"
        );
        self.needle(name.to_owned(), text.as_bytes());
        let hexadecimal: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
        self.needle(format!("{name} in hexadecimal"), hexadecimal.as_bytes());
        // Whatever stands before it moves it against the groups of three bytes; the characters at
        // its ends are shared with its neighbours.
        for before in 0..3 {
            let encoded = STANDARD_NO_PAD.encode([&vec![0; before], text.as_bytes()].concat());
            let (from, to) = ((before * 8).div_ceil(6), (before + text.len()) * 8 / 6);
            self.needle(format!("{name} in base64"), &encoded.as_bytes()[from..to]);
        }
    }

    /// Adds bytes that are looked for as they are.
    pub(crate) fn add_bytes(&mut self, name: &str, bytes: &[u8]) {
        assert!(
            bytes.len() >= 12,
            "{name} is too short to tell it from others"
        );
        self.needle(name.to_owned(), bytes);
    }

    fn needle(&mut self, name: String, bytes: &[u8]) {
        self.needles.push(Needle {
            name,
            bytes: bytes.to_vec(),
        });
    }

    /// Texts in all their forms, a line each, for `grep -F`.
    pub(crate) fn patterns(&self) -> Vec<u8> {
        self.needles
            .iter()
            .flat_map(|needle| [&needle.bytes[..], b"\n"].concat())
            .collect()
    }

    /// Those that the bytes have, packed or not.
    pub(crate) fn in_bytes(&self, place: &str, bytes: &[u8]) -> Vec<String> {
        let unpacked = unpacked(bytes);
        let found =
            |haystack: &[u8], needle: &&Needle| memmem::find(haystack, &needle.bytes).is_some();
        let needles = self.needles.iter().filter(|needle| {
            found(bytes, needle)
                || unpacked
                    .as_deref()
                    .is_some_and(|bytes| found(bytes, needle))
        });
        needles
            .map(|needle| format!("{} in {place}", needle.name))
            .collect()
    }

    /// Those that files below the directory have.
    pub(crate) fn in_directory(&self, dir: &Path) -> Vec<String> {
        let mut found = Vec::new();
        for entry in fs::read_dir(dir)
            .unwrap_or_else(|error| panic!("{}: {error}", dir.display()))
            .map(Result::unwrap)
        {
            let path = entry.path();
            if path.is_dir() {
                found.extend(self.in_directory(&path));
            } else {
                found.extend(self.in_bytes(&path.display().to_string(), &fs::read(&path).unwrap()));
            }
        }
        found
    }
}

/// The content of a gzip or zstd file.
pub(crate) fn unpacked(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut content = Vec::new();
    match bytes {
        [0x1f, 0x8b, ..] => flate2::read::MultiGzDecoder::new(bytes).read_to_end(&mut content),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => ruzstd::decoding::StreamingDecoder::new(bytes)
            .expect("a zstd frame")
            .read_to_end(&mut content),
        _ => return None,
    }
    .expect("a file that is compressed as it says");
    Some(content)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    const TEXT: &str = "c4naryOfThisTest";

    fn canaries() -> Canaries {
        let mut canaries = Canaries::default();
        canaries.add("it", TEXT);
        canaries
    }

    /// In all positions, since base64 depends on what stands before.
    #[test]
    fn it_is_found_however_it_is_written() {
        let canaries = canaries();
        for before in ["", "a", "ab", "abc", "abcd"] {
            let around = format!("{before}{TEXT}?&");
            let base64 = base64::engine::general_purpose::STANDARD.encode(&around);
            let url_safe = base64::engine::general_purpose::URL_SAFE.encode(&around);
            let hexadecimal: String = around.bytes().map(|byte| format!("{byte:02x}")).collect();
            for (written, name) in [
                (around, "it"),
                (base64, "it in base64"),
                (url_safe, "it in base64"),
                (hexadecimal, "it in hexadecimal"),
            ] {
                assert_eq!(
                    canaries.in_bytes("here", format!("x{written}x").as_bytes()),
                    [format!("{name} in here")],
                    "{written}"
                );
                let half = &written.as_bytes()[..written.len() / 2];
                assert_eq!(
                    canaries.in_bytes("here", half),
                    Vec::<String>::new(),
                    "a half of {written}"
                );
            }
        }
    }

    #[test]
    fn it_is_found_in_what_is_packed() {
        let plain = [b"x".repeat(1000), TEXT.into(), b"x".repeat(1000)].concat();
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        gzip.write_all(&plain).unwrap();
        let zstd = ruzstd::encoding::compress_to_vec(
            &plain[..],
            ruzstd::encoding::CompressionLevel::Fastest,
        );
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("blobs")).unwrap();
        for (name, bytes) in [
            ("plain", plain),
            ("gzip", gzip.finish().unwrap()),
            ("zstd", zstd),
        ] {
            let file = dir.path().join("blobs").join(name);
            fs::write(&file, bytes).unwrap();
            assert_eq!(
                canaries().in_directory(dir.path()),
                [format!("it in {}", file.display())]
            );
            fs::remove_file(file).unwrap();
        }
    }
}
