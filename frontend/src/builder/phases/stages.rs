//! Phase: which binaries the stages of a Dockerfile take, and for which platforms.
//!
//! Docker's frontend is asked for the stages with something in place of the binaries that cannot be
//! mistaken for anything else. It builds nothing, but says what would be built: the LLB of the
//! target. In it are the stages that the target reaches and no others, arguments are filled in, and
//! what ONBUILD of a base image adds is there. So nothing of the Dockerfile's language is known
//! here: what takes of the stand-in's op is a copy, a mount, or a stage that starts from it.

use std::collections::{BTreeMap, BTreeSet};

use buildkit_proto::pb;
use gowork_llb::diag::{self, Diagnostic, Position, Span};
use gowork_llb::gosrc::glob;
use gowork_llb::lower;
use gowork_llb::ops::file::{File, Mkfile};
use gowork_llb::ops::{Digest, Output, Platform};
use gowork_llb::tree::{Ignore, TreePath};
use prost::Message as _;

use crate::builder::docker::{self, CONTEXT, Request};
use crate::builder::session::{Session, bug};
use crate::error::BuildError;
use crate::gateway::GatewayError;
use crate::opts::keys;

/// The check of Dockerfiles, switched off: what it finds is shown once, by the build.
const NO_CHECK: &str = "skip=all";

/// What instructions of a Dockerfile take of the binaries, by platform.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::builder) struct Taken(BTreeMap<Platform, Vec<Take>>);

/// What one instruction takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Take {
    pub(super) what: What,
    /// Patterns of what it leaves out.
    pub(super) except: Vec<String>,
    /// Where it is in the Dockerfile.
    pub(super) span: Option<Span>,
}

/// Which binaries are taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum What {
    /// All of them.
    Everything,
    /// The one at this path, without the slash at its beginning.
    Path(String),
    /// Those that a pattern fits.
    Glob(String),
    /// Those that one of these patterns fits, in the form of .dockerignore (`COPY --parents`).
    Patterns(Vec<String>),
}

impl Taken {
    /// The platforms that binaries are taken for.
    pub(in crate::builder) fn platforms(&self) -> Vec<Platform> {
        self.0.keys().cloned().collect()
    }

    /// The single files that instructions take.
    pub(in crate::builder) fn paths(&self) -> BTreeSet<String> {
        let mut paths = BTreeSet::new();
        for take in self.0.values().flatten() {
            if let What::Path(path) = &take.what {
                paths.insert(path.clone());
            }
        }
        paths
    }

    /// What instructions take for a platform.
    pub(super) fn of(&self, platform: &Platform) -> &[Take] {
        self.0.get(platform).map(Vec::as_slice).unwrap_or_default()
    }
}

/// A request to Docker's frontend with stand-ins for the binaries of every platform.
pub(in crate::builder) async fn without_binaries(
    session: &Session<'_>,
) -> Result<Request, GatewayError> {
    let mut request = Request::new(session).await?;
    if docker::has_own_context(session) {
        return Ok(request);
    }
    for platform in platforms(session) {
        request = request.binaries(Some(&platform), &stand_in(Some(&platform)));
    }
    Ok(request.binaries(None, &stand_in(None)))
}

/// Finds out what the stages take. Returns `None` if the user gave a context in place of the
/// binaries.
///
/// # Errors
/// What Docker's frontend finds wrong with the Dockerfile, and a stage that has the name of the
/// binaries.
pub(in crate::builder) async fn find(session: &Session<'_>) -> Result<Option<Taken>, BuildError> {
    if docker::has_own_context(session) {
        return Ok(None);
    }
    refuse_name(session).await?;
    let request = quiet(without_binaries(session).await?);
    let result = match request.solve(session).await {
        Ok(result) => result,
        Err(error) => return Err(explained(session, error)),
    };
    let file = &session.context.definition().name;
    let mut reader = Reader::new(session, file);
    for one in docker::refs(&result) {
        match &one.def {
            Some(definition) => reader.read(definition)?,
            None if one.id.is_empty() => {}
            None => return Err(unknown_definition().into()),
        }
    }
    Ok(Some(Taken(reader.taken)))
}

/// Lets Docker's frontend say what it warns of in a Dockerfile that has errors: [`find`] keeps it
/// quiet, and no build follows.
pub(in crate::builder) async fn warn(session: &Session<'_>) {
    if let Ok(request) = without_binaries(session).await {
        // It fails as before.
        let _ = request.solve(session).await;
    }
}

/// A request for LLB and nothing else: no attestation, no call, no check.
pub(in crate::builder) fn quiet(request: Request) -> Request {
    request
        .without(keys::REQUEST_ID)
        .without(docker::ATTEST)
        .option(docker::CHECK, NO_CHECK)
}

/// The error of a result that comes without its LLB.
pub(in crate::builder) fn unknown_definition() -> Diagnostic {
    let error = Diagnostic::error(
        "this builder does not say what the stages of the Dockerfile are made from",
    );
    error.help("update Docker or BuildKit")
}

