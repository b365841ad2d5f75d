//! The command line. It is part of GOCACHEPROG, which the go command splits at spaces, so
//! directories are plain absolute paths.

use std::path::{Path, PathBuf};

use gowork_step::words::{AFTER, DISCARD, LIMIT, LISTED, MOUNT, OWN, PARENT, STATS, STOP};

use crate::mount;

/// How to call it.
pub const USAGE: &str =
    "usage: GOCACHEPROG=\"gowork-cache [--parent DIR...] (--own DIR | --discard DIR | --names DIR) [--mount DIR [--limit BYTES] [--after NAME...] [--stop NAME...]] [--stats]\"
  --parent DIR...  layers to read, asked in this order
  --own DIR        where this step's layer is written
  --discard DIR    scratch space for results that no later step reads as a layer
  --names DIR      where only a list of all results is left; they themselves stay in the mount
  --mount DIR      cache mount to ask after the layers, and to keep results in
  --limit BYTES    what the mount may hold, 10 GiB if not given; the least recently used results go
  --after NAME...  steps that use the mount and run now: nothing is answered before they are over
  --stop NAME...   the same, but these are asked to stop
  --stats          at the end, one line of counts on standard error";

/// What becomes of this process's results.
#[derive(Debug, PartialEq, Eq)]
pub enum Results {
    /// They become, or join, the layer in this directory.
    Keep(PathBuf),
    /// They live in this directory until the program ends.
    Discard(PathBuf),
    /// They stay in the cache mount, and a list in this directory names them.
    Names(PathBuf),
}

/// The command line's meaning.
#[derive(Debug, PartialEq, Eq)]
pub struct Args {
    /// Layers to read.
    pub parents: Vec<PathBuf>,
    /// Where results go.
    pub results: Results,
    /// A cache mount.
    pub mount: Option<PathBuf>,
    /// Bytes that the mount may hold.
    pub limit: u64,
    /// Steps to wait for ([`crate::steps::locks`]).
    pub after: Vec<String>,
    /// Steps to stop.
    pub stop: Vec<String>,
    /// Whether to say what happened.
    pub stats: bool,
}

/// Reads the words after the program's name.
///
/// # Errors
/// A text for the caller, if a word is unknown, a directory is missing or relative, there is not
/// exactly one place for results, or names have no mount to be in.
pub fn parse(words: impl IntoIterator<Item = String>) -> Result<Args, String> {
    let (mut parents, mut after, mut stop) = (Vec::new(), Vec::new(), Vec::new());
    let mut results = Vec::new();
    let (mut mount, mut limit) = (None, mount::LIMIT);
    let mut stats = false;
    let mut flag = String::new();
    for word in words {
        match (flag.as_str(), word.as_str()) {
            (_, STATS) => stats = true,
            (_, PARENT | OWN | DISCARD | LISTED | MOUNT | LIMIT | AFTER | STOP) => flag = word,
            (PARENT, dir) => parents.push(absolute(dir)?),
            (OWN, dir) => results.push(Results::Keep(absolute(dir)?)),
            (DISCARD, dir) => results.push(Results::Discard(absolute(dir)?)),
            (LISTED, dir) => results.push(Results::Names(absolute(dir)?)),
            (MOUNT, dir) => mount = Some(absolute(dir)?),
            (AFTER, _) => after.push(word),
            (STOP, _) => stop.push(word),
            (LIMIT, bytes) => {
                limit = bytes
                    .parse()
                    .map_err(|_| format!("{bytes:?} is no number of bytes"))?
            }
            (_, other) => return Err(format!("unknown argument {other:?}")),
        }
    }
    match (results.pop(), results.is_empty()) {
        (Some(Results::Names(_)), true) if mount.is_none() => {
            Err("--names DIR needs a --mount DIR".into())
        }
        (Some(results), true) => Ok(Args {
            parents,
            results,
            mount,
            limit,
            after,
            stop,
            stats,
        }),
        _ => Err("exactly one --own DIR, --discard DIR or --names DIR is needed".into()),
    }
}

/// What `GOCACHEPROG` says: the program, and its command line's meaning.
///
/// # Errors
/// As [`parse`].
pub fn from_environment() -> Result<(String, Args), String> {
    let text = std::env::var("GOCACHEPROG").map_err(|error| format!("GOCACHEPROG: {error}"))?;
    let mut words = text.split_whitespace().map(ToOwned::to_owned);
    let program = words.next().unwrap_or_default();
    Ok((program, parse(words)?))
}

fn absolute(dir: &str) -> Result<PathBuf, String> {
    if dir.starts_with('-') {
        return Err(format!("unknown argument {dir:?}"));
    }
    let path = Path::new(dir);
    if path.is_absolute() {
        Ok(path.into())
    } else {
        Err(format!("{dir:?} is not an absolute path"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_line(line: &str) -> Result<Args, String> {
        parse(line.split_whitespace().map(String::from))
    }

    #[test]
    fn parents_in_both_spellings() {
        let args = parse_line("--parent /a /b --own /o --parent /c --stats").unwrap();
        assert_eq!(args.parents, ["/a", "/b", "/c"].map(PathBuf::from));
        assert_eq!(args.results, Results::Keep("/o".into()));
        assert!(args.stats);
        assert_eq!(
            parse_line("--discard /d").unwrap().results,
            Results::Discard("/d".into())
        );
    }

    #[test]
    fn mounts() {
        let args = parse_line("--own /o --mount /m").unwrap();
        assert_eq!((args.mount, args.limit), (Some("/m".into()), mount::LIMIT));
        assert_eq!(
            parse_line("--mount /m --limit 12 --discard /d")
                .unwrap()
                .limit,
            12
        );
        let args = parse_line("--names /n --mount /m --after a b --stop c").unwrap();
        assert_eq!(
            (args.after, args.stop),
            (vec!["a".to_owned(), "b".to_owned()], vec!["c".to_owned()])
        );
        assert!(parse_line("--own /o --mount m").is_err());
        assert!(parse_line("--own /o --mount /m --limit much").is_err());
    }

    #[test]
    fn wrong_lines_are_refused() {
        for line in [
            "",
            "--parent /a",
            "--own",
            "--names /a",
            "--own /a /b",
            "--own /a --discard /b",
            "--own rel",
            "--what",
            "/a",
            "--parent --x",
        ] {
            assert!(parse_line(line).is_err(), "{line}");
        }
    }
}
