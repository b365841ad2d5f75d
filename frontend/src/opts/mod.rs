//! The build's options, validated. Owns their meaning; [`keys`] has their names, [`raw`] what the
//! daemon passed.
//!
//! Unknown options are ignored, since clients add informational ones. A known one that cannot be
//! read is an error: the user asked for something and must not get something else.

pub mod keys;
mod lists;
mod raw;

use std::collections::BTreeMap;

use gowork_llb::config::{self, GitValue};
use gowork_llb::diag::{Diagnostic, Rule};
use gowork_llb::ops::Platform;
use gowork_llb::ops::exec::{Exec, Network, ProxyEnv, Ulimit};
use gowork_llb::ops::source::ResolveMode;

pub use lists::ExtraHost;
pub use raw::RawOptions;

use crate::gateway::{CacheImport, StepLimits};

/// The value of `SOURCE_DATE_EPOCH` that stands for the time of the build context.
const EPOCH_OF_CONTEXT: &str = "context";

/// The time that images and their files get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Epoch {
    /// Seconds since 1970.
    Seconds(i64),
    /// That of the commit, if the build context comes from git. A directory of the client has none
    /// (BuildKit, docs/build-repro.md).
    Context,
}

/// What the build was asked to be.
#[derive(Debug, Clone)]
pub struct Options {
    /// Path of the definition file in its directory.
    pub filename: String,
    /// The name of the frontend's image, as the syntax line has it.
    pub frontend: Option<String>,
    /// The image to build, if one was named.
    pub target: Option<String>,
    /// Platforms to build for, each once, in the order given. Empty: none asked for, so the build
    /// platform.
    pub platforms: Vec<Platform>,
    /// What the builder itself runs on: its first worker's first platform.
    pub build_platform: Platform,
    /// Whether the result goes by platform even if there is one only.
    pub multi_platform: bool,
    /// `--build-arg`s, also BuildKit's own and the proxies. Never secret.
    pub build_args: BTreeMap<String, String>,
    /// The commit that the sources come from, if the client names it.
    pub revision: Option<String>,
    /// The URL of the repository that the sources come from, if the client names it. Without a login.
    pub source: Option<String>,
    /// `--label`s.
    pub labels: BTreeMap<String, String>,
    /// What must not come from the cache.
    pub no_cache: NoCache,
    /// Caches to import, into every Solve of a result.
    pub cache_imports: Vec<CacheImport>,
    /// How images are looked up.
    pub image_resolve_mode: ResolveMode,
    /// What every step's program is given.
    pub exec: ExecOptions,
    /// What every step may take, at most.
    pub limits: StepLimits,
    /// Where the contexts are.
    pub contexts: ContextOptions,
    /// The `--call` asked for. Without one, build.
    pub request: Option<String>,
    /// Which SBOM the result gets.
    pub sbom: SbomAsked,
    /// The time to put on everything.
    pub source_date_epoch: Option<Epoch>,
    /// What the names of cache mounts begin with; empty: nothing.
    pub cache_mount_namespace: String,
    /// All options as they were given, for the frontend that runs the stages of a Dockerfile.
    pub given: BTreeMap<String, String>,
    /// What is wrong with them: [`Self::check`].
    problems: Vec<Diagnostic>,
}

/// What must not come from the cache (`--no-cache`, `--no-cache-filter`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum NoCache {
    /// Everything may.
    #[default]
    Off,
    /// Nothing may.
    All,
    /// These may not.
    Only(Vec<String>),
}

/// Which SBOM the result gets (`--sbom`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SbomAsked {
    /// No SBOM is asked for.
    #[default]
    Off,
    /// Ours, which takes the place of what a scanner finds.
    Ours,
    /// Ours, beside that of the scanner that the user names: BuildKit runs it.
    BesideScanner,
}

/// What the user asked for every step's program.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExecOptions {
    /// Lines for `/etc/hosts`.
    pub add_hosts: Vec<ExtraHost>,
    /// The network, if one was asked for.
    pub network: Option<Network>,
    /// Resource limits.
    pub ulimits: Vec<Ulimit>,
    /// Size of /dev/shm in bytes.
    pub shm_size: Option<u64>,
    /// Parent cgroup.
    pub cgroup_parent: Option<String>,
    /// Host name.
    pub hostname: Option<String>,
    /// Proxies, from the build arguments of those names in any case. Not part of cache keys.
    pub proxy: ProxyEnv,
}

