//! Whether the places of diagnostics lie in the text they are about.

use gowork_llb::diag::{Diagnostic, Position, Span};

/// A text as lines of characters, in which places are looked up.
pub(crate) struct Text {
    lines: Vec<Vec<char>>,
}

impl Text {
    /// The text of `bytes`, each byte that is not UTF-8 taken for one character.
    pub(crate) fn new(bytes: &[u8]) -> Self {
        let mut lines = vec![Vec::new()];
        for chunk in bytes.utf8_chunks() {
            let chars = chunk
                .valid()
                .chars()
                .chain(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
            for c in chars {
                if c == '\n' {
                    lines.push(Vec::new());
                } else if let Some(line) = lines.last_mut() {
                    line.push(c);
                }
            }
        }
        Self { lines }
    }

    /// What stands at `at`, up to the end of its line.
    pub(crate) fn rest(&self, at: Position) -> String {
        assert!(self.holds(at), "{at:?} is not in the text");
        self.lines[at.line as usize - 1][at.column as usize - 1..]
            .iter()
            .collect()
    }

    /// Whether there is such a place: before a character, or at the end of a line.
    pub(crate) fn holds(&self, at: Position) -> bool {
        let line = (at.line as usize)
            .checked_sub(1)
            .and_then(|line| self.lines.get(line));
        line.is_some_and(|line| at.column >= 1 && at.column as usize <= line.len() + 1)
    }

    fn check_span(&self, span: &Span, what: &Diagnostic) {
        assert!(
            span.start <= span.end,
            "{span:?} ends before it starts: {what}"
        );
        let whole_file = span.start == Position::default() && span.end == span.start;
        assert!(
            whole_file || self.holds(span.start) && self.holds(span.end),
            "{span:?} is not in the text: {what}"
        );
    }

    /// Asserts that every place of every diagnostic is in the text.
    pub(crate) fn check(&self, diagnostics: &[Diagnostic]) {
        for diagnostic in diagnostics {
            diagnostic
                .span
                .iter()
                .for_each(|span| self.check_span(span, diagnostic));
            diagnostic
                .related
                .iter()
                .for_each(|(span, _)| self.check_span(span, diagnostic));
            assert!(!diagnostic.message.is_empty());
        }
    }
}
