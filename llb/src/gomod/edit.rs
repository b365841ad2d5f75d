//! The flags of `go mod edit` and `go work edit` that make one mod file of another, where only the
//! directories and the replacements differ.

use std::collections::BTreeSet;

use super::replace::Replace;
use super::{ModFile, WorkFile};

/// The flags that lead from the text `old` of the file `name` to `new`. None if `use` and `replace`
/// lines say the same.
pub fn edit_flags(name: &str, old: &str, new: &str) -> Vec<String> {
    let [old, new] = [old, new].map(|text| lines(name, text));
    let gone = |old: &BTreeSet<_>, new: &BTreeSet<_>| -> Vec<String> {
        old.difference(new).cloned().collect()
    };
    let mut flags = Vec::new();
    let mut add = |flag: &str, values: Vec<String>| {
        flags.extend(values.into_iter().map(|value| format!("-{flag}={value}")));
    };
    add("dropuse", gone(&old.uses, &new.uses));
    add("use", gone(&new.uses, &old.uses));
    let replaced: BTreeSet<String> = old.replaced.difference(&new.replaced).cloned().collect();
    add("dropreplace", replaced.into_iter().collect());
    add("replace", gone(&new.replacements, &old.replacements));
    flags
}

/// What a mod file says of directories, as the flags have it.
struct Lines {
    uses: BTreeSet<String>,
    /// What is replaced: `PATH` or `PATH@VERSION`.
    replaced: BTreeSet<String>,
    /// The same with what takes its place.
    replacements: BTreeSet<String>,
}

fn lines(name: &str, text: &str) -> Lines {
    let (uses, replace) = if name.ends_with("go.work") {
        let file = WorkFile::parse(name, text.as_bytes()).0;
        (file.uses, file.replace)
    } else {
        (Vec::new(), ModFile::parse(name, text.as_bytes()).0.replace)
    };
    let at = |path: &str, version: &str| match version {
        "" => path.to_owned(),
        version => format!("{path}@{version}"),
    };
    let old = |line: &Replace| at(&line.old_path, &line.old_version);
    let new = |line: &Replace| at(&line.new_path, &line.new_version);
    Lines {
        uses: uses.into_iter().map(|it| it.dir).collect(),
        replaced: replace.iter().map(old).collect(),
        replacements: replace
            .iter()
            .map(|line| format!("{}={}", old(line), new(line)))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_and_replacements_change() {
        let old = "go 1.26\nuse (\n\t./a\n\t../lib\n)\nreplace a.com/x v1.0.0 => a.com/y v1.2.0\nreplace a.com/z => ../z\n";
        let new = "go 1.26\nuse (\n\t./a\n\t./c/lib\n)\nreplace a.com/z => ./c/z\nreplace a.com/x => ./c/x\n";
        assert_eq!(
            edit_flags("go.work", old, new),
            [
                "-dropuse=../lib",
                "-use=./c/lib",
                "-dropreplace=a.com/x@v1.0.0",
                "-replace=a.com/x=./c/x",
                "-replace=a.com/z=./c/z",
            ]
        );
        assert!(edit_flags("go.work", new, new).is_empty());
        let [old, new] =
            ["=> ../z", "=> ../c/z"].map(|to| format!("module m\nreplace a.com/z {to}\n"));
        assert_eq!(
            edit_flags("api/go.mod", &old, &new),
            ["-replace=a.com/z=../c/z"]
        );
    }
}