impl ExecOptions {
    /// Gives all of it to a step, except the network, which is the step's own affair: only some may
    /// have one.
    #[must_use]
    pub fn apply(&self, exec: Exec) -> Exec {
        let mut exec = exec.proxy(self.proxy.clone());
        for host in &self.add_hosts {
            exec = exec.extra_host(host.name.clone(), host.ip);
        }
        for limit in &self.ulimits {
            exec = exec.ulimit(limit.clone());
        }
        if let Some(bytes) = self.shm_size {
            exec = exec.shm_size(bytes);
        }
        if let Some(name) = &self.cgroup_parent {
            exec = exec.cgroup_parent(name);
        }
        if let Some(name) = &self.hostname {
            exec = exec.hostname(name);
        }
        exec
    }
}

/// Where the contexts are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ContextOptions {
    /// The client's session.
    pub session: String,
    /// Sessions of single local directories.
    pub local_sessions: BTreeMap<String, String>,
    /// The main context, if it is remote: a git reference or a URL.
    pub remote: Option<String>,
    /// Sub directory of a main context that is not local.
    pub subdir: Option<String>,
    /// Name of the local directory with the definition file.
    pub dockerfile_local: String,
    /// Whether the definition file is read from there even if the context is remote.
    pub dockerfile_forced: bool,
    /// Named contexts: `NAME` or `NAME::PLATFORM` -> where.
    pub named: BTreeMap<String, String>,
    /// Result metadata of named contexts given as inputs, JSON.
    pub input_metadata: BTreeMap<String, String>,
    /// Cache key suffixes of named local contexts.
    pub shared_keys: BTreeMap<String, String>,
    /// Whether to keep `.git` of a git context.
    pub keep_git_dir: bool,
    /// Whether git prints its advice.
    pub git_advice: bool,
}

impl ContextOptions {
    /// The session that shares the local directory `name`.
    pub fn session_of(&self, name: &str) -> &str {
        self.local_sessions.get(name).unwrap_or(&self.session)
    }
}

impl Options {
    /// A warning if there are limits of steps, for a builder that takes none.
    pub fn limits_without_effect(&self) -> Option<Diagnostic> {
        let limits = keys::STEP_LIMITS.iter();
        let given: Vec<&str> = limits
            .filter(|(key, _)| self.given.get(*key).is_some_and(|value| !value.is_empty()))
            .map(|(_, flag)| *flag)
            .collect();
        if given.is_empty() {
            return None;
        }
        let message = format!(
            "{}: this builder gives steps no limits, which BuildKit does from v0.33 on",
            given.join(", ")
        );
        let warning = Diagnostic::warning(Rule::BuildOption, message);
        Some(warning.help("limit the builder: `docker buildx create` takes --driver-opt memory=4g,cpu-quota=200000, say"))
    }
}

/// The tail of [`keys::VCS_REVISION`] if files have changed since.
const DIRTY: &str = "-dirty";

impl Options {
    /// Reads the options. What cannot be read has its default; [`Self::check`] says so.
    pub fn read(raw: &RawOptions) -> Self {
        let mut reader = Reader {
            raw,
            problems: Vec::new(),
        };
        let platforms = reader.read(keys::PLATFORM, lists::platforms);
        let mut options = Self {
            filename: raw.given(keys::FILENAME).unwrap_or("Dockerfile").to_owned(),
            frontend: reader.text(keys::SOURCE),
            target: reader.text(keys::TARGET),
            multi_platform: reader.multi_platform(platforms.len()),
            platforms,
            build_platform: lists::build_platform(&raw.workers),
            build_args: reader.given(keys::BUILD_ARG, "build-arg"),
            revision: reader.revision(),
            source: reader.source(),
            labels: reader.given(keys::LABEL, "label"),
            no_cache: no_cache(raw),
            cache_imports: reader.cache_imports(),
            image_resolve_mode: reader.resolve_mode(),
            exec: reader.exec(),
            limits: reader.limits(),
            contexts: reader.contexts(),
            request: reader.text(keys::REQUEST_ID),
            sbom: sbom(raw),
            source_date_epoch: reader.source_date_epoch(),
            cache_mount_namespace: raw
                .arg(keys::ARG_CACHE_MOUNT_NS)
                .unwrap_or_default()
                .to_owned(),
            given: raw.opts.clone(),
            problems: Vec::new(),
        };
        options.problems = reader.problems;
        options
    }

    /// Whether all options can be used. A Dockerfile that takes no binaries does not need that:
    /// what its options mean, Docker's frontend says.
    ///
    /// # Errors
    /// All that is wrong.
    pub fn check(&self) -> Result<(), Vec<Diagnostic>> {
        if self.problems.is_empty() {
            return Ok(());
        }
        Err(self.problems.clone())
    }

