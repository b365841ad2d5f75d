//! What the steps of a build read.

use std::collections::{BTreeMap, BTreeSet};

use super::planner::{BuildPlanner, Resolved};
use super::step::{Inputs, OwnFiles, Results};
use crate::gomod::ImportPath;
use crate::packages::{PackageIx, PackageSet};
use crate::resolution::ResolvedPackage;
use crate::resolution::module_cache::package_dir;
use crate::tree::TreePath;

impl<'a> BuildPlanner<'a> {
    /// The inputs of a step that compiles or links packages of `closure`, with `imports` from
    /// outside the repository.
    pub(super) fn inputs(
        &self,
        resolved: &Resolved<'_>,
        closure: &PackageSet,
        imports: &BTreeSet<ImportPath>,
    ) -> Inputs {
        self.inputs_of(resolved, closure, &resolved.third_party.reached(imports))
    }

    /// The inputs of a step that reads the repository's packages `own` and `outside` those of std
    /// and third parties.
    pub(super) fn inputs_of(
        &self,
        resolved: &Resolved<'_>,
        own: &PackageSet,
        outside: &BTreeSet<usize>,
    ) -> Inputs {
        let mut files = own.files(&self.build.packages);
        files.extend(self.profile());
        let third_party: Vec<&ResolvedPackage> = outside
            .iter()
            .map(|&ix| resolved.third_party.get(ix))
            .collect();
        if self.build.vendored {
            files.extend(vendored_files(&third_party));
        }
        let mut results: BTreeSet<Results> = own
            .iter()
            .filter_map(|ix| resolved.own.get(&ix))
            .copied()
            .collect();
        results.extend(outside.iter().filter_map(|ix| resolved.outside.get(ix)));
        let sealed = resolved
            .sealer
            .as_ref()
            .map(|sealer| sealer.seal(own, &third_party));
        let is_open = sealed.is_none();
        Inputs {
            mod_files: if is_open {
                self.build.mod_files.clone()
            } else {
                BTreeSet::new()
            },
            module_cache: is_open && !self.build.vendored,
            sealed,
            files,
            results: results.into_iter().collect(),
            own: OwnFiles::default(),
        }
    }

    /// The files of the repository's packages, and what they are compiled by.
    pub(super) fn own(&self, packages: impl IntoIterator<Item = PackageIx>) -> OwnFiles {
        let files = packages
            .into_iter()
            .flat_map(|ix| self.build.packages.get(ix).files.iter().cloned());
        OwnFiles {
            files: files.chain(self.profile()).collect(),
            vendor: BTreeMap::new(),
        }
    }

    /// The files of third-party packages.
    pub(super) fn own_outside(
        &self,
        resolved: &Resolved<'a>,
        packages: impl Iterator<Item = usize>,
    ) -> OwnFiles {
        let packages: Vec<&ResolvedPackage> =
            packages.map(|ix| resolved.third_party.get(ix)).collect();
        let mut own = self.own([]);
        if self.build.vendored {
            own.files.extend(vendored_files(&packages));
        } else {
            let resolution = resolved.third_party.resolution();
            let files = |package: &&'a ResolvedPackage| {
                let (path, dir) = (&package.path, package_dir(resolution, package));
                package.files.iter().filter_map(move |file| {
                    Some((
                        format!("{path}/{file}"),
                        format!("{}/{file}", dir.as_ref()?),
                    ))
                })
            };
            own.vendor = packages.iter().flat_map(files).collect();
        }
        own
    }

    /// What everything is compiled by, if the build has a profile.
    pub(super) fn profile(&self) -> BTreeSet<TreePath> {
        self.build.settings.profile.iter().cloned().collect()
    }
}

/// The files of vendored packages.
fn vendored_files(packages: &[&ResolvedPackage]) -> BTreeSet<TreePath> {
    let vendored = packages.iter().filter(|package| !package.dir.is_empty());
    vendored
        .flat_map(|package| {
            package
                .files
                .iter()
                .filter_map(|file| TreePath::new(&package.dir).ok()?.join(file).ok())
        })
        .collect()
}
