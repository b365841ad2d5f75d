//! Phase: find out what is laid over the repository before it is scanned: directories of stages and
//! of named contexts.
//!
//! What has such a directory is built first, for the platform of the builder. Its names are listed,
//! so that a scan knows them. From then on its files are files of the repository: one copy lays
//! them over each transfer of the context, and steps take theirs from the result. Modules of named
//! contexts are laid over it in the same way, with the mod files that name their directories.

use std::collections::{BTreeMap, BTreeSet};

use buildkit_proto::fsutil::types::Stat;
use futures_util::future::try_join_all;
use gowork_llb::config::{Config, OverlayConfig, Spanned};
use gowork_llb::diag::Diagnostic;
use gowork_llb::limits;
use gowork_llb::ops::Output;
use gowork_llb::ops::file::{Copy, File, Mkdir, Mkfile, Owner};
use gowork_llb::tree::TreePath;
use gowork_llb::workspace::PlacedContexts;

use super::made::{self, Asked, Made};
use crate::builder::session::Session;
use crate::error::BuildError;
use crate::steps::transferred;

/// How many directories are listed at a time.
const LISTED_AT_ONCE: usize = 32;

/// What is laid over the repository.
#[derive(Clone, Default)]
pub(in crate::builder) struct Overlays {
    laid: Vec<Laid>,
    /// Mod files that name directories of contexts.
    texts: BTreeMap<TreePath, String>,
    /// The paths of its files in the repository.
    files: BTreeSet<TreePath>,
    /// The names as the transfer of a context lists them.
    records: Vec<u8>,
}

/// One overlay.
#[derive(Clone)]
struct Laid {
    output: Output,
    source: String,
    to: TreePath,
}

/// What is not taken of an overlay: the repository that a context may be a checkout of.
const NOT_LAID: &str = ".git";

/// Builds what the overlays of a configuration are taken from, and lists them.
///
/// # Errors
/// If a stage or context does not exist, cannot be built, needs Go binaries, or has no such
/// directory: at the table of the overlay.
pub(in crate::builder) async fn make(
    session: &Session<'_>,
    config: &Config,
) -> Result<Overlays, BuildError> {
    let configs = config.overlays();
    let mut asked: BTreeMap<&str, &Spanned<String>> = BTreeMap::new();
    for overlay in &configs {
        asked
            .entry(overlay.from.value.as_str())
            .or_insert(&overlay.from);
    }
    let building = asked.values().map(|from| {
        let at = from.span.as_ref();
        let stages = &config.stages;
        let made_from = "these are compiled from what the stage makes";
        made::make(
            session,
            Asked {
                name: from,
                at,
                stages,
                platform: &session.options.build_platform,
                made_from,
            },
        )
    });
    let built = try_join_all(building).await?;
    let made: BTreeMap<&str, Made> = asked.into_keys().zip(built).collect();
    let mut overlays = Overlays::default();
    for overlay in &configs {
        if let Some(made) = made.get(overlay.from.value.as_str()) {
            overlays.add(session, made, overlay).await?;
        }
    }
    Ok(overlays)
}

impl Overlays {
    /// The same with modules of named contexts, and the mod files that name them.
    ///
    /// # Errors
    /// If a context cannot be read.
    pub(in crate::builder) async fn with_contexts(
        &self,
        session: &Session<'_>,
        placed: PlacedContexts,
    ) -> Result<Self, BuildError> {
        let mut overlays = self.clone();
        let stages = BTreeMap::new();
        for (name, dir) in &placed.dirs {
            if self.is_laid(dir) {
                continue;
            }
            let asked = Asked {
                name,
                at: None,
                stages: &stages,
                platform: &session.options.build_platform,
                made_from: "these are compiled from it",
            };
            let made = made::make(session, asked).await?;
            let overlay = OverlayConfig::of_context(name, dir.clone());
            overlays.add(session, &made, &overlay).await?;
        }
        for (path, text) in placed.texts {
            if overlays.files.insert(path.clone()) {
                let record = transferred::record(&path, 0o644, "");
                overlays.records.extend(record);
            }
            overlays.texts.insert(path, text);
        }
        Ok(overlays)
    }

    /// Whether all of these contexts are laid.
    pub(in crate::builder) fn have(&self, placed: &PlacedContexts) -> bool {
        placed.dirs.values().all(|dir| self.is_laid(dir))
    }

    fn is_laid(&self, dir: &TreePath) -> bool {
        self.laid.iter().any(|laid| laid.to == *dir)
    }

    /// Whether a mod file is not as the repository has it, but names directories of contexts.
    pub(in crate::builder) fn has_changed(&self, path: &TreePath) -> bool {
        self.texts.contains_key(path)
    }

    /// Lists an overlay and adds it.
    async fn add(
        &mut self,
        session: &Session<'_>,
        made: &Made,
        overlay: &OverlayConfig,
    ) -> Result<(), BuildError> {
        let to = overlay.to.value.clone();
        let mut has_files = false;
        let mut level = vec![String::new()];
        while !level.is_empty() && !made.reference.is_scratch() {
            let mut below = Vec::new();
            for dirs in level.chunks(LISTED_AT_ONCE) {
                let listing = dirs.iter().map(|dir| list(session, made, overlay, dir));
                let listed = try_join_all(listing).await?;
                for (dir, entries) in dirs.iter().zip(listed) {
                    for entry in entries {
                        if entry.path == NOT_LAID && dir.is_empty() {
                            continue;
                        }
                        let path = format!("{dir}/{}", entry.path);
                        let is_directory = transferred::is_directory(entry.mode);
                        has_files |= !is_directory;
                        self.note(&to, path.trim_start_matches('/'), &entry);
                        if is_directory {
                            below.push(path);
                        }
                    }
                    self.check_limits(overlay)?;
                }
            }
            level = below;
        }
        if !has_files {
            return Err(nothing(overlay).into());
        }
        self.laid.push(Laid {
            output: made.output.clone(),
            source: overlay.source.value.clone(),
            to,
        });
        Ok(())
    }

