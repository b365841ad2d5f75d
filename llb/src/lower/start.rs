//! What cannot start, or lacks something, in an image from scratch: programs that no layer has,
//! variables that are not set. For an image on a base image, that is not known here.
//!
//! What is in a directory of the context is not looked at: anything may be below the place where it
//! is put.

use std::collections::BTreeMap;

use super::dynamic;
use super::named_images::listed;
use super::rootfs::{CERTIFICATES, ZONEINFO, binary_path, path_beside};
use crate::config::{
    Config, EnvValue, HealthcheckConfig, ImageName, Runtime, RuntimeConfig, SCRATCH, Spanned,
};
use crate::diag::{self, Diagnostic, Findings, Rule, Span};
use crate::image::DEFAULT_PATH;
use crate::ops::path::absolute;
use crate::packages::Scan;
use crate::plan::{self, Outline, OutlineImage, Outlines, Target};
use crate::workspace::Workspace;

/// Programs that are of no use without a distribution around them.
const SHELLS: [&str; 6] = ["sh", "bash", "ash", "dash", "zsh", "busybox"];

/// Warnings about images from scratch, by place and message.
#[derive(Default)]
struct Found(BTreeMap<(Option<Span>, String), About>);

/// What belongs to a warning in addition to its place and message.
struct About {
    rule: Rule,
    /// The images that it is about.
    images: Vec<ImageName>,
    help: String,
}

/// The outlines of all images that can be built ([`plan::outlines`]). What is wrong includes what
/// [`check_scratch`] says, each thing once although platforms share it.
pub fn outlines(
    scan: &Scan,
    workspace: &Workspace,
    config: &Config,
    targets: &[Target],
) -> Outlines {
    let made = plan::outlines(scan, workspace, config, targets);
    let mut findings: Findings = made.diagnostics.into_iter().collect();
    for outline in &made.outlines {
        findings.merge(check_scratch(config, outline));
        findings.merge(dynamic::check(outline));
    }
    Outlines {
        outlines: made.outlines,
        broken: made.broken,
        diagnostics: findings.into_vec(),
    }
}

/// Programs that images from scratch are to start and do not have, and variables in their `env`
/// that are not set. Warnings: a volume or a program that runs the image may bring them.
pub fn check_scratch(config: &Config, outline: &Outline) -> Vec<Diagnostic> {
    let mut found = Found::default();
    let on_scratch = outline
        .images
        .iter()
        .filter(|image| image.config.runtime.base.value == SCRATCH);
    for image in on_scratch.filter(|_| outline.target.os != "windows") {
        let inside = Inside::of(image);
        for program in programs(config, image) {
            if let Some(help) = inside.lacks(&program) {
                let what = format!("{} {:?} is in no layer of", program.key, program.word.value);
                found.add(Rule::ProgramNotInImage, image, (&program.word, what), help);
            }
        }
        unset(config, image, &mut found);
    }
    found.into_warnings()
}

impl Found {
    /// Notes a warning about an image: where it belongs and what it says. The image's name goes
    /// behind that.
    fn add(
        &mut self,
        rule: Rule,
        image: &OutlineImage,
        (at, what): (&Spanned<String>, String),
        help: String,
    ) {
        let new = About {
            rule,
            images: Vec::new(),
            help,
        };
        let about = self.0.entry((at.span.clone(), what)).or_insert(new);
        about.images.push(image.config.name.clone());
    }

    fn into_warnings(self) -> Vec<Diagnostic> {
        let mut warnings = Vec::new();
        for ((span, what), about) in self.0 {
            let message = format!("{what} {}", listed(&about.images));
            let warning = Diagnostic::warning(about.rule, message);
            warnings.push(warning.at(span).help(about.help));
        }
        warnings
    }
}

/// A program that something starts.
struct Program {
    key: &'static str,
    word: Spanned<String>,
}

/// The programs that an image is to start, except its binary if nothing else is configured.
fn programs(config: &Config, image: &OutlineImage) -> Vec<Program> {
    let mut programs = Vec::new();
    let mut add = |key: &'static str, words: Option<&Vec<Spanned<String>>>| {
        if let Some(word) = words.and_then(|words| words.first()) {
            let word = word.clone();
            programs.push(Program { key, word });
        }
    };
    let runtime = &image.config.runtime;
    add(
        "entrypoint",
        written(config, image, |runtime| runtime.entrypoint.as_ref()),
    );
    if runtime.entrypoint.as_ref().is_some_and(Vec::is_empty) {
        add(
            "cmd",
            written(config, image, |runtime| runtime.cmd.as_ref()),
        );
    }
    if let Some(HealthcheckConfig::Run { .. }) = runtime.healthcheck {
        let check = written(config, image, |runtime| runtime.healthcheck.as_ref());
        add("healthcheck", check.and_then(|check| check.cmd.as_ref()));
    }
    programs
}

