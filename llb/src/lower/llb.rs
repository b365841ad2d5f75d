//! A plan as LLB: every step an exec with exactly its inputs mounted.
//!
//! In the container:
//!
//! | path | what |
//! |---|---|
//! | `/src` | mod files and sources of the step, nothing else; of a sealed step the mod files made for it |
//! | `/src/vendor/...` | in sealed steps, directories of the module cache with the third-party packages of the step; what is done to them is dropped, if it can be |
//! | `/gowork/modcache` | the pruned module cache, read-only |
//! | `/gowork/results/N` | compile results of a part of an earlier step, read-only |
//! | `/gowork/cache` | the cache mount, where compile results are kept in one |
//! | `/gowork/after/N` | nothing, of an earlier step that left its results in the cache mount: so that it runs before |
//! | `/gowork/layers/N` | beside the steps, results of a step |
//! | `/gowork/resolved` | in links, a file of the resolve step's answer that is always the same |
//! | `/gowork/out-modcache` | what the resolve step makes besides |
//! | `/gowork/out` | what the step makes: its layer, of a compile step a directory for each part, named by its first package |
//! | `/gowork/step/parts` | import paths to compile, one a line, with an empty line between parts |
//! | `/gowork/step/step.json` | what makes the step's results, where the cache mount may have them whole |
//! | `/gowork/failures` | a cache mount, where a step that fails leaves what it printed |
//! | `/gowork/gowork-cache` | the program that the go command's cache requests go to (GOCACHEPROG) |

use std::collections::{BTreeMap, BTreeSet};

use gowork_step::words::{COMPILE, DISCARD, LINK, LINK_MOUNT, MOUNT, NO_LAYER, OWN, PARENT};
use gowork_step::{STEP_DIR, part_dir, to_json};

use super::ahead::binary_path;
use super::materials::{LlbOptions, Materials, NoCache};
use super::progress::weak;
use super::words::{Told, files_of};
use crate::config::Cache;
use crate::ops::exec::{Exec, Executed, Mount, Network, Sharing};
use crate::ops::{OpError, Output};
use crate::plan::{Build, BuildIx, Link, Plan, Results, Step, StepIx, StepKind, early_std};
use crate::resolution::REQUEST_FILE;

/// A plan being lowered. Equal steps come out as one op, however often they are asked for.
#[derive(Debug, Clone)]
pub struct Lowering<'a> {
    pub(super) plan: &'a Plan,
    pub(super) materials: &'a Materials,
    pub(super) options: LlbOptions<'a>,
    /// Compile results and binaries by step.
    made: BTreeMap<StepIx, Output>,
    /// What the steps of a build are told.
    pub(super) told: BTreeMap<BuildIx, Told>,
}

pub(super) const OUT: &str = "/gowork/out";
/// Where the resolve step leaves the module cache: an output of its own, fetched from an imported
/// cache only when a step reads it.
const MODCACHE_OUT: &str = "/gowork/out-modcache";
/// Where a link has a file of the resolve step's answer, for no reader.
const RESOLVED: &str = "/gowork/resolved";
pub(super) const SRC: &str = "/src";
pub(super) const CACHE_PROGRAM: &str = "/gowork/gowork-cache";
pub(super) const MODCACHE: &str = "/gowork/modcache";
const FRONTEND_PROGRAM: &str = "/gowork/gowork-frontend";
pub(super) const CACHE_MOUNT: &str = "/gowork/cache";

impl<'a> Lowering<'a> {
    /// Starts to lower `plan`.
    pub fn new(plan: &'a Plan, materials: &'a Materials, options: LlbOptions<'a>) -> Self {
        Self {
            plan,
            materials,
            options,
            made: BTreeMap::new(),
            told: BTreeMap::new(),
        }
    }

