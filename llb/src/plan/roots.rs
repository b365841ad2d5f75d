//! Which go.work and go.mod files the configuration wants to be built.

use crate::config::{Config, ImageConfig, ImageName, Spanned};
use crate::tree::TreePath;
use crate::workspace::{Choice, GoworkOff, ModTexts, Root};

/// The choice of roots that a configuration makes for a tree with these mod files.
pub fn roots(config: &Config, mod_files: &ModTexts) -> Choice {
    let dir = |written: &Spanned<String>| {
        Some((TreePath::new(&written.value).ok()?, written.span.clone()))
    };
    let all = config
        .images
        .keys()
        .map(ImageName::as_str)
        .chain([""])
        .map(|name| config.image(name).compile.gowork_off);
    let all: Vec<bool> = all.collect();
    let gowork_off = match (all.contains(&true), all.contains(&false)) {
        (false, _) => GoworkOff::No,
        (true, true) => GoworkOff::Also,
        (true, false) => GoworkOff::Only,
    };
    let modules = mod_files
        .keys()
        .filter(|path| path.name() == "go.mod")
        .filter_map(TreePath::parent);
    Choice {
        roots: config
            .roots
            .as_ref()
            .filter(|roots| !roots.is_empty())
            .map(|roots| roots.iter().filter_map(dir).collect()),
        gowork_off,
        skipped: modules
            .filter(|dir| config.skips(dir, "").is_some())
            .collect(),
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
