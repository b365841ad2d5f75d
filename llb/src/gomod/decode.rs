//! Bytes of a mod file to text.

/// Text from the bytes of a file. A byte that is not UTF-8 becomes one U+FFFD, which is how the go
/// command sees and prints it.
pub(super) fn decode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    text
}
