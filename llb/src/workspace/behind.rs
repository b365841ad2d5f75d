//! Modules of the repository that third-party modules may import, as far as mod files say.
//!
//! Only the go command knows what third-party packages import. Where it is not asked, the
//! requirements give evidence: a module is required because own packages import it, because
//! third-party packages do, or both. This errs on the side of "may", but not where own code is a
//! sound reason: monorepos require their modules of each other.

use std::collections::{BTreeMap, BTreeSet};

use super::module::{ModuleIx, Root, Workspace};
use crate::gomod::path::is_path_prefix;
use crate::gomod::{Require, version};

/// Which modules of a root third-party packages may import, as far as mod files say.
#[derive(Debug)]
pub(crate) struct Evidence<'a> {
    workspace: &'a Workspace,
    root: &'a Root,
    /// What the mod files of the root say about each module that they require, by its path.
    required: BTreeMap<&'a str, Required>,
}

/// What the requirements of one module say.
#[derive(Debug, Default, Clone, Copy)]
struct Required {
    /// Own code explains one of them.
    is_own_need: bool,
}

impl<'a> Evidence<'a> {
    /// Reads the requirements of all modules of `root`.
    pub(crate) fn new(workspace: &'a Workspace, root: &'a Root) -> Self {
        let mut required: BTreeMap<&str, Required> = BTreeMap::new();
        for module in root.modules().map(|ix| workspace.module(ix)) {
            for require in &module.file.require {
                let of_path = required.entry(&require.path).or_default();
                of_path.is_own_need |= is_own_need(&module.path, require);
            }
        }
        Self {
            workspace,
            root,
            required,
        }
    }

    /// The modules that third-party packages may import which a package of the module `importer`
    /// imports; by the paths that they are imported by.
    pub(crate) fn may_return(&self, importer: ModuleIx) -> BTreeMap<&'a str, ModuleIx> {
        let module = self.workspace.module(importer);
        // A module of that version or newer names all the modules that it needs.
        let names_all = module
            .file
            .go
            .as_ref()
            .is_some_and(|go| version::compare_go(&go.value, "1.17").is_ge());
        let named: BTreeSet<&str> = module
            .file
            .require
            .iter()
            .map(|require| require.path.as_str())
            .collect();
        let mut found = BTreeMap::new();
        for (path, ix) in self.workspace.imported_as(self.root) {
            let may_be_needed = match self.required.get(path) {
                Some(required) => !required.is_own_need && (!names_all || named.contains(path)),
                // No module here requires it, so its replacement is there for others. Members need
                // not be required.
                None => self.root.replaced.contains_key(path) || home(path) != home(&module.path),
            };
            if ix != importer && may_be_needed {
                found.insert(path, ix);
            }
        }
        found
    }
}

/// Whether a requirement of the module `from` is explained by own code: `go mod tidy` marks what
/// own packages do not import themselves; and the module is one of the same repository, or of no
/// version that others could require.
fn is_own_need(from: &str, require: &Require) -> bool {
    let is_published =
        require.version != "v0.0.0" && !require.version.starts_with("v0.0.0-00010101000000-");
    let start: Vec<&str> = from.split('/').take(2).collect();
    !require.indirect && (!is_published || is_path_prefix(&start.join("/"), &require.path))
}

/// Hosts of repositories of many owners.
const FORGES: [&str; 5] = [
    "github.com",
    "gitlab.com",
    "bitbucket.org",
    "codeberg.org",
    "gopkg.in",
];

/// Whose module it is, by its path: a host, with the owner on a forge.
fn home(path: &str) -> (&str, &str) {
    let (host, rest) = path.split_once('/').unwrap_or((path, ""));
    let owner = rest.split('/').next().unwrap_or_default();
    (host, if FORGES.contains(&host) { owner } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn homes_of_modules() {
        assert_eq!(home("example.com/app"), home("example.com/lib/v2"));
        assert_eq!(home("github.com/acme/app"), home("github.com/acme/lib"));
        assert_ne!(home("github.com/acme/app"), home("github.com/other/app"));
        assert_ne!(home("example.com/app"), home("rsc.io/sampler"));
        assert_ne!(home("app"), home("lib"));
    }
}
