//! vendor/modules.txt: which modules' packages lie in the vendor directory.
//!
//! Tolerant as the go command is: it skips what it does not understand, since later Go versions may
//! write more.

use std::collections::BTreeMap;

use super::decode::decode;
use super::import_path::ImportPath;
use super::path::ModulePath;
use super::{path, version};

/// A vendor/modules.txt file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Vendored {
    /// Written by `go work vendor`: the directory belongs to go.work, not to one go.mod.
    pub workspace: bool,
    /// In the order of their first line.
    pub modules: Vec<VendoredModule>,
}

/// A module of the file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VendoredModule {
    /// Module path.
    pub path: ModulePath,
    /// Version; empty for the replacement of all versions.
    pub version: String,
    /// Directory, or module path if `replaced_version` is not empty. Empty if the module is not
    /// replaced.
    pub replaced_by: String,
    /// Version of the replacement.
    pub replaced_version: String,
    /// A go.mod of the build names it.
    pub explicit: bool,
    /// Its `go` line, empty if it has none.
    pub go: String,
    /// Import paths of its packages in the vendor directory.
    pub packages: Vec<ImportPath>,
}

impl Vendored {
    /// Parses the text of a modules.txt. Nothing in it is an error.
    pub fn parse(text: &[u8]) -> Self {
        let text = decode(text);
        let mut reading = Reading::default();
        text.split('\n').for_each(|line| reading.line(line));
        Self {
            workspace: is_workspace(&text),
            modules: reading.modules,
        }
    }

    /// The module that the package came from. The last line wins.
    pub fn module_of(&self, import_path: &str) -> Option<&VendoredModule> {
        self.modules
            .iter()
            .rev()
            .find(|module| module.packages.iter().any(|package| package == import_path))
    }
}

fn is_workspace(text: &str) -> bool {
    let first = text
        .split('\n')
        .next()
        .and_then(|line| line.strip_prefix("## "));
    first.is_some_and(|notes| notes.split(';').any(|note| note.trim() == "workspace"))
}

#[derive(Default)]
struct Reading {
    modules: Vec<VendoredModule>,
    /// By path and version: a module may be named again below, with its replacement.
    by_name: BTreeMap<(String, String), usize>,
    current: Option<usize>,
}

impl Reading {
    fn line(&mut self, line: &str) {
        if line.starts_with("# ") {
            return self.module_line(&line.split_whitespace().collect::<Vec<_>>());
        }
        let Some(module) = self.current.and_then(|index| self.modules.get_mut(index)) else {
            return;
        };
        if let Some(notes) = line.strip_prefix("## ") {
            for note in notes.split(';').map(str::trim) {
                module.explicit |= note == "explicit";
                if let Some(go) = note.strip_prefix("go ") {
                    module.go = go.to_owned();
                }
            }
        } else if let [package] = line.split_whitespace().collect::<Vec<_>>().as_slice()
            && path::check_import_path(package).is_ok()
        {
            module.packages.push(ImportPath::new(*package));
        }
    }

    /// `# PATH VERSION`, `# PATH VERSION => …` or `# PATH => …`. Fewer than three words say
    /// nothing.
    fn module_line(&mut self, words: &[&str]) {
        let (path, version, rest) = match words {
            [_, path, version, rest @ ..] if version::is_semver(version) => (path, *version, rest),
            [_, path, "=>", ..] => (path, "", &words[2..]),
            [_, _, _, ..] => {
                self.current = None;
                return;
            }
            _ => return,
        };
        let module = self.module(path, version);
        match rest {
            ["=>", dir] => {
                (module.replaced_by, module.replaced_version) = ((*dir).to_owned(), String::new())
            }
            ["=>", path, version] if version::is_semver(version) => {
                (module.replaced_by, module.replaced_version) =
                    ((*path).to_owned(), (*version).to_owned());
            }
            _ => {}
        }
    }

    fn module(&mut self, path: &str, version: &str) -> &mut VendoredModule {
        let index = *self
            .by_name
            .entry((path.to_owned(), version.to_owned()))
            .or_insert_with(|| {
                self.modules.push(VendoredModule {
                    path: ModulePath::new(path),
                    version: version.into(),
                    ..VendoredModule::default()
                });
                self.modules.len() - 1
            });
        self.current = Some(index);
        &mut self.modules[index]
    }
}
