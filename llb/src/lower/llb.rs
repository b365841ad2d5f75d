//! A plan as LLB: every step an exec with exactly its inputs mounted.
//!
//! In the container:
//!
//! | path | what |
//! |---|---|
//! | `/src` | mod files and sources of the step, nothing else; of a sealed step the mod files made for it, and its part of the vendor directory |
//! | `/gowork/modcache` | the pruned module cache, read-only |
//! | `/gowork/results/N` | compile results of a part of an earlier step, read-only |
//! | `/gowork/cache` | the cache mount, where compile results are kept in one |
//! | `/gowork/after/N` | nothing, of an earlier step that left its results in the cache mount: so that it runs before |
//! | `/gowork/resolved` | in links, a file of the resolve step's answer that is always the same |
//! | `/gowork/out-modcache`, `/gowork/out-vendor` | what the resolve step makes besides |
//! | `/gowork/out` | what the step makes: its layer, of a compile step a directory for each part, named by its first package |
//! | `/gowork/step/parts` | import paths to compile, one a line, with an empty line between parts |
//! | `/gowork/gowork-cache` | the program that the go command's cache requests go to (GOCACHEPROG) |

use std::collections::{BTreeMap, BTreeSet};

use super::runtime::BINARY_DIR;
use crate::config::Cache;
use crate::ops::exec::{Exec, Executed, Mount, Network, Sharing};
use crate::ops::file::{File, Mkfile};
use crate::ops::{OpError, Output, Platform};
use crate::plan::{Build, BuildIx, Link, Part, Plan, Results, Step, StepIx, StepKind, early_std};
use crate::resolution::ResolveRequest;

/// What the steps are fed with.
#[derive(Debug, Clone)]
pub struct Materials {
    /// The build context, with at least [`Outline::tree_paths`](crate::plan::Outline::tree_paths) in it.
    pub context: Output,
    /// The builder image.
    pub builder: Output,
    /// Environment of the builder image. Steps get PATH, and with cgo what is about C compilers.
    pub builder_env: BTreeMap<String, String>,
    /// The image with the programs `gowork-frontend` and `gowork-cache` at its root.
    pub programs: Output,
    /// What the steps run on.
    pub build_platform: Platform,
    /// Base images by reference, for the plan's platform.
    pub bases: BTreeMap<String, Output>,
}

/// What the user may say about how steps are run, without a change to what they make.
#[derive(Clone, Copy)]
pub struct LlbOptions<'a> {
    /// Steps to run although their results are cached.
    pub no_cache: &'a NoCache,
    /// Put before every step's name: `[linux/arm64] `, or nothing.
    pub prefix: &'a str,
    /// What every exec gets besides: proxies, hosts, limits.
    pub dress: &'a dyn Fn(Exec) -> Exec,
    /// Network of the resolve step; others have none.
    pub network: Network,
    /// Times of the files that go into images, in seconds since 1970.
    pub epoch: i64,
    /// Whether layers are made apart and merged (MergeOp), as far as the daemon can: a layer's bytes then depend on nothing below it.
    pub merge: bool,
}

impl std::fmt::Debug for LlbOptions<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LlbOptions").field("no_cache", self.no_cache).field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

/// Which steps run although their results are cached.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum NoCache {
    /// None.
    #[default]
    Nothing,
    /// All.
    Everything,
    /// The link steps of these images.
    Images(BTreeSet<String>),
}

/// A plan being lowered. Equal steps come out as one op, however often they are asked for.
#[derive(Debug, Clone)]
pub struct Lowering<'a> {
    pub(super) plan: &'a Plan,
    pub(super) materials: &'a Materials,
    pub(super) options: LlbOptions<'a>,
    /// Compile results and binaries by step.
    made: BTreeMap<StepIx, Output>,
}

const OUT: &str = "/gowork/out";
/// Where the resolve step leaves module cache and vendor directory: outputs of their own, each fetched from an imported cache only when a step reads it.
const MODCACHE_OUT: &str = "/gowork/out-modcache";
const VENDOR_OUT: &str = "/gowork/out-vendor";
/// Where a link has a file of the resolve step's answer, for no reader.
const RESOLVED: &str = "/gowork/resolved";
const SRC: &str = "/src";
const CACHE_PROGRAM: &str = "/gowork/gowork-cache";
const FRONTEND_PROGRAM: &str = "/gowork/gowork-frontend";
const CACHE_MOUNT: &str = "/gowork/cache";
const STEP_DIR: &str = "/gowork/step";
const PARTS: &str = "/gowork/step/parts";

