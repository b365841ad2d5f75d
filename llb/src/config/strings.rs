//! The one list of all string values of a configuration, each with its key and its grammar:
//! checked, searched for build-args and filled in by walking it.

use super::check::{self, Check};
use super::file_source::FileSource;
use super::wrong::Wrong;
use super::{
    Build, Config, Dir, Healthcheck, Image, Modules, Runtime, Spanned, Stage, check_runtime,
    env_value,
};

/// What a string value is.
pub(super) struct Slot {
    /// Its key in full: `images.api.ldflags`.
    pub(super) key: String,
    /// What it may look like.
    pub(super) check: Check,
    /// How build-args are filled into it.
    pub(super) form: Form,
}

/// How build-args are filled into a string value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// As text.
    Text,
    /// As text; the value is an item of a list in which an empty item means none: `tags =
    /// ["${EXTRA:-}"]`.
    Item,
    /// As parts of words that `go build` splits.
    Flags,
    /// As text in which variables of the base image are looked up.
    Env,
}

/// What is done at each string.
type Visit<'v> = dyn FnMut(&Slot, &mut Spanned<String>) + 'v;

struct Walk<'v> {
    prefix: String,
    visit: &'v mut Visit<'v>,
}

impl Walk<'_> {
    fn at(&mut self, key: &str, check: Check, value: &mut Spanned<String>, form: Form) {
        let slot = Slot {
            key: format!("{}{key}", self.prefix),
            check,
            form,
        };
        (self.visit)(&slot, value);
    }

    fn one(&mut self, key: &str, check: Check, value: &mut Option<Spanned<String>>) {
        if let Some(value) = value {
            self.at(key, check, value, Form::Text);
        }
    }

    fn flags(&mut self, key: &str, value: &mut Option<Spanned<String>>) {
        if let Some(value) = value {
            self.at(key, check::flags, value, Form::Flags);
        }
    }

    fn words(&mut self, key: &str, check: Check, value: &mut Option<Vec<Spanned<String>>>) {
        value
            .iter_mut()
            .flatten()
            .for_each(|item| self.at(key, check, item, Form::Text));
    }

    fn list(&mut self, key: &str, check: Check, value: &mut Option<Vec<Spanned<String>>>) {
        value
            .iter_mut()
            .flatten()
            .for_each(|item| self.at(key, check, item, Form::Item));
    }
}

/// Calls `visit` for every string value, in the order of the types.
pub(super) fn visit_strings<'v>(config: &mut Config, visit: &'v mut Visit<'v>) {
    let mut walk = Walk {
        prefix: String::new(),
        visit,
    };
    for item in &mut config.skip {
        walk.at("skip", check::pattern, item, Form::Item);
    }
    walk.list("roots", check::root, &mut config.roots);
    walk.one("cache", check::cache, &mut config.cache);
    walk.prefix = "check.".to_owned();
    walk.list("skip", check::rule, &mut config.check.skip);
    walk.prefix = "licenses.".to_owned();
    walk.list("allow", check::license, &mut config.licenses.allow);
    for (name, why) in &mut config.licenses.except {
        walk.at(&format!("except.{name}"), check::reason, why, Form::Text);
    }
    for (name, table) in &mut config.stages {
        walk.prefix = format!("stages.{name}.");
        stage(&mut walk, table);
    }
    walk.prefix = "overlay.".to_owned();
    for overlay in &mut config.overlay {
        walk.at("from", check::stage, &mut overlay.from, Form::Text);
        walk.one("source", check_runtime::absolute, &mut overlay.source);
        walk.at("to", context_path, &mut overlay.to, Form::Text);
    }
    walk.prefix = "go.".to_owned();
    walk.one("version", check::go_version, &mut config.go.version);
    walk.one("builder", check::image_or_stage, &mut config.go.builder);
    walk.one("toolchain", check::toolchain, &mut config.go.toolchain);
    build(&mut walk, &mut config.go.build);
    walk.prefix = "modules.".to_owned();
    modules(&mut walk, &mut config.modules);
    walk.prefix = "runtime.".to_owned();
    runtime(&mut walk, &mut config.runtime);
    for (name, image) in &mut config.images {
        walk.prefix = format!("images.{name}.");
        one_image(&mut walk, image);
    }
}

fn context_path(text: &str) -> Result<(), Wrong> {
    check_runtime::context_path(text).map(|_| ())
}

fn stage(walk: &mut Walk<'_>, stage: &mut Stage) {
    // A text has variables of its own.
    if stage.has_path() {
        walk.one("dockerfile", context_path, &mut stage.dockerfile);
    }
    walk.one("target", check::stage, &mut stage.target);
    for (name, value) in &mut stage.args {
        walk.at(&format!("args.{name}"), check::any, value, Form::Text);
    }
    walk.one("image", check::image_reference, &mut stage.image);
}

