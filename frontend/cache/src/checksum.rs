//! The checksum of an output's bytes, asked for at every hit: XXH3, 64 bits.
//!
//! It guards against faults, not against forgery: a process that can write to a layer can write its
//! index too. SHA-256, even with the processor's instructions for it, takes 0.25 s for the 308 MB that
//! one link of a large program reads. XXH3 takes a tenth of that, and every compile step pays it.

use std::hash::Hasher as _;
use std::io::{self, Read};

use twox_hash::XxHash3_64;

/// The checksum of `bytes`.
pub fn of(bytes: &[u8]) -> u64 {
    XxHash3_64::oneshot(bytes)
}

/// The checksum and the length of everything that `reader` gives.
///
/// # Errors
/// If reading fails.
pub fn of_reader(mut reader: impl Read) -> io::Result<(u64, u64)> {
    let mut hash = XxHash3_64::new();
    let mut buffer = vec![0; 256 << 10];
    let mut length = 0;
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return Ok((hash.finish(), length)),
            Ok(n) => {
                hash.write(buffer.get(..n).unwrap_or_default());
                length += n as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_agree_and_are_xxh3() {
        // The value of the empty input is in XXH3's specification.
        assert_eq!(of(b""), 0x2d06_8005_38d3_94c2);
        let bytes: Vec<u8> = (0..1_000_000u32).map(|n| (n % 251) as u8).collect();
        assert_eq!(of_reader(&bytes[..]).unwrap(), (of(&bytes), 1_000_000));
    }
}
