//! `gowork doctor`: what is wrong with the engine and the host.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::bail;
use gowork_llb::config::Config;
use gowork_llb::plan::{Outline, Outlines};
use gowork_llb::tree::{EntryKind, SourceTree, TreePath};
use schemars::JsonSchema;
use serde::Serialize;

use crate::args::{Common, Doctor, Form};
use crate::doctor::{
    self, Answer, Context, Facts, Finding, Question, REACH, Reach, Recording, Severity, bytes,
};
use crate::project::{OpenArgs, Project, one_target};
use crate::source::Source;
use crate::{exit, ui};

/// How many entries at the root are named.
const NAMED: usize = 3;

/// Shows it.
pub(crate) fn run(common: &Common, options: &Doctor) -> anyhow::Result<u8> {
    let mut facts;
    if let Some(dir) = &options.recorded {
        facts = Facts::of(&Recording::read(dir)?);
    } else {
        // A repository may have its modules below the root only.
        let source = match options.reach {
            true => Some(Source::on_disk(common)?),
            false => source(common)?,
        };
        let mut recording = doctor::collect();
        if let Some(source) = source.clone().filter(|_| options.reach) {
            recording.add(REACH, reached(common, options, source)?);
        }
        facts = Facts::of(&recording);
        if let Some(source) = source {
            let (name, text) = source.config_file.clone().unwrap_or_default();
            facts.build_settings = Some(Config::parse(&name, &text).0.module_env());
            facts.context = Some(context(&common.root.dir, source));
        }
    }
    let report = DoctorJson {
        version: 1,
        host: HostJson::of(&facts),
        findings: doctor::examine(&facts),
    };
    match options.format {
        Form::Human => ui::print(&text(&report))?,
        Form::Json => ui::print_json(&report)?,
    }
    let failed = report
        .findings
        .iter()
        .any(|finding| finding.severity == Severity::Error);
    Ok(if failed { exit::ERRORS } else { exit::OK })
}

/// What a step of the repository's builder image reaches.
fn reached(common: &Common, options: &Doctor, source: Source) -> anyhow::Result<String> {
    let project = Project::of(source.without_ignored(), common, OpenArgs::Keep)?;
    let Outlines {
        outlines,
        diagnostics,
        ..
    } = project.judge(&[one_target(common)?]);
    let Some(outline) = outlines.first() else {
        project.tell(&diagnostics);
        bail!("--reach asks with the settings of the repository, which has errors");
    };
    let question = question(common, options, &project, outline);
    ui::note(&format!(
        "asking from a step of {}; the first time, the engine fetches that image",
        question.image
    ));
    doctor::ask(&question)
}

fn question(common: &Common, options: &Doctor, project: &Project, outline: &Outline) -> Question {
    let builder = &outline.setup.builder;
    let settings = outline.setup.module_env.clone();
    let mut arguments = Vec::new();
    for secret in &options.secret {
        arguments.push(format!("--secret={secret}"));
    }
    // Of an image, one may stand in for the builder.
    for context in &common.build_context {
        arguments.push(format!("--build-context={context}"));
    }
    for arg in &common.build_arg {
        let name = arg.split('=').next().unwrap_or_default();
        if name.to_ascii_lowercase().ends_with("_proxy") {
            arguments.push(format!("--build-arg={arg}"));
        }
    }
    Question {
        // A stage is built with files of the repository.
        image: match builder.stage() {
            Some(_) => format!("golang:1.{}", builder.go_minor),
            None => builder.image.clone(),
        },
        module: doctor::module_to_ask_for(project.workspace(), &settings),
        settings,
        arguments,
    }
}

/// What is wrong with an engine and its host.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct DoctorJson {
    /// The version of this form: 1. It grows when a field changes its meaning or goes away.
    version: u32,
    /// What was looked at.
    host: HostJson,
    /// What is wrong, the worst first.
    findings: Vec<Finding>,
}

