//! Where the build's files come from: the definition file, the main context, named contexts,
//! images.
//!
//! Owns which source serves what and what is ignored. Does not own what is in the files.

mod git;
mod http;
mod local;
mod named;

use std::cell::RefCell;
use std::collections::BTreeMap;

use gowork_llb::diag::Diagnostic;
use gowork_llb::limits;
use gowork_llb::ops::file::{Copy, File};
use gowork_llb::ops::{Output, caps};
use gowork_llb::tree::Ignore;

pub use git::GitRef;
pub use local::Filter;
pub use named::{BaseImage, NamedContext};

use crate::error::BuildError;
use crate::gateway::{Gateway, GatewayError, Ref, Solve};
use crate::opts::Options;
use local::Directory;

/// The context's name among the client's directories and the inputs.
const CONTEXT: &str = "context";
const IGNORE_FILE: &str = ".dockerignore";
/// The definition file's other name, which the command takes where no Dockerfile is one for this
/// frontend.
const OTHER_DEFINITION: &str = "gowork.toml";
/// What stands before housekeeping in the progress output.
const INTERNAL: &str = "[internal]";

/// The build's files.
pub struct Context<'a> {
    gateway: &'a dyn Gateway,
    options: &'a Options,
    main: Main,
    definition: DefinitionFile,
    /// Images looked up, by what was asked.
    images: RefCell<BTreeMap<String, BaseImage>>,
}

/// The main context.
enum Main {
    /// A directory of the client, filtered on its way.
    Local(Directory),
    /// Anything else is there as a whole: git, an archive, another build's result.
    Whole(Output),
}

/// The definition file, that is the Dockerfile.
#[derive(Debug, Clone)]
pub struct DefinitionFile {
    /// Its path as the user gave it.
    pub name: String,
    /// Its text.
    pub bytes: Vec<u8>,
    /// Where it was read from; warnings go to this op.
    pub source: Output,
    /// A file beside it that could be the definition as well, says another thing, and is not read.
    pub unread: Option<String>,
}

/// What is known of the context before a file of it is read.
struct Found {
    /// A context that is no directory of the client.
    context: Option<Output>,
    /// A definition file's place other than the client's directory.
    definition: Option<Output>,
    /// The definition file's name, where the context dictates it.
    filename: Option<String>,
}

impl<'a> Context<'a> {
    /// Finds the context and reads the definition file and what is ignored.
    pub async fn open(gateway: &'a dyn Gateway, options: &'a Options) -> Result<Self, BuildError> {
        let found = find(gateway, options).await?;
        let filename = found.filename.unwrap_or_else(|| options.filename.clone());
        let source = match (found.definition, options.contexts.dockerfile_forced) {
            (Some(source), false) => source,
            _ => local_definition(options, &filename),
        };
        let directory = main_directory(options);
        let ignored = directory.files(
            &[IGNORE_FILE.to_owned()],
            &format!("-{IGNORE_FILE}"),
            IGNORE_FILE,
        );
        let is_local = found.context.is_none();
        // Side by side: most builds need both, and each is a round trip to the client.
        let (read, ignore_ref) = tokio::join!(solve(gateway, &source), async {
            if is_local {
                solve(gateway, &ignored).await
            } else {
                Ok(Ref::default())
            }
        });
        let (read, ignore_ref) = (read?, ignore_ref?);
        let (name, bytes) = read_definition(gateway, &read, &filename).await?;
        let unread = unread(gateway, &read, &name, &bytes).await?;
        let main = match found.context {
            Some(output) => Main::Whole(scoped(output, options.contexts.subdir.as_deref())),
            None => {
                let own =
                    read_optional(gateway, &read, &format!("{filename}{IGNORE_FILE}")).await?;
                let patterns = match own {
                    Some(patterns) => Some(patterns),
                    None => read_optional(gateway, &ignore_ref, IGNORE_FILE).await?,
                };
                let ignored = patterns
                    .map(|text| Ignore::parse(&text))
                    .unwrap_or_default();
                if let Some(error) = ignored.check(IGNORE_FILE) {
                    return Err(error.into());
                }
                let excludes = ignored.patterns();
                Main::Local(Directory {
                    excludes,
                    ..directory
                })
            }
        };
        let definition = DefinitionFile {
            name,
            bytes,
            source,
            unread,
        };
        Ok(Self {
            gateway,
            options,
            main,
            definition,
            images: RefCell::default(),
        })
    }

