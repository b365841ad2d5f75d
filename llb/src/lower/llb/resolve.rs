//! The resolve step: asks the go command which packages there are, and gets third-party modules.

use gowork_step::{STEP_DIR, to_json};

use super::Lowering;
use super::paths::{FRONTEND_PROGRAM, LICENSES_OUT, MODCACHE_OUT, MODULES, OUT, SRC};
use super::progress::weak;
use super::secret::Secret;
use super::step_files::files_of;
use crate::gomod::path;
use crate::ops::exec::{Exec, Executed, Mount};
use crate::ops::{OpError, Output};
use crate::plan::BuildIx;
use crate::resolution::REQUEST_FILE;

impl Lowering<'_> {
    /// The resolve step of a build: a directory with `resolution.json`, what images hold in
    /// addition to their binaries, and in workspaces `go.work.sum`.
    ///
    /// # Errors
    /// Where the step cannot be written down.
    pub fn resolve(&self, build: BuildIx) -> Result<Output, OpError> {
        self.run_resolve(build, None)?.output(OUT)
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

    /// Of the resolve step, the pruned module cache.
    pub(super) fn module_cache(&self, build: BuildIx) -> Result<Output, OpError> {
        self.run_resolve(build, None)?.output(MODCACHE_OUT)
    }

    /// Of the resolve step, the licence files of the modules that provide packages: in the
    /// directories that a module cache has for them, and those of the standard library in
    /// [`STD_LICENSES`](crate::resolution::STD_LICENSES).
    ///
    /// # Errors
    /// As [`Self::resolve`].
    pub fn license_files(&self, build: BuildIx) -> Result<Output, OpError> {
        self.run_resolve(build, None)?.output(LICENSES_OUT)
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
            "--licenses",
            LICENSES_OUT,
        ];
        args.extend(places.map(ToOwned::to_owned));
        if report.is_some() {
            args.push("--report".to_owned());
        }
        let mut exec = Exec::new(args)
            .root(&self.inputs.builder)
            .cwd("/")
            .env("HOME", "/tmp/home")
            .env("GOTOOLCHAIN", &self.plan.toolchain)
            .env("GOMODCACHE", "/gowork/modcache-raw")
            .mount(
                Mount::read_only(&self.inputs.programs, FRONTEND_PROGRAM)
                    .selector("/gowork-frontend"),
            )
            .mount(Mount::read_only(&self.request(ix), STEP_DIR))
            .mount(Mount::discarded(&sources.output(), SRC))
            .mount(self.shared_cache("gowork-modules", "/gowork/modcache-raw"))
            .mount(Mount::tmpfs("/tmp", 0))
            .mount(Mount::scratch_output(OUT))
            .mount(Mount::scratch_output(MODCACHE_OUT))
            .mount(Mount::scratch_output(LICENSES_OUT))
            .mount(Mount::ssh("default", "").optional())
            .network(self.options.network);
        for id in self.secrets() {
            let file = format!("{}/{id}", Secret::DIR);
            exec = exec.mount(Mount::secret(id, file).optional());
        }
        if let Some(modules) = &self.inputs.modules {
            exec = exec.mount(Mount::read_only(modules, MODULES));
        }
        for (name, value) in self
            .plan
            .module_env
            .clone()
            .into_iter()
            .chain(self.inputs.environment(&build.settings))
        {
            exec = exec.env(&name, &value);
        }
        if let Some(attempt) = report {
            let title = self.of_build("find out why modules cannot be resolved".to_owned(), ix);
            return self
                .decorate(exec.env("GOWORK_ATTEMPT", attempt), None)
                .named(self.title(&title))
                .run();
        }
        let named = exec
            .named(self.title(&self.resolve_title(ix)))
            .progress_group(self.resolve_row(ix));
        self.decorate(named, None).run()
    }

    /// The ids of the secrets that the step may have. Each private host has a token of its own.
    fn secrets(&self) -> Vec<String> {
        let patterns = ["GOPRIVATE", "GONOPROXY"].map(|name| self.plan.module_env.get(name));
        let patterns: Vec<&str> = patterns.into_iter().flatten().map(String::as_str).collect();
        let patterns = patterns.join(",");
        let hosts = path::private_hosts(&patterns);
        let of_hosts = hosts.into_iter().map(Secret::token_of);
        let all = Secret::ALL.into_iter().map(|one| one.id().to_owned());
        all.chain(of_hosts).collect()
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
}
