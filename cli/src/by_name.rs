//! What files that were changed, made or deleted mean to an image, when only their names are known.
//!
//! What a file said before is not known, so whatever it may have been counts: it is better to build
//! an image in vain than to leave it stale.

use std::collections::BTreeMap;

use gowork_llb::gosrc::embed::{self, Listing, NodeKind};
use gowork_llb::gosrc::{self, FileClass};
use gowork_llb::keys;
use gowork_llb::licenses::is_license_text;
use gowork_llb::packages::{Package, PackageIx};
use gowork_llb::plan::Image;
use gowork_llb::tree::TreePath;

use crate::membership::{Query, Role};
use crate::root::{CONFIGURATION, DOCKERFILES};

/// Why an edit of `path` may touch the image; none if it cannot.
pub(crate) fn touches(query: Query<'_>, image: &Image, path: &TreePath) -> Option<String> {
    let others = image.others();
    let binaries = [image].into_iter().chain(&others);
    binaries
        .into_iter()
        .find_map(|image| touches_own(query, image, path))
}

/// The same, for the own binary of an image and what is around it.
fn touches_own(query: Query<'_>, image: &Image, path: &TreePath) -> Option<String> {
    if let Some(what) = configuration(query, path) {
        return Some(format!("{path} is {what}"));
    }
    for role in query.roles(image, path) {
        let reason = match role {
            Role::Source(ix) | Role::Included(ix) | Role::Embedded(ix, ..)
                if query.is_guess(image, ix) =>
            {
                let package = &query.build(image).packages.get(ix).path;
                Some(format!(
                    "file {path} (perhaps: third-party packages may import {package})"
                ))
            }
            Role::Source(_)
            | Role::Included(_)
            | Role::Embedded(..)
            | Role::Profile
            | Role::Vendored => Some(format!("file {path}")),
            Role::Runtime(_) | Role::License => Some(format!("runtime file {path}")),
            Role::ModFile => mod_file(query, image, path),
        };
        if reason.is_some() {
            return reason;
        }
    }
    let reason = vendored(query, image, path).or_else(|| module_boundary(query, image, path));
    let reason = reason.or_else(|| former_part(query, image, path));
    reason.or_else(|| former_license(query, image, path))
}

