//! Where the repository begins: the directory that `-C` names, or one at or above the current
//! directory.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use gowork_llb::config::WrittenFor;
use gowork_llb::tree::TreePath;

use crate::{bounded, slashed};

/// Names that a configuration may have without `-f`, in the order in which a directory is searched:
/// first what `docker buildx build` takes.
pub(crate) const DOCKERFILES: [&str; 2] = ["Dockerfile", "dockerfile"];
/// The configuration's other name.
pub(crate) const CONFIGURATION: &str = "gowork.toml";

/// The repository's root.
#[derive(Debug, Clone, Default)]
pub(crate) struct Root {
    /// The directory, as seen from the current one.
    pub(crate) dir: PathBuf,
    /// The current directory as seen from there, with a slash at its end; empty where they are one,
    /// or `-C` names the root.
    pub(crate) below: String,
    /// The file that makes it the root, where that is a directory above.
    pub(crate) found: Option<&'static str>,
}

impl Root {
    /// The directory `given` with `-C`. Without it the nearest, up to the root of the git
    /// repository, that has a go.work or a configuration; else the nearest with a go.mod; else the
    /// current one.
    pub(crate) fn find(given: Option<&Path>) -> anyhow::Result<Self> {
        if let Some(dir) = given {
            return Ok(Self {
                dir: dir.to_path_buf(),
                ..Self::default()
            });
        }
        let here = std::env::current_dir().context("current directory")?;
        let mut above: Vec<&Path> = Vec::new();
        for dir in here.ancestors() {
            above.push(dir);
            if dir.join(".git").exists() {
                break;
            }
        }
        let nearest = |names: &dyn Fn(&Path) -> Option<&'static str>| {
            above
                .iter()
                .enumerate()
                .find_map(|(up, dir)| Some((up, names(dir)?)))
        };
        let found = nearest(&build_root).or_else(|| nearest(&|dir| is_file(dir, "go.mod")));
        let Some((up @ 1.., name)) = found else {
            return Ok(Self {
                dir: ".".into(),
                ..Self::default()
            });
        };
        let below = here.strip_prefix(above[up]).unwrap_or(&here);
        Ok(Self {
            dir: vec![".."; up].join("/").into(),
            below: slashed::of(below) + "/",
            found: Some(name),
        })
    }
}

impl Root {
    /// A file that the command line names: from the current directory if it is there, else from the
    /// root.
    pub(crate) fn path(&self, written: &str) -> String {
        let written = slashed::written(written);
        let from_here = TreePath::ROOT.join(&format!("{}{written}", self.below));
        match from_here {
            Ok(path) if !self.below.is_empty() && self.dir.join(path.as_str()).exists() => {
                path.to_string()
            }
            _ => written,
        }
    }
}

/// The file that says that a build has this directory as its context.
fn build_root(dir: &Path) -> Option<&'static str> {
    let is_ours = |name: &&'static str| {
        let text = is_file(dir, name).and_then(|name| bounded::read(&dir.join(name)).ok());
        text.is_some_and(|text| {
            WrittenFor::of(&String::from_utf8_lossy(&text)) == WrittenFor::Gowork
        })
    };
    let configuration =
        || is_file(dir, CONFIGURATION).or_else(|| DOCKERFILES.into_iter().find(is_ours));
    is_file(dir, "go.work").or_else(configuration)
}

fn is_file(dir: &Path, name: &'static str) -> Option<&'static str> {
    dir.join(name).is_file().then_some(name)
}
