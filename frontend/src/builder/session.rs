//! What every phase works with: the daemon, the options of the build, its files, and the programs
//! that run in steps.

use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

use gowork_llb::config::Config;
use gowork_llb::diag::Diagnostic;
use gowork_llb::ops::exec::Exec;
use gowork_llb::ops::{Definition, Digest, OpError, Output, SourceMap};
use gowork_llb::plan::Image;
use serde::de::DeserializeOwned;

use crate::context::Context;
use crate::error::BuildError;
use crate::gateway::{Gateway, GatewayError, Solve, Solved, Warning};
use crate::opts::{Epoch, Options, keys};

/// A build under way.
pub(super) struct Session<'a> {
    pub(super) gateway: &'a dyn Gateway,
    pub(super) options: &'a Options,
    pub(super) context: Context<'a>,
    /// The image with the programs that run in steps: this frontend's own.
    pub(super) programs: &'a Output,
    /// The time of the commit that is built, in seconds since 1970, where everything gets that time
    /// and git has said it.
    commit_time: OnceLock<i64>,
}

impl<'a> Session<'a> {
    /// Finds the build context and reads the definition file.
    pub(super) async fn open(
        gateway: &'a dyn Gateway,
        options: &'a Options,
        programs: &'a Output,
    ) -> Result<Self, BuildError> {
        Ok(Self {
            gateway,
            options,
            context: Context::open(gateway, options).await?,
            programs,
            commit_time: OnceLock::new(),
        })
    }

    /// Whether the time of the build context can be had, if everything is to get it.
    ///
    /// # Errors
    /// If the context is a file of a server: its time is not known here.
    pub(super) fn check_epoch(&self) -> Result<(), BuildError> {
        let is_asked = self.options.source_date_epoch == Some(Epoch::Context);
        if is_asked && self.context.is_download() {
            let name = keys::ARG_SOURCE_DATE_EPOCH;
            let message = format!(
                "{name}=context: the time of a build context from a web server is not known"
            );
            let help = format!("give a number of seconds: --build-arg {name}=1767225600");
            return Err(Diagnostic::error(message).help(help).into());
        }
        Ok(())
    }

    /// Whether everything gets the time of the commit that is built.
    pub(super) fn dates_by_commit(&self) -> bool {
        self.options.source_date_epoch == Some(Epoch::Context) && self.context.is_git()
    }

    /// Takes down the time of the commit, as git says it: RFC 3339.
    ///
    /// # Errors
    /// If it is no such time.
    pub(super) fn date_by_commit(&self, time: &str) -> Result<(), BuildError> {
        let seconds = seconds_since_1970(time)
            .ok_or_else(|| bug(format!("git says that the commit is of {time:?}")))?;
        self.commit_time.get_or_init(|| seconds);
        Ok(())
    }

    /// The time that images and their files get, in seconds since 1970, if the build says one. Of a
    /// commit it is known from the survey on.
    pub(super) fn epoch(&self) -> Option<i64> {
        match self.options.source_date_epoch? {
            Epoch::Seconds(seconds) => Some(seconds),
            Epoch::Context => self.commit_time.get().copied(),
        }
    }

    /// Solves an output with the caches that the client names. BuildKit applies none by itself.
    pub(super) async fn solve(
        &self,
        output: &Output,
        evaluate: bool,
    ) -> Result<Solved, BuildError> {
        self.solve_definition(output.to_definition(), evaluate)
            .await
    }

    /// The same of a definition.
    pub(super) async fn solve_definition(
        &self,
        definition: Definition,
        evaluate: bool,
    ) -> Result<Solved, BuildError> {
        let request = Solve {
            definition: definition.clone(),
            evaluate,
            cache_imports: self.options.cache_imports.clone(),
            limits: self.options.limits.clone(),
        };
        let error = match self.gateway.solve(request).await {
            Ok(solved) => return Ok(solved),
            Err(error) => error,
        };
        let bytes = definition.to_bytes().len();
        if error.is_too_large(bytes) {
            return Err(too_large(bytes).into());
        }
        // The daemon's words name a command line. People know the step by its name in the progress
        // output.
        let vertex = error.vertex();
        let name = vertex.and_then(|digest| definition.custom_name(&digest));
        Err(match name {
            Some(name) => GatewayError::of_step(error, name).into(),
            None => error.into(),
        })
    }

    /// An image as the definition file has it, so that provenance (`mode=max`) holds the file: at the
    /// table of the image, or else in its first line.
    pub(super) fn defined(&self, output: &Output, image: &Image, config: &Config) -> Output {
        let definition = self.context.definition();
        let line = config.image(&image.name).at.map_or(1, |at| at.start.line);
        let file = SourceMap::new(&definition.name, "TOML", definition.bytes.clone());
        output.located(file.lines(line..=line))
    }

    /// Runs a step whose program leaves an answer in the file `name` of the directory `dir`, as JSON.
    pub(super) async fn answer<T: DeserializeOwned>(
        &self,
        step: Exec,
        dir: &str,
        name: &str,
    ) -> Result<T, BuildError> {
        let executed = step.run().and_then(|executed| executed.output(dir));
        let solved = self.solve(&executed.map_err(internal)?, true).await?;
        let json = self.gateway.read_file(&solved.reference, name).await?;
        serde_json::from_slice(&json)
            .map_err(|error| bug(format!("{name} of a step cannot be read: {error}")).into())
    }

    /// Shows warnings in the output of the build, without the rules that `config` switches off. A
    /// warning that cannot be shown stops nothing.
    pub(super) async fn warn(&self, config: &Config, diagnostics: Vec<Diagnostic>) {
        let source = self.context.definition().source.digest();
        let digest = source.map(Digest::as_str).unwrap_or_default();
        for diagnostic in config.without_skipped(diagnostics) {
            let warning = Warning {
                digest: digest.to_owned(),
                short: diagnostic.to_string(),
            };
            let _ = self.gateway.warn(warning).await;
        }
    }
}

/// A text that no earlier attempt had, for steps whose result must not come from the cache.
pub(super) fn new_attempt() -> String {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    now.as_nanos().to_string()
}

/// A time by RFC 3339, in seconds since 1970.
fn seconds_since_1970(time: &str) -> Option<i64> {
    let time = humantime::parse_rfc3339(time).ok()?;
    let seconds = time.duration_since(UNIX_EPOCH).ok()?.as_secs();
    i64::try_from(seconds).ok()
}

/// A build with too many steps: BuildKit does not take the message that describes them.
fn too_large(bytes: usize) -> Diagnostic {
    Diagnostic::error(format!(
        "the steps of this build take {} kB to describe, which is more than BuildKit takes in one message",
        bytes.div_ceil(1000)
    ))
    .help(
        "build fewer images at once: one with --target NAME, or each by itself with the docker-bake.hcl that `gowork bake` prints",
    )
}

/// Something that only a fault of gowork can bring about.
pub(super) fn bug(message: impl Into<String>) -> Diagnostic {
    Diagnostic::error(message).help("this is a bug of gowork: please report it")
}

/// A step that cannot be written down: nothing that the user did.
pub(super) fn internal(error: OpError) -> BuildError {
    Diagnostic::error(error.to_string())
        .help("this is a bug of gowork: please report it with the Dockerfile and go.work")
        .into()
}
