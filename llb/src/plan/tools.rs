//! Tools that the stages of a Dockerfile take: programs that `tool` lines of go.mod files name. Each
//! is made like an image of its own that has nothing but the program.

use std::collections::BTreeMap;

use super::found::{NamedMain, tools};
use super::mains::Mains;
use super::roots;
use super::settings::Target;
use crate::config::{Config, ImageName};
use crate::gomod::ImportPath;
use crate::packages::Tool;
use crate::tree::TreePath;
use crate::workspace::{RootIx, Workspace};

/// A tool, as one go.work or go.mod has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedTool {
    /// Its import path.
    pub path: ImportPath,
    /// The directory of the go.work or go.mod that says which version it has.
    pub dir: TreePath,
    root: RootIx,
    tool: Tool,
}

/// The tools of a repository, by what their programs are called on a platform. Several may have one
/// name.
pub fn named_tools(
    workspace: &Workspace,
    config: &Config,
    target: &Target,
) -> BTreeMap<String, Vec<NamedTool>> {
    let unnamed = config.image("");
    let mut named: BTreeMap<String, Vec<NamedTool>> = BTreeMap::new();
    for (ix, root) in workspace.roots() {
        if !roots::serves(root, &unnamed) {
            continue;
        }
        for tool in tools(workspace, ix).into_values() {
            let file = target.file_name(tool.path.binary_name());
            named.entry(file).or_default().push(NamedTool {
                path: tool.path.clone(),
                dir: root.dir.clone(),
                root: ix,
                tool,
            });
        }
    }
    named
}

/// The tools that the configuration asks for ([`Config::tools`]), but for those whose names an image
/// has, and those that are not the only ones of their name.
pub(super) fn asked(mains: &Mains<'_>, named: &[NamedMain]) -> Vec<NamedMain> {
    let config = mains.config;
    if config.tools.is_empty() {
        return Vec::new();
    }
    let mut asked = Vec::new();
    for (file, tools) in named_tools(mains.workspace, config, mains.target) {
        let [only] = tools.as_slice() else {
            continue;
        };
        let name = ImageName::new(only.path.binary_name());
        let is_image = named.iter().any(|main| main.config.name == name);
        let is_image = is_image || config.images.contains_key(&name);
        if is_image || !config.tools.contains(&file) {
            continue;
        }
        let module = mains.workspace.module(only.tool.module);
        asked.push(NamedMain {
            root: only.root,
            package: only.path.clone(),
            dir: module.dir.clone(),
            profile: None,
            config: config.image(&name),
            binaries: Vec::new(),
            variant_of: None,
            tool: Some(only.tool.clone()),
        });
    }
    asked
}
