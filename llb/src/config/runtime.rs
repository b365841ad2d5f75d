//! What images hold in addition to their binary, and how they run: `[images.NAME]` over `[runtime]`
//! over the defaults. Plain values for the planner.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::file_source::FileSource;
use super::spanned::{set, strings};
use super::values::{Port, STAGE};
use super::{Healthcheck, Runtime, Spanned, User, check_runtime};

/// The default of `user`: the number that distroless images call nonroot.
const DEFAULT_USER: &str = "65532:65532";
/// The default of `base`: the empty image.
pub const SCRATCH: &str = "scratch";
/// Directory of the binary in every image that says nothing else: on PATH of any base.
pub const BINARY_DIR: &str = "/usr/local/bin";

/// What is in an image in addition to the binary, and how it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RuntimeConfig {
    /// Image to build upon, or [`SCRATCH`]; or a [stage](Self::base_stage).
    pub base: Spanned<String>,
    /// User; none means that of the stage which is the base.
    pub user: Option<String>,
    /// Users to make, in the order written. Their home directories are the first of [`Self::dirs`].
    pub users: Vec<UserConfig>,
    /// Whether CA certificates are put in.
    pub certificates: bool,
    /// Whether the time zone database is put in.
    pub timezones: bool,
    /// Whether the licences of linked modules are put in.
    pub licenses: bool,
    /// Environment variables.
    pub env: BTreeMap<String, String>,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// What the commit says for the labels of `oci_labels`, by name, without those that it does not
    /// say; none if the key is not set.
    pub oci_labels: Option<BTreeMap<String, String>>,
    /// Annotations of the manifest.
    pub annotations: BTreeMap<String, String>,
    /// Ports, sorted.
    pub ports: BTreeSet<Port>,
    /// Where the binary lies, or behind a `/` at its end the directory; none means the default.
    pub path: Option<String>,
    /// Binaries that it holds in addition to its own, as written.
    pub binaries: Vec<Spanned<String>>,
    /// Entrypoint; none means that of the stage which is the base, if it has one, else the binary.
    pub entrypoint: Option<Vec<String>>,
    /// Arguments; none means those that belong to the entrypoint of a stage, and else none (the
    /// base image's `Cmd` is not for our binary).
    pub cmd: Option<Vec<String>>,
    /// Working directory; none means the base image's.
    pub workdir: Option<String>,
    /// Signal that stops it; none means the base image's.
    pub stop_signal: Option<String>,
    /// Volumes.
    pub volumes: BTreeSet<String>,
    /// Health check; none means the base image's.
    pub healthcheck: Option<HealthcheckConfig>,
    /// Whether the image has a variant for a debugger.
    pub debug: Spanned<bool>,
    /// Symbolic links: where each lies, and what it says.
    pub links: BTreeMap<String, String>,
    /// Directories, in the order written.
    pub dirs: Vec<DirConfig>,
    /// Files of the context and of stages, in the order written.
    pub files: Vec<FileConfig>,
}

/// A health check.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum HealthcheckConfig {
    /// None, also if the base image has one.
    Disabled,
    /// Run a program.
    Run {
        /// Program and arguments.
        cmd: Vec<String>,
        /// Between two checks; the engine's default if none. So for the others.
        interval: Option<Duration>,
        /// Until a check has failed.
        timeout: Option<Duration>,
        /// In which failures do not count.
        start_period: Option<Duration>,
        /// Between two checks in the start period.
        start_interval: Option<Duration>,
        /// Failures in a row that make it unhealthy.
        retries: Option<u32>,
    },
}

/// A user to make in the image.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UserConfig {
    /// Name.
    pub name: Spanned<String>,
    /// User id.
    pub uid: u32,
    /// Name of the group.
    pub group: String,
    /// Group id.
    pub gid: u32,
    /// Absolute path of the home directory.
    pub home: String,
}

/// A directory to make in the image.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DirConfig {
    /// Absolute path in the image.
    pub path: String,
    /// User id and group id.
    pub owner: (u32, u32),
    /// Permission bits.
    pub mode: u32,
}