impl<'a> Lowering<'a> {
    /// Starts to lower `plan`.
    pub fn new(plan: &'a Plan, materials: &'a Materials, options: LlbOptions<'a>) -> Self {
        Self { plan, materials, options, made: BTreeMap::new() }
    }

    /// The plan that is lowered.
    pub fn plan(&self) -> &'a Plan {
        self.plan
    }

    /// The resolve step of a build: a directory with `resolution.json`, what images have besides their binaries, and in workspaces `go.work.sum`.
    ///
    /// # Errors
    /// Where the step cannot be written down.
    pub fn resolve(&self, build: BuildIx) -> Result<Output, OpError> {
        self.run_resolve(build, None)?.output(OUT)
    }

    /// The step for packages of std that is known before the resolve step has answered ([`early_std`]), if there is one.
    ///
    /// # Errors
    /// As [`Self::resolve`].
    pub fn early_std(&mut self, build: BuildIx) -> Result<Option<Output>, OpError> {
        let Some(step) = early_std(self.plan, build) else { return Ok(None) };
        self.compile(&step, step.kind.parts()).map(Some)
    }

    /// Of the resolve step, the third-party packages as a vendor directory.
    pub(super) fn vendor(&self, build: BuildIx) -> Result<Output, OpError> {
        self.run_resolve(build, None)?.output(VENDOR_OUT)
    }

    /// The same step run again to find out what is wrong: a directory with `report.json`. Networks heal, so a report must not be found in the cache when
    /// it is asked for again: `attempt` is a text that no earlier attempt had. (To ignore the cache would empty the cache mount of modules.)
    ///
    /// # Errors
    /// As [`Self::resolve`].
    pub fn resolve_report(&self, build: BuildIx, attempt: &str) -> Result<Output, OpError> {
        self.run_resolve(build, Some(attempt))?.output(OUT)
    }

    /// What a step makes: compile results, a directory for each part; or for a link a directory with the binary.
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
            StepKind::Std(parts) | StepKind::Deps(parts) | StepKind::Unit(parts) => self.compile(step, parts)?,
            StepKind::Link(link) => self.link(step, link)?,
        };
        self.made.insert(ix, output.clone());
        Ok(output)
    }

    fn run_resolve(&self, ix: BuildIx, report: Option<&str>) -> Result<Executed, OpError> {
        let build = self.plan.build(ix);
        // The same before and after the answer is known, and so the same op: a vendor directory goes in whole.
        let vendor = build.vendored.then(|| build.dir.child("vendor"));
        let sources = self.sources(build.mod_files.iter().chain(&vendor), "mod files");
        let mut args = vec![FRONTEND_PROGRAM.to_owned(), "resolve".to_owned()];
        args.extend(["--request", "/gowork/step/request.json", "--source", SRC, "--out", OUT].map(ToOwned::to_owned));
        args.extend(["--modcache", MODCACHE_OUT, "--vendor", VENDOR_OUT].map(ToOwned::to_owned));
        if report.is_some() {
            args.push("--report".to_owned());
        }
        let mut exec = Exec::new(args)
            .root(&self.materials.builder)
            .cwd("/")
            .env("HOME", "/tmp/home")
            .env("GOTOOLCHAIN", &self.plan.toolchain)
            .env("GOMODCACHE", "/gowork/modcache-raw")
            .mount(Mount::read_only(&self.materials.programs, FRONTEND_PROGRAM).selector("/gowork-frontend"))
            .mount(Mount::read_only(&request(&build.request), STEP_DIR))
            .mount(Mount::discarded(&sources, SRC))
            .mount(Mount::cache("gowork-modules", "/gowork/modcache-raw", Sharing::Shared))
            .mount(Mount::tmpfs("/tmp", 0))
            .mount(Mount::scratch_output(OUT))
            .mount(Mount::scratch_output(MODCACHE_OUT))
            .mount(Mount::scratch_output(VENDOR_OUT))
            .mount(Mount::secret("ca", "/run/secrets/ca").optional())
            .mount(Mount::secret("netrc", "/run/secrets/netrc").optional())
            .mount(Mount::ssh("default", "").optional())
            .network(self.options.network);
        for (name, value) in self.plan.module_env.clone().into_iter().chain(self.materials.environment(&build.settings)) {
            exec = exec.env(&name, &value);
        }
        let title = if report.is_some() { "find out what is wrong".to_owned() } else { self.resolve_title(ix) };
        if let Some(attempt) = report {
            exec = exec.env("GOWORK_ATTEMPT", attempt);
        }
        self.dress(exec, None).named(self.title(&title)).run()
    }

    fn resolve_title(&self, ix: BuildIx) -> String {
        let dir = &self.plan.build(ix).dir;
        if self.plan.builds.len() > 1 && !dir.is_root() {
            format!("resolve modules [{dir}]")
        } else {
            "resolve modules".to_owned()
        }
    }

    fn compile(&mut self, step: &Step, parts: &[Part]) -> Result<Output, OpError> {
        let build = self.plan.build(step.build);
        let (layer, results) = match self.plan.cache_of(step.build) {
            Cache::Layer | Cache::Both => (OUT, format!("--own {OUT}")),
            Cache::Mount => ("-", format!("--discard {OUT}")),
        };
        let mut args = [CACHE_PROGRAM, "compile", PARTS, layer].map(ToOwned::to_owned).to_vec();
        args.extend(GO_FLAGS.map(ToOwned::to_owned));
        args.extend(build.settings.package_flags());
        // A link finds the profile beside its main.
        args.extend(build.settings.profile.iter().map(|profile| format!("-pgo={SRC}/{profile}")));
        let lines = |part: &Part| part.named().iter().map(|path| format!("{path}\n")).collect::<String>();
        let named = parts.iter().map(lines).collect::<Vec<_>>().join("\n");
        let exec = self.go_exec(step, args, &results)?.mount(Mount::scratch_output(OUT));
        let exec = exec.mount(Mount::read_only(&one_file("parts", named.into_bytes()), STEP_DIR));
        let exec = exec.named(self.title(&step.title));
        self.dress(exec, Some(step)).run()?.output(OUT)
    }

    fn link(&mut self, step: &Step, link: &Link) -> Result<Output, OpError> {
        let build = self.plan.build(step.build);
        // With -v it says what it compiles: the main alone, unless results of earlier steps were of no use.
        let mut args = ["go", "build", "-v"].map(ToOwned::to_owned).to_vec();
        args.extend(GO_FLAGS.map(ToOwned::to_owned));
        args.extend(build.settings.flags());
        if !link.ldflags.is_empty() {
            args.push(format!("-ldflags={}", link.ldflags));
        }
        args.extend(["-o".to_owned(), format!("{OUT}{BINARY_DIR}/{}", link.binary), link.package.clone()]);
        let results = match self.plan.cache_of(step.build) {
            Cache::Layer | Cache::Both => "--discard /tmp/results".to_owned(),
            // All that the binary is made of is copied there, which may be too much for a file system in memory.
            Cache::Mount => format!("--discard {OUT}"),
        };
        let exec = self.go_exec(step, args, &results)?.mount(Mount::scratch_output(OUT));
        // An exported cache holds the outputs that the steps of a result read. The answer of the resolve step is read by the frontend: so that it is in the
        // cache, a file of the same output is mounted here, one whose content is always the same.
        let exec = exec.mount(Mount::read_only(&self.resolve(step.build)?, RESOLVED).selector("/rootfs/etc/group"));
        let exec = exec.named(self.title(&step.title));
        self.dress(exec, Some(step)).run()?.output(OUT)
    }

    /// A go command with the step's inputs. What it makes itself goes to `results`, words for the cache program.
    fn go_exec(&mut self, step: &Step, args: Vec<String>, results: &str) -> Result<Exec, OpError> {
        let build = self.plan.build(step.build);
        let exec = Exec::new(args).read_only_root(&self.materials.builder);
        let (mut exec, tiers) = self.with_results(exec, step)?;
        let program = format!("{CACHE_PROGRAM}{tiers} {results}");
        if has_modules(step) || !step.inputs.files.is_empty() {
            exec = exec.mount(Mount::read_only(&self.sources_of(step)?, SRC));
        }
        if has_modules(step) {
            exec = exec.cwd(source_dir(build));
        }
        if step.inputs.module_cache {
            let modcache = self.run_resolve(step.build, None)?.output(MODCACHE_OUT)?;
            exec = exec.mount(Mount::read_only(&modcache, "/gowork/modcache"));
        }
        exec = exec
            .mount(Mount::read_only(&self.materials.programs, CACHE_PROGRAM).selector("/gowork-cache"))
            .mount(Mount::tmpfs("/tmp", 0))
            .network(Network::None)
            .env("GOCACHEPROG", program);
        for (name, value) in self.materials.environment(&build.settings).into_iter().chain(self.go_env(step)) {
            exec = exec.env(name, value);
        }
        Ok(exec)
    }

    /// Mounts the compile results that a step reads. Also returns the words that tell the cache program of them.
    fn with_results(&mut self, mut exec: Exec, step: &Step) -> Result<(Exec, String), OpError> {
        let cache = self.plan.cache_of(step.build);
        let mut tiers = String::new();
        if cache == Cache::Mount {
            let steps: BTreeSet<StepIx> = step.inputs.results.iter().map(|result| result.step).collect();
            for (number, before) in steps.into_iter().enumerate() {
                exec = exec.mount(Mount::read_only(&self.step(before)?, format!("/gowork/after/{number}")));
            }
        } else {
            // By what is in them, not by the plan's numbers: these change without a change of what this step reads.
            let mut results: Vec<(String, StepIx)> =
                step.inputs.results.iter().map(|result| (self.part_dir(*result), result.step)).collect();
            results.sort();
            for (number, (part, made_by)) in results.into_iter().enumerate() {
                let dir = format!("/gowork/results/{number}");
                tiers.push_str(&format!(" --parent {dir}"));
                exec = exec.mount(Mount::read_only(&self.step(made_by)?, dir).selector(format!("/{part}")));
            }
        }
        // A link compiles its main alone, and that under a key which no other link has.
        let is_link = matches!(step.kind, StepKind::Link(_));
        if cache == Cache::Mount || (cache == Cache::Both && !is_link) {
            tiers.push_str(&format!(" --mount {CACHE_MOUNT}"));
            exec = exec.mount(Mount::cache("gowork-results", CACHE_MOUNT, Sharing::Shared));
        }
        Ok((exec, tiers))
    }

    /// The directory that `gowork-cache compile` gives a part: its first package's import path, with `!` in place of `/`.
    fn part_dir(&self, result: Results) -> String {
        let part = self.plan.step(result.step).kind.parts().get(result.part);
        part.and_then(|part| part.named().first()).map(|first| first.replace('/', "!")).unwrap_or_default()
    }

    /// Environment of a go command that needs nothing from outside. GODEBUG=goindex=0 keeps it from trusting an index of sources
    /// that is keyed by their times (golang/go#69179): times say nothing here.
    fn go_env(&self, step: &Step) -> Vec<(String, String)> {
        let build = self.plan.build(step.build);
        let work = format!("{}/go.work", source_dir(build));
        let sealed = step.inputs.sealed.is_some();
        let mode = if sealed || build.vendored { "-mod=vendor" } else { "-mod=readonly" };
        let has_modules = has_modules(step);
        let mut env = vec![
            ("HOME", "/tmp/home"),
            ("GOCACHE", "/tmp/gocache"),
            ("GOPATH", "/tmp/gopath"),
            ("GOMODCACHE", "/gowork/modcache"),
            ("GOENV", "off"),
            ("GOTELEMETRY", "off"),
            ("GOPROXY", "off"),
            ("GOSUMDB", "off"),
            ("GODEBUG", "goindex=0"),
            ("GOTOOLCHAIN", self.plan.toolchain.as_str()),
            ("GOFLAGS", if has_modules { mode } else { "" }),
            ("GOWORK", if has_modules && (sealed || build.workspace) { work.as_str() } else { "off" }),
        ];
        env.extend(build.settings.env.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        env.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    /// What every exec gets, whatever it does.
    fn dress(&self, exec: Exec, step: Option<&Step>) -> Exec {
        let exec = (self.options.dress)(exec.platform(self.materials.build_platform.clone()));
        let ignored = match (self.options.no_cache, step.map(|step| &step.kind)) {
            (NoCache::Everything, _) => true,
            (NoCache::Images(names), Some(StepKind::Link(_))) => {
                let image = self.plan.images.iter().find(|image| step == self.plan.steps.get(image.link.0));
                image.is_some_and(|image| names.contains(&image.name))
            }
            _ => false,
        };
        exec.ignore_cache(ignored)
    }

    pub(super) fn title(&self, words: &str) -> String {
        format!("{}{words}", self.options.prefix)
    }
}

/// Flags of every go command that compiles.
const GO_FLAGS: [&str; 2] = ["-trimpath", "-buildvcs=false"];

/// Whether a step compiles more than std, whose sources the builder image has.
fn has_modules(step: &Step) -> bool {
    step.inputs.sealed.is_some() || !step.inputs.mod_files.is_empty()
}

fn source_dir(build: &Build) -> String {
    if build.dir.is_root() { SRC.to_owned() } else { format!("{SRC}/{}", build.dir) }
}

/// The question as a file. Its bytes depend on nothing else, so neither does the step's key.
fn request(request: &ResolveRequest) -> Output {
    one_file("request.json", serde_json::to_vec(request).unwrap_or_default())
}

/// A directory with one file in it.
fn one_file(name: &str, contents: Vec<u8>) -> Output {
    let file = Mkfile::new(&format!("/{name}"), 0o644, contents).timestamp(0);
    File::on(&Output::scratch()).mkfile(file).named(format!("[internal] {name}")).output()
}
