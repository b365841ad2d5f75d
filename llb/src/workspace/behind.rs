//! Modules of the repository that third-party modules may import, as far as mod files say.
//!
//! Only the go command knows what third-party packages import. Where it is not asked, the
//! requirements give evidence: a module is required because own packages import it, because
//! third-party packages do, or both. This errs on the side of "may", but not where own code is a
//! sound reason: monorepos require their modules of each other.

use std::collections::BTreeMap;

use super::module::{ModuleIx, Root, Workspace};
use crate::gomod::path::is_path_prefix;
use crate::gomod::{Require, version};

impl Workspace {
    /// The modules of `root` that third-party packages may import which a package of the module
    /// `importer` imports; by the paths that they are imported by.
    pub fn may_return<'a>(
        &'a self,
        root: &'a Root,
        importer: ModuleIx,
    ) -> BTreeMap<&'a str, ModuleIx> {
        let others = self.imported_as(root).filter(|(_, ix)| *ix != importer);
        others
            .filter(|(path, _)| self.may_lead_to(root, importer, path))
            .collect()
    }

    fn may_lead_to(&self, root: &Root, importer: ModuleIx, path: &str) -> bool {
        let requires = self.requires_of(root, path);
        let importer = self.module(importer);
        if requires.is_empty() {
            // Nobody here asks for it, so its replacement is there for others. Members need not be
            // required.
            return root.replaced.contains_key(path) || home(path) != home(&importer.path);
        }
        // A module that names all it needs names this one, too.
        let names_all = importer
            .file
            .go
            .as_ref()
            .is_some_and(|go| version::compare_go(&go.value, "1.17").is_ge());
        let names_it = importer
            .file
            .require
            .iter()
            .any(|require| require.path == path);
        (names_it || !names_all)
            && !requires
                .iter()
                .any(|(from, require)| is_own_need(from, require))
    }

    /// The requirements of the module `path` in the mod files of `root`, each with the module that
    /// has it.
    fn requires_of<'a>(&'a self, root: &'a Root, path: &str) -> Vec<(&'a str, &'a Require)> {
        let modules = root.modules().map(|ix| self.module(ix));
        let all = modules.flat_map(|module| {
            module
                .file
                .require
                .iter()
                .map(|require| (module.path.as_str(), require))
        });
        all.filter(|(_, require)| require.path == path).collect()
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