/// A file or directory that goes into the image.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FileConfig {
    /// Where it is.
    pub from: Spanned<FileSource>,
    /// Absolute path in the image.
    pub to: String,
    /// User id and group id.
    pub owner: (u32, u32),
    /// Permission bits; none keeps those that it has.
    pub mode: Option<u32>,
}

impl RuntimeConfig {
    /// The stages and named contexts that the image takes from.
    pub fn stages(&self) -> BTreeSet<&str> {
        let files = self.files.iter().filter_map(|file| file.from.stage());
        self.base_stage().into_iter().chain(files).collect()
    }

    /// Where the binary lies, which is called `name`: an absolute path, perhaps with more slashes
    /// than it needs.
    pub fn binary_path(&self, name: &str) -> String {
        match &self.path {
            None => format!("{BINARY_DIR}/{name}"),
            Some(dir) if dir.ends_with('/') => format!("{dir}{name}"),
            Some(path) => path.clone(),
        }
    }

    /// Where the image has another binary, called `other`: beside its own.
    pub fn path_beside(&self, name: &str, other: &str) -> String {
        let own = self.binary_path(name);
        let dir = own.rsplit_once('/').map_or("", |(dir, _)| dir);
        format!("{dir}/{other}")
    }

    /// The stage or named context to build upon, if it is no image.
    pub fn base_stage(&self) -> Option<&str> {
        self.base.value.strip_prefix(STAGE)
    }
}

impl Runtime {
    /// `own` key by key over `below`; `env`, `labels`, `annotations` and `links` are joined name by
    /// name.
    pub(super) fn over(own: Option<&Self>, below: &Self) -> Self {
        let Some(own) = own.cloned() else {
            return below.clone();
        };
        let mut below = below.clone();
        below.env.extend(own.env);
        below.labels.extend(own.labels);
        below.annotations.extend(own.annotations);
        below.links.extend(own.links);
        if own.oci_labels.is_some() {
            below.of_commit = own.of_commit;
        }
        Self {
            base: own.base.or(below.base),
            user: own.user.or(below.user),
            users: own.users.or(below.users),
            certificates: own.certificates.or(below.certificates),
            timezones: own.timezones.or(below.timezones),
            licenses: own.licenses.or(below.licenses),
            env: below.env,
            labels: below.labels,
            oci_labels: own.oci_labels.or(below.oci_labels),
            of_commit: below.of_commit,
            annotations: below.annotations,
            ports: own.ports.or(below.ports),
            path: own.path.or(below.path),
            binaries: own.binaries.or(below.binaries),
            entrypoint: own.entrypoint.or(below.entrypoint),
            cmd: own.cmd.or(below.cmd),
            workdir: own.workdir.or(below.workdir),
            stop_signal: own.stop_signal.or(below.stop_signal),
            volumes: own.volumes.or(below.volumes),
            healthcheck: own.healthcheck.or(below.healthcheck),
            debug: own.debug.or(below.debug),
            links: below.links,
            dirs: own.dirs.or(below.dirs),
            files: own.files.or(below.files),
        }
    }
}