    /// The plan that is lowered.
    pub fn plan(&self) -> &'a Plan {
        self.plan
    }

    /// The resolve step of a build: a directory with `resolution.json`, what images have besides
    /// their binaries, and in workspaces `go.work.sum`.
    ///
    /// # Errors
    /// Where the step cannot be written down.
    pub fn resolve(&self, build: BuildIx) -> Result<Output, OpError> {
        self.run_resolve(build, None)?.output(OUT)
    }

    /// The step for packages of std that is known before the resolve step has answered
    /// ([`early_std`]), if there is one that `image`, or any image, needs.
    ///
    /// # Errors
    /// As [`Self::resolve`].
    pub fn early_std(
        &mut self,
        build: BuildIx,
        image: Option<&str>,
    ) -> Result<Option<Output>, OpError> {
        let Some(step) = early_std(self.plan, build, image) else {
            return Ok(None);
        };
        self.compile(&step).map(Some)
    }

    /// The same step run again to find out what is wrong: a directory with `report.json`. Networks
    /// heal, so a report must not be found in the cache when it is asked for again: `attempt` is a
    /// text that no earlier attempt had. (To ignore the cache would empty the cache mount of
    /// modules.)
    ///
    /// # Errors
    /// As [`Self::resolve`].
    pub fn resolve_report(&self, build: BuildIx, attempt: &str) -> Result<Output, OpError> {
        self.run_resolve(build, Some(attempt))?.output(OUT)
    }

    /// What a step makes: compile results, a directory for each part; or for a link a directory
    /// with the binary.
    ///
    /// # Errors
    /// As [`Self::resolve`].
    pub fn step(&mut self, ix: StepIx) -> Result<Output, OpError> {
        if let Some(output) = self.made.get(&ix) {
            return Ok(output.clone());
        }
        let step = self.plan.step(ix);
        let output = match &step.kind {
            StepKind::Resolve(_) => self.resolve(step.build)?,
            StepKind::Std(_) | StepKind::Deps(_) | StepKind::Unit(_) => self.compile(step)?,
            StepKind::Link(link) => self.link(step, link)?,
        };
        self.made.insert(ix, output.clone());
        Ok(output)
    }

    fn run_resolve(&self, ix: BuildIx, report: Option<&str>) -> Result<Executed, OpError> {
        let build = self.plan.build(ix);
        // The same before and after the answer is known, and so the same op: a vendor directory
        // goes in whole.
        let vendor = build.vendored.then(|| build.dir.child("vendor"));
        let sources = self.copy_sources(build.mod_files.iter().chain(&vendor));
        let sources = sources
            .named(self.title(&self.of_build("mod files".to_owned(), ix)))
            .progress_group(weak(self.resolve_row(ix)));
        let mut args = vec![FRONTEND_PROGRAM.to_owned(), "resolve".to_owned()];
        let request_file = format!("{STEP_DIR}/{REQUEST_FILE}");
        let places = [
            "--request",
            &request_file,
            "--source",
            SRC,
            "--out",
            OUT,
            "--modcache",
            MODCACHE_OUT,
        ];
        args.extend(places.map(ToOwned::to_owned));
        if report.is_some() {
            args.push("--report".to_owned());
        }
        let mut exec = Exec::new(args)
            .root(&self.materials.builder)
            .cwd("/")
            .env("HOME", "/tmp/home")
            .env("GOTOOLCHAIN", &self.plan.toolchain)
            .env("GOMODCACHE", "/gowork/modcache-raw")
            .mount(
                Mount::read_only(&self.materials.programs, FRONTEND_PROGRAM)
                    .selector("/gowork-frontend"),
            )
            .mount(Mount::read_only(&self.request(ix), STEP_DIR))
            .mount(Mount::discarded(&sources.output(), SRC))
            .mount(self.shared_cache("gowork-modules", "/gowork/modcache-raw"))
            .mount(Mount::tmpfs("/tmp", 0))
            .mount(Mount::scratch_output(OUT))
            .mount(Mount::scratch_output(MODCACHE_OUT))
            .mount(Mount::secret("ca", "/run/secrets/ca").optional())
            .mount(Mount::secret("netrc", "/run/secrets/netrc").optional())
            .mount(Mount::ssh("default", "").optional())
            .network(self.options.network);
        for (name, value) in self
            .plan
            .module_env
            .clone()
            .into_iter()
            .chain(self.materials.environment(&build.settings))
        {
            exec = exec.env(&name, &value);
        }
        if let Some(attempt) = report {
            let title = self.of_build("find out why modules cannot be resolved".to_owned(), ix);
            return self
                .dress(exec.env("GOWORK_ATTEMPT", attempt), None)
                .named(self.title(&title))
                .run();
        }
        let named = exec
            .named(self.title(&self.resolve_title(ix)))
            .progress_group(self.resolve_row(ix));
        self.dress(named, None).run()
    }

    /// The question as a file. Its bytes depend on nothing else, so neither does the step's key.
    fn request(&self, ix: BuildIx) -> Output {
        let title = self.title(&self.of_build("[internal] resolve request".to_owned(), ix));
        let files = files_of([(REQUEST_FILE, to_json(&self.plan.build(ix).request))]);
        files
            .named(title)
            .progress_group(weak(self.resolve_row(ix)))
            .output()
    }

    fn compile(&mut self, step: &Step) -> Result<Output, OpError> {
        let results = match self.plan.cache_of(step.build) {
            Cache::Layer | Cache::Both => format!("{OWN} {OUT}"),
            Cache::Mount => format!("{DISCARD} {OUT}"),
        };
        let exec = self
            .go_exec(step, self.compile_args(step), &results)?
            .mount(Mount::scratch_output(OUT))
            .mount(self.told(step));
        let exec = exec
            .named(self.title(&step.title))
            .progress_group(self.row(step));
        self.dress(exec, Some(step)).run()?.output(OUT)
    }

    /// The command line of a compile step.
    pub(super) fn compile_args(&self, step: &Step) -> Vec<String> {
        let build = self.plan.build(step.build);
        let layer = match self.plan.cache_of(step.build) {
            Cache::Layer | Cache::Both => OUT,
            Cache::Mount => NO_LAYER,
        };
        let mut args = [CACHE_PROGRAM, COMPILE].map(ToOwned::to_owned).to_vec();
        args.extend(self.description_word(step));
        args.extend([Self::parts_word(), layer.to_owned()]);
        args.extend(GO_FLAGS.map(ToOwned::to_owned));
        args.extend(build.settings.package_flags());
        // A link finds the profile beside its main.
        args.extend(
            build
                .settings
                .profile
                .iter()
                .map(|profile| format!("-pgo={SRC}/{profile}")),
        );
        args
    }

    fn link(&mut self, step: &Step, link: &Link) -> Result<Output, OpError> {
        let results = match self.plan.cache_of(step.build) {
            Cache::Layer | Cache::Both => format!("{DISCARD} /tmp/results"),
            // All that the binary is made of is copied there, which may be too much for a file
            // system in memory.
            Cache::Mount => format!("{DISCARD} {OUT}"),
        };
        // The go command links in its working directory: from there it need not be copied.
        let exec = self
            .go_exec(step, self.link_args(step, link), &results)?
            .env("GOTMPDIR", OUT);
        let mut exec = exec.mount(Mount::scratch_output(OUT));
        if self.link_description(step).is_some() {
            exec = exec.mount(self.told(step)).mount(self.cache_mount());
        }
        // An exported cache holds the outputs that the steps of a result read. The answer of the
        // resolve step is read by the frontend: so that it is in the cache, a file of the same
        // output is mounted here, one whose content is always the same.
        let exec = exec.mount(
            Mount::read_only(&self.resolve(step.build)?, RESOLVED).selector("/rootfs/etc/group"),
        );
        let exec = exec
            .named(self.title(&step.title))
            .progress_group(self.row(step));
        self.dress(exec, Some(step)).run()?.output(OUT)
    }

    /// The command line of a link.
    pub(super) fn link_args(&self, step: &Step, link: &Link) -> Vec<String> {
        let mut args = [CACHE_PROGRAM, LINK].map(ToOwned::to_owned).to_vec();
        if let Some(word) = self.link_description(step) {
            args.extend([word, format!("{LINK_MOUNT}{CACHE_MOUNT}")]);
        }
        args.push(binary_path(link));
        args.extend(Self::link_words(self.plan.build(step.build), link));
        args
    }

    /// The word that names the description of a link, where it has one. A step that ignores its
    /// cached result is given empty cache mounts, which would be the end of everybody's results.
    pub(super) fn link_description(&self, step: &Step) -> Option<String> {
        self.description_word(step)
            .filter(|_| !self.ignores_cache(Some(step)))
    }

    /// A go command with the step's inputs. What it makes itself goes to `results`, words for the
    /// cache program.
    fn go_exec(&mut self, step: &Step, args: Vec<String>, results: &str) -> Result<Exec, OpError> {
        let build = self.plan.build(step.build);
        let exec = Exec::new(args).read_only_root(&self.materials.builder);
        let (mut exec, tiers) = self.with_results(exec, step)?;
        let program = format!("{CACHE_PROGRAM}{tiers} {results}");
        exec = self
            .source_mounts_of(step)?
            .into_iter()
            .fold(exec, Exec::mount);
        if has_modules(step) {
            exec = exec.cwd(source_dir(build));
        }
        if step.inputs.module_cache {
            exec = exec.mount(Mount::read_only(&self.module_cache(step.build)?, MODCACHE));
        }
        Ok(self.with_failures(self.with_go(exec, step, program)))
    }

    /// What a step has in [`SRC`].
    pub(super) fn source_mounts_of(&self, step: &Step) -> Result<Vec<Mount>, OpError> {
        if has_modules(step) || !step.inputs.files.is_empty() {
            self.source_mounts(step)
        } else {
            Ok(Vec::new())
        }
    }

    /// The compile steps and links that were lowered, with what they make.
    pub fn lowered(&self) -> impl Iterator<Item = (StepIx, &Output)> {
        self.made.iter().map(|(ix, output)| (*ix, output))
    }

    /// What every go command that compiles needs, as `step` does. Its cache requests go to
    /// `program`.
    pub(super) fn with_go(&self, exec: Exec, step: &Step, program: String) -> Exec {
        let settings = &self.plan.build(step.build).settings;
        let mut exec = exec
            .mount(
                Mount::read_only(&self.materials.programs, CACHE_PROGRAM).selector("/gowork-cache"),
            )
            .mount(Mount::tmpfs("/tmp", 0))
            .network(Network::None)
            .env("GOCACHEPROG", program);
        for (name, value) in self
            .materials
            .environment(settings)
            .into_iter()
            .chain(self.go_env(step))
        {
            exec = exec.env(name, value);
        }
        exec
    }

    /// Of the resolve step, the pruned module cache.
    pub(super) fn module_cache(&self, build: BuildIx) -> Result<Output, OpError> {
        self.run_resolve(build, None)?.output(MODCACHE_OUT)
    }

    /// The results that a step reads, by what is in them and not by the plan's numbers: these
    /// change without a change of what this step reads.
    pub(super) fn reads(&self, step: &Step) -> Vec<(String, StepIx)> {
        let mut results: Vec<(String, StepIx)> = step
            .inputs
            .results
            .iter()
            .map(|result| (self.part_dir(*result), result.step))
            .collect();
        results.sort();
        results
    }

    /// Mounts the compile results that a step reads. Also returns the words that tell the cache
    /// program of them.
    fn with_results(&mut self, mut exec: Exec, step: &Step) -> Result<(Exec, String), OpError> {
        let cache = self.plan.cache_of(step.build);
        let mut tiers = String::new();
        if cache == Cache::Mount {
            let steps: BTreeSet<StepIx> = step
                .inputs
                .results
                .iter()
                .map(|result| result.step)
                .collect();
            for (number, before) in steps.into_iter().enumerate() {
                exec = exec.mount(Mount::read_only(
                    &self.step(before)?,
                    format!("/gowork/after/{number}"),
                ));
            }
        } else {
            for (number, (part, made_by)) in self.reads(step).into_iter().enumerate() {
                let dir = format!("/gowork/results/{number}");
                tiers.push_str(&format!(" {PARENT} {dir}"));
                exec = exec.mount(
                    Mount::read_only(&self.step(made_by)?, dir).selector(format!("/{part}")),
                );
            }
        }
        // A link compiles its main alone, and that under a key which no other link has.
        let is_link = matches!(step.kind, StepKind::Link(_));
        if cache == Cache::Mount || (cache == Cache::Both && !is_link) {
            tiers.push_str(&format!(" {MOUNT} {CACHE_MOUNT}"));
            exec = exec.mount(self.cache_mount());
        }
        Ok((exec, tiers))
    }

    /// The directory that `gowork-cache compile` gives a part.
    fn part_dir(&self, result: Results) -> String {
        let part = self.plan.step(result.step).kind.parts().get(result.part);
        part.map(|part| part_dir(part.named())).unwrap_or_default()
    }

    /// Environment of a go command that needs nothing from outside. GODEBUG=goindex=0 keeps it from
    /// trusting an index of sources that is keyed by their times (golang/go#69179): times say
    /// nothing here.
    fn go_env(&self, step: &Step) -> Vec<(String, String)> {
        let build = self.plan.build(step.build);
        let work = format!("{}/go.work", source_dir(build));
        let sealed = step.inputs.sealed.is_some();
        let mode = if sealed || build.vendored {
            "-mod=vendor"
        } else {
            "-mod=readonly"
        };
        let has_modules = has_modules(step);
        let mut env = vec![
            ("HOME", "/tmp/home"),
            ("GOCACHE", "/tmp/gocache"),
            ("GOPATH", "/tmp/gopath"),
            ("GOMODCACHE", MODCACHE),
            ("GOENV", "off"),
            ("GOTELEMETRY", "off"),
            ("GOPROXY", "off"),
            ("GOSUMDB", "off"),
            ("GODEBUG", "goindex=0"),
            ("GOTOOLCHAIN", self.plan.toolchain.as_str()),
            ("GOFLAGS", if has_modules { mode } else { "" }),
            (
                "GOWORK",
                if has_modules && (sealed || build.workspace) {
                    work.as_str()
                } else {
                    "off"
                },
            ),
        ];
        env.extend(
            build
                .settings
                .env
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str())),
        );
        env.into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }

    /// What every exec gets, whatever it does. BuildKit leaves the names of cache mounts out of a
    /// step's key (solver/llbsolver/ops, `ExecOp.CacheMap`): without a word of its own, a namespace
    /// would be handed the layers that another one's mounts were made into.
    pub(super) fn dress(&self, exec: Exec, step: Option<&Step>) -> Exec {
        let exec = match self.options.cache_namespace {
            "" => exec,
            namespace => exec.env("GOWORK_CACHE_NAMESPACE", namespace),
        };
        let exec = (self.options.dress)(exec.platform(self.materials.build_platform.clone()));
        exec.ignore_cache(self.ignores_cache(step))
    }

    fn ignores_cache(&self, step: Option<&Step>) -> bool {
        match (self.options.no_cache, step.map(|step| &step.kind)) {
            (NoCache::Everything, _) => true,
            (NoCache::Images(names), Some(StepKind::Link(_))) => {
                let image = self
                    .plan
                    .images
                    .iter()
                    .find(|image| step == self.plan.steps.get(image.link.0));
                image.is_some_and(|image| {
                    names
                        .iter()
                        .any(|name| name.eq_ignore_ascii_case(&image.name))
                })
            }
            _ => false,
        }
    }

    /// The cache mount with compile results.
    pub(super) fn cache_mount(&self) -> Mount {
        self.shared_cache("gowork-results", CACHE_MOUNT)
    }

    /// A cache mount that any number of steps use at once, of all builds with the same namespace.
    pub(super) fn shared_cache(&self, name: &str, dest: &str) -> Mount {
        let id = match self.options.cache_namespace {
            "" => name.to_owned(),
            namespace => format!("{namespace}/{name}"),
        };
        Mount::cache(id, dest, Sharing::Shared)
    }

    pub(super) fn title(&self, words: &str) -> String {
        format!("{}{words}", self.options.prefix)
    }
}

/// Flags of every go command that compiles.
pub(super) const GO_FLAGS: [&str; 2] = ["-trimpath", "-buildvcs=false"];

/// Whether a step compiles more than std, whose sources the builder image has.
fn has_modules(step: &Step) -> bool {
    step.inputs.sealed.is_some() || !step.inputs.mod_files.is_empty()
}

pub(super) fn source_dir(build: &Build) -> String {
    if build.dir.is_root() {
        SRC.to_owned()
    } else {
        format!("{SRC}/{}", build.dir)
    }
}

/// Flags of a link.
pub(super) fn link_flags(build: &Build, link: &Link) -> Vec<String> {
    let mut flags: Vec<String> = GO_FLAGS
        .map(ToOwned::to_owned)
        .into_iter()
        .chain(build.settings.flags())
        .collect();
    if !link.ldflags.is_empty() {
        flags.push(format!("-ldflags={}", link.ldflags));
    }
    flags
}
