//! What a go command prints with `-x` while it compiles: which file of the cache holds which package. Owns the form of those lines (cmd/go/internal/work,
//! exec.go: `compile`, `updateBuildID` and `writeLinkImportcfg`). Whoever does not find a package in them knows less, and nothing wrong.

use std::collections::HashMap;

use crate::id::Id;

/// What was printed so far.
#[derive(Debug, Default)]
pub struct Printed {
    /// Import paths by the directory that a package is compiled in.
    compiled: HashMap<String, String>,
}

impl Printed {
    /// Takes a line; returns the import path of a package and the ID of its result, if it tells of one.
    pub fn take(&mut self, line: &str) -> Option<(String, Id)> {
        if let Some(rest) = line.strip_prefix("packagefile ") {
            // Of a package that another one imports: its result is in the cache already.
            let (package, file) = rest.split_once('=')?;
            return Some((package.to_owned(), output(file)?));
        }
        if let Some(rest) = line.strip_prefix("cp $WORK/") {
            let (archive, file) = rest.strip_suffix(" # internal")?.split_once(' ')?;
            let package = self.compiled.get(archive.strip_suffix("/_pkg_.a")?)?;
            return Some((package.clone(), output(file)?));
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
        assert_eq!(take(&format!("packagefile fmt=/cache/1/o/{}/{a}", &a.to_string()[..2])), Some(("fmt".to_owned(), a)));
        assert_eq!(take("packagefile example.com/m/c=$WORK/b003/_pkg_.a"), None);
        let compile = "/usr/local/go/pkg/tool/linux_amd64/compile -o $WORK/b002/_pkg_.a -trimpath \"/src=>example.com/m\" -p example.com/m/b -lang=go1.26";
        assert_eq!(take(compile), None);
        assert_eq!(take(&format!("cp $WORK/b009/_pkg_.a /cache/1/o/00/{b} # internal")), None, "nobody knows what that is");
        let copy = format!("cp $WORK/b002/_pkg_.a /cache/1/o/00/{b} # internal");
        assert_eq!(take(&copy), Some(("example.com/m/b".to_owned(), b)));
        for cut in 0..copy.len() {
            assert_eq!(take(&copy[..cut]), None);
        }
    }
}
