//! What holds for one image: `[images.NAME]` over `[go]` and `[runtime]` over the defaults. Plain
//! values for the planner.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::file_source::FileSource;
use super::image_name::ImageName;
use super::values::{Cache, Port, STAGE};
use super::{Build, Config, Healthcheck, Levels, Runtime, Spanned, Stage, check_runtime};
use crate::diag::Span;
use crate::tree::TreePath;

/// The default of `ldflags`: no symbol table, no DWARF.
const DEFAULT_LDFLAGS: &str = "-s -w";
/// The default of `user`: the number that distroless images call nonroot.
const DEFAULT_USER: &str = "65532:65532";
/// The default of `base`: the empty image.
pub const SCRATCH: &str = "scratch";

/// What holds for one image.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImageConfig {
    /// Its name.
    pub name: ImageName,
    /// Where `[images.NAME]` stands, if it does.
    pub at: Option<Span>,
    /// Its main package as written: a directory or an import path.
    pub main: Option<Spanned<String>>,
    /// File name of the binary.
    pub binary: Option<Spanned<String>>,
    /// What its packages are compiled with. Images with equal ones can share compile results.
    pub compile: CompileConfig,
    /// `-ldflags`: decides the link, and no package's compile result.
    pub ldflags: String,
    /// What is in the image in addition to the binary.
    pub runtime: RuntimeConfig,
}

/// What decides the compile results of packages, in addition to sources, platform and Go version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CompileConfig {
    /// `-tags`.
    pub tags: BTreeSet<String>,
    /// `-gcflags`, empty for none.
    pub gcflags: String,
    /// `-asmflags`, empty for none.
    pub asmflags: String,
    /// CGO_ENABLED.
    pub cgo: bool,
    /// Whether its module is built by itself (GOWORK=off), whatever go.work uses it.
    pub gowork_off: bool,
    /// GOEXPERIMENT.
    pub experiment: BTreeSet<String>,
    /// GOAMD64 and variables like it: variable to value, those that are set.
    pub levels: BTreeMap<String, String>,
}

/// What is in an image in addition to the binary, and how it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RuntimeConfig {
    /// Image to build upon, or [`SCRATCH`]; or a [stage](Self::base_stage).
    pub base: Spanned<String>,
    /// User; none means that of the stage which is the base.
    pub user: Option<String>,
    /// Whether CA certificates are put in.
    pub certificates: bool,
    /// Whether the time zone database is put in.
    pub timezones: bool,
    /// Environment variables.
    pub env: BTreeMap<String, String>,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// Ports, sorted.
    pub ports: BTreeSet<Port>,
    /// Where the binary lies, or behind a `/` at its end the directory; none means the default.
    pub path: Option<String>,
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

/// A directory that is laid over a directory of the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OverlayConfig {
    /// The stage or named context that has it.
    pub from: Spanned<String>,
    /// Where it is there, an absolute path.
    pub source: Spanned<String>,
    /// The directory of the repository.
    pub to: Spanned<TreePath>,
}

impl RuntimeConfig {
    /// The stages and named contexts that the image takes from.
    pub fn stages(&self) -> BTreeSet<&str> {
        let files = self.files.iter().filter_map(|file| file.from.stage());
        self.base_stage().into_iter().chain(files).collect()
    }

    /// The stage or named context to build upon, if it is no image.
    pub fn base_stage(&self) -> Option<&str> {
        self.base.value.strip_prefix(STAGE)
    }
}

impl Stage {
    /// Whether its `dockerfile` is a path, and not a text.
    pub(super) fn has_path(&self) -> bool {
        self.text().is_none()
    }

    /// The text of its Dockerfile, if that stands in the configuration: with empty lines before it,
    /// so that its lines have the numbers that they have there.
    pub fn text(&self) -> Option<String> {
        let dockerfile = self.dockerfile.as_ref()?;
        if !dockerfile.contains('\n') {
            return None;
        }
        let lines = dockerfile.matches('\n').count();
        let end = dockerfile.span.as_ref().map_or(0, |span| span.end.line);
        let above = (end as usize).saturating_sub(lines + 1);
        Some("\n".repeat(above) + dockerfile)
    }
}

