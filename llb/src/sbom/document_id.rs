//! The name of a document: a UUID of its content.

use serde::Serialize;
use sha2::{Digest as _, Sha256};

/// A UUID (version 8 of RFC 9562, which leaves the digits to the one who makes it) of what a
/// document says. Two that say the same have the same.
pub(super) fn uuid(document: &impl Serialize) -> String {
    let bytes = serde_json::to_vec(document).unwrap_or_default();
    let hash = Sha256::digest(&bytes);
    let mut id = [0; 16];
    id.copy_from_slice(&hash[..16]);
    id[6] = id[6] & 0x0f | 0x80;
    id[8] = id[8] & 0x3f | 0x80;
    let hex = hex(&id);
    let parts = [
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    ];
    parts.join("-")
}

/// A few digits that tell texts apart.
pub(super) fn short_hash(text: &str) -> String {
    hex(&Sha256::digest(text)[..4])
}

/// Bytes in hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::uuid;

    #[test]
    fn form_and_content() {
        let id = uuid(&"one");
        assert_eq!(id.len(), 36);
        assert_eq!(id.as_bytes()[14], b'8');
        assert!(b"89ab".contains(&id.as_bytes()[19]), "{id}");
        assert_eq!(id, uuid(&"one"));
        assert_ne!(id, uuid(&"two"));
    }
}
