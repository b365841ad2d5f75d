//! Where the build's files come from: the definition file, the main context, named contexts,
//! images.
//!
//! Owns which source serves what and what is ignored. Does not own what is in the files.

mod definition;
mod git;
mod http;
mod input;
mod local;
mod login;
mod named;
mod read;
mod registry;

use std::cell::RefCell;
use std::collections::BTreeMap;

use gowork_llb::diag::Diagnostic;
use gowork_llb::ops::file::{Copy, File};
use gowork_llb::ops::{Output, Platform, Reference, caps};
use gowork_llb::tree::Ignore;

pub use definition::{DefinitionFile, FileBeside};
pub use git::GitRef;
pub use local::Filter;
pub(crate) use local::transfer_pattern;
pub(crate) use login::warnings as login_warnings;
pub use registry::BaseImage;

use crate::error::BuildError;
use crate::gateway::{Gateway, GatewayError, Ref};
use crate::opts::Options;
use local::{Directory, IGNORE_FILE, INTERNAL};
use named::NamedContexts;
pub(crate) use read::read_optional;
use read::solve;
use registry::{Lookup, SCRATCH};

/// The context's name among the client's directories and the inputs.
const CONTEXT: &str = "context";
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
    /// Anything else, as a whole: git, an archive, another build's result.
    Whole(Output),
}

/// What is known of the context before a file of it is read.
struct Found {
    /// The context, unless it is a directory of the client.
    context: Option<Output>,
    /// Where the definition file is, unless in a directory of the client.
    definition: Option<Output>,
    /// The name of the definition file, if the context dictates it.
    filename: Option<String>,
}

impl<'a> Context<'a> {
    /// Finds the context and reads the definition file and what is ignored.
    ///
    /// # Errors
    /// If the context or the definition file cannot be read, or the ignore file has an error.
    pub async fn open(gateway: &'a dyn Gateway, options: &'a Options) -> Result<Self, BuildError> {
        let found = find(gateway, options).await?;
        let filename = found.filename.unwrap_or_else(|| options.filename.clone());
        let source = match (found.definition, options.contexts.dockerfile_forced) {
            (Some(source), false) => source,
            _ => definition::local(options, &filename),
        };
        let directory = main_directory(options);
        let ignoring = found.context.is_none().then_some(&directory);
        // Side by side: most builds need both, and each is a round trip to the client.
        let (beside_definition, ignored) = tokio::join!(
            solve(gateway, &source),
            solve_ignore_file(gateway, ignoring)
        );
        let (beside_definition, ignored) = (beside_definition?, ignored?);
        let own = format!("{filename}{IGNORE_FILE}");
        // Side by side, too: most of these files do not exist.
        let (definition, ignored) = tokio::join!(
            definition::read(gateway, &beside_definition, &filename, source),
            read_ignore_file(gateway, (&beside_definition, &own), &ignored)
        );
        let definition = definition?;
        let main = match found.context {
            Some(output) => Main::Whole(scoped(output, options.contexts.subdir.as_deref())),
            None => Main::Local(Directory {
                excludes: excludes(ignored?.as_deref())?,
                ..directory
            }),
        };
        Ok(Self {
            gateway,
            options,
            main,
            definition,
            images: RefCell::default(),
        })
    }

    /// The image `reference` (as people write it: `golang:1.26`) for `platform`. A named context of
    /// that name takes its place. Looked up once, and pinned to its digest if it has one.
    ///
    /// # Errors
    /// If no such image exists, or it cannot be looked up.
    pub async fn image(
        &self,
        reference: &str,
        platform: &Platform,
    ) -> Result<BaseImage, BuildError> {
        let key = format!("{reference} {platform}");
        if let Some(known) = self.images.borrow().get(&key) {
            return Ok(known.clone());
        }
        let image = self.look_up(reference, platform).await?;
        self.images.borrow_mut().insert(key, image.clone());
        Ok(image)
    }

    async fn look_up(&self, reference: &str, platform: &Platform) -> Result<BaseImage, BuildError> {
        if reference == SCRATCH {
            return Ok(BaseImage::plain(Output::scratch()));
        }
        if let Some(context) = self.named(reference, platform).await? {
            return Ok(context);
        }
        let parsed =
            Reference::parse(reference).map_err(|error| Diagnostic::error(error.to_string()))?;
        let lookup = Lookup {
            reference: &parsed,
            platform,
            log_name: &format!("[{platform} internal] load metadata for {parsed}"),
            shown: &parsed.familiar(),
        };
        lookup.image(self.gateway, self.options).await
    }

