//! Which go.work and go.mod files the configuration wants to be built.

use crate::config::{Config, ImageConfig, ImageName, Spanned};
use crate::diag::Span;
use crate::tree::TreePath;
use crate::workspace::{Choice, GoworkOff, ModTexts, Root};

/// The choice of roots that a configuration makes for a tree with these mod files.
pub fn roots(config: &Config, mod_files: &ModTexts) -> Choice {
    let listed = config.roots.as_ref().filter(|roots| !roots.is_empty());
    let modules = mod_files
        .keys()
        .filter(|path| path.name() == "go.mod")
        .filter_map(TreePath::parent);
    Choice {
        roots: listed.map(|roots| roots.iter().filter_map(listed_dir).collect()),
        gowork_off: gowork_off(config),
        skipped: modules
            .filter(|dir| config.skips(dir, "").is_some())
            .collect(),
    }
}

/// A directory that `roots` lists, and where it stands there.
fn listed_dir(written: &Spanned<String>) -> Option<(TreePath, Option<Span>)> {
    Some((TreePath::new(&written.value).ok()?, written.span.clone()))
}

/// Whether images are built without their go.work: some, or all.
fn gowork_off(config: &Config) -> GoworkOff {
    // The empty name is that of an image without a table.
    let names = config.images.keys().map(ImageName::as_str).chain([""]);
    let (mut with, mut without) = (false, false);
    for name in names {
        if config.image(name).compile.gowork_off {
            without = true;
        } else {
            with = true;
        }
    }
    match (with, without) {
        (_, false) => GoworkOff::No,
        (true, true) => GoworkOff::Also,
        (false, true) => GoworkOff::Only,
    }
}

/// Whether an image's main may be one of this root's.
pub(super) fn serves(root: &Root, image: &ImageConfig) -> bool {
    if image.compile.gowork_off {
        !root.is_workspace()
    } else {
        !root.gowork_off
    }
}
