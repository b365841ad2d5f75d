//! A Dockerfile as a list of instructions, each in one line.

use std::collections::BTreeMap;

/// An instruction: its keyword in capitals, and its words in one line.
pub(super) struct Said {
    pub(super) keyword: String,
    pub(super) words: String,
}

/// A Dockerfile.
pub(super) struct File {
    pub(super) said: Vec<Said>,
    /// Build-args above the stages, and their defaults.
    args: BTreeMap<String, String>,
}

impl File {
    /// Reads a Dockerfile.
    pub(super) fn read(text: &str) -> Self {
        let mut said: Vec<Said> = Vec::new();
        let mut args = BTreeMap::new();
        let mut open = false;
        for line in text.lines() {
            let trimmed = line.trim();
            if trimmed.starts_with('#') || trimmed.is_empty() {
                continue;
            }
            let (body, continues) = match trimmed.strip_suffix('\\') {
                Some(body) => (body.trim(), true),
                None => (trimmed, false),
            };
            match said.last_mut().filter(|_| open) {
                Some(last) => {
                    last.words.push(' ');
                    last.words.push_str(body);
                }
                None => {
                    let (keyword, words) =
                        body.split_once(char::is_whitespace).unwrap_or((body, ""));
                    said.push(Said {
                        keyword: keyword.to_uppercase(),
                        words: words.trim().to_owned(),
                    });
                }
            }
            open = continues;
        }
        for said in said.iter().take_while(|said| said.keyword != "FROM") {
            if let Some((name, value)) = said.words.split_once('=') {
                args.insert(name.to_owned(), value.trim_matches('"').to_owned());
            }
        }
        Self { said, args }
    }

    /// Gives build-args, as `NAME=VALUE`, in place of their defaults.
    pub(super) fn give(&mut self, args: &[String]) {
        let pairs = args.iter().filter_map(|arg| arg.split_once('='));
        self.args
            .extend(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    /// The words of all instructions with this keyword.
    pub(super) fn all<'f>(&'f self, keyword: &'f str) -> impl Iterator<Item = &'f str> {
        let said = self.said.iter().filter(move |said| said.keyword == keyword);
        said.map(|said| said.words.as_str())
    }

    /// A text with the defaults of build-args.
    pub(super) fn filled(&self, text: &str) -> String {
        let mut out = text.to_owned();
        for (name, value) in &self.args {
            out = out
                .replace(&format!("${{{name}}}"), value)
                .replace(&format!("${name}"), value);
        }
        out
    }
}
