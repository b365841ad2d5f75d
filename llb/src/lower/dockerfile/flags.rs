//! Flags of Go's tools in a `RUN`: words that `go build` splits once more after the shell,
//! build-args in them among others.

use super::words::{open_args, shell_quoted};
use crate::config;
use crate::diag::Diagnostic;

/// The program of the `go` stage that puts quotes around its argument, as `go build` takes them
/// (cmd/internal/quoted): only the shell knows what a build-arg holds. No way exists to write both
/// kinds of quotes.
const QUOTE: &str = "/usr/local/bin/quote-flag";

/// The instruction that makes [`QUOTE`].
pub(super) fn quote_program() -> String {
    format!(
        r#"# `go build` splits ldflags into words and has no escapes. This puts one word with a build-arg into quotes.
COPY --chmod=755 <<'EOF' {QUOTE}
#!/bin/sh
case $1 in
    '') ;;
    *\'*\"* | *\"*\'*) echo "no quotes fit around this flag, it holds both kinds: $1" >&2; exit 1 ;;
    *\'*) printf '"%s"' "$1" ;;
    *) printf "'%s'" "$1" ;;
esac
EOF"#
    )
}

/// Whether `flags` need [`QUOTE`].
pub(super) fn needs_quotes(flags: &str) -> bool {
    is_open(flags) && !is_one_arg(flags.trim())
}

fn is_open(text: &str) -> bool {
    open_args(text).next().is_some()
}

/// The flags of a go command.
#[derive(Debug)]
pub(super) struct ShellFlags {
    /// Commands that must run before, in the same shell.
    pub(super) before: Vec<String>,
    /// The flags as part of one word of the command.
    pub(super) word: String,
}

/// `flags` for the shell. A build-arg that is open stays part of one word, whatever it will hold;
/// flags that are one open build-arg and nothing else are what it says.
///
/// # Errors
/// Where there is a line break in a word: a Dockerfile cannot hold it.
pub(super) fn shell_flags(flags: &str) -> Result<ShellFlags, Diagnostic> {
    check(flags)?;
    if !needs_quotes(flags) {
        return Ok(ShellFlags {
            before: Vec::new(),
            word: shell_quoted(flags),
        });
    }
    let (pattern, words) = config::flag_parts(flags);
    let mut before = Vec::new();
    let mut written = Vec::new();
    for word in config::split_flags(words).unwrap_or_default() {
        if !is_open(word.text) {
            written.push(in_double_quotes(word.written));
            continue;
        }
        let variable = format!("flag{}", before.len() + 1);
        before.push(format!(
            "{variable}=$(quote-flag {})",
            shell_quoted(word.text)
        ));
        written.push(format!("${variable}"));
    }
    Ok(ShellFlags {
        before,
        word: format!("\"{}{}\"", in_double_quotes(pattern), written.join(" ")),
    })
}

/// Whether a Dockerfile can hold these flags.
///
/// # Errors
/// Where there is a line break in a word.
pub(super) fn check(flags: &str) -> Result<(), Diagnostic> {
    let (_, words) = config::flag_parts(flags);
    let broken = config::split_flags(words)
        .unwrap_or_default()
        .into_iter()
        .find(|word| word.text.contains('\n'));
    match broken {
        Some(word) => Err(Diagnostic::error(format!(
            "a Dockerfile cannot hold the line break in the flag {:?}",
            word.text
        ))
        .help("write the flag on one line, or build with the gowork frontend")),
        None => Ok(()),
    }
}

/// Whether `text` is one open build-arg.
fn is_one_arg(text: &str) -> bool {
    let quoted = shell_quoted(text);
    let inner = quoted
        .strip_prefix("\"${")
        .and_then(|rest| rest.strip_suffix("}\""));
    open_args(text).count() == 1 && inner.is_some_and(|inner| !inner.contains('}'))
}

fn in_double_quotes(text: &str) -> String {
    let quoted = shell_quoted(text);
    quoted
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .unwrap_or_default()
        .to_owned()
}
