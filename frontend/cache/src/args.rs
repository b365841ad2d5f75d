//! The command line as the go command's cache. It is part of GOCACHEPROG, which the go command
//! splits at spaces, so directories are plain absolute paths.

use std::path::{Path, PathBuf};

use gowork_step::words::{
    AFTER, DISCARD, LAYER, LIMIT, MOUNT, PARENT, RESULTS_IMAGE, STATS, STOP, USAGE_LOG,
};

use crate::mount;

/// How to call it.
pub const USAGE: &str =
    "usage: GOCACHEPROG=\"gowork-cache [--parent DIR...] (--layer DIR | --discard DIR | --usage-log DIR) [--mount DIR [--limit BYTES] [--results-image DIR] [--after NAME...] [--stop NAME...]] [--stats]\"
  --parent DIR...  layers to read, in this order
  --layer DIR      where to write this step's layer
  --discard DIR    scratch space for results that no later step reads as a layer
  --usage-log DIR  where to write a log of all results, which stay in the mount
  --mount DIR      cache mount to read after the layers, and to keep results in
  --limit BYTES    what the mount may hold (default: 10 GiB); least recently used results go first
  --results-image DIR  results to read after the mount; what is found there is put into it
  --after NAME...  steps that use the mount and run now: answer when they are over
  --stop NAME...   the same, but ask these steps to stop
  --stats          print one line of counts on standard error at the end";

/// Where this process's results go.
#[derive(Debug, PartialEq, Eq)]
pub enum Results {
    /// Into the layer in this directory, which may exist.
    Layer(PathBuf),
    /// Into this directory, until the program ends.
    Scratch(PathBuf),
    /// Into the cache mount alone. A log in this directory lists them.
    Mount(PathBuf),
}

/// A parsed command line.
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
    /// A results image, whose results are put into the mount when they are asked for.
    pub image: Option<PathBuf>,
    /// Steps to wait for ([`crate::steps::locks`]).
    pub after: Vec<String>,
    /// Steps to stop.
    pub stop: Vec<String>,
    /// Whether to print counts at the end.
    pub stats: bool,
}

/// Reads the words after the program's name.
///
/// # Errors
/// If a word is unknown, a directory is missing or relative, there is not exactly one place for
/// results, or a usage log or a results image has no mount.
pub fn parse(words: impl IntoIterator<Item = String>) -> Result<Args, String> {
    let (mut parents, mut after, mut stop) = (Vec::new(), Vec::new(), Vec::new());
    let mut results = Vec::new();
    let (mut mount, mut limit, mut image) = (None, mount::LIMIT, None);
    let mut stats = false;
    let mut flag = String::new();
    for word in words {
        match (flag.as_str(), word.as_str()) {
            (_, STATS) => stats = true,
            (
                _,
                PARENT | LAYER | DISCARD | USAGE_LOG | MOUNT | LIMIT | RESULTS_IMAGE | AFTER | STOP,
            ) => flag = word,
            (PARENT, dir) => parents.push(absolute(dir)?),
            (LAYER, dir) => results.push(Results::Layer(absolute(dir)?)),
            (DISCARD, dir) => results.push(Results::Scratch(absolute(dir)?)),
            (USAGE_LOG, dir) => results.push(Results::Mount(absolute(dir)?)),
            (MOUNT, dir) => mount = Some(absolute(dir)?),
            (RESULTS_IMAGE, dir) => image = Some(absolute(dir)?),
            (AFTER, _) => after.push(word),
            (STOP, _) => stop.push(word),
            (LIMIT, bytes) => {
                limit = bytes
                    .parse()
                    .map_err(|_| format!("{bytes:?} is not a number of bytes"))?
            }
            (_, other) => return Err(format!("unknown argument {other:?}")),
        }
    }
    let Ok([results]) = <[Results; 1]>::try_from(results) else {
        return Err("exactly one --layer DIR, --discard DIR or --usage-log DIR is needed".into());
    };
    if matches!(results, Results::Mount(_)) && mount.is_none() {
        return Err("--usage-log DIR needs a --mount DIR".into());
    }
    if image.is_some() && mount.is_none() {
        return Err("--results-image DIR needs a --mount DIR".into());
    }
    Ok(Args {
        parents,
        results,
        mount,
        limit,
        image,
        after,
        stop,
        stats,
    })
}

/// What `GOCACHEPROG` says: the program, and its command line.
///
/// # Errors
/// If it is not set, and as [`parse`].
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
        let args = parse_line("--parent /a /b --layer /o --parent /c --stats").unwrap();
        assert_eq!(args.parents, ["/a", "/b", "/c"].map(PathBuf::from));
        assert_eq!(args.results, Results::Layer("/o".into()));
        assert!(args.stats);
        assert_eq!(
            parse_line("--discard /d").unwrap().results,
            Results::Scratch("/d".into())
        );
    }

    #[test]
    fn mounts() {
        let args = parse_line("--layer /o --mount /m").unwrap();
        assert_eq!((args.mount, args.limit), (Some("/m".into()), mount::LIMIT));
        assert_eq!(
            parse_line("--mount /m --limit 12 --discard /d")
                .unwrap()
                .limit,
            12
        );
        let args = parse_line("--usage-log /n --mount /m --after a b --stop c").unwrap();
        assert_eq!(
            (args.after, args.stop),
            (vec!["a".to_owned(), "b".to_owned()], vec!["c".to_owned()])
        );
        let args = parse_line("--usage-log /n --mount /m --results-image /i --stop c").unwrap();
        assert_eq!(args.image, Some("/i".into()));
        assert!(parse_line("--layer /o --results-image /i").is_err());
        assert!(parse_line("--layer /o --mount m").is_err());
        assert!(parse_line("--layer /o --mount /m --limit much").is_err());
    }

    #[test]
    fn wrong_lines_are_refused() {
        for line in [
            "",
            "--parent /a",
            "--layer",
            "--usage-log /a",
            "--layer /a /b",
            "--layer /a --discard /b",
            "--layer rel",
            "--what",
            "/a",
            "--parent --x",
        ] {
            assert!(parse_line(line).is_err(), "{line}");
        }
    }
}