/// What `[runtime]` says, or the table of an image over it, with the defaults.
pub(super) fn resolve_runtime(runtime: Runtime) -> RuntimeConfig {
    let base = runtime.base.unwrap_or_else(|| SCRATCH.to_owned().into());
    let is_scratch = base.value == SCRATCH;
    // A stage says who it runs as, if only by saying nothing.
    let default_user = (!base.value.starts_with(STAGE)).then(|| DEFAULT_USER.to_owned());
    // Wrong values count as absent.
    let ports = runtime.ports.unwrap_or_default();
    let ports = ports
        .iter()
        .filter_map(|port| check_runtime::port(port).ok());
    let files = runtime.files.unwrap_or_default();
    let dirs = runtime.dirs.unwrap_or_default();
    let users: Vec<UserConfig> = runtime.users.iter().flatten().map(resolve_user).collect();
    // In numbers: what runs containers may want to know whether it is root's.
    let first_user = users
        .first()
        .map(|user| format!("{}:{}", user.uid, user.gid));
    let homes = users.iter().map(home_of);
    RuntimeConfig {
        base,
        user: text(runtime.user).or(first_user).or(default_user),
        certificates: runtime.certificates.map_or(is_scratch, |on| on.value),
        timezones: runtime.timezones.map_or(is_scratch, |on| on.value),
        licenses: runtime.licenses.is_some_and(|on| on.value),
        env: texts(runtime.env),
        labels: texts(runtime.labels),
        oci_labels: runtime
            .oci_labels
            .filter(|on| on.value)
            .map(|_| said(runtime.of_commit)),
        annotations: texts(runtime.annotations),
        ports: ports.collect(),
        path: text(runtime.path),
        binaries: runtime.binaries.unwrap_or_default(),
        entrypoint: runtime.entrypoint.map(|words| strings(&words)),
        cmd: runtime.cmd.map(|words| strings(&words)),
        workdir: text(runtime.workdir),
        stop_signal: text(runtime.stop_signal),
        volumes: set(runtime.volumes.as_ref()),
        healthcheck: runtime.healthcheck.map(resolve_healthcheck),
        debug: runtime.debug.unwrap_or_default(),
        links: texts(runtime.links),
        dirs: homes.chain(dirs.iter().map(resolve_dir)).collect(),
        users,
        files: files.iter().filter_map(resolve_file).collect(),
    }
}

fn text(value: Option<Spanned<String>>) -> Option<String> {
    value.map(|value| value.value)
}

fn texts(table: BTreeMap<String, Spanned<String>>) -> BTreeMap<String, String> {
    let texts = table.into_iter().map(|(name, text)| (name, text.value));
    texts.collect()
}

/// The values that are known.
fn said(of_commit: BTreeMap<String, Spanned<String>>) -> BTreeMap<String, String> {
    let mut said = texts(of_commit);
    said.retain(|_, value| !value.is_empty());
    said
}

fn resolve_healthcheck(check: Healthcheck) -> HealthcheckConfig {
    if check.disable.is_some_and(|off| off.value) {
        return HealthcheckConfig::Disabled;
    }
    let duration = |value: Option<Spanned<String>>| {
        value.and_then(|value| check_runtime::duration(&value).ok())
    };
    HealthcheckConfig::Run {
        cmd: strings(&check.cmd.unwrap_or_default()),
        interval: duration(check.interval),
        timeout: duration(check.timeout),
        start_period: duration(check.start_period),
        start_interval: duration(check.start_interval),
        retries: check.retries.map(|retries| retries.value),
    }
}

fn resolve_user(user: &User) -> UserConfig {
    let (name, uid) = (&user.name, user.uid.value);
    UserConfig {
        name: name.clone(),
        uid,
        group: text(user.group.clone()).unwrap_or_else(|| name.value.clone()),
        gid: user.gid.as_ref().map_or(uid, |gid| gid.value),
        home: text(user.home.clone()).unwrap_or_else(|| format!("/home/{}", name.value)),
    }
}

/// The home directory of a user.
fn home_of(user: &UserConfig) -> DirConfig {
    DirConfig {
        path: user.home.clone(),
        owner: (user.uid, user.gid),
        mode: DIR_MODE,
    }
}

/// The default mode of `dirs`.
const DIR_MODE: u32 = 0o755;

fn resolve_dir(dir: &super::Dir) -> DirConfig {
    let mode = dir.mode.as_ref().map(|mode| check_runtime::mode(mode));
    DirConfig {
        path: dir.path.value.clone(),
        owner: resolve_owner(dir.owner.as_ref()),
        mode: mode.and_then(Result::ok).unwrap_or(DIR_MODE),
    }
}

fn resolve_owner(owner: Option<&Spanned<String>>) -> (u32, u32) {
    let owner = owner.and_then(|owner| check_runtime::owner(owner).ok());
    owner.unwrap_or_default()
}

fn resolve_file(file: &super::File) -> Option<FileConfig> {
    Some(FileConfig {
        from: file.from.with(FileSource::parse(&file.from).ok()?),
        to: file.to.value.clone(),
        owner: resolve_owner(file.owner.as_ref()),
        mode: file
            .mode
            .as_ref()
            .and_then(|mode| check_runtime::mode(mode).ok()),
    })
}