/// What was looked at. Something that is not known is null.
#[derive(Debug, Serialize, JsonSchema)]
struct HostJson {
    /// The name of the system.
    system: Option<String>,
    /// The kernel of the engine.
    kernel: Option<String>,
    /// The version of the engine.
    engine: Option<String>,
    /// The engine's storage driver.
    storage: Option<String>,
    /// The version of cgroups.
    cgroup: Option<String>,
    /// Bytes of memory that the engine has.
    memory: Option<u64>,
    /// The builder that a build takes.
    builder: Option<String>,
    /// Its driver.
    driver: Option<String>,
    /// Its BuildKit, `v0.16`.
    buildkit: Option<String>,
    /// Free bytes in the engine's directory.
    free_disk: Option<u64>,
    /// Bytes of the repository.
    repository: Option<u64>,
    /// Bytes of it that the ignore file lets a build see.
    context: Option<u64>,
    /// What a step of the builder image reaches, if `--reach` asked.
    reach: Option<ReachJson>,
}

/// What a step of the builder image reaches.
#[derive(Debug, Serialize, JsonSchema)]
struct ReachJson {
    /// The builder image.
    image: String,
    /// The module that was asked for; null if every module is private.
    module: Option<String>,
    /// Why the step did not run; null if it did.
    failure: Option<String>,
    /// What each proxy of GOPROXY answered, in its order. The first `direct` or `off` ends it.
    proxies: Vec<AnswerJson>,
    /// What the checksum database answered; null if it was not asked.
    sums: Option<AnswerJson>,
}

/// An answer.
#[derive(Debug, Serialize, JsonSchema)]
struct AnswerJson {
    /// Who was asked.
    name: String,
    /// Whether it has what was asked for.
    ok: bool,
    /// What the go command said; empty if it was content.
    said: String,
}

impl AnswerJson {
    fn of(answer: &Answer) -> Self {
        Self {
            name: answer.name.clone(),
            ok: answer.is_good(),
            said: answer.said.clone(),
        }
    }
}

impl ReachJson {
    fn of(reach: &Reach) -> Self {
        Self {
            image: reach.image.clone(),
            module: (!reach.module.is_empty()).then(|| reach.module.clone()),
            failure: reach.failure.clone(),
            proxies: reach.proxies.iter().map(AnswerJson::of).collect(),
            sums: reach.sums.as_ref().map(AnswerJson::of),
        }
    }

    /// The parts of its line: who has the module, and who has not.
    fn words(&self) -> Vec<Option<String>> {
        let what = match (&self.failure, &self.module) {
            (Some(_), _) => "no step ran".to_owned(),
            (None, Some(module)) => format!("asked for {module}"),
            (None, None) => "every module is private: nobody was asked".to_owned(),
        };
        let answers = self.proxies.iter().chain(&self.sums).map(|answer| {
            let outcome = if answer.ok { "answers" } else { "fails" };
            Some(format!("{} {outcome}", answer.name))
        });
        let mut words = vec![Some(format!("from {}", self.image)), Some(what)];
        words.extend(answers);
        words
    }
}

impl HostJson {
    fn of(facts: &Facts) -> Self {
        let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let engine = facts.engine.as_ref();
        let of_engine = |field: fn(&doctor::Engine) -> &str| engine.and_then(|it| given(field(it)));
        let builder = facts.builder.as_ref();
        Self {
            system: given(&facts.os_name).or_else(|| of_engine(|it| &it.operating_system)),
            kernel: of_engine(|it| &it.kernel_version),
            engine: of_engine(|it| &it.server_version),
            storage: of_engine(|it| &it.driver),
            cgroup: of_engine(|it| &it.cgroup_version),
            memory: engine.map(|it| it.mem_total).filter(|bytes| *bytes > 0),
            builder: builder.and_then(|it| given(&it.name)),
            driver: builder.and_then(|it| given(&it.driver)),
            // Before Docker 23, its own builder gave the version of the engine.
            buildkit: builder
                .and_then(|it| it.buildkit)
                .filter(|(major, _)| *major == 0)
                .map(|(major, minor)| format!("v{major}.{minor}")),
            free_disk: facts.free_disk,
            repository: facts.context.as_ref().map(|it| it.whole),
            context: facts.context.as_ref().map(|it| it.seen),
            reach: facts.reach.as_ref().map(ReachJson::of),
        }
    }
}

