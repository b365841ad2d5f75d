//! Action and output IDs: 32 bytes, written as hex. Owns their form; not what they identify.

use std::fmt;

use sha2::{Digest, Sha256};

/// An action ID (the key) or output ID (SHA-256 of the content).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id([u8; 32]);

impl Id {
    /// From raw bytes, as the go command sends them. Returns `None` unless there are exactly 32.
    pub fn from_bytes(bytes: &[u8]) -> Option<Id> {
        bytes.try_into().ok().map(Id)
    }

    /// From 64 lower-case hex digits. Returns `None` for anything else.
    pub fn from_hex(text: &[u8]) -> Option<Id> {
        let text: &[u8; 64] = text.try_into().ok()?;
        let mut bytes = [0; 32];
        let (pairs, _) = text.as_chunks::<2>();
        for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
            *byte = nibble(*high)? << 4 | nibble(*low)?;
        }
        Some(Id(bytes))
    }

    /// The SHA-256 of `bytes`.
    pub fn of(bytes: &[u8]) -> Id {
        Id(Sha256::digest(bytes).into())
    }

    /// The raw bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_round_trip() {
        let id = Id::of(b"");
        assert_eq!(
            id.to_string(),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        assert_eq!(Id::from_hex(id.to_string().as_bytes()), Some(id));
    }

    #[test]
    fn other_forms_are_no_ids() {
        let hex = Id::of(b"").to_string();
        assert_eq!(Id::from_hex(hex.to_uppercase().as_bytes()), None);
        assert_eq!(Id::from_hex(&hex.as_bytes()[1..]), None);
        assert_eq!(Id::from_bytes(&[0; 31]), None);
    }
}