    fn note(&mut self, to: &TreePath, path: &str, entry: &Stat) {
        let Ok(path) = to.join(path) else {
            return;
        };
        let record = transferred::record(&path, entry.mode, &entry.linkname);
        self.records.extend(record);
        if !transferred::is_directory(entry.mode) {
            self.files.insert(path);
        }
    }

    fn check_limits(&self, overlay: &OverlayConfig) -> Result<(), Diagnostic> {
        let problem = if self.files.len() > limits::OVERLAY_FILES {
            format!("more than {} files", limits::OVERLAY_FILES)
        } else if self.records.len() > limits::OVERLAY_NAMES {
            format!("names of more than {} bytes", limits::OVERLAY_NAMES)
        } else {
            return Ok(());
        };
        let error = Diagnostic::error(format!("the overlays have {problem}, gowork's limit"));
        let error = error.help("name the directory that is needed as `source`");
        Err(error.at(overlay.from.span.clone()))
    }

    /// A transfer of the context with the overlays on it.
    pub(in crate::builder) fn over(&self, context: &Output) -> Output {
        if self.laid.is_empty() {
            return context.clone();
        }
        let mut file = File::on(context);
        for laid in &self.laid {
            file = file.copy(laid.copy());
        }
        let file = self.with_texts(file);
        file.named("[internal] lay overlays over the build context")
            .output()
    }

    /// The names in the overlays, and the contents of what matches these patterns, in the form of a
    /// transfer. Returns `None` if there are no overlays.
    pub(in crate::builder) fn listing(&self, contents: &[String]) -> Option<Output> {
        if self.laid.is_empty() {
            return None;
        }
        let patterns = contents
            .iter()
            .filter(|pattern| !pattern.starts_with('!'))
            .cloned();
        let mut file = File::on(&Output::scratch());
        for laid in &self.laid {
            file = file.copy(laid.copy().include(patterns.clone()));
        }
        let mut file = self.with_texts(file);
        let path = format!("/{}", transferred::METADATA_FILE);
        let records = Mkfile::new(&path, 0o644, self.records.clone()).timestamp(0);
        file = file.mkfile(records);
        Some(file.named("[internal] list overlays").output())
    }

    /// Adds the mod files that name directories of contexts.
    fn with_texts(&self, mut file: File) -> File {
        for (path, text) in &self.texts {
            if let Some(dir) = path.parent().filter(|dir| !dir.is_root()) {
                file = file.mkdir(Mkdir::new(&format!("/{dir}"), 0o755).parents().timestamp(0));
            }
            let text = text.clone().into_bytes();
            file = file.mkfile(Mkfile::new(&format!("/{path}"), 0o644, text).timestamp(0));
        }
        file
    }

    /// Whether a file of an overlay has this path.
    pub(in crate::builder) fn has(&self, path: &TreePath) -> bool {
        self.files.contains(path)
    }
}

impl Laid {
    fn copy(&self) -> Copy {
        Copy::from(&self.output, &self.source, &format!("/{}", self.to))
            .contents_only()
            .exclude([NOT_LAID])
            .create_dest_path()
            .follow_symlinks()
            .owner(Owner::ids(0, 0))
    }
}

/// What is in a directory of an overlay. `dir` is below its source.
async fn list(
    session: &Session<'_>,
    made: &Made,
    overlay: &OverlayConfig,
    dir: &str,
) -> Result<Vec<Stat>, BuildError> {
    let path = format!("{}{dir}", overlay.source.value.trim_end_matches('/'));
    let path = if path.is_empty() { "/" } else { &path };
    let listed = session.gateway.read_dir(&made.reference, path).await;
    listed.map_err(|error| match &error.status.message {
        _ if error.is_not_found() => nowhere(overlay).into(),
        message if message.ends_with("not a directory") => no_directory(overlay).into(),
        _ => BuildError::from(error).at(overlay.from.span.clone()),
    })
}

fn nowhere(overlay: &OverlayConfig) -> Diagnostic {
    let (from, source) = (&overlay.from.value, &overlay.source.value);
    let error = Diagnostic::error(format!("{from} has no directory {source}"));
    let error = error.help("`source` is the directory in the stage or context to take files from");
    error.at(overlay.source.span.clone())
}

fn no_directory(overlay: &OverlayConfig) -> Diagnostic {
    let (from, source) = (&overlay.from.value, &overlay.source.value);
    let error = Diagnostic::error(format!("{source} in {from} is not a directory"));
    let error = error.help("set `source` to the directory that contains it");
    error.at(overlay.source.span.clone())
}

fn nothing(overlay: &OverlayConfig) -> Diagnostic {
    let (from, source) = (&overlay.from.value, &overlay.source.value);
    let error = Diagnostic::error(format!("{source} in {from} has no files"));
    let error = error.help("set `source` to the directory that the stage writes to");
    error.at(overlay.source.span.clone())
}
