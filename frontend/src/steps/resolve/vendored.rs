//! The files of a vendored package, of which only the resolve step sees the directory.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::failure::Failure;
use super::listing::ListedPackage;

/// The package's files, relative to its directory. `go mod vendor` keeps all of a package's
/// directory, whatever the suffix, and C sources and assembly include from the directories of its
/// module that are there: for those everything counts but Go files of other packages.
///
/// # Errors
/// If a directory cannot be read.
pub(super) fn files(package: &ListedPackage, source: &Path) -> Result<BTreeSet<String>, Failure> {
    let mut files: BTreeSet<String> = package.files().into_iter().cloned().collect();
    let vendor = package
        .dir
        .ancestors()
        .filter(|dir| dir.ends_with("vendor") && dir.starts_with(source))
        .last();
    let (Some(vendor), Some(module)) = (vendor, &package.module) else {
        return Ok(files);
    };
    if !package.reads_module() {
        return Ok(files);
    }
    let mut found = Vec::new();
    walk(&vendor.join(&module.path), &mut found)?;
    let is_go = |path: &Path| path.extension().is_some_and(|suffix| suffix == "go");
    files.extend(
        found
            .iter()
            .filter(|path| !is_go(path))
            .filter_map(|path| from(&package.dir, path)),
    );
    Ok(files)
}

fn walk(dir: &Path, found: &mut Vec<PathBuf>) -> Result<(), Failure> {
    for entry in std::fs::read_dir(dir).map_err(Failure::file(dir))? {
        let entry = entry.map_err(Failure::file(dir))?;
        let kind = entry.file_type().map_err(Failure::file(dir))?;
        if kind.is_dir() {
            walk(&entry.path(), found)?;
        } else if kind.is_file() {
            found.push(entry.path());
        }
    }
    Ok(())
}

/// `file` as seen from the directory `dir`; none for a name that is not UTF-8.
fn from(dir: &Path, file: &Path) -> Option<String> {
    let shared = dir
        .components()
        .zip(file.components())
        .take_while(|(a, b)| a == b)
        .count();
    let up = dir.components().skip(shared).map(|_| "..");
    let down = file
        .components()
        .skip(shared)
        .map(|part| part.as_os_str().to_str());
    let parts: Option<Vec<&str>> = up.map(Some).chain(down).collect();
    Some(parts?.join("/"))
}
