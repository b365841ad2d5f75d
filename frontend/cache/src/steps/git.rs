//! `git WORDS...`, under which name links have this program: answers a go command that stamps a
//! program with the commit that it is made of (`go build -buildvcs=true`).
//!
//! The answers are in the file [`CHECKOUT`] of the directory `.git`. The questions are those of
//! cmd/go/internal/vcs (`gitStatus`) and cmd/go/internal/modfetch/codehost (`gitRepo`). A question
//! that is not known here could come from a later Go. It is refused, and [`refused`] tells the link,
//! which then fails: the go command itself would go on, and leave the version out.

use std::fs;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use gowork_step::{CHECKOUT, Checkout};

use crate::steps::description::read_json;

/// Git's exit code for what it cannot do.
const FATAL: u8 = 128;
/// Bytes that SHA-1 has, in hex digits.
const SHA1_DIGITS: usize = 40;

/// What git would do.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Answer {
    /// Print this.
    Says(String),
    /// Fail with this exit code.
    Fails(u8),
}

/// Answers the question in these words.
pub fn git(words: &[String]) -> ExitCode {
    let checkout: Checkout = match read_json(&format!(".git/{CHECKOUT}")) {
        Ok(checkout) => checkout,
        Err(error) => {
            eprintln!("git: {error}");
            return ExitCode::from(FATAL);
        }
    };
    match answer(&checkout, words) {
        Some(Answer::Says(text)) => match io::stdout().write_all(text.as_bytes()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::from(FATAL),
        },
        Some(Answer::Fails(code)) => ExitCode::from(code),
        None => {
            let question = words.join(" ");
            eprintln!("git: gowork does not know this question: git {question}");
            let _ = fs::write(refusal(), question);
            ExitCode::from(FATAL)
        }
    }
}

/// The question of a go command in this container that was refused, if one was.
pub(crate) fn refused() -> Option<String> {
    fs::read_to_string(refusal()).ok()
}

/// Where the question is left. Each step has a directory for such files of its own.
fn refusal() -> PathBuf {
    std::env::temp_dir().join("gowork-git-refused")
}

/// The answer to a question; `None` if the question is not known.
fn answer(checkout: &Checkout, words: &[String]) -> Option<Answer> {
    let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
    // Settings of this one call.
    while let ["-c", _, ..] = words.as_slice() {
        words.drain(..2);
    }
    words.retain(|word| *word != "--end-of-options");
    let says = |text: String| Some(Answer::Says(text));
    match words.as_slice() {
        ["status", "--porcelain"] if checkout.modified => says(" M files\n".to_owned()),
        ["status", "--porcelain"] => says(String::new()),
        ["log", "-1", "--format=%H:%ct"] => {
            says(format!("{}:{}\n", checkout.revision, checkout.time))
        }
        ["log", options @ .., revision, "--"] if options.contains(&DECORATED) => {
            Some(if is_known(checkout, revision) {
                Answer::Says(decorated(checkout))
            } else {
                Answer::Fails(FATAL)
            })
        }
        ["config", "extensions.objectformat"] => Some(if checkout.revision.len() > SHA1_DIGITS {
            Answer::Says("sha256\n".to_owned())
        } else {
            Answer::Fails(1)
        }),
        ["tag", "-l"] => says(lines("", &checkout.tags_before)),
        ["for-each-ref", "--format=%(refname)", merged] => {
            let revision = merged.strip_prefix("--merged=")?;
            let is_it = revision == checkout.revision;
            is_it.then(|| Answer::Says(lines("refs/tags/", &checkout.tags_before)))
        }
        ["cat-file", "blob", object] => {
            let (revision, path) = object.split_once(':')?;
            let is_asked = path == "go.mod" || path.ends_with("/go.mod");
            let is_it = revision == checkout.revision && is_asked;
            is_it.then(|| match checkout.mod_files.get(path) {
                Some(text) => Answer::Says(text.clone()),
                None => Answer::Fails(FATAL),
            })
        }
        _ => None,
    }
}

/// Commit, time and names of a commit.
const DECORATED: &str = "--format=format:%H %ct %D";

/// Whether the commit is called so: by its hash or the beginning of it, or by a tag.
fn is_known(checkout: &Checkout, revision: &str) -> bool {
    let tag = revision.strip_prefix("refs/tags/");
    checkout.revision.starts_with(revision)
        || tag.is_some_and(|tag| checkout.tags.iter().any(|known| known == tag))
}

fn decorated(checkout: &Checkout) -> String {
    let tags: Vec<String> = checkout
        .tags
        .iter()
        .map(|tag| format!("tag: {tag}"))
        .collect();
    format!(
        "{} {} {}",
        checkout.revision,
        checkout.time,
        tags.join(", ")
    )
}

fn lines(before: &str, names: &[String]) -> String {
    names
        .iter()
        .map(|name| format!("{before}{name}\n"))
        .collect()
}

#[cfg(test)]
mod tests {
    use gowork_step::Version;

    use super::*;

    fn checkout() -> Checkout {
        Checkout {
            version: Version,
            revision: "0123456789abcdef0123456789abcdef01234567".to_owned(),
            time: 1_795_953_600,
            modified: false,
            tags: vec!["sub/v1.0.0".to_owned(), "v1.2.3".to_owned()],
            tags_before: vec!["sub/v1.0.0".to_owned(), "v1.2.3".to_owned()],
            mod_files: [("go.mod".to_owned(), "module example.com/a\n".to_owned())].into(),
        }
    }

    fn asked(question: &[&str]) -> Option<Answer> {
        let words: Vec<String> = question.iter().map(ToString::to_string).collect();
        answer(&checkout(), &words)
    }

    #[test]
    fn a_commit_has_its_names() {
        let log = [
            "-c",
            "log.showsignature=false",
            "log",
            "--no-decorate",
            "-n1",
            DECORATED,
        ];
        let said = format!(
            "{} 1795953600 tag: sub/v1.0.0, tag: v1.2.3",
            checkout().revision
        );
        for (name, is_known) in [
            ("0123456789ab", true),
            ("refs/tags/v1.2.3", true),
            ("refs/tags/v1.2.2", false),
            ("fffffffffff", false),
        ] {
            let expected = match is_known {
                true => Answer::Says(said.clone()),
                false => Answer::Fails(FATAL),
            };
            let new = [&log[..], &["--end-of-options", name, "--"]].concat();
            let old = [&log[..], &[name, "--"]].concat();
            assert_eq!(asked(&new), Some(expected.clone()), "{name}");
            assert_eq!(asked(&old), Some(expected), "{name}");
        }
    }

    #[test]
    fn what_is_not_known_is_refused() {
        for question in [
            &["fetch", "origin"][..],
            &["status"],
            &["for-each-ref", "--format=%(refname)", "--merged=main"],
            &[
                "cat-file",
                "blob",
                "0123456789abcdef0123456789abcdef01234567:main.go",
            ],
        ] {
            assert_eq!(asked(question), None, "{question:?}");
        }
    }
}
