//! Steps that run the go command on sources: what they mount, their environment, and the steps that
//! compile packages.

use std::collections::BTreeSet;

use gowork_step::part_dir;
use gowork_step::words::{COMPILE, DISCARD, LAYER, MOUNT, NO_LAYER, PARENT};

use super::Lowering;
use super::paths::{CACHE_MOUNT, CACHE_PROGRAM, MODCACHE, OUT, SRC, source_dir};
use crate::config::{Cache, ImageName};
use crate::ops::exec::{Exec, Mount, Network};
use crate::ops::{OpError, Output};
use crate::plan::{BuildIx, Results, Step, StepIx, StepKind, early_std};

/// Flags of every go command that compiles; but a link may stamp its program.
pub(super) const GO_FLAGS: [&str; 2] = ["-trimpath", NOT_STAMPED];

/// The flag that leaves the commit out of programs.
pub(super) const NOT_STAMPED: &str = "-buildvcs=false";

impl Lowering<'_> {
    /// What the steps for packages of std make that are known before the resolve step has answered,
    /// if one of `images`, or any image, needs them.
    ///
    /// # Errors
    /// As [`Self::resolve`].
    pub fn early_std(
        &self,
        build: BuildIx,
        images: Option<&[ImageName]>,
    ) -> Result<Option<Output>, OpError> {
        let Some(plan) = early_std(self.plan, build, images) else {
            return Ok(None);
        };
        let last = plan.steps.len().checked_sub(1).map(StepIx);
        let mut lowering = Lowering::new(&plan, self.inputs, self.options);
        last.map(|last| lowering.step(last)).transpose()
    }

    pub(super) fn compile(&mut self, step: &Step) -> Result<Output, OpError> {
        let results = match self.plan.cache_of(step.build) {
            Cache::Layer | Cache::Both => format!("{LAYER} {OUT}"),
            Cache::Mount => format!("{DISCARD} {OUT}"),
        };
        let exec = self
            .go_exec(step, self.compile_args(step), &results)?
            .mount(Mount::scratch_output(OUT))
            .mount(self.step_mount(step));
        let exec = exec
            .named(self.title(&step.title))
            .progress_group(self.row(step));
        self.decorate(exec, Some(step)).run()?.output(OUT)
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

    /// A go command with the step's inputs. What it makes itself goes to `results`, words for the
    /// cache program.
    pub(super) fn go_exec(
        &mut self,
        step: &Step,
        args: Vec<String>,
        results: &str,
    ) -> Result<Exec, OpError> {
        let build = self.plan.build(step.build);
        let exec = Exec::new(args).read_only_root(&self.inputs.builder);
        let (mut exec, tiers) = self.with_results(exec, step)?;
        let program = format!("{CACHE_PROGRAM}{tiers} {results}");
        exec = self
            .source_mounts_of(step)?
            .into_iter()
            .fold(exec, Exec::mount);
        if has_modules(step) {
            exec = exec.cwd(source_dir(build));
        }
        let stamp = self.stamp(step);
        if step.inputs.module_cache {
            let modules = self.module_cache(step.build)?;
            exec = exec.mount(Self::modules_mount(&modules, stamp));
        } else if let Some(mount) = Self::no_modules_mount(stamp) {
            exec = exec.mount(mount);
        }
        Ok(self.with_failures(self.with_go(exec, step, program)))
    }

    /// What every go command that compiles needs, as `step` does. Its cache requests go to
    /// `program`.
    pub(super) fn with_go(&self, exec: Exec, step: &Step, program: String) -> Exec {
        let settings = &self.plan.build(step.build).settings;
        let stamp = self.stamp(step);
        let mut exec = self
            .with_stamp(exec, stamp)
            .mount(Mount::read_only(&self.inputs.programs, CACHE_PROGRAM).selector("/gowork-cache"))
            .mount(Mount::tmpfs("/tmp", 0))
            .network(Network::None)
            .env("GOCACHEPROG", program);
        for (name, value) in self
            .inputs
            .environment(settings)
            .into_iter()
            .chain(self.go_env(step))
        {
            let value = match stamp {
                Some(_) if name == "PATH" => Self::path_with_stamp(&value),
                _ => value,
            };
            exec = exec.env(name, value);
        }
        exec
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
        // A step that ignores its cached result is given empty cache mounts, which would be the end
        // of everybody's results: a link can do without.
        let spares = cache == Cache::Both
            && matches!(step.kind, StepKind::Link(_))
            && self.ignores_cache(Some(step));
        if step.kind.uses_mount(cache) && !spares {
            tiers.push_str(&format!(" {MOUNT} {CACHE_MOUNT}"));
            exec = exec.mount(self.cache_mount());
        }
        Ok((exec, tiers))
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

    /// What a step has in [`SRC`].
    pub(super) fn source_mounts_of(&self, step: &Step) -> Result<Vec<Mount>, OpError> {
        if has_modules(step) || !step.inputs.files.is_empty() {
            self.source_mounts(step)
        } else {
            Ok(Vec::new())
        }
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
}

/// Whether a step compiles more than std, whose sources the builder image has.
fn has_modules(step: &Step) -> bool {
    step.inputs.sealed.is_some() || !step.inputs.mod_files.is_empty()
}