    /// What `${NAME}` may name in the configuration: the build arguments, and what is known of the
    /// commit unless one of them says it.
    pub fn variables(&self) -> BTreeMap<String, String> {
        let mut variables = self.build_args.clone();
        let mut know = |value: GitValue, text: &str| {
            let name = value.name().to_owned();
            variables.entry(name).or_insert_with(|| text.to_owned());
        };
        if let Some(source) = &self.source {
            know(GitValue::Source, source);
        }
        let Some(revision) = &self.revision else {
            return variables;
        };
        know(GitValue::Revision, revision);
        // Without it, the client may not have looked.
        if revision.ends_with(DIRTY) {
            know(GitValue::Dirty, "true");
        }
        variables
    }

    /// The platforms of the result: those asked for, or the build platform.
    pub fn target_platforms(&self) -> Vec<Platform> {
        if self.platforms.is_empty() {
            vec![self.build_platform.clone()]
        } else {
            self.platforms.clone()
        }
    }
}

fn no_cache(raw: &RawOptions) -> NoCache {
    match raw.opts.get(keys::NO_CACHE).map(String::as_str) {
        None => NoCache::Off,
        Some("") => NoCache::All,
        Some(names) => NoCache::Only(names.split(',').map(str::to_owned).collect()),
    }
}

/// BuildKit checks the attributes. Only a name of a scanner matters here: without one, BuildKit's
/// own would be pulled.
fn sbom(raw: &RawOptions) -> SbomAsked {
    let arg = format!("{}{}", keys::BUILD_ARG, keys::ARG_ATTEST_SBOM);
    let given = raw.opts.get(keys::ATTEST_SBOM).or(raw.opts.get(&arg));
    match given {
        None => SbomAsked::Off,
        Some(attributes) if lists::names_scanner(attributes) => SbomAsked::BesideScanner,
        Some(_) => SbomAsked::Ours,
    }
}

/// Reads values and gathers what is wrong with them.
struct Reader<'a> {
    raw: &'a RawOptions,
    problems: Vec<Diagnostic>,
}

