//! Phase: scan the context in a step of our own image.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use gowork_llb::config::{Config, Stage};
use gowork_llb::diag::Diagnostic;
use gowork_llb::limits;
use gowork_llb::ops::exec::{Exec, Mount, Network};
use gowork_llb::ops::{Digest, Output};
use gowork_llb::packages::{self, Scan};
use gowork_llb::plan::{self, Outline};
use gowork_llb::tree::TreePath;
use gowork_llb::workspace::{self, Workspace};

use super::overlays::Overlays;
use crate::builder::session::Session;
use crate::context::{Filter, transfer_pattern};
use crate::error::{BuildError, SourceFiles};
use crate::opts::NoCache;
use crate::steps::scan::SCAN_FILE;
use crate::steps::transferred;

/// What the context says about its modules and packages.
pub(in crate::builder) struct Scanned {
    pub(in crate::builder) scan: Scan,
    pub(in crate::builder) workspace: Workspace,
    /// What is wrong with the mod files.
    pub(in crate::builder) diagnostics: Vec<Diagnostic>,
    /// The stages that the configuration has tables for.
    pub(in crate::builder) stages: BTreeMap<String, Stage>,
    /// What is laid over the context.
    pub(in crate::builder) overlays: Rc<Overlays>,
    /// The files that were scanned.
    source: Output,
    /// The same as steps of this program read them.
    pub(super) inputs: Inputs,
}

/// What a step reads of the context that the library asks about.
pub(super) struct Inputs {
    /// The context, or a listing of it with some contents.
    context: Output,
    /// A listing of what is laid over the context, unless `context` already has it.
    laid: Option<Output>,
    /// A digest of the names in the listing.
    names: String,
}

/// Scans the context, with `overlays` on it.
pub(in crate::builder) async fn run(
    session: &Session<'_>,
    config: &Config,
    overlays: &Rc<Overlays>,
    files: &mut SourceFiles,
) -> Result<Scanned, BuildError> {
    let contents = packages::SCAN_PATTERNS.map(ToOwned::to_owned);
    let mut scanned = scan(
        session,
        config,
        overlays,
        files,
        &Filter::Listing {
            hint: "listing",
            contents: &contents,
        },
    )
    .await?;
    let mut asked = None;
    // A mod file that was missing before may name more of them.
    for _ in 0..MAX_SCANS {
        let more = packages::more_patterns(&scanned.scan).filter(|_| session.context.can_list());
        if more.is_none() || more == asked {
            break;
        }
        asked = more;
        let contents = asked.as_deref().unwrap_or_default();
        scanned = scan(
            session,
            config,
            overlays,
            files,
            &Filter::Listing {
                hint: "listing-with-more",
                contents,
            },
        )
        .await?;
    }
    Ok(scanned)
}

/// How often a context is scanned again for what earlier scans show to be missing: go.mod files
/// behind links, whose modules have links too, and so on.
const MAX_SCANS: usize = 4;

/// Scans a part of the context. The step runs again only if a file that it reads, or the list of
/// names, has changed.
async fn scan(
    session: &Session<'_>,
    config: &Config,
    overlays: &Rc<Overlays>,
    files: &mut SourceFiles,
    part: &Filter<'_>,
) -> Result<Scanned, BuildError> {
    let context = session.context.source(part);
    let source = overlays.over(&context);
    // BuildKit leaves the listing out of the content that keys a step: without this a file that
    // appears, in an embedded directory for example, would go unnoticed.
    let (names, laid) = match part {
        Filter::Listing { contents, .. } if session.context.can_list() => {
            (names(session, &context).await?, overlays.listing(contents))
        }
        _ => (String::new(), None),
    };
    let inputs = Inputs {
        context: if laid.is_some() {
            context
        } else {
            source.clone()
        },
        laid,
        names,
    };
    let out = format!("/out/{SCAN_FILE}");
    let step = inputs
        .exec(session, &["scan"], &["--out", &out])
        .named("scan Go sources");
    let scan: Scan = session.answer(step, "/out", SCAN_FILE).await?;
    if let Some(refused) = &scan.refused {
        return Err(refused.diagnostic().into());
    }
    for (path, text) in &scan.mod_files {
        // No error points into sums, and they are large.
        // Errors show a mod file as the repository has it.
        if !path.name().ends_with(".sum") && !overlays.has_changed(path) {
            files.add(path.as_str(), text.as_bytes(), "go.mod");
        }
    }
    let loaded = workspace::load_chosen(&scan.mod_files, &plan::roots(config, &scan.mod_files));
    Ok(Scanned {
        scan,
        workspace: loaded.workspace,
        diagnostics: loaded.diagnostics,
        stages: config.stages.clone(),
        overlays: Rc::clone(overlays),
        source,
        inputs,
    })
}