impl Config {
    /// The overlays, in the order in which they are laid.
    pub fn overlays(&self) -> Vec<OverlayConfig> {
        let mut overlays = Vec::new();
        for overlay in &self.overlay {
            let Ok(to) = TreePath::new(&overlay.to) else {
                continue;
            };
            let source = overlay.source.clone();
            overlays.push(OverlayConfig {
                from: overlay.from.clone(),
                source: source.unwrap_or_else(|| overlay.from.with("/".to_owned())),
                to: overlay.to.with(to),
            });
        }
        overlays
    }

    /// The stages and named contexts that images take from.
    pub fn stages_of_images(&self) -> BTreeSet<&str> {
        let images = self.images.values().map(|image| &image.runtime);
        let mut stages = BTreeSet::new();
        for runtime in images.chain([&self.runtime]) {
            let base = runtime.base.as_ref();
            let files = runtime.files.iter().flatten().map(|file| &file.from);
            let named = base.into_iter().chain(files);
            let named = named.filter_map(|named| named.strip_prefix(STAGE));
            stages.extend(named.filter_map(|named| named.split('/').next()));
        }
        stages
    }

    /// What holds for the image `name`, whether or not it has a table. Call it on what
    /// [`Config::expand`] returned without errors: wrong values count as absent.
    pub fn image(&self, name: &str) -> ImageConfig {
        let own = self.images.get(name);
        let build = Build::over(own.map(|image| &image.build), &self.go.build);
        let runtime = Runtime::over(own.map(|image| &image.runtime), &self.runtime);
        ImageConfig {
            name: ImageName::new(name),
            at: own.and_then(|image| image.at.clone()),
            main: own.and_then(|image| image.main.clone()),
            binary: own.and_then(|image| image.binary.clone()),
            compile: compile(&build),
            ldflags: build
                .ldflags
                .map_or_else(|| DEFAULT_LDFLAGS.to_owned(), |flags| flags.value),
            runtime: resolve_runtime(runtime),
        }
    }

    /// Where compile results are kept.
    pub(crate) fn cache(&self) -> Cache {
        let text = self.cache.as_ref().map(|cache| cache.value.as_str());
        Cache::ALL
            .into_iter()
            .find(|cache| Some(cache.as_str()) == text)
            .unwrap_or_default()
    }

    /// The environment that `[modules]` asks for, GOPROXY and variables like it: those that are
    /// set.
    pub fn module_env(&self) -> BTreeMap<String, String> {
        let modules = &self.modules;
        let list = |items: &Option<Vec<Spanned<String>>>| {
            items.as_ref().map(|items| strings(items).join(","))
        };
        let text =
            |value: &Option<Spanned<String>>| value.as_ref().map(|value| value.value.clone());
        let all = [
            ("GOPROXY", text(&modules.proxy)),
            ("GOPRIVATE", list(&modules.private)),
            ("GONOPROXY", list(&modules.noproxy)),
            ("GONOSUMDB", list(&modules.nosumdb)),
            ("GOSUMDB", text(&modules.sumdb)),
            ("GOINSECURE", list(&modules.insecure)),
            ("GOVCS", text(&modules.vcs)),
        ];
        all.into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?)))
            .collect()
    }
}