    /// The definition file.
    pub fn definition(&self) -> &DefinitionFile {
        &self.definition
    }

    /// What `.dockerignore` (or the definition file's own one) excludes. Empty for contexts that
    /// are not local, where it does not apply.
    pub fn excludes(&self) -> &[String] {
        match &self.main {
            Main::Local(directory) => &directory.excludes,
            Main::Whole(_) => &[],
        }
    }

    /// Whether [`Filter::Listing`] gives a listing; else it gives the whole context.
    pub fn can_list(&self) -> bool {
        let daemon = &self.gateway.pong().llb_caps;
        matches!(self.main, Main::Local(_)) && daemon.has(caps::SOURCE_LOCAL_METADATA_TRANSFER)
    }

    /// The main context, or the part of it that `filter` says where parts can be had.
    pub fn source(&self, filter: &Filter) -> Output {
        match (&self.main, filter) {
            (Main::Whole(output), _) => output.clone(),
            (Main::Local(directory), Filter::Listing { .. }) if !self.can_list() => {
                directory.source(&Filter::Whole)
            }
            (Main::Local(directory), filter) => directory.source(filter),
        }
    }
}

/// Looks for a context that is not a directory of the client.
async fn find(gateway: &dyn Gateway, options: &Options) -> Result<Found, BuildError> {
    let contexts = &options.contexts;
    let Some(remote) = &contexts.remote else {
        let inputs = gateway.inputs().await?;
        let input = |name: &str| {
            inputs
                .get(name)
                .map(|definition| input(name, definition))
                .transpose()
        };
        return Ok(Found {
            context: input(CONTEXT)?,
            definition: input(&contexts.dockerfile_local)?,
            filename: None,
        });
    };
    if let Some(output) = git_source(gateway, options, remote, "[internal] load git source")? {
        return Ok(Found {
            context: Some(output.clone()),
            definition: Some(output),
            filename: None,
        });
    }
    if http::is_url(remote) {
        let http = http::load(gateway, remote).await?;
        return Ok(Found {
            context: Some(http.output.clone()),
            definition: Some(http.output),
            filename: http.definition,
        });
    }
    let problem = Diagnostic::error(format!(
        "the build context {remote:?} is neither a git reference nor an http(s) URL"
    ));
    Err(problem
        .help("write https://HOST/REPOSITORY.git#REF:DIRECTORY, or the URL of a tar archive")
        .into())
}

/// An output that someone else's build passed as `name`.
fn input(name: &str, definition: &buildkit_proto::pb::Definition) -> Result<Output, BuildError> {
    let unusable = |error| Diagnostic::error(format!("context {name}: {error}"));
    Ok(Output::from_definition(definition).map_err(unusable)?)
}

/// The source of a git reference; none if `text` is none.
fn git_source(
    gateway: &dyn Gateway,
    options: &Options,
    text: &str,
    doing: &str,
) -> Result<Option<Output>, BuildError> {
    let unusable =
        |problem: String| Diagnostic::error(format!("context {}: {problem}", git::shown(text)));
    let Some(mut git) = GitRef::parse(text).map_err(unusable)? else {
        return Ok(None);
    };
    git.keep_git_dir |= options.contexts.keep_git_dir;
    git.commit_times |=
        options.source_date_epoch.is_some() && gateway.pong().llb_caps.has(caps::SOURCE_GIT_MTIME);
    Ok(Some(
        git.output(&format!("{doing} {}", git::shown(text)))
            .map_err(unusable)?,
    ))
}

