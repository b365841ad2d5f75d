//! What `from` of `files` names: a path or a pattern, in the build context or in a stage.

use std::fmt;

use super::check_runtime;
use super::values::STAGE;
use super::wrong::{Wrong, wrong};
use crate::gosrc::glob;
use crate::tree::TreePath;

/// Where files for an image come from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileSource {
    stage: Option<String>,
    path: TreePath,
}

impl FileSource {
    /// Reads `config/app.yaml`, `migrations/*.sql`, or `stage:NAME/path`.
    pub(super) fn parse(text: &str) -> Result<Self, Wrong> {
        let (stage, path) = match text.strip_prefix(STAGE) {
            None => (None, text),
            Some(rest) => {
                let (name, path) = rest.split_once('/').unwrap_or((rest, ""));
                super::check::stage(name)?;
                (Some(name.to_owned()), path.trim_start_matches('/'))
            }
        };
        let path = match &stage {
            None => check_runtime::context_path(path)?,
            Some(stage) => TreePath::new(path).or_else(|_| {
                wrong(
                    format!("{text:?} lies outside of stage {stage}"),
                    format!("paths are from its root: \"{STAGE}{stage}/srv/www\""),
                )
            })?,
        };
        let source = Self { stage, path };
        let mut parts = source.path.as_str().split('/');
        if source.is_pattern() && parts.any(|part| glob::matches(part, "").is_err()) {
            return wrong(
                format!("{text:?} is not a pattern"),
                "`*` and `?` stand for characters, and `[a-z]` for one of them: close the `[`",
            );
        }
        Ok(source)
    }

    /// The stage or named context. Returns `None` for the build context.
    pub fn stage(&self) -> Option<&str> {
        self.stage.as_deref()
    }

    /// The path or pattern, from the root of the stage or of the build context.
    pub fn path(&self) -> &TreePath {
        &self.path
    }

    /// Whether it is a pattern, as COPY of a Dockerfile has them: Go's `path.Match`, for each element
    /// of a path.
    pub fn is_pattern(&self) -> bool {
        is_pattern(self.path.as_str())
    }

    /// The pattern, if it is one for files of the build context.
    pub fn context_pattern(&self) -> Option<&TreePath> {
        (self.stage.is_none() && self.is_pattern()).then_some(&self.path)
    }

    /// The path in the build context that it takes, or below which all is that it takes. Returns
    /// `None` for a stage.
    pub fn context_path(&self) -> Option<TreePath> {
        self.stage.is_none().then(|| self.literal_path())
    }

    /// The path, or of a pattern the directory above what may be several files.
    pub fn literal_path(&self) -> TreePath {
        let mut path = self.path.clone();
        while is_pattern(path.as_str()) {
            path = path.parent().unwrap_or_default();
        }
        path
    }

    /// Whether it takes this file of the build context.
    pub fn takes(&self, file: &TreePath) -> bool {
        if self.stage.is_some() {
            return false;
        }
        if !self.is_pattern() {
            return file.is_under(&self.path);
        }
        let mut names = file.as_str().split('/');
        // What a pattern matches may be a directory: then all below it is taken.
        self.path.as_str().split('/').all(|pattern| {
            let name = names.next();
            name.is_some_and(|name| glob::matches(pattern, name) == Ok(true))
        })
    }
}

/// Characters that make a pattern of a path. A backslash alone does not: in a file name it stands
/// for itself.
fn is_pattern(path: &str) -> bool {
    path.contains(['*', '?', '['])
}

impl fmt::Display for FileSource {
    /// As it is written, with a clean path.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.stage {
            None => self.path.fmt(f),
            Some(stage) => write!(f, "{STAGE}{stage}/{}", self.path.as_str()),
        }
    }
}