fn configuration(query: Query<'_>, path: &TreePath) -> Option<&'static str> {
    let config = query
        .project
        .config_file
        .as_ref()
        .map(|(name, _)| name.as_str());
    let name = path.as_str();
    // A file that is not the configuration now may have been it: it is deleted, or it was the
    // Dockerfile before which a gowork.toml has no say.
    let was_dockerfile = || {
        DOCKERFILES.contains(&name)
            && query.project.tree.read(std::slice::from_ref(path))[0].is_err()
    };
    if config == Some(name) || name == CONFIGURATION && config.is_none() || was_dockerfile() {
        return Some("the configuration");
    }
    let ignore = config
        .or(Some(DOCKERFILES[0]))
        .map(|config| format!("{config}.dockerignore"));
    (name == ".dockerignore" || ignore.as_deref() == Some(name))
        .then_some("the ignore file of the build")
}

fn mod_file(query: Query<'_>, image: &Image, path: &TreePath) -> Option<String> {
    let sums = path.name().ends_with(".sum");
    if sums && keys::third_party(query.plan, query.project.workspace(), image).is_empty() {
        return None;
    }
    Some(format!(
        "{path} may decide versions for every image of its root"
    ))
}

fn vendored(query: Query<'_>, image: &Image, path: &TreePath) -> Option<String> {
    let build = query.build(image);
    let counts = build.vendored
        && path.is_under(&build.dir.child("vendor"))
        && !gosrc::is_test(path.name())
        && !keys::third_party(query.plan, query.project.workspace(), image).is_empty();
    counts.then(|| format!("file {path}, vendored, may be part of it"))
}

/// A mod file that no build reads now, but perhaps did; or one that makes a module of a directory,
/// or no longer does.
fn module_boundary(query: Query<'_>, image: &Image, path: &TreePath) -> Option<String> {
    let dir = path.parent().unwrap_or_default();
    let build = query.build(image);
    if build.mod_files.contains(path) {
        return None;
    }
    match path.name() {
        "go.work" | "go.work.sum" if dir.is_root() || dir == build.dir => {
            mod_file(query, image, path)
        }
        "go.sum" if build.mod_files.contains(&dir.child("go.mod")) => mod_file(query, image, path),
        "go.mod" => {
            let is_parted = |ix: PackageIx| {
                let package = build.packages.get(ix);
                let embeds_from = !package.embedded.is_empty() && dir.is_under(&package.dir);
                package.dir.is_under(&dir) || embeds_from
            };
            query
                .packages(image)
                .iter()
                .any(is_parted)
                .then(|| format!("{path} makes {dir} a module of its own, or no longer does"))
        }
        _ => None,
    }
}

/// Why a file may have belonged to the image, if it does not belong to it now.
fn former_part(query: Query<'_>, image: &Image, path: &TreePath) -> Option<String> {
    let build = query.build(image);
    let dir = path.parent().unwrap_or_default();
    let name = path.name();
    for ix in query.packages(image).iter() {
        let package = build.packages.get(ix);
        let source = FileClass::of(name).is_some_and(|class| class != FileClass::TestGo);
        if package.dir == dir
            && source
            && build
                .settings
                .context(query.plan.builder.go_minor)
                .matches_name(name)
        {
            return Some(format!(
                "file {path} may have been part of package {}",
                package.path
            ));
        }
        if let Some(pattern) = matching(query, package, path) {
            return Some(format!(
                "file {path} matches the pattern {pattern} of package {}",
                package.path
            ));
        }
    }
    (name == "default.pgo" && dir == image.dir)
        .then(|| format!("file {path} was the profile of its main"))
}

/// A file with a licence or notice that may have belonged to a module of the image.
fn former_license(query: Query<'_>, image: &Image, path: &TreePath) -> Option<String> {
    let dir = path.parent().unwrap_or_default();
    let counts = image.runtime.licenses && is_license_text(path.name());
    let mut modules = query.own_modules(image).into_iter().filter(|_| counts);
    let module = modules.find(|module| module.is_under(&dir))?;
    Some(format!(
        "file {path} may have had the licence of the module in {module}"
    ))
}

/// The embed pattern of the package that would take the file, if it were there.
fn matching(query: Query<'_>, package: &Package, path: &TreePath) -> Option<String> {
    let below = path
        .strip_dir(&package.dir)
        .filter(|below| !below.is_empty())?;
    let list = |at: &str| listing_with(query, package, at, below);
    let takes = |pattern: &&String| {
        embed::resolve(pattern, &list).is_ok_and(|files| files.iter().any(|file| file == below))
    };
    package.embedded.keys().find(takes).cloned()
}

/// What the directory `at` of a package holds with the file `file`, which need not be there. Both
/// are relative to the package. `None` if nothing is there.
fn listing_with(query: Query<'_>, package: &Package, at: &str, file: &str) -> Option<Listing> {
    let dir = package.dir.join(at).ok()?;
    let listed = query.project.tree.list(&[dir]).remove(0);
    let mut nodes: BTreeMap<String, NodeKind> = BTreeMap::new();
    for entry in listed.unwrap_or_default() {
        nodes.insert(entry.name, entry.kind.into());
    }
    let rest = match at {
        "" => Some(file),
        at => file
            .strip_prefix(at)
            .and_then(|rest| rest.strip_prefix('/')),
    };
    if let Some(rest) = rest {
        let (name, kind) = match rest.split_once('/') {
            Some((dir, _)) => (dir, NodeKind::Dir),
            None => (rest, NodeKind::File),
        };
        nodes.entry(name.to_owned()).or_insert(kind);
    }
    (!nodes.is_empty()).then(|| nodes.into_iter().collect())
}
