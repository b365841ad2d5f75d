//! Places in text files, and messages about them. Rendering is the caller's.

mod findings;
mod nearest;
mod rule;

use std::fmt;

pub use findings::Findings;
pub use nearest::nearest;
pub use rule::Rule;

/// A place in a text file.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    serde::Serialize,
    serde::Deserialize,
)]
#[serde(deny_unknown_fields)]
pub struct Position {
    /// Line, from 1. 0 means "the file as a whole".
    pub line: u32,
    /// Column in characters (Unicode scalar values), from 1.
    pub column: u32,
}

impl Position {
    /// A position from its line and column, both from 1.
    pub const fn new(line: u32, column: u32) -> Self {
        Self { line, column }
    }
}

/// A stretch of one file, `end` exclusive.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The file's path as the user knows it: relative to the root, slash-separated.
    pub file: String,
    /// First character.
    pub start: Position,
    /// One past the last character; equal to `start` for a bare place.
    pub end: Position,
}

impl Span {
    /// The bare place `at` in `file`.
    pub fn at(file: impl Into<String>, at: Position) -> Self {
        Self {
            file: file.into(),
            start: at,
            end: at,
        }
    }

    /// The stretch from `start` up to, not including, `end`.
    pub fn new(file: impl Into<String>, start: Position, end: Position) -> Self {
        Self {
            file: file.into(),
            start,
            end,
        }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.start.line, self.start.column) {
            (0, _) => f.write_str(&self.file),
            (line, column) if column > 1 => write!(f, "{}:{line}:{column}", self.file),
            (line, _) => write!(f, "{}:{line}", self.file),
        }
    }
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The build goes on; the user should know.
    Warning,
    /// The build cannot go on.
    Error,
}

/// Lines that mend what a diagnostic is about, at the end of a text file.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Fix {
    /// The file's path as the user knows it: relative to the root, slash-separated. None for the
    /// configuration.
    pub file: Option<String>,
    /// The lines, without the last line end.
    pub lines: String,
}

/// One thing to tell the user: what, where, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Diagnostic {
    /// Warning or error.
    pub severity: Severity,
    /// What a warning is about. Errors have no rule: they cannot be switched off.
    pub rule: Option<Rule>,
    /// What is wrong, one sentence, lower case, no final stop.
    pub message: String,
    /// Where, if it is in a file.
    pub span: Option<Span>,
    /// What the user can do about it.
    pub help: Option<String>,
    /// What mends it, if no choice is to be made.
    pub fix: Option<Box<Fix>>,
    /// Other places that belong to it ("first declared here"), each with its words.
    pub related: Vec<(Span, String)>,
    /// How many others it stands for, which [`Findings`] counted and did not keep. 0 for a
    /// diagnostic of its own.
    pub others: u32,
}

impl Diagnostic {
    /// An error without a place.
    pub fn error(message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            rule: None,
            message: message.into(),
            span: None,
            help: None,
            fix: None,
            related: Vec::new(),
            others: 0,
        }
    }

    /// A warning without a place.
    pub fn warning(rule: Rule, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            rule: Some(rule),
            ..Self::error(message)
        }
    }

    /// The same, at `span`. Without one, it stays where it is.
    #[must_use]
    pub fn at(mut self, span: impl Into<Option<Span>>) -> Self {
        if let Some(span) = span.into() {
            self.span = Some(span);
        }
        self
    }

    /// The same, with what the user can do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same, with lines that mend it.
    #[must_use]
    pub fn fix(mut self, fix: Fix) -> Self {
        self.fix = Some(Box::new(fix));
        self
    }

    /// The same, with one more place.
    #[must_use]
    pub fn related(mut self, span: Span, words: impl Into<String>) -> Self {
        self.related.push((span, words.into()));
        self
    }

    /// How many findings it is: itself, or those that it stands for.
    pub fn count(&self) -> usize {
        usize::try_from(self.others).unwrap_or(usize::MAX).max(1)
    }

    /// Whether it stops the build.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl fmt::Display for Diagnostic {
    /// One line: `file:line:col: message (help)`, without the place if it has none. Help of
    /// several lines, which may be there to be copied, follows on lines of its own.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(span) = &self.span {
            write!(f, "{span}: ")?;
        }
        f.write_str(&self.message)?;
        for (span, words) in &self.related {
            write!(f, "; {span}: {words}")?;
        }
        match &self.help {
            Some(help) if help.contains('\n') => write!(f, "\n{help}"),
            Some(help) => write!(f, " ({help})"),
            None => Ok(()),
        }
    }
}

