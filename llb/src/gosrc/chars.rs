//! Go's classes of characters, where they differ from `char`'s own methods (which know more letters
//! and digits).

use unicode_properties::{GeneralCategory as Category, UnicodeGeneralCategory as _};

/// Go's `unicode.IsLetter`.
pub(super) fn is_letter(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphabetic();
    }
    matches!(
        c.general_category(),
        Category::UppercaseLetter
            | Category::LowercaseLetter
            | Category::TitlecaseLetter
            | Category::ModifierLetter
            | Category::OtherLetter
    )
}

/// Go's `unicode.IsDigit`.
pub(super) fn is_digit(c: char) -> bool {
    if c.is_ascii() {
        c.is_ascii_digit()
    } else {
        c.general_category() == Category::DecimalNumber
    }
}

/// What a build tag is made of.
pub(super) fn is_tag_char(c: char) -> bool {
    is_letter(c) || is_digit(c) || c == '_' || c == '.'
}

/// Go's `unicode.IsGraphic` without spaces: what may stand in an import path, but for some ASCII.
pub(super) fn is_graphic(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_graphic();
    }
    !matches!(
        c.general_category(),
        Category::Control
            | Category::Format
            | Category::Surrogate
            | Category::PrivateUse
            | Category::Unassigned
            | Category::LineSeparator
            | Category::ParagraphSeparator
            | Category::SpaceSeparator
    )
}

/// Go's `bytes.TrimSpace`: Unicode's white space off both ends of what need not be UTF-8.
pub(super) fn trim_space(bytes: &[u8]) -> &[u8] {
    let bytes = bytes.trim_ascii();
    let vertical_tab = |byte: Option<&u8>| byte.is_some_and(|byte| *byte == 0x0b || *byte >= 0x80);
    if !vertical_tab(bytes.first()) && !vertical_tab(bytes.last()) {
        return bytes;
    }
    let mut rest = bytes;
    while let Some(c) = first_char(rest).filter(|c| c.is_whitespace()) {
        rest = &rest[c.len_utf8()..];
    }
    while let Some(c) = last_char(rest).filter(|c| c.is_whitespace()) {
        rest = &rest[..rest.len() - c.len_utf8()];
    }
    rest
}

/// The character that valid UTF-8 `bytes` begin with; of invalid ones none.
pub(super) fn first_char(bytes: &[u8]) -> Option<char> {
    let window = &bytes[..bytes.len().min(4)];
    let valid = match std::str::from_utf8(window) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(&window[..error.valid_up_to()]).unwrap_or_default(),
    };
    valid.chars().next()
}

fn last_char(bytes: &[u8]) -> Option<char> {
    (1..=bytes.len().min(4))
        .find_map(|n| first_char(&bytes[bytes.len() - n..]).filter(|c| c.len_utf8() == n))
}
