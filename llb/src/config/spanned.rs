//! A value together with the place it was written, and the map from byte offsets to places.

use std::collections::BTreeSet;
use std::ops::{Deref, Range};

use serde::{Serialize, Serializer};

use crate::diag::{Position, Span};

/// A value and where the user wrote it. Two are equal if their values are, wherever they stand.
#[derive(Debug, Clone, Default)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it is written; none for a default or a build-arg.
    pub span: Option<Span>,
}

impl<T> Spanned<T> {
    /// `value`, written at `span`.
    pub(crate) fn new(value: T, span: Span) -> Self {
        Self {
            value,
            span: Some(span),
        }
    }

    /// The same place with another value.
    pub(crate) fn with<U>(&self, value: U) -> Spanned<U> {
        Spanned {
            value,
            span: self.span.clone(),
        }
    }
}

impl<T> From<T> for Spanned<T> {
    /// A value that does not come from a file.
    fn from(value: T) -> Self {
        Self { value, span: None }
    }
}

impl<T> Deref for Spanned<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: PartialEq> PartialEq for Spanned<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T: Eq> Eq for Spanned<T> {}

impl<T: Serialize> Serialize for Spanned<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(serializer)
    }
}

/// The values, as they stand.
pub(super) fn strings(items: &[Spanned<String>]) -> Vec<String> {
    items.iter().map(|item| item.value.clone()).collect()
}

/// The values of a list that may be missing, each once.
pub(super) fn set(items: Option<&Vec<Spanned<String>>>) -> BTreeSet<String> {
    items
        .map(|items| strings(items))
        .unwrap_or_default()
        .into_iter()
        .collect()
}

/// Where the lines of a text start.
pub(super) struct Lines<'a> {
    file: &'a str,
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    /// The lines of `text`, which the user knows as `file`.
    pub(super) fn new(file: &'a str, text: &'a str) -> Self {
        let starts = std::iter::once(0)
            .chain(text.match_indices('\n').map(|(at, _)| at + 1))
            .collect();
        Self { file, text, starts }
    }

    /// The place of a byte offset. One past the end, or inside a character, is taken for the
    /// character before.
    fn position(&self, offset: usize) -> Position {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = self
            .starts
            .get(line.wrapping_sub(1))
            .copied()
            .unwrap_or_default();
        let column = self
            .text
            .get(start..offset)
            .map_or(0, |before| before.chars().count())
            + 1;
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Position::new(number(line), number(column))
    }

    /// The stretch of a range of bytes.
    pub(super) fn span(&self, range: Range<usize>) -> Span {
        Span::new(
            self.file,
            self.position(range.start),
            self.position(range.end),
        )
    }

    /// The file as a whole.
    pub(super) fn whole(&self) -> Span {
        Span::at(self.file, Position::default())
    }

    /// The text of a range of bytes; empty if the text has no such range.
    pub(super) fn slice(&self, range: Range<usize>) -> &'a str {
        self.text.get(range).unwrap_or_default()
    }
}
