//! The licence files of modules: what an SBOM is made of that compile steps do not read.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use gowork_llb::licenses::{is_license_file, is_notice_file};
use gowork_llb::limits;
use gowork_llb::resolution::{ModuleVersion, STD_LICENSES, module_cache};

use super::command::Go;
use super::failure::Failure;
use super::layer;
use super::verify::Verified;

/// Writes the files with licences and notices of these modules of the module cache, and those of the
/// standard library, to `out`.
///
/// # Errors
/// If a file is not what it was when it was verified, or cannot be read or written.
pub(super) fn write(
    go: &Go,
    verified: &Verified,
    versions: &BTreeSet<ModuleVersion>,
    out: &Path,
) -> Result<(), Failure> {
    let raw = go.module_cache();
    let goroot = PathBuf::from(go.variable("GOROOT"));
    let mut dirs = vec![(goroot, PathBuf::from(STD_LICENSES))];
    for version in versions {
        let dir = module_cache::module_dir(version)?;
        dirs.push((raw.join(&dir), dir.into()));
    }
    layer::make_dir(out)?;
    let mut made: BTreeSet<PathBuf> = BTreeSet::from([PathBuf::new()]);
    for (from, to) in dirs {
        for name in names(&from)? {
            layer::make_dir(&out.join(&to))?;
            made.extend(to.ancestors().map(Path::to_owned));
            verified.copy(&from.join(&name), &out.join(&to).join(&name))?;
        }
    }
    // Parents come before their children in the set, so backwards every directory is settled after
    // all that is in it.
    let mut backwards = made.iter().rev();
    backwards.try_for_each(|dir| layer::settle_dir(&out.join(dir)))
}

/// The files with licences and notices in a directory, in the order of their names.
fn names(dir: &Path) -> Result<Vec<String>, Failure> {
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(dir).map_err(Failure::file(dir))? {
        let entry = entry.map_err(Failure::file(dir))?;
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        let is_file = entry.file_type().map_err(Failure::file(dir))?.is_file();
        if is_file && (is_license_file(&name) || is_notice_file(&name)) {
            names.insert(name);
        }
    }
    Ok(names.into_iter().take(2 * limits::LICENSE_FILES).collect())
}
