//! The step that collects the licences of modules for an image: `gowork-frontend license-texts
//! --source DIR [--resolved DIR]... --question FILE --out DIR`.
//!
//! Copies the files with licences and notices that resolve steps have kept, and those of a context.
//! The same files give the same bytes and modes. A module without such files gets no directory.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use gowork_llb::licenses::{license_texts, license_texts_above};
use gowork_llb::lower::LICENSES_DIR;
use gowork_llb::tree::{LocalTree, SourceTree, TreePath};
use serde::{Deserialize, Serialize};

use super::licenses::{Asked, LicenseDir, LicensesError, failed};

/// What to copy. The question is made by this same program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TextsQuestion {
    /// Directories with licence files, by the directory below [`LICENSES_DIR`] that gets them.
    pub dirs: BTreeMap<TreePath, LicenseDir>,
}

/// Runs the step with the arguments after `license-texts`.
///
/// # Errors
/// On wrong arguments, and if a file cannot be read or written.
pub fn run(args: &[String]) -> Result<(), LicensesError> {
    let asked = Asked::<TextsQuestion>::parse(args, LicensesError::TextsUsage)?;
    let to = asked.out.join(LICENSES_DIR.trim_start_matches('/'));
    make_dir(&asked.out, &to)?;
    for (name, dir) in &asked.question.dirs {
        let (tree, texts) = texts(&asked, dir);
        let to = to.join(name.as_str());
        if !texts.is_empty() {
            make_dir(&asked.out, &to)?;
        }
        for (path, read) in texts.iter().zip(tree.read(&texts)) {
            let text = read.map_err(|error| failed(Path::new(path.as_str()), &error))?;
            let file = to.join(path.name());
            fs::write(&file, text).map_err(|error| failed(&file, &error))?;
            set_mode(&file, 0o644)?;
        }
    }
    Ok(())
}

/// The files of a directory, and the tree that has them.
fn texts<'a>(asked: &'a Asked<TextsQuestion>, dir: &LicenseDir) -> (&'a LocalTree, Vec<TreePath>) {
    let source = &asked.source;
    match dir {
        LicenseDir::Source(dir) => (source, license_texts(source, dir)),
        LicenseDir::Own(dir) => (source, license_texts_above(source, dir)),
        // Builds may have the same module: with the same files, since it has the same sum.
        LicenseDir::Resolved(dir) => {
            let trees = asked.resolved.iter();
            let mut found = trees.map(|tree| (tree, license_texts(tree, dir)));
            let found = found.find(|(_, texts)| !texts.is_empty());
            found.unwrap_or((source, Vec::new()))
        }
    }
}

/// Makes a directory below `top`, and those above it.
fn make_dir(top: &Path, dir: &Path) -> Result<(), LicensesError> {
    fs::create_dir_all(dir).map_err(|error| failed(dir, &error))?;
    let made = dir.ancestors().take_while(|dir| *dir != top);
    made.into_iter().try_for_each(|dir| set_mode(dir, 0o755))
}

fn set_mode(path: &Path, mode: u32) -> Result<(), LicensesError> {
    let set = fs::set_permissions(path, Permissions::from_mode(mode));
    set.map_err(|error| failed(path, &error))
}
