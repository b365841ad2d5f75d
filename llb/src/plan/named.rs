//! The mains of a repository with the names of their images, whether or not they can be built.

use super::settings::Target;
use super::{images, outline};
use crate::config::{Config, ImageName};
use crate::packages::{Main, Scan};
use crate::workspace::Workspace;

/// The mains of the repository with the names of their images: also those that cannot be built,
/// such as for a file that is embedded and not there.
pub fn named_mains(
    scan: &Scan,
    workspace: &Workspace,
    config: &Config,
    target: &Target,
) -> Vec<(ImageName, Main)> {
    let go_minor = outline::builder(workspace, config).go_minor;
    let named = images::name(scan, workspace, config, target, go_minor);
    let mut mains = Vec::new();
    for main in named.mains {
        let found = Main {
            path: main.package,
            dir: main.dir,
        };
        mains.push((main.config.name, found));
    }
    mains
}
