//! Mains as they are found, before their images have names.

use crate::packages::Main;
use crate::workspace::RootIx;

/// How many mains a message names.
pub(super) const SHOWN: usize = 10;

/// One main of the repository, while names are given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) root: RootIx,
    pub(super) main: Main,
}

pub(super) fn is_one_main(founds: &[&Found]) -> bool {
    founds.windows(2).all(|pair| pair[0].main == pair[1].main)
}

/// The directories of mains, and how many more there are than a message names.
pub(super) fn some_dirs<'a>(founds: impl IntoIterator<Item = &'a Found>) -> String {
    let mut dirs = founds.into_iter().map(|found| found.main.dir.as_dir());
    let shown: Vec<String> = dirs.by_ref().take(SHOWN).collect();
    match dirs.count() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// Whether the configured `main` means this one: by directory or by import path.
pub(super) fn is_named_by(main: &Main, written: &str) -> bool {
    written == main.path
        || main.dir.as_str() == written.trim_start_matches("./").trim_end_matches('/')
        || (written == "." && main.dir.is_root())
}