    /// The named context `name`, in the variant for `platform` if there is one. Returns `None` if
    /// the build has no such context.
    ///
    /// # Errors
    /// If the context cannot be loaded.
    pub async fn named(
        &self,
        name: &str,
        platform: &Platform,
    ) -> Result<Option<BaseImage>, BuildError> {
        let contexts = NamedContexts {
            gateway: self.gateway,
            options: self.options,
        };
        contexts.find(name, platform).await
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

    /// Whether the main context is a git reference, so that it has a commit.
    pub fn is_git(&self) -> bool {
        let remote = self.options.contexts.remote.as_deref();
        remote.is_some_and(|remote| matches!(GitRef::parse(remote), Ok(Some(_))))
    }

    /// Whether the main context is a file of a web server.
    pub fn is_download(&self) -> bool {
        let remote = self.options.contexts.remote.as_deref();
        remote.is_some_and(http::is_url) && !self.is_git()
    }

    /// Whether the main context is a directory of a git context, and not all of it.
    pub fn is_below_git(&self) -> bool {
        let contexts = &self.options.contexts;
        let git = contexts.remote.as_deref().map(GitRef::parse);
        match git {
            Some(Ok(Some(git))) => !git.subdir.is_empty() || contexts.subdir.is_some(),
            _ => false,
        }
    }

    /// The main context with the repository that it is a work tree of, in `.git`, if it has one.
    /// `work_tree` says whether the other files matter. A git context is fetched once more, with
    /// its `.git`: BuildKit fetches the one commit, without its history.
    ///
    /// # Errors
    /// If the git context cannot be read.
    pub fn checkout(&self, work_tree: bool) -> Result<Output, BuildError> {
        if let Some(remote) = &self.options.contexts.remote
            && let Some(output) = git::checkout(remote)?
        {
            return Ok(output);
        }
        Ok(self.source(&Filter::Repository { work_tree }))
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

/// The ignore file of a directory of the client.
async fn solve_ignore_file(
    gateway: &dyn Gateway,
    directory: Option<&Directory>,
) -> Result<Ref, GatewayError> {
    match directory {
        Some(directory) => {
            let suffix = format!("-{IGNORE_FILE}");
            let file = directory.files(&[IGNORE_FILE.to_owned()], &suffix, IGNORE_FILE);
            solve(gateway, &file).await
        }
        None => Ok(Ref::default()),
    }
}

/// The text of the ignore file that counts: the one named after the definition file, else that of
/// the context.
async fn read_ignore_file(
    gateway: &dyn Gateway,
    (beside_definition, own): (&Ref, &str),
    ignored: &Ref,
) -> Result<Option<Vec<u8>>, GatewayError> {
    let (own, common) = tokio::join!(
        read_optional(gateway, beside_definition, own),
        read_optional(gateway, ignored, IGNORE_FILE)
    );
    match own? {
        Some(text) => Ok(Some(text)),
        None => common,
    }
}

/// The patterns in the text of an ignore file.
fn excludes(text: Option<&[u8]>) -> Result<Vec<String>, BuildError> {
    let Some(text) = text else {
        return Ok(Vec::new());
    };
    let ignored = Ignore::parse(text);
    match ignored.check(IGNORE_FILE) {
        Some(error) => Err(error.into()),
        None => Ok(ignored.patterns()),
    }
}

/// Looks for a context that is not a directory of the client.
async fn find(gateway: &dyn Gateway, options: &Options) -> Result<Found, BuildError> {
    let contexts = &options.contexts;
    let Some(remote) = &contexts.remote else {
        let inputs = gateway.inputs().await?;
        return Ok(Found {
            context: input::output(&inputs, CONTEXT)?,
            definition: input::output(&inputs, &contexts.dockerfile_local)?,
            filename: None,
        });
    };
    if let Some(output) = git::source(gateway, options, remote, "[internal] load git source")? {
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

/// A directory of an output.
fn scoped(output: Output, subdir: Option<&str>) -> Output {
    match subdir {
        None => output,
        Some(dir) => File::on(&Output::scratch())
            .copy(Copy::from(&output, dir, "/").contents_only())
            .output(),
    }
}