/// Whether LLB made from [`without_binaries`] takes binaries; if so, where the first instruction
/// that does is.
///
/// # Errors
/// If the LLB cannot be read.
pub(in crate::builder) fn takes_binaries(
    session: &Session<'_>,
    definition: &pb::Definition,
) -> Result<Option<Option<Span>>, Diagnostic> {
    let mut reader = Reader::new(session, &session.context.definition().name);
    reader.read(definition)?;
    let first = reader.taken.into_values().flatten().next();
    Ok(first.map(|take| take.span))
}

/// The error of Docker's frontend, with what to do if a line is TOML, or if what is taken for an
/// image has nearly the name of a named context.
fn explained(session: &Session<'_>, error: GatewayError) -> BuildError {
    let help = if error.status.message.contains("unknown instruction: [") {
        Some("the settings for a Dockerfile are in gowork.toml beside it".to_owned())
    } else {
        missing_image(&error.status.message).and_then(|name| meant(session, name))
    };
    let error = BuildError::from(error);
    match help {
        Some(help) => error.help(help),
        None => error,
    }
}

/// The named context that the name of an image which does not exist was most likely meant to be.
/// Docker's frontend itself suggests stages.
fn meant(session: &Session<'_>, image: &str) -> Option<String> {
    let contexts = session.options.contexts.named.keys();
    let contexts = contexts.filter_map(|name| name.split("::").next());
    let near = diag::nearest(image, contexts.chain([CONTEXT]))?;
    Some(format!(
        "{image} is taken for an image; did you mean {near}?"
    ))
}

/// The image that Docker's frontend says it cannot find, if only one word names it: a context could
/// be called so (frontend/dockerfile/dockerfile2llb, convert.go).
fn missing_image(message: &str) -> Option<&str> {
    let (before, after) = message.split_once(": failed to resolve source metadata for ")?;
    let name = before.rsplit(": ").next()?;
    let image = format!("docker.io/library/{name}:latest");
    after.starts_with(&image).then_some(name)
}

/// Looks for a stage with the name of the binaries, which would never be built: as a target, it is
/// found before anything is looked up. A list of all stages is another answer of Docker's frontend.
async fn refuse_name(session: &Session<'_>) -> Result<(), BuildError> {
    let definition = session.context.definition();
    let text = String::from_utf8_lossy(&definition.bytes);
    let Some(line) = stage_named(&text, CONTEXT) else {
        return Ok(());
    };
    let request = quiet(Request::new(session).await?).option(keys::TARGET, CONTEXT);
    if let Err(error) = request.solve(session).await
        && !is_circle(&error)
    {
        return Ok(());
    }
    let error = Diagnostic::error(format!(
        "no stage can be called {CONTEXT}: that is what the Go binaries are called"
    ));
    let error = error.help("give the stage another name");
    let at = Span::at(&definition.name, Position::new(line, 1));
    Err(error.at(at).into())
}

/// Whether Docker's frontend says that the stage with the name of the binaries takes of itself.
fn is_circle(error: &GatewayError) -> bool {
    let words = format!("circular dependency detected on stage: {CONTEXT}");
    error.status.message.contains(&words)
}

/// The line that seems to begin a stage with this name, if one does. A heredoc may have such a line
/// too.
fn stage_named(text: &str, name: &str) -> Option<u32> {
    let begins = |line: &str| {
        let mut words = line.split_whitespace().rev();
        let is_name = words
            .next()
            .is_some_and(|word| word.eq_ignore_ascii_case(name));
        is_name
            && words
                .next()
                .is_some_and(|word| word.eq_ignore_ascii_case("as"))
    };
    let (line, _) = (1..).zip(text.lines()).find(|(_, line)| begins(line))?;
    Some(line)
}

/// All platforms that a stage may have.
fn platforms(session: &Session<'_>) -> BTreeSet<Platform> {
    let mut all = BTreeSet::from_iter(lower::platforms());
    all.extend(session.options.target_platforms());
    all.insert(session.options.build_platform.clone());
    all
}

/// What stands for the binaries for a platform; `None` is any that Go does not compile for.
fn stand_in(platform: Option<&Platform>) -> Output {
    let text = match platform {
        Some(platform) => platform.to_string(),
        None => "any other platform".to_owned(),
    };
    let file = Mkfile::new("/binaries", 0o644, text.into_bytes());
    File::on(&Output::scratch())
        .mkfile(file)
        .named("[internal] Go binaries")
        .output()
}

/// Reads definitions for what they take of the stand-ins.
struct Reader<'a> {
    file: &'a str,
    /// Platforms by the digest of what stands for their binaries.
    stand_ins: BTreeMap<String, Option<Platform>>,
    taken: BTreeMap<Platform, Vec<Take>>,
}

