//! What a go command prints with `-x` while it compiles and installs: which file of the cache holds
//! which package, and which binary is complete. Owns the form of those lines (cmd/go/internal/work,
//! exec.go: `compile`, `updateBuildID`, `writeLinkImportcfg` and `BuildInstallFunc`). A line of
//! another form is ignored: then less is known, and nothing wrong.

use std::collections::HashMap;
use std::path::PathBuf;

use crate::id::Id;

/// What a line reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The result of the package with this import path has this ID.
    Compiled(String, Id),
    /// This binary is complete.
    Installed(PathBuf),
}

/// The lines that were read so far.
#[derive(Debug, Default)]
pub struct GoTrace {
    /// Import paths by the directory that a package is compiled in.
    compiled: HashMap<String, String>,
    /// Where binaries are installed, by the directory that each is linked in.
    installed: HashMap<String, PathBuf>,
}

impl GoTrace {
    /// Reads the next line. Returns what it reports, if anything.
    pub fn read_line(&mut self, line: &str) -> Option<Event> {
        if let Some(rest) = line.strip_prefix("packagefile ") {
            imported(rest)
        } else if let Some(rest) = line
            .strip_prefix("rm -rf $WORK/")
            .or_else(|| line.strip_prefix("rm -r $WORK/"))
        {
            self.removed(rest)
        } else if let Some(rest) = line.strip_prefix("mv $WORK/") {
            self.installing(rest);
            None
        } else if let Some(rest) = line.strip_prefix("cp $WORK/") {
            self.installing(rest);
            self.cached(rest)
        } else {
            self.compiling(line);
            None
        }
    }

    /// `DIR/`: everything in this directory is done.
    fn removed(&mut self, rest: &str) -> Option<Event> {
        let binary = self.installed.remove(rest.strip_suffix('/')?)?;
        Some(Event::Installed(binary))
    }

    /// `DIR/exe/a.out PATH`: a binary goes to its place. It is complete when `DIR` is removed.
    fn installing(&mut self, rest: &str) {
        if let Some((dir, path)) = rest.split_once("/exe/a.out ") {
            self.installed.insert(dir.to_owned(), path.into());
        }
    }

    /// `DIR/_pkg_.a FILE # internal`: the result of a package goes to the cache.
    fn cached(&self, rest: &str) -> Option<Event> {
        let (archive, file) = rest.strip_suffix(" # internal")?.split_once(' ')?;
        let package = self.compiled.get(archive.strip_suffix("/_pkg_.a")?)?;
        Some(Event::Compiled(package.clone(), output_id(file)?))
    }

    /// `.../compile -o $WORK/DIR/_pkg_.a ... -p PACKAGE ...`: this package is compiled in `DIR`.
    fn compiling(&mut self, line: &str) -> Option<()> {
        let (_, rest) = line.split_once("/compile -o $WORK/")?;
        let (dir, rest) = rest.split_once("/_pkg_.a ")?;
        let (_, rest) = rest.split_once(" -p ")?;
        let package = rest.split(' ').next()?;
        self.compiled.insert(dir.to_owned(), package.to_owned());
        Some(())
    }
}

/// `PACKAGE=FILE`: a package that another one imports. Its result is in the cache already.
fn imported(rest: &str) -> Option<Event> {
    let (package, file) = rest.split_once('=')?;
    Some(Event::Compiled(package.to_owned(), output_id(file)?))
}

/// The ID that names a file of the cache.
fn output_id(file: &str) -> Option<Id> {
    Id::from_hex(file.rsplit('/').next()?.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_of_compiled_and_imported_packages() {
        let (a, b) = (Id::of(b"a"), Id::of(b"b"));
        let mut trace = GoTrace::default();
        let mut read = |line: &str| trace.read_line(line);
        assert_eq!(read("mkdir -p $WORK/b002/"), None);
        let compiled = |package: &str, id| Some(Event::Compiled(package.to_owned(), id));
        assert_eq!(
            read(&format!(
                "packagefile fmt=/cache/1/o/{}/{a}",
                &a.to_string()[..2]
            )),
            compiled("fmt", a)
        );
        assert_eq!(read("packagefile example.com/m/c=$WORK/b003/_pkg_.a"), None);
        let compile = "/usr/local/go/pkg/tool/linux_amd64/compile -o $WORK/b002/_pkg_.a -trimpath \"/src=>example.com/m\" -p example.com/m/b -lang=go1.26";
        assert_eq!(read(compile), None);
        assert_eq!(
            read(&format!(
                "cp $WORK/b009/_pkg_.a /cache/1/o/00/{b} # internal"
            )),
            None,
            "no package was compiled there"
        );
        let copy = format!("cp $WORK/b002/_pkg_.a /cache/1/o/00/{b} # internal");
        assert_eq!(read(&copy), compiled("example.com/m/b", b));
        for cut in 0..copy.len() {
            assert_eq!(read(&copy[..cut]), None);
        }
    }

    #[test]
    fn complete_binaries() {
        for (word, rm) in [("cp", "rm -rf"), ("mv", "rm -r")] {
            let mut trace = GoTrace::default();
            let mut read = |line: &str| trace.read_line(line);
            let link = "/usr/local/go/pkg/tool/linux_amd64/link -o $WORK/b001/exe/a.out -importcfg $WORK/b001/importcfg.link $WORK/b001/_pkg_.a";
            assert_eq!(read(link), None);
            assert_eq!(
                read("go tool buildid -w $WORK/b001/exe/a.out # internal"),
                None
            );
            assert_eq!(
                read(&format!("{rm} $WORK/b001/")),
                None,
                "nothing was installed from there"
            );
            assert_eq!(
                read(&format!("{word} $WORK/b001/exe/a.out /go/bin/a")),
                None,
                "not complete yet"
            );
            assert_eq!(read(&format!("{rm} $WORK/b002/")), None);
            assert_eq!(
                read(&format!("{rm} $WORK/b001/")),
                Some(Event::Installed("/go/bin/a".into()))
            );
        }
    }
}