fn main_directory(options: &Options) -> Directory {
    Directory {
        name: CONTEXT.to_owned(),
        session: options.contexts.session_of(CONTEXT).to_owned(),
        hint: CONTEXT.to_owned(),
        group: INTERNAL.to_owned(),
        shown: "build context".to_owned(),
        excludes: Vec::new(),
    }
}

/// The definition file in the client's directory, with its ignore file.
fn local_definition(options: &Options, filename: &str) -> Output {
    let name = &options.contexts.dockerfile_local;
    let session = options.contexts.session_of(name).to_owned();
    let directory = Directory {
        name: name.clone(),
        session,
        hint: name.clone(),
        group: INTERNAL.to_owned(),
        shown: String::new(),
        excludes: Vec::new(),
    };
    let mut paths = vec![filename.to_owned(), format!("{filename}{IGNORE_FILE}")];
    paths.extend(lower_case(filename));
    paths.extend(beside(filename));
    // BuildKit itself loads the "build definition", to see that it is for us: this one has a name
    // of its own.
    directory.files(&paths, "", &format!("configuration from {filename}"))
}

/// The other spelling that Docker accepts: `dockerfile` for `Dockerfile`.
fn lower_case(filename: &str) -> Option<String> {
    let directory = filename.strip_suffix("Dockerfile")?;
    (directory.is_empty() || directory.ends_with('/')).then(|| format!("{directory}dockerfile"))
}

async fn read_definition(
    gateway: &dyn Gateway,
    from: &Ref,
    filename: &str,
) -> Result<(String, Vec<u8>), BuildError> {
    let missing = match gateway
        .read_file_of(from, filename, limits::DEFINITION)
        .await
    {
        Ok(bytes) => return Ok((filename.to_owned(), bytes)),
        Err(error) => error,
    };
    if let Some(other) = lower_case(filename)
        && let Some(bytes) = read_optional(gateway, from, &other).await?
    {
        return Ok((other, bytes));
    }
    let error = BuildError::from(missing.context(&format!("read {filename}")));
    Err(error.help(
        "the first line of the file names this frontend: # syntax=IMAGE; name another file with -f",
    ))
}

/// The other definition file that may lie beside a Dockerfile.
fn beside(filename: &str) -> Option<String> {
    let directory = filename
        .strip_suffix("Dockerfile")
        .or_else(|| filename.strip_suffix("dockerfile"))?;
    (directory.is_empty() || directory.ends_with('/'))
        .then(|| format!("{directory}{OTHER_DEFINITION}"))
}

/// The file beside the definition, if it says another thing.
async fn unread(
    gateway: &dyn Gateway,
    from: &Ref,
    definition: &str,
    bytes: &[u8],
) -> Result<Option<String>, GatewayError> {
    let Some(other) = beside(definition) else {
        return Ok(None);
    };
    let text = read_optional(gateway, from, &other).await?;
    Ok(text.filter(|text| text != bytes).map(|_| other))
}

/// A file that need not be there.
async fn read_optional(
    gateway: &dyn Gateway,
    from: &Ref,
    path: &str,
) -> Result<Option<Vec<u8>>, GatewayError> {
    if from.is_scratch() {
        return Ok(None);
    }
    match gateway.read_file_of(from, path, limits::DEFINITION).await {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error.context(&format!("read {path}"))),
    }
}

/// Builds a small thing that is not part of the result: no cache is imported for it.
async fn solve(gateway: &dyn Gateway, output: &Output) -> Result<Ref, GatewayError> {
    let request = Solve {
        definition: output.to_definition(),
        ..Solve::default()
    };
    Ok(gateway.solve(request).await?.reference)
}

/// A directory of an output.
fn scoped(output: Output, subdir: Option<&str>) -> Output {
    match subdir {
        None => output,
        Some(dir) => File::on(&Output::scratch())
            .copy(Copy::from(&output, dir, "/").contents_only())
            .output(),
    }
}