impl<'a> Reader<'a> {
    fn new(session: &Session<'_>, file: &'a str) -> Self {
        let mut stand_ins = BTreeMap::new();
        let known = platforms(session).into_iter().map(Some);
        for platform in known.chain([None]) {
            let output = stand_in(platform.as_ref());
            let digest = output.digest().map(Digest::as_str).unwrap_or_default();
            stand_ins.insert(digest.to_owned(), platform);
        }
        Self {
            file,
            stand_ins,
            taken: BTreeMap::new(),
        }
    }

    fn read(&mut self, definition: &pb::Definition) -> Result<(), Diagnostic> {
        for bytes in &definition.def {
            let op = pb::Op::decode(bytes.as_slice())
                .map_err(|error| bug(format!("an op of the stages cannot be read: {error}")))?;
            for (index, input) in op.inputs.iter().enumerate() {
                let Some(platform) = self.stand_ins.get(&input.digest) else {
                    continue;
                };
                let span = span(definition, &Digest::of(bytes), self.file);
                let Some(platform) = platform.clone() else {
                    return Err(unknown_platform(span));
                };
                let takes = self.taken.entry(platform).or_default();
                for (what, except) in taken_by(&op, index) {
                    let span = span.clone();
                    takes.push(Take { what, except, span });
                }
            }
        }
        Ok(())
    }
}

fn unknown_platform(span: Option<Span>) -> Diagnostic {
    let error = Diagnostic::error(format!(
        "{CONTEXT} has no binaries for this platform: Go does not compile for it"
    ));
    error
        .help("`go tool dist list` prints the platforms of Go")
        .at(span)
}

/// What an op takes of its input `index`, with patterns of what it leaves out.
fn taken_by(op: &pb::Op, index: usize) -> Vec<(What, Vec<String>)> {
    let is_input = |input: i64| usize::try_from(input) == Ok(index);
    let everything = || (What::Everything, Vec::new());
    let mut all = Vec::new();
    match &op.op {
        Some(pb::op::Op::File(file)) => {
            for action in &file.actions {
                if is_input(action.input) {
                    all.push(everything());
                }
                if let Some(pb::file_action::Action::Copy(copy)) = &action.action
                    && is_input(action.secondary_input)
                {
                    all.push((What::of_copy(copy), copy.exclude_patterns.clone()));
                }
            }
        }
        Some(pb::op::Op::Exec(exec)) => {
            for mount in exec.mounts.iter().filter(|mount| is_input(mount.input)) {
                all.push((What::of_path(&mount.selector), Vec::new()));
            }
        }
        // A merged layer, or the terminal op: the target is the binaries themselves.
        _ => all.push(everything()),
    }
    all
}

impl What {
    fn of_path(path: &str) -> Self {
        match path.trim_matches('/') {
            "" | "." => Self::Everything,
            path => Self::Path(path.to_owned()),
        }
    }

    fn of_copy(copy: &pb::FileActionCopy) -> Self {
        match Self::of_path(&copy.src) {
            Self::Everything if !copy.include_patterns.is_empty() => {
                Self::Patterns(copy.include_patterns.clone())
            }
            Self::Path(path) if copy.allow_wildcard && glob::has_meta(&path) => Self::Glob(path),
            what => what,
        }
    }

    pub(super) fn has(&self, file: &str) -> bool {
        match self {
            Self::Everything => true,
            Self::Path(path) => path == file,
            Self::Glob(pattern) => glob::matches(pattern, file) == Ok(true),
            Self::Patterns(patterns) => are_matched(patterns, file),
        }
    }

    /// As an instruction has it.
    pub(super) fn in_words(&self) -> String {
        match self {
            Self::Everything => "/".to_owned(),
            Self::Path(path) | Self::Glob(path) => format!("/{path}"),
            Self::Patterns(patterns) => patterns.join(", "),
        }
    }
}

/// Whether one of the patterns fits a file.
pub(super) fn are_matched(patterns: &[String], file: &str) -> bool {
    let rules = Ignore::parse(patterns.join("\n").as_bytes());
    TreePath::new(file).is_ok_and(|path| rules.excludes(&path).is_some())
}

/// Where the instruction of an op is.
fn span(definition: &pb::Definition, digest: &Digest, file: &str) -> Option<Span> {
    let locations = definition.source.as_ref()?.locations.get(digest.as_str())?;
    let ranges = &locations.locations.first()?.ranges;
    let (first, last) = (ranges.first()?, ranges.last()?);
    let position = |at: &pb::Position| {
        let line = u32::try_from(at.line).unwrap_or_default();
        Position::new(line, u32::try_from(at.character).unwrap_or_default() + 1)
    };
    let (start, end) = (first.start.as_ref()?, last.end.as_ref()?);
    // Docker's frontend says which lines they are: the last one is part of the range.
    let end = if end.character == 0 {
        Position::new(position(end).line + 1, 1)
    } else {
        position(end)
    };
    Some(Span::new(file, position(start), end))
}