impl Inputs {
    /// A step of this program that reads the context, and writes to `/out`: the words before and
    /// after those that say where the context is.
    pub(super) fn exec(&self, session: &Session<'_>, command: &[&str], rest: &[&str]) -> Exec {
        let mut words = vec!["/gowork-frontend"];
        words.extend(command);
        words.extend(["--source", "/src"]);
        if self.laid.is_some() {
            words.extend(["--laid", "/laid"]);
        }
        words.extend(rest);
        let mut exec = Exec::new(words)
            .root(session.programs)
            .mount(Mount::read_only(&self.context, "/src"));
        if let Some(laid) = &self.laid {
            exec = exec.mount(Mount::read_only(laid, "/laid"));
        }
        exec.mount(Mount::scratch_output("/out"))
            .env("GOWORK_NAMES", &self.names)
            .network(Network::None)
            .platform(session.options.build_platform.clone())
            .ignore_cache(session.options.no_cache == NoCache::All)
    }
}

/// A digest of the names in the listing.
async fn names(session: &Session<'_>, source: &Output) -> Result<String, BuildError> {
    let solved = session.solve(source, true).await?;
    let records = session
        .gateway
        .read_file(&solved.reference, transferred::METADATA_FILE)
        .await?;
    let names =
        transferred::names(&records).map_err(|error| Diagnostic::error(error.to_string()))?;
    Ok(Digest::of(&names).as_str().to_owned())
}

/// Errors for which the source files themselves are fetched, to show the lines.
const MAX_FILES: usize = 10;

impl Scanned {
    /// What was transferred to be scanned, if it has all that an outline's steps may read: mostly
    /// it has, and another transfer costs a round of the client's files. Links are left out of it.
    pub(in crate::builder) fn context(&self, outline: &Outline) -> Option<&Output> {
        let paths = outline.tree_paths();
        let mut transferred = paths.iter().filter(|path| !self.overlays.has(path));
        let is_whole = transferred.all(|path| packages::is_scanned(path) && !self.is_linked(path));
        (is_whole && outline.file_patterns().is_empty()).then_some(&self.source)
    }

    /// Whether a path, or a directory above it, is a link.
    fn is_linked(&self, path: &TreePath) -> bool {
        let mut above = std::iter::successors(Some(path.clone()), TreePath::parent);
        above.any(|path| self.scan.links.contains_key(&path))
    }

    /// Fetches the texts of the Go files that diagnostics point into. A file that cannot be had is
    /// shown by its name alone.
    pub(in crate::builder) async fn add_sources(
        &self,
        session: &Session<'_>,
        diagnostics: &[Diagnostic],
        files: &mut SourceFiles,
    ) {
        let missing = missing_files(diagnostics, files);
        if missing.is_empty() {
            return;
        }
        let Some(missing) = read_into(session, &self.source, missing, files).await else {
            return;
        };
        // What is vendored was not transferred to be scanned.
        let is_vendored = |file: &String| file.split('/').any(|element| element == "vendor");
        let vendored: Vec<String> = missing.into_iter().filter(is_vendored).collect();
        if vendored.is_empty() {
            return;
        }
        let paths: Vec<String> = vendored.iter().map(|file| transfer_pattern(file)).collect();
        let filter = Filter::Paths {
            hint: "shown",
            paths: &paths,
        };
        let source = session.context.source(&filter);
        read_into(session, &source, vendored, files).await;
    }
}

/// Adds the beginnings of `missing` files to `files`, and returns those that `source` does not have.
/// `None` if nothing can be read.
async fn read_into(
    session: &Session<'_>,
    source: &Output,
    missing: Vec<String>,
    files: &mut SourceFiles,
) -> Option<Vec<String>> {
    let solved = session.solve(source, false).await.ok()?;
    let mut rest = Vec::new();
    for file in missing {
        let start = Some(0..limits::SHOWN_FILE as u64);
        let read = session.gateway.read_range(&solved.reference, &file, start);
        match read.await {
            Ok(text) => files.add(file, text, "go"),
            Err(_) => rest.push(file),
        }
    }
    Some(rest)
}

/// The first files that diagnostics point into and whose texts are not in `files`, by name.
fn missing_files(diagnostics: &[Diagnostic], files: &SourceFiles) -> Vec<String> {
    let mut missing = BTreeSet::new();
    for diagnostic in diagnostics {
        let related = diagnostic.related.iter().map(|(span, _)| span);
        for span in diagnostic.span.iter().chain(related) {
            if files.size(&span.file).is_none() {
                missing.insert(span.file.clone());
            }
        }
    }
    missing.into_iter().take(MAX_FILES).collect()
}
