//! Mains as they are found, and as their images take them.

use std::collections::BTreeMap;

use super::settings::{GoSettings, Target};
use crate::config::{ImageConfig, ImageName};
use crate::gomod::ImportPath;
use crate::packages::{Main, Scan, Tool};
use crate::tree::TreePath;
use crate::workspace::{RootIx, Workspace};

/// How many mains a message names.
pub(super) const SHOWN: usize = 10;

/// One main of the repository, while names are given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) root: RootIx,
    pub(super) main: Main,
}

/// A main with its image's name and configuration.
#[derive(Debug, Clone)]
pub(super) struct NamedMain {
    pub(super) root: RootIx,
    /// Import path.
    pub(super) package: ImportPath,
    /// Its directory.
    pub(super) dir: TreePath,
    /// Its `default.pgo`, if it has one.
    pub(super) profile: Option<TreePath>,
    pub(super) config: ImageConfig,
    /// The binaries that its image holds in addition to its own.
    pub(super) binaries: Vec<NamedBinary>,
    /// The image that its own is a variant of, for a debugger.
    pub(super) variant_of: Option<ImageName>,
    /// The tool that it is, if it is one.
    pub(super) tool: Option<Tool>,
}

/// A binary that an image holds in addition to its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NamedBinary {
    pub(super) root: RootIx,
    pub(super) main: BinaryMain,
    pub(super) settings: GoSettings,
    /// `-ldflags`.
    pub(super) ldflags: String,
    /// `-buildvcs`.
    pub(super) buildvcs: bool,
    /// Its file name, without what Windows adds.
    pub(super) file: String,
    /// The image whose own it is, if it is one's.
    pub(super) image: Option<ImageName>,
}

/// What such a binary is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum BinaryMain {
    /// A main of the repository.
    Own(ImportPath),
    /// A tool.
    Tool(Tool),
}

impl NamedBinary {
    /// A tool, compiled as the image is.
    pub(super) fn of_tool(tool: Tool, image: &NamedMain, target: &Target) -> Self {
        Self {
            root: image.root,
            settings: GoSettings::new(&image.config.compile, target),
            ldflags: image.config.ldflags.clone(),
            buildvcs: false,
            file: tool.path.binary_name().to_owned(),
            main: BinaryMain::Tool(tool),
            image: None,
        }
    }
}

/// The tools that the go.mod files of a root's modules name, by import path.
pub(super) fn tools(workspace: &Workspace, root: RootIx) -> BTreeMap<&str, Tool> {
    let mut tools = BTreeMap::new();
    for &module in &workspace.root(root).members {
        for line in &workspace.module(module).file.tool {
            tools.entry(line.value.as_str()).or_insert_with(|| Tool {
                path: ImportPath::new(&line.value),
                module,
                at: line.span.start,
            });
        }
    }
    tools
}

impl BinaryMain {
    /// Its import path.
    pub(super) fn path(&self) -> &ImportPath {
        match self {
            Self::Own(path) => path,
            Self::Tool(tool) => &tool.path,
        }
    }
}

impl NamedMain {
    /// The file name of its binary, without what Windows adds.
    pub(super) fn file(&self) -> &str {
        match &self.config.binary {
            Some(configured) => &configured.value,
            None => self.package.binary_name(),
        }
    }

    /// Whether the configured `main`, or an item of `binaries`, means this one.
    pub(super) fn is_named_by(&self, written: &str) -> bool {
        is_called(&self.package, &self.dir, written)
    }
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
    is_called(&main.path, &main.dir, written)
}

fn is_called(path: &ImportPath, dir: &TreePath, written: &str) -> bool {
    written == path.as_str()
        || dir.as_str() == written.trim_start_matches("./").trim_end_matches('/')
        || (written == "." && dir.is_root())
}

/// The profile of a main in `dir`, if it has one.
pub(super) fn profile(scan: &Scan, dir: &TreePath) -> Option<TreePath> {
    let scanned = scan.dirs.get(dir)?;
    scanned.pgo.then(|| dir.child("default.pgo"))
}