impl Reader<'_> {
    fn text(&self, key: &str) -> Option<String> {
        self.raw.given(key).map(str::to_owned)
    }

    /// All options with this prefix, each a thing of this kind. Too many, or too long ones, are a
    /// problem.
    fn given(&mut self, prefix: &str, kind: &str) -> BTreeMap<String, String> {
        let given = self.raw.with_prefix(prefix);
        self.problems.extend(config::check_given(kind, &given));
        given
    }

    /// The value of `key` by `parse`; the default if it is absent or wrong, and then a problem is
    /// noted.
    fn read<T: Default>(&mut self, key: &str, parse: impl Fn(&str) -> Result<T, String>) -> T {
        match self.raw.given(key).map(parse) {
            None => T::default(),
            Some(Ok(value)) => value,
            Some(Err(problem)) => {
                self.problems
                    .push(Diagnostic::error(format!("build option {key}: {problem}")));
                T::default()
            }
        }
    }

    /// The commit; none if the client names something else.
    fn revision(&self) -> Option<String> {
        let revision = self.raw.given(keys::VCS_REVISION)?;
        let commit = revision.strip_suffix(DIRTY).unwrap_or(revision);
        let is_commit = (40..=64).contains(&commit.len())
            && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_commit.then(|| revision.to_owned())
    }

    /// The repository, if it has a URL.
    fn source(&self) -> Option<String> {
        let url = config::public_url(self.raw.given(keys::VCS_SOURCE)?);
        (!url.is_empty()).then_some(url)
    }

    fn multi_platform(&mut self, platforms: usize) -> bool {
        let (name, given) = match self.raw.arg(keys::ARG_MULTI_PLATFORM) {
            Some(value) => (keys::ARG_MULTI_PLATFORM, Some(value)),
            None => (keys::MULTI_PLATFORM, self.raw.given(keys::MULTI_PLATFORM)),
        };
        let wanted = match given.map(lists::boolean) {
            None => return platforms > 1,
            Some(Ok(wanted)) => wanted,
            Some(Err(problem)) => {
                self.problems
                    .push(Diagnostic::error(format!("build option {name}: {problem}")));
                return platforms > 1;
            }
        };
        if !wanted && platforms > 1 {
            let problem = Diagnostic::error(format!(
                "build option {name} is false, but {platforms} platforms are asked for"
            ));
            self.problems
                .push(problem.help("ask for one platform, or leave the option out"));
        }
        wanted
    }

    fn cache_imports(&mut self) -> Vec<CacheImport> {
        let mut imports = self.read(keys::CACHE_IMPORTS, lists::cache_imports);
        for reference in self
            .raw
            .given(keys::CACHE_FROM)
            .into_iter()
            .flat_map(|list| list.split(','))
        {
            let import = CacheImport {
                kind: "registry".to_owned(),
                attrs: BTreeMap::from([("ref".to_owned(), reference.to_owned())]),
            };
            if !reference.is_empty() && !imports.contains(&import) {
                imports.push(import);
            }
        }
        imports
    }

    fn resolve_mode(&mut self) -> ResolveMode {
        let mode = self.read(keys::IMAGE_RESOLVE_MODE, |value| match value {
            "default" => Ok(Some(ResolveMode::Default)),
            "pull" => Ok(Some(ResolveMode::Pull)),
            "local" => Ok(Some(ResolveMode::Local)),
            _ => Err(format!("{value:?} is not one of default, pull, local")),
        });
        mode.unwrap_or(ResolveMode::Default)
    }

    fn exec(&mut self) -> ExecOptions {
        let args = self.raw.with_prefix(keys::BUILD_ARG);
        ExecOptions {
            add_hosts: self.read(keys::ADD_HOSTS, lists::extra_hosts),
            network: self.read(keys::NETWORK, |value| match value {
                "none" => Ok(Some(Network::None)),
                "host" => Ok(Some(Network::Host)),
                "sandbox" => Ok(Some(Network::Sandbox)),
                _ => Err(format!("{value:?} is not one of none, host, sandbox")),
            }),
            ulimits: self.read(keys::ULIMIT, lists::ulimits),
            shm_size: self.read(keys::SHM_SIZE, lists::bytes),
            cgroup_parent: self.text(keys::CGROUP_PARENT),
            hostname: self
                .raw
                .arg(keys::ARG_HOSTNAME)
                .map(str::to_owned)
                .or_else(|| self.text(keys::HOSTNAME)),
            proxy: lists::proxy(&args),
        }
    }

    fn limits(&mut self) -> StepLimits {
        StepLimits {
            memory: self.read(keys::MEMORY, lists::more_than_none),
            memory_swap: self.read(keys::MEMORY_SWAP, |value| match value {
                "-1" => Ok(-1),
                _ => lists::more_than_none(value),
            }),
            cpu_shares: self.read(keys::CPU_SHARES, lists::more_than_none),
            cpu_period: self.read(keys::CPU_PERIOD, lists::more_than_none),
            cpu_quota: self.read(keys::CPU_QUOTA, lists::more_than_none),
            cpuset_cpus: self.read(keys::CPUSET_CPUS, lists::numbers),
            cpuset_mems: self.read(keys::CPUSET_MEMS, lists::numbers),
        }
    }

    fn contexts(&mut self) -> ContextOptions {
        let key = self.raw.given(keys::CONTEXT_KEY).unwrap_or(keys::CONTEXT);
        let forced = self.raw.given(keys::DOCKERFILE_KEY);
        // A value that is not a boolean keeps nothing, as in docker/dockerfile.
        let is_set = |name: &str| {
            let value = self.raw.arg(name);
            value.is_some_and(|value| lists::boolean(value) == Ok(true))
        };
        let keep_git_dir = is_set(keys::ARG_KEEP_GIT_DIR);
        let git_advice = is_set(keys::ARG_GIT_ADVICE);
        ContextOptions {
            session: self.raw.session_id.clone(),
            local_sessions: self.raw.with_prefix(keys::LOCAL_SESSION),
            remote: self.text(key),
            subdir: self.text(keys::CONTEXT_SUBDIR),
            dockerfile_local: forced.unwrap_or("dockerfile").to_owned(),
            dockerfile_forced: forced.is_some(),
            named: self.given(keys::NAMED_CONTEXT, "named context"),
            input_metadata: self.raw.with_prefix(keys::INPUT_METADATA),
            shared_keys: self.raw.with_prefix(keys::SHARED_KEY),
            keep_git_dir,
            git_advice,
        }
    }

    fn source_date_epoch(&mut self) -> Option<Epoch> {
        let value = self.raw.arg(keys::ARG_SOURCE_DATE_EPOCH)?;
        if value == EPOCH_OF_CONTEXT {
            return Some(Epoch::Context);
        }
        let seconds = value.parse().ok().map(Epoch::Seconds);
        if seconds.is_none() {
            let name = keys::ARG_SOURCE_DATE_EPOCH;
            let problem = Diagnostic::error(format!(
                "build argument {name}: {value:?} is neither a number of seconds since 1970 nor `{EPOCH_OF_CONTEXT}`"
            ));
            self.problems.push(problem.help(format!(
                "for the last commit's time: --build-arg {name}=$(git log -1 --format=%ct)"
            )));
        }
        seconds
    }
}