impl Levels {
    /// Each variable with its key's value.
    pub(crate) fn variables(&self) -> [(&'static str, &Option<Spanned<String>>); 8] {
        [
            ("GOAMD64", &self.goamd64),
            ("GOARM64", &self.goarm64),
            ("GOARM", &self.goarm),
            ("GO386", &self.go386),
            ("GOMIPS", &self.gomips),
            ("GOMIPS64", &self.gomips64),
            ("GOPPC64", &self.goppc64),
            ("GORISCV64", &self.goriscv64),
        ]
    }

    fn over(&self, below: &Self) -> Self {
        let pick = |own: &Option<Spanned<String>>, below: &Option<Spanned<String>>| {
            own.clone().or_else(|| below.clone())
        };
        Self {
            goamd64: pick(&self.goamd64, &below.goamd64),
            goarm64: pick(&self.goarm64, &below.goarm64),
            goarm: pick(&self.goarm, &below.goarm),
            go386: pick(&self.go386, &below.go386),
            gomips: pick(&self.gomips, &below.gomips),
            gomips64: pick(&self.gomips64, &below.gomips64),
            goppc64: pick(&self.goppc64, &below.goppc64),
            goriscv64: pick(&self.goriscv64, &below.goriscv64),
        }
    }
}

impl Build {
    fn over(own: Option<&Self>, below: &Self) -> Self {
        let Some(own) = own.cloned() else {
            return below.clone();
        };
        let below = below.clone();
        Self {
            tags: own.tags.or(below.tags),
            ldflags: own.ldflags.or(below.ldflags),
            gcflags: own.gcflags.or(below.gcflags),
            asmflags: own.asmflags.or(below.asmflags),
            cgo: own.cgo.or(below.cgo),
            workspace: own.workspace.or(below.workspace),
            experiment: own.experiment.or(below.experiment),
            levels: own.levels.over(&below.levels),
        }
    }
}

impl Runtime {
    /// `own` key by key over `below`; `env`, `labels` and `links` are joined name by name.
    fn over(own: Option<&Self>, below: &Self) -> Self {
        let Some(own) = own.cloned() else {
            return below.clone();
        };
        let mut below = below.clone();
        below.env.extend(own.env);
        below.labels.extend(own.labels);
        below.links.extend(own.links);
        Self {
            base: own.base.or(below.base),
            user: own.user.or(below.user),
            certificates: own.certificates.or(below.certificates),
            timezones: own.timezones.or(below.timezones),
            env: below.env,
            labels: below.labels,
            ports: own.ports.or(below.ports),
            path: own.path.or(below.path),
            entrypoint: own.entrypoint.or(below.entrypoint),
            cmd: own.cmd.or(below.cmd),
            workdir: own.workdir.or(below.workdir),
            stop_signal: own.stop_signal.or(below.stop_signal),
            volumes: own.volumes.or(below.volumes),
            healthcheck: own.healthcheck.or(below.healthcheck),
            links: below.links,
            dirs: own.dirs.or(below.dirs),
            files: own.files.or(below.files),
        }
    }
}

fn strings(items: &[Spanned<String>]) -> Vec<String> {
    items.iter().map(|item| item.value.clone()).collect()
}

fn set(items: Option<&Vec<Spanned<String>>>) -> BTreeSet<String> {
    items
        .map(|items| strings(items))
        .unwrap_or_default()
        .into_iter()
        .collect()
}

fn compile(build: &Build) -> CompileConfig {
    let text = |value: &Option<Spanned<String>>| {
        value
            .as_ref()
            .map(|value| value.value.clone())
            .unwrap_or_default()
    };
    let level = |(name, value): (&str, &Option<Spanned<String>>)| {
        Some((name.to_owned(), value.as_ref()?.value.clone()))
    };
    CompileConfig {
        tags: set(build.tags.as_ref()),
        gcflags: text(&build.gcflags),
        asmflags: text(&build.asmflags),
        cgo: build.cgo.as_ref().is_some_and(|cgo| cgo.value),
        gowork_off: build
            .workspace
            .as_ref()
            .is_some_and(|workspace| !workspace.value),
        experiment: set(build.experiment.as_ref()),
        levels: build
            .levels
            .variables()
            .into_iter()
            .filter_map(level)
            .collect(),
    }
}

fn resolve_runtime(runtime: Runtime) -> RuntimeConfig {
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
    RuntimeConfig {
        base,
        user: text(runtime.user).or(default_user),
        certificates: runtime.certificates.map_or(is_scratch, |on| on.value),
        timezones: runtime.timezones.map_or(is_scratch, |on| on.value),
        env: texts(runtime.env),
        labels: texts(runtime.labels),
        ports: ports.collect(),
        path: text(runtime.path),
        entrypoint: runtime.entrypoint.map(|words| strings(&words)),
        cmd: runtime.cmd.map(|words| strings(&words)),
        workdir: text(runtime.workdir),
        stop_signal: text(runtime.stop_signal),
        volumes: set(runtime.volumes.as_ref()),
        healthcheck: runtime.healthcheck.map(resolve_healthcheck),
        links: texts(runtime.links),
        dirs: dirs.iter().map(resolve_dir).collect(),
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