/// `text` with user and password of every URL replaced: texts of other programs may have them.
#[must_use]
pub fn without_credentials(text: &str) -> String {
    let mut rest = text;
    let mut redacted = String::with_capacity(text.len());
    while let Some((before, after)) = rest.split_once("://") {
        redacted.push_str(before);
        redacted.push_str("://");
        let end = end_of_authority(after);
        let (authority, tail) = after.split_at(end);
        // The last @ of it ends the credentials.
        match authority.rsplit_once('@') {
            Some((_, host)) => {
                redacted.push_str("***@");
                redacted.push_str(host);
            }
            None => redacted.push_str(authority),
        }
        rest = tail;
    }
    redacted.push_str(rest);
    redacted
}

/// Where the authority of a URL ends, which begins after its `://`: where its path does, or the
/// URL, as written in lists and messages.
fn end_of_authority(after: &str) -> usize {
    let end_of_url = end_of_url(after);
    let url = &after[..end_of_url];
    let end = url.find(['/', '?', '#']).unwrap_or(url.len());
    // What looks like a host with a port that is not a number is a login whose password has a
    // letter that it should not have.
    let port = url[..end]
        .rsplit_once(':')
        .map(|(_, port)| port)
        .filter(|port| !port.ends_with(']'));
    let is_login = !url[..end].contains('@')
        && port.is_some_and(|port| !port.bytes().all(|byte| byte.is_ascii_digit()));
    if is_login { end_of_url } else { end }
}

/// Where a URL ends, as written in lists and messages.
fn end_of_url(text: &str) -> usize {
    text.find(|c: char| c.is_whitespace() || matches!(c, ',' | '|' | '"' | '\''))
        .unwrap_or(text.len())
}

/// `text` with every letter of user and password of its URLs replaced by `*`: a file that is shown,
/// in which places stay where they are.
#[must_use]
pub fn with_masked_credentials(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let mut rest = line;
        while let Some(at) = rest.find("://") {
            let (before, after) = rest.split_at(at + 3);
            masked.push_str(before);
            // A password may have any letter in it but these, also where it should not.
            let credentials = after[..end_of_url(after)].rfind('@').unwrap_or_default();
            masked.extend(std::iter::repeat_n('*', credentials));
            rest = &after[credentials..];
        }
        masked.push_str(rest);
    }
    masked
}

#[cfg(test)]
mod tests {
    use super::{with_masked_credentials, without_credentials};

    #[test]
    fn masks_are_as_long_as_what_they_hide() {
        for (text, shown) in [
            (
                "proxy = \"https://me:pä/ss@host/x\" # @\n",
                "proxy = \"https://*********@host/x\" # @\n",
            ),
            (
                "a = \"https://one,https://t@two\"\n[b]\n",
                "a = \"https://one,https://*@two\"\n[b]\n",
            ),
            ("module example.com/m\r\n", "module example.com/m\r\n"),
            ("://", "://"),
        ] {
            assert_eq!(with_masked_credentials(text), shown);
            assert_eq!(with_masked_credentials(text).len(), text.len());
        }
    }

    #[test]
    fn credentials_are_not_told() {
        for (text, shown) in [
            (
                "Get \"https://user:pa%40ss@proxy.example.com/x/@v/list\": dial tcp",
                "Get \"https://***@proxy.example.com/x/@v/list\": dial tcp",
            ),
            (
                "https://a:b@one,https://token@two|direct",
                "https://***@one,https://***@two|direct",
            ),
            (
                "https://proxy.golang.org,direct",
                "https://proxy.golang.org,direct",
            ),
            (
                "ssh://git@host:22/x and example.com/m@v1.0.0",
                "ssh://***@host:22/x and example.com/m@v1.0.0",
            ),
            ("https://a:p@ss@host", "https://***@host"),
            (
                "parse \"https://me:pa/ss@host/x\": invalid port",
                "parse \"https://***@host/x\": invalid port",
            ),
            (
                "Get \"https://host:8080/x/@v/list\": EOF",
                "Get \"https://host:8080/x/@v/list\": EOF",
            ),
            (
                "Get \"http://[::1]:8080/x/@v/list\": EOF",
                "Get \"http://[::1]:8080/x/@v/list\": EOF",
            ),
            (
                "Get \"http://[::1]/x/@v/list\": EOF",
                "Get \"http://[::1]/x/@v/list\": EOF",
            ),
            ("no url", "no url"),
            ("://", "://"),
        ] {
            assert_eq!(without_credentials(text), shown);
        }
    }
}