fn build(walk: &mut Walk<'_>, build: &mut Build) {
    walk.list("tags", check::tag, &mut build.tags);
    walk.flags("ldflags", &mut build.ldflags);
    walk.flags("gcflags", &mut build.gcflags);
    walk.flags("asmflags", &mut build.asmflags);
    walk.list("experiment", check::experiment, &mut build.experiment);
    let levels = &mut build.levels;
    walk.one("goamd64", check::goamd64, &mut levels.goamd64);
    walk.one("goarm64", check::goarm64, &mut levels.goarm64);
    walk.one("goarm", check::goarm, &mut levels.goarm);
    walk.one("go386", check::go386, &mut levels.go386);
    walk.one("gomips", check::gomips, &mut levels.gomips);
    walk.one("gomips64", check::gomips, &mut levels.gomips64);
    walk.one("goppc64", check::goppc64, &mut levels.goppc64);
    walk.one("goriscv64", check::goriscv64, &mut levels.goriscv64);
}

fn modules(walk: &mut Walk<'_>, modules: &mut Modules) {
    walk.one("proxy", check::proxy, &mut modules.proxy);
    walk.list("private", check::module_pattern, &mut modules.private);
    walk.list("noproxy", check::module_pattern, &mut modules.noproxy);
    walk.list("nosumdb", check::module_pattern, &mut modules.nosumdb);
    walk.one("sumdb", check::sumdb, &mut modules.sumdb);
    walk.list("insecure", check::module_pattern, &mut modules.insecure);
    walk.one("vcs", check::some, &mut modules.vcs);
}

fn runtime(walk: &mut Walk<'_>, runtime: &mut Runtime) {
    walk.one("base", check::image_or_stage, &mut runtime.base);
    walk.one("user", check_runtime::user, &mut runtime.user);
    for user in runtime.users.iter_mut().flatten() {
        let name = check_runtime::account;
        walk.at("users.name", name, &mut user.name, Form::Text);
        walk.one("users.group", name, &mut user.group);
        walk.one("users.home", check_runtime::home, &mut user.home);
    }
    for (name, value) in &mut runtime.env {
        walk.at(&format!("env.{name}"), env_value::check, value, Form::Env);
    }
    for (name, value) in &mut runtime.labels {
        walk.at(&format!("labels.{name}"), check::any, value, Form::Text);
    }
    for (name, value) in &mut runtime.of_commit {
        walk.at(&format!("labels.{name}"), check::any, value, Form::Text);
    }
    for (name, value) in &mut runtime.annotations {
        let key = format!("annotations.{name}");
        walk.at(&key, check::any, value, Form::Text);
    }
    walk.list(
        "ports",
        |text| check_runtime::port(text).map(|_| ()),
        &mut runtime.ports,
    );
    walk.one("path", check_runtime::absolute, &mut runtime.path);
    walk.list("binaries", check::binary, &mut runtime.binaries);
    walk.words("entrypoint", check::any, &mut runtime.entrypoint);
    walk.words("cmd", check::any, &mut runtime.cmd);
    walk.one("workdir", check_runtime::absolute, &mut runtime.workdir);
    walk.one(
        "stop_signal",
        check_runtime::signal,
        &mut runtime.stop_signal,
    );
    walk.list("volumes", check_runtime::absolute, &mut runtime.volumes);
    if let Some(table) = &mut runtime.healthcheck {
        healthcheck(walk, table);
    }
    for (name, value) in &mut runtime.links {
        let key = format!("links.{name}");
        walk.at(&key, check_runtime::link_target, value, Form::Text);
    }
    for dir in runtime.dirs.iter_mut().flatten() {
        one_dir(walk, dir);
    }
    for file in runtime.files.iter_mut().flatten() {
        walk.at(
            "files.from",
            |text| FileSource::parse(text).map(|_| ()),
            &mut file.from,
            Form::Text,
        );
        walk.at(
            "files.to",
            check_runtime::absolute,
            &mut file.to,
            Form::Text,
        );
        walk.one(
            "files.owner",
            |text| check_runtime::owner(text).map(|_| ()),
            &mut file.owner,
        );
        walk.one(
            "files.mode",
            |text| check_runtime::mode(text).map(|_| ()),
            &mut file.mode,
        );
    }
}

fn one_dir(walk: &mut Walk<'_>, dir: &mut Dir) {
    let path = check_runtime::made_path;
    walk.at("dirs.path", path, &mut dir.path, Form::Text);
    let owner: Check = |text| check_runtime::owner(text).map(|_| ());
    walk.one("dirs.owner", owner, &mut dir.owner);
    let mode: Check = |text| check_runtime::mode(text).map(|_| ());
    walk.one("dirs.mode", mode, &mut dir.mode);
}

fn healthcheck(walk: &mut Walk<'_>, table: &mut Healthcheck) {
    let duration: Check = |text| check_runtime::duration(text).map(|_| ());
    walk.words("healthcheck.cmd", check::any, &mut table.cmd);
    walk.one("healthcheck.interval", duration, &mut table.interval);
    walk.one("healthcheck.timeout", duration, &mut table.timeout);
    walk.one(
        "healthcheck.start_period",
        duration,
        &mut table.start_period,
    );
    walk.one(
        "healthcheck.start_interval",
        duration,
        &mut table.start_interval,
    );
}

fn one_image(walk: &mut Walk<'_>, image: &mut Image) {
    walk.one("main", check::main_package, &mut image.main);
    walk.one("binary", check_runtime::file_name, &mut image.binary);
    build(walk, &mut image.build);
    runtime(walk, &mut image.runtime);
}
