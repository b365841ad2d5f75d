//! Byte offsets to lines and columns.

use crate::diag::Position;

/// Turns offsets in a text into positions; cheap for offsets that grow.
pub(super) struct Places<'a> {
    text: &'a [u8],
    line: u32,
    line_start: usize,
    /// Offset up to which lines are counted.
    seen: usize,
    /// An offset in the line, and how many characters of it are before.
    counted: (usize, usize),
}

impl<'a> Places<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        Self {
            text,
            line: 1,
            line_start: 0,
            seen: 0,
            counted: (0, 0),
        }
    }

    /// The position of the byte at `offset`. Columns count characters; each byte that is not UTF-8
    /// is one.
    pub(super) fn at(&mut self, offset: usize) -> Position {
        let offset = offset.min(self.text.len());
        if offset < self.line_start {
            *self = Self::new(self.text);
        }
        for (index, byte) in self.text[..offset].iter().enumerate().skip(self.seen) {
            if *byte == b'\n' {
                self.line += 1;
                self.line_start = index + 1;
                self.counted = (index + 1, 0);
            }
        }
        self.seen = self.seen.max(offset);
        let (from, known) = if self.counted.0 <= offset {
            self.counted
        } else {
            (self.line_start, 0)
        };
        let chunks = self.text[from..offset].utf8_chunks();
        let before = known
            + chunks
                .map(|chunk| chunk.valid().chars().count() + chunk.invalid().len())
                .sum::<usize>();
        // A line may have any number of places: counting goes on from the last one, unless that is
        // inside of a character.
        if self
            .text
            .get(offset)
            .is_none_or(|byte| !(0x80..0xc0).contains(byte))
        {
            self.counted = (offset, before);
        }
        let column = u32::try_from(before).unwrap_or(u32::MAX - 1);
        Position::new(self.line, column + 1)
    }

    /// The position of `offset`; that of the end of `head` is on its last line, as Go has it.
    pub(super) fn at_end_of(&mut self, head: &[u8], offset: usize) -> Position {
        if offset < head.len() || !head.ends_with(b"\n") {
            return self.at(offset);
        }
        let newline = self.at(head.len() - 1);
        Position::new(newline.line, newline.column + 1)
    }
}
