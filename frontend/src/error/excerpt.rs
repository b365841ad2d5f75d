//! The part of a text that BuildKit's clients show of it, under the line numbers of the whole.
//!
//! A client counts lines from the beginning of what it is sent (BuildKit,
//! solver/errdefs/source.go), so the lines before are sent too, as empty ones.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use buildkit_proto::pb;

/// Texts up to this size are sent as they are: bytes.
const SMALL: usize = 16 << 10;

/// Lines before and after the range. Clients show up to five.
const AROUND: usize = 6;

/// Lines of the range that are shown; a longer one is cut.
const MAX_RANGE: usize = 20;

/// Bytes of a line that are shown.
const MAX_LINE: usize = 400;

/// Lines that may come before: an empty one costs a byte.
const MAX_BEFORE: usize = 64 << 10;

/// The part of `text` that is needed to show `range`. Returns `None` if that lies too far down.
pub(super) fn around<'t>(text: &'t [u8], range: &pb::Range) -> Option<Cow<'t, [u8]>> {
    if text.len() <= SMALL {
        return Some(Cow::Borrowed(text));
    }
    let line = |at: &Option<pb::Position>| usize::try_from(at.as_ref()?.line).ok()?.checked_sub(1);
    let start = line(&range.start)?;
    let end = line(&range.end)
        .unwrap_or(start)
        .clamp(start, start + MAX_RANGE);
    let shown = start.saturating_sub(AROUND)..=end + AROUND;
    (*shown.start() <= MAX_BEFORE).then(|| Cow::Owned(lines(text, &shown)))
}

fn lines(text: &[u8], shown: &RangeInclusive<usize>) -> Vec<u8> {
    let mut excerpt = vec![b'\n'; *shown.start()];
    let count = shown.end() - shown.start() + 1;
    for line in text
        .split(|byte| *byte == b'\n')
        .skip(*shown.start())
        .take(count)
    {
        excerpt.extend_from_slice(&line[..line.len().min(MAX_LINE)]);
        excerpt.push(b'\n');
    }
    excerpt
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(start: i32, end: i32) -> pb::Range {
        let at = |line| Some(pb::Position { line, character: 0 });
        pb::Range {
            start: at(start),
            end: at(end),
        }
    }

    #[test]
    fn lines_keep_their_numbers() {
        let text: String = (1..=60_000)
            .map(|number| format!("line {number}\n"))
            .collect();
        let excerpt = around(text.as_bytes(), &range(50_000, 50_001)).unwrap();
        assert!(excerpt.len() < 52_000, "{}", excerpt.len());
        let lines: Vec<&[u8]> = excerpt.split(|byte| *byte == b'\n').collect();
        assert_eq!(
            (lines[49_999], lines[50_000], lines[0]),
            (&b"line 50000"[..], &b"line 50001"[..], &b""[..])
        );
    }

    #[test]
    fn what_is_sent_has_a_bound() {
        let wide = vec![b'x'; 1 << 20];
        assert_eq!(around(&wide, &range(1, 1)).unwrap().len(), MAX_LINE + 1);
        let high = vec![b'\n'; 1 << 20];
        assert_eq!(around(&high, &range(900_000, 900_000)), None);
        assert!(around(&high, &range(1, 900_000)).unwrap().len() < 50);
        assert_eq!(around(b"short", &range(1, 1)).unwrap().as_ref(), b"short");
    }
}
