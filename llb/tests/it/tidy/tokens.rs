//! The words of Rust code, without comments and literals: as much of the language as it takes to see
//! who names whom.

/// A piece of code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// A name or keyword.
    Word(String),
    /// `::`
    Colons,
    /// Any other character.
    Other(char),
}

/// The tokens of a file.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = skipped(rest);
        if length > 0 {
            rest = &rest[length..];
        } else if first.is_alphabetic() || first == '_' {
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
            let (word, after) = rest.split_at(end.unwrap_or(rest.len()));
            found.push(Token::Word(word.to_owned()));
            rest = after;
        } else if let Some(after) = rest.strip_prefix("::") {
            found.push(Token::Colons);
            rest = after;
        } else {
            if !first.is_whitespace() {
                found.push(Token::Other(first));
            }
            rest = &rest[first.len_utf8()..];
        }
    }
    found
}

/// How many bytes of a comment or literal `text` begins with.
fn skipped(text: &str) -> usize {
    let until = |end: &str| text.find(end).map_or(text.len(), |at| at + end.len());
    if text.starts_with("//") {
        return until("\n");
    }
    if text.starts_with("/*") {
        return until("*/");
    }
    let prefix = ["br", "r", "b", ""]
        .into_iter()
        .find(|prefix| text.starts_with(prefix))
        .unwrap_or_default();
    let literal = &text[prefix.len()..];
    let hashes = literal.len() - literal.trim_start_matches('#').len();
    if prefix.contains('r') && literal[hashes..].starts_with('"') {
        let end = format!("\"{}", "#".repeat(hashes));
        let start = prefix.len() + hashes + 1;
        return text[start..]
            .find(&end)
            .map_or(text.len(), |at| start + at + end.len());
    }
    if prefix.contains('r') {
        return 0;
    }
    if literal.starts_with('"') {
        return prefix.len() + quoted(literal, '"');
    }
    // A lifetime has no second quote: `'a,`.
    let mut chars = literal.chars();
    let (quote, first, second) = (chars.next(), chars.next(), chars.next());
    if quote == Some('\'') && (first == Some('\\') || second == Some('\'')) {
        return prefix.len() + quoted(literal, '\'');
    }
    0
}

/// The length of a literal between quotes.
fn quoted(text: &str, quote: char) -> usize {
    let mut is_escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        if is_escaped {
            is_escaped = false;
        } else if c == '\\' {
            is_escaped = true;
        } else if c == quote {
            return at + 1;
        }
    }
    text.len()
}

#[test]
fn literals_and_comments_are_no_words() {
    let text = r##"a::b /* c */ "d \" e" r#"f "g" h"# 'i' '\'' b'j' <'k> for // l
        rest bare"##;
    let words: Vec<String> = tokens(text)
        .into_iter()
        .filter_map(|token| match token {
            Token::Word(word) => Some(word),
            _ => None,
        })
        .collect();
    assert_eq!(words, ["a", "b", "k", "for", "rest", "bare"]);
}
