//! What a go command prints with `-x` while it compiles and installs: which file of the cache holds
//! which package, and which binary is complete. Owns the form of those lines (cmd/go/internal/work,
//! exec.go: `compile`, `updateBuildID`, `writeLinkImportcfg` and `BuildInstallFunc`). Whoever does
//! not find something in them knows less, and nothing wrong.

use std::collections::HashMap;
use std::path::PathBuf;

use crate::id::Id;

/// What a line tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// The result of the package with this import path has this ID.
    Compiled(String, Id),
    /// This binary is complete.
    Installed(PathBuf),
}

/// What was printed so far.
#[derive(Debug, Default)]
pub struct Printed {
    /// Import paths by the directory that a package is compiled in.
    compiled: HashMap<String, String>,
    /// Where binaries are installed, by the directory that each is linked in.
    installed: HashMap<String, PathBuf>,
}

impl Printed {
    /// Takes a line; returns what it tells, if that is anything.
    pub fn take(&mut self, line: &str) -> Option<Told> {
        if let Some(rest) = line.strip_prefix("packagefile ") {
            // Of a package that another one imports: its result is in the cache already.
            let (package, file) = rest.split_once('=')?;
            return Some(Told::Compiled(package.to_owned(), output(file)?));
        }
        if let Some(rest) = line
            .strip_prefix("rm -rf $WORK/")
            .or_else(|| line.strip_prefix("rm -r $WORK/"))
        {
            // What was done there is over.
            return self
                .installed
                .remove(rest.strip_suffix('/')?)
                .map(Told::Installed);
        }
        let copied = line.strip_prefix("cp $WORK/");
        let moved = copied.or_else(|| line.strip_prefix("mv $WORK/"));
        if let Some((dir, path)) = moved.and_then(|rest| rest.split_once("/exe/a.out ")) {
            self.installed.insert(dir.to_owned(), path.into());
            return None;
        }
        if let Some(rest) = copied {
            let (archive, file) = rest.strip_suffix(" # internal")?.split_once(' ')?;
            let package = self.compiled.get(archive.strip_suffix("/_pkg_.a")?)?;
            return Some(Told::Compiled(package.clone(), output(file)?));
        }
        let (_, rest) = line.split_once("/compile -o $WORK/")?;
        let (dir, rest) = rest.split_once("/_pkg_.a ")?;
        let (_, rest) = rest.split_once(" -p ")?;
        let package = rest.split(' ').next()?;
        self.compiled.insert(dir.to_owned(), package.to_owned());
        None
    }
}

/// The ID that names a file of the cache.
fn output(file: &str) -> Option<Id> {
    Id::from_hex(file.rsplit('/').next()?.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_of_compiled_packages_and_of_others() {
        let (a, b) = (Id::of(b"a"), Id::of(b"b"));
        let mut printed = Printed::default();
        let mut take = |line: &str| printed.take(line);
        assert_eq!(take("mkdir -p $WORK/b002/"), None);
        let compiled = |package: &str, id| Some(Told::Compiled(package.to_owned(), id));
        assert_eq!(
            take(&format!(
                "packagefile fmt=/cache/1/o/{}/{a}",
                &a.to_string()[..2]
            )),
            compiled("fmt", a)
        );
        assert_eq!(take("packagefile example.com/m/c=$WORK/b003/_pkg_.a"), None);
        let compile = "/usr/local/go/pkg/tool/linux_amd64/compile -o $WORK/b002/_pkg_.a -trimpath \"/src=>example.com/m\" -p example.com/m/b -lang=go1.26";
        assert_eq!(take(compile), None);
        assert_eq!(
            take(&format!(
                "cp $WORK/b009/_pkg_.a /cache/1/o/00/{b} # internal"
            )),
            None,
            "nobody knows what that is"
        );
        let copy = format!("cp $WORK/b002/_pkg_.a /cache/1/o/00/{b} # internal");
        assert_eq!(take(&copy), compiled("example.com/m/b", b));
        for cut in 0..copy.len() {
            assert_eq!(take(&copy[..cut]), None);
        }
    }

    #[test]
    fn binaries_that_are_complete() {
        for (word, rm) in [("cp", "rm -rf"), ("mv", "rm -r")] {
            let mut printed = Printed::default();
            let mut take = |line: &str| printed.take(line);
            let link = "/usr/local/go/pkg/tool/linux_amd64/link -o $WORK/b001/exe/a.out -importcfg $WORK/b001/importcfg.link $WORK/b001/_pkg_.a";
            assert_eq!(take(link), None);
            assert_eq!(
                take("go tool buildid -w $WORK/b001/exe/a.out # internal"),
                None
            );
            assert_eq!(
                take(&format!("{rm} $WORK/b001/")),
                None,
                "nothing was installed from there"
            );
            assert_eq!(
                take(&format!("{word} $WORK/b001/exe/a.out /go/bin/a")),
                None,
                "not complete yet"
            );
            assert_eq!(take(&format!("{rm} $WORK/b002/")), None);
            assert_eq!(
                take(&format!("{rm} $WORK/b001/")),
                Some(Told::Installed("/go/bin/a".into()))
            );
        }
    }
}