/// A key of an image: its own, or the general one.
fn written<'c, T>(
    config: &'c Config,
    image: &OutlineImage,
    of: impl Fn(&'c Runtime) -> Option<&'c T>,
) -> Option<&'c T> {
    let own = config.images.get(&image.config.name);
    own.and_then(|image| of(&image.runtime))
        .or_else(|| of(&config.runtime))
}

/// What an image from scratch has.
struct Inside<'a> {
    runtime: &'a RuntimeConfig,
    binary: String,
    /// Paths of files, as far as they are known.
    files: Vec<String>,
}

impl<'a> Inside<'a> {
    fn of(image: &'a OutlineImage) -> Self {
        let runtime = &image.config.runtime;
        let binary = binary_path(runtime, &image.binary);
        let mut files = vec![
            binary.clone(),
            "/etc/passwd".to_owned(),
            "/etc/group".to_owned(),
        ];
        files.extend(runtime.certificates.then(|| CERTIFICATES.to_owned()));
        files.extend(runtime.timezones.then(|| ZONEINFO.to_owned()));
        let others = image.binaries.iter();
        files.extend(others.map(|other| path_beside(runtime, &image.binary, &other.file)));
        files.extend(runtime.links.keys().cloned());
        let named = runtime.files.iter().filter(|file| !file.from.is_pattern());
        files.extend(named.map(|file| match file.to.ends_with('/') {
            true => format!("{}{}", file.to, file.from.path().name()),
            false => file.to.clone(),
        }));
        Self {
            runtime,
            binary,
            files: files.iter().map(|path| absolute(path)).collect(),
        }
    }

    /// What to do about a program that is not there; none if it is, or may be.
    fn lacks(&self, program: &Program) -> Option<String> {
        let word = program.word.value.as_str();
        let paths = self.paths(word);
        if word.is_empty() || paths.iter().any(|path| self.may_have(path)) {
            return None;
        }
        let name = word.rsplit('/').next().unwrap_or(word);
        let binary = &self.binary;
        if SHELLS.contains(&name) {
            let help = "scratch has no shell: name the program and its arguments, an item each, or set `base` to an image with a shell";
            return Some(format!("{help}; the binary is {binary}"));
        }
        if word.contains(' ') {
            return Some(format!(
                "a program and its arguments are an item each; the binary is {binary}"
            ));
        }
        let near = paths
            .iter()
            .find_map(|path| diag::nearest(path, self.files.iter().map(String::as_str)));
        let near = near.or_else(|| {
            self.files
                .iter()
                .map(String::as_str)
                .find(|file| file.rsplit('/').next() == Some(name))
        });
        Some(match near {
            Some(near) if near != binary => format!("did you mean {near}? The binary is {binary}"),
            _ => format!("the binary is {binary}"),
        })
    }

    /// Where a program of this name is looked for.
    fn paths(&self, word: &str) -> Vec<String> {
        if word.starts_with('/') {
            return vec![absolute(word)];
        }
        if word.contains('/') {
            return vec![absolute(&format!(
                "{}/{word}",
                self.runtime.workdir.as_deref().unwrap_or_default()
            ))];
        }
        let default = |name: &str| (name == "PATH").then(|| DEFAULT_PATH.to_owned());
        let path = self
            .runtime
            .env
            .get("PATH")
            .map_or(DEFAULT_PATH.to_owned(), |path| {
                EnvValue::parse(path).expand(&default)
            });
        path.split(':')
            .map(|dir| absolute(&format!("{dir}/{word}")))
            .collect()
    }

    fn may_have(&self, path: &str) -> bool {
        let dirs = self.runtime.files.iter().map(|file| &file.to);
        let mut dirs = dirs.chain(&self.runtime.volumes);
        self.files.iter().any(|file| file == path)
            || dirs.any(|dir| is_inside(path, &absolute(dir)))
    }
}

/// Whether an absolute path is below the directory `dir`.
fn is_inside(path: &str, dir: &str) -> bool {
    let rest = path.strip_prefix(dir.trim_end_matches('/'));
    rest.is_some_and(|rest| rest.starts_with('/'))
}

/// Variables in `env` that scratch does not set.
fn unset(config: &Config, image: &OutlineImage, found: &mut Found) {
    for (key, value) in &image.config.runtime.env {
        let value = EnvValue::parse(value);
        for name in value.required().filter(|name| *name != "PATH") {
            let nowhere = Spanned::from(String::new());
            let at = written(config, image, |runtime| runtime.env.get(key)).unwrap_or(&nowhere);
            let what = format!(
                "`env.{key}` takes the variable {name}, which scratch does not set: nothing stands for it in"
            );
            found.add(Rule::UnsetVariable, image, (at, what), dollars(name));
        }
    }
}

/// What to do about a variable that is not set.
pub(super) fn dollars(name: &str) -> String {
    format!(
        "write $${{{name}:-TEXT}} for what stands there instead, or $$$${name} for the text ${name}"
    )
}