fn text(report: &DoctorJson) -> String {
    let host = &report.host;
    let mut text = String::new();
    let mut line = |name: &str, parts: &[Option<String>]| {
        let parts: Vec<&str> = parts.iter().flatten().map(String::as_str).collect();
        if !parts.is_empty() {
            let _ = writeln!(text, "{name:9} {}", parts.join(", "));
        }
    };
    let named =
        |name: &str, value: &Option<String>| value.as_ref().map(|it| format!("{name} {it}"));
    let sized = |value: Option<u64>, what: &str| value.map(|it| format!("{} {what}", bytes(it)));
    line(
        "host",
        &[host.system.clone(), named("kernel", &host.kernel)],
    );
    line(
        "engine",
        &[
            named("Docker", &host.engine),
            named("storage", &host.storage),
            named("cgroup v", &host.cgroup).map(|it| it.replace("v ", "v")),
            sized(host.memory, "of memory"),
        ],
    );
    line(
        "builder",
        &[
            host.builder.clone(),
            named("driver", &host.driver),
            named("BuildKit", &host.buildkit),
        ],
    );
    line("disk", &[sized(host.free_disk, "free")]);
    line(
        "context",
        &[
            sized(host.context, "that a build may send"),
            sized(host.repository, "in the repository"),
        ],
    );
    if let Some(reach) = &host.reach {
        line("reach", &reach.words());
    }
    let mut counts = BTreeMap::new();
    for finding in &report.findings {
        let severity = finding.severity.name();
        let _ = write!(
            text,
            "\n{severity}[{}]: {}\n  = help: {}\n",
            finding.rule, finding.message, finding.help
        );
        *counts.entry(finding.severity).or_insert(0) += 1;
    }
    let counts: Vec<String> = counts
        .into_iter()
        .map(|(severity, count)| ui::counted(count, severity.name()))
        .collect();
    let end = if counts.is_empty() {
        "nothing is known to be wrong".to_owned()
    } else {
        counts.join(", ")
    };
    let _ = writeln!(text, "\n{end}");
    text
}

/// The repository; `None` if there is nothing to build here.
fn source(common: &Common) -> anyhow::Result<Option<Source>> {
    let root = &common.root.dir;
    let is_ours = common.root.found.is_some()
        || common.directory.is_some()
        || ["go.work", "go.mod"]
            .iter()
            .any(|name| root.join(name).is_file());
    is_ours.then(|| Source::on_disk(common)).transpose()
}

/// What a build of it may send.
fn context(root: &Path, source: Source) -> Context {
    let size = |path: &TreePath| {
        let metadata = std::fs::symlink_metadata(root.join(path.as_str()));
        metadata.map_or(0, |metadata| metadata.len())
    };
    let sum = |sizes: &BTreeMap<String, u64>| sizes.values().sum();
    let whole = sum(&sizes(source.whole.as_ref(), &size));
    let seen = sizes(source.without_ignored().tree.as_ref(), &size);
    let mut largest: Vec<(String, u64)> = seen.clone().into_iter().collect();
    largest.sort_by(|(a, first), (b, second)| second.cmp(first).then_with(|| a.cmp(b)));
    largest.truncate(NAMED);
    Context {
        whole,
        seen: sum(&seen),
        largest,
    }
}

/// The bytes of each entry at the root.
fn sizes(tree: &dyn SourceTree, size: &dyn Fn(&TreePath) -> u64) -> BTreeMap<String, u64> {
    let mut sizes: BTreeMap<String, u64> = BTreeMap::new();
    let mut open = vec![TreePath::ROOT];
    while !open.is_empty() {
        let listed = tree.list(&open);
        let mut below = Vec::new();
        for (dir, entries) in open.iter().zip(listed) {
            for entry in entries.unwrap_or_default() {
                let path = dir.child(&entry.name);
                if entry.kind == EntryKind::Dir {
                    below.push(path);
                    continue;
                }
                let top = path.as_str().split('/').next().unwrap_or_default();
                *sizes.entry(top.to_owned()).or_default() += size(&path);
            }
        }
        open = below;
    }
    sizes
}
