//! Where an import path leads: which module has the package, and what to say if none has.

use std::collections::{BTreeMap, BTreeSet};

use super::load::Loader;
use super::std_packages::{self, InStd};
use crate::diag::Diagnostic;
use crate::gomod::ImportPath;
use crate::tree::TreePath;
use crate::workspace::{Module, ModuleIx};

impl Loader<'_> {
    /// Whether a package that the repository does not have would have to be one of its own: no
    /// other module can have it, nor std.
    pub(super) fn is_missing(&self, path: &ImportPath) -> bool {
        !self.providers.of(path).is_empty()
            && !self.providers.is_required(path)
            && std_packages::has(path, self.context.go_minor) == InStd::No
    }

    /// What go says where an import may mean a package of the repository and another one.
    pub(super) fn ambiguous(&self, path: &ImportPath) -> Option<Diagnostic> {
        // Whether a replacement is chosen is not known here.
        let found = self
            .candidates(path)
            .into_iter()
            .filter(|(ix, _)| self.root.members.contains(ix));
        let mut found: Vec<String> = found
            .map(|(_, dir)| format!("./{}", dir.as_str()))
            .collect();
        found.extend(
            (std_packages::has(path, self.context.go_minor) == InStd::Yes)
                .then(|| "the standard library".to_owned()),
        );
        let error = Diagnostic::error(format!(
            "ambiguous import: found package {path} in {}",
            found.join(" and in ")
        ));
        (found.len() > 1).then(|| error.help("rename one of the modules, or move the package"))
    }

    /// The directory of the repository whose package `path` is: of the longest module path that has
    /// it.
    pub(super) fn find(&self, path: &str) -> Option<(ModuleIx, TreePath)> {
        self.providers
            .of(path)
            .into_iter()
            .find_map(|provider| self.provided(path, provider))
    }

    /// Every directory whose package `path` may be.
    pub(super) fn candidates(&self, path: &str) -> Vec<(ModuleIx, TreePath)> {
        self.providers
            .of(path)
            .into_iter()
            .filter_map(|provider| self.provided(path, provider))
            .collect()
    }

    /// The directory of a module that holds the package `path`, if there is one.
    pub(super) fn provided(
        &self,
        path: &str,
        (prefix, ix): (&str, ModuleIx),
    ) -> Option<(ModuleIx, TreePath)> {
        let module = &self.workspace.module(ix).dir;
        let dir = module
            .join(path[prefix.len()..].trim_start_matches('/'))
            .ok()?;
        let has_files = self
            .scan
            .dirs
            .get(&dir)
            .is_some_and(|scanned| !scanned.files.is_empty());
        (has_files && self.owners.of(&dir) == Some(module.as_str())).then_some((ix, dir))
    }

    pub(super) fn no_such_package(&self, importer: &ImportPath, path: &ImportPath) -> Diagnostic {
        let candidates = self.providers.of(path);
        let module = candidates
            .first()
            .map(|(prefix, ix)| format!("module {prefix} ({})", self.workspace.module(*ix).dir));
        let error = Diagnostic::error(format!(
            "package {path} is imported by {importer}, but {} has no such package",
            module.unwrap_or_else(|| "the repository".to_owned())
        ));
        let known = self.known_paths.get_or_init(|| self.known_paths());
        let nearest = crate::diag::nearest(path, known.iter().map(ImportPath::as_str));
        match nearest {
            Some(nearest) => error.help(format!("did you mean {nearest}?")),
            None => error.help(
                "correct the import path, or see whether .dockerignore leaves the package out",
            ),
        }
    }

    /// The import paths of all directories with sources.
    pub(super) fn known_paths(&self) -> BTreeSet<ImportPath> {
        let modules = self
            .root
            .members
            .iter()
            .map(|&ix| self.workspace.module(ix));
        let by_dir: BTreeMap<&str, &Module> = modules
            .map(|module| (module.dir.as_str(), module))
            .collect();
        let path = |dir: &TreePath| {
            let module = by_dir.get(self.owners.of(dir)?)?;
            let below = dir.strip_dir(&module.dir)?;
            Some(ImportPath::in_module(&module.path, below))
        };
        self.scan.dirs.keys().filter_map(path).collect()
    }
}
