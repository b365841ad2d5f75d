//! Go's string literals: their values.

/// The value of a whole literal, raw (without its carriage returns) or interpreted; `None` if it is
/// none.
pub(super) fn unquote(literal: &[u8]) -> Option<Vec<u8>> {
    let (value, length) = unquote_prefix(literal)?;
    (length == literal.len()).then_some(value)
}

/// The value of the literal that `text` begins with, and the literal's length.
pub(super) fn unquote_prefix(text: &[u8]) -> Option<(Vec<u8>, usize)> {
    match text.first()? {
        b'`' => {
            let length = text[1..].iter().position(|byte| *byte == b'`')?;
            let value = text[1..=length]
                .iter()
                .copied()
                .filter(|byte| *byte != b'\r')
                .collect();
            Some((value, length + 2))
        }
        b'"' => interpreted(text),
        _ => None,
    }
}

fn interpreted(text: &[u8]) -> Option<(Vec<u8>, usize)> {
    let mut value = Vec::new();
    let mut at = 1;
    loop {
        match text.get(at)? {
            b'"' => return Some((value, at + 1)),
            b'\n' => return None,
            b'\\' => at += 1 + escape(text.get(at + 1..)?, &mut value)?,
            byte => {
                value.push(*byte);
                at += 1;
            }
        }
    }
}

/// Appends what an escape stands for; the length of what follows its backslash.
fn escape(text: &[u8], value: &mut Vec<u8>) -> Option<usize> {
    let single = match text.first()? {
        b'a' => 0x07,
        b'b' => 0x08,
        b'f' => 0x0c,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 0x0b,
        b'\\' => b'\\',
        b'"' => b'"',
        b'x' => {
            value.push(u8::try_from(number(text, 1..3, 16)?).ok()?);
            return Some(3);
        }
        b'0'..=b'7' => {
            value.push(u8::try_from(number(text, 0..3, 8)?).ok()?);
            return Some(3);
        }
        letter @ (b'u' | b'U') => {
            let end = if *letter == b'u' { 5 } else { 9 };
            let c = char::from_u32(number(text, 1..end, 16)?)?;
            value.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            return Some(end);
        }
        _ => return None,
    };
    value.push(single);
    Some(1)
}

fn number(text: &[u8], digits: std::ops::Range<usize>, radix: u32) -> Option<u32> {
    text.get(digits)?.iter().try_fold(0u32, |number, byte| {
        let digit = char::from(*byte).to_digit(radix)?;
        number.checked_mul(radix)?.checked_add(digit)
    })
}
