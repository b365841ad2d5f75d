//! Values of a Dockerfile and its shell commands: text, with places that only a build fills.

use std::fmt;

/// One piece of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Part {
    /// Text as it is.
    Text(String),
    /// A build-arg.
    Arg {
        /// Its name.
        name: String,
        /// Its default, if it has one.
        default: Option<String>,
    },
    /// What BuildKit sets for the platform, such as `TARGETARCH`.
    Platform(String),
    /// The output of a command: `git describe --tags`.
    Command(String),
    /// What cannot be known: a variable of the builder image, or an expression. As it is written.
    Unknown(String),
}

/// A value: its pieces, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Value(pub(crate) Vec<Part>);

impl Value {
    /// A value that is text.
    pub(crate) fn text(text: impl Into<String>) -> Self {
        let mut value = Self::default();
        value.push(Part::Text(text.into()));
        value
    }

    /// A value of one piece.
    pub(crate) fn of(part: Part) -> Self {
        Self(vec![part])
    }

    /// Adds a piece at its end.
    pub(crate) fn push(&mut self, part: Part) {
        match (self.0.last_mut(), part) {
            (_, Part::Text(text)) if text.is_empty() => {}
            (Some(Part::Text(before)), Part::Text(text)) => before.push_str(&text),
            (_, part) => self.0.push(part),
        }
    }

    /// Adds another value at its end.
    pub(crate) fn append(&mut self, other: &Self) {
        for part in &other.0 {
            self.push(part.clone());
        }
    }

    /// About how many bytes it has.
    pub(crate) fn length(&self) -> usize {
        let length = |part: &Part| match part {
            Part::Text(text) | Part::Command(text) | Part::Unknown(text) => text.len(),
            Part::Platform(name) => name.len(),
            Part::Arg { name, default } => name.len() + default.as_ref().map_or(0, String::len),
        };
        self.0.iter().map(|part| 1 + length(part)).sum()
    }

    /// Whether it is empty text.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text, if it is nothing else.
    pub(crate) fn plain(&self) -> Option<String> {
        match self.0.as_slice() {
            [] => Some(String::new()),
            [Part::Text(text)] => Some(text.clone()),
            _ => None,
        }
    }

    /// The text that it has where no build-arg is given; `None` if more than build-args is open.
    pub(crate) fn by_default(&self) -> Option<String> {
        let mut text = String::new();
        for part in &self.0 {
            match part {
                Part::Text(piece) => text.push_str(piece),
                Part::Arg { default, .. } => text.push_str(default.as_deref().unwrap_or_default()),
                Part::Platform(_) | Part::Command(_) | Part::Unknown(_) => return None,
            }
        }
        Some(text)
    }

    /// Its words, split at blanks of its text.
    pub(crate) fn split(&self) -> Vec<Self> {
        self.split_at(&[' ', '\t', '\n'])
    }

    /// What stands between these characters of its text, without what is empty.
    pub(crate) fn split_at(&self, separators: &[char]) -> Vec<Self> {
        let mut words = vec![Self::default()];
        for part in &self.0 {
            let Part::Text(text) = part else {
                if let Some(last) = words.last_mut() {
                    last.push(part.clone());
                }
                continue;
            };
            for (ix, piece) in text.split(separators).enumerate() {
                if ix > 0 {
                    words.push(Self::default());
                }
                if let Some(last) = words.last_mut() {
                    last.push(Part::Text(piece.to_owned()));
                }
            }
        }
        words.retain(|word| !word.is_empty());
        words
    }
}

impl fmt::Display for Value {
    /// As a path or an argument of a Dockerfile has it: build-args are `${NAME}`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in &self.0 {
            match part {
                Part::Text(text) | Part::Unknown(text) => f.write_str(text)?,
                Part::Arg { name, .. } | Part::Platform(name) => write!(f, "${{{name}}}")?,
                Part::Command(command) => write!(f, "$({command})")?,
            }
        }
        Ok(())
    }
}
