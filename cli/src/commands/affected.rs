//! `gowork affected`: the images that an edit touches.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use anyhow::Context as _;
use gowork_llb::config::{Config, ImageName};
use gowork_llb::keys::Difference;
use gowork_llb::plan::Outline;
use gowork_llb::resolution::ModuleVersion;
use gowork_llb::tree::TreePath;
use schemars::JsonSchema;
use serde::Serialize;

use super::github_output::github;
use super::{affected_module, affected_vuln};
use crate::args::{Affected, Answer, Common};
use crate::by_commit::{Change, Comparison};
use crate::exit::Usage;
use crate::membership::Query;
use crate::project::{OpenArgs, Project, host_target, targets};
use crate::source::Source;
use crate::{by_name, exit, slashed, ui};

/// Reasons shown of one image.
const FEW: usize = 3;

/// The images that are touched, by name.
type Images = BTreeMap<ImageName, Touched>;

/// An image that is touched.
#[derive(Debug, Clone)]
struct Touched {
    status: Status,
    reasons: Vec<Reason>,
}

/// The images that an edit touches.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct AffectedJson {
    /// The version of this form: 1. It grows when a field changes its meaning or goes away.
    version: u32,
    /// The images, by name.
    images: Vec<AffectedImageJson>,
    /// Files of `--files` that are part of no image.
    files_of_no_image: Vec<String>,
}

/// An image that an edit touches.
#[derive(Debug, Serialize, JsonSchema)]
struct AffectedImageJson {
    /// Its name.
    image: ImageName,
    /// What happened to it.
    status: Status,
    /// Why.
    reasons: Vec<Reason>,
}

/// What happened to an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Status {
    /// It was not there before.
    New,
    /// It is not there any more.
    Gone,
    /// What it is made of changed, or may have changed.
    Changed,
}

/// Why an image is touched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
struct Reason {
    /// For programs: what kind of thing changed, such as `file` or `module`; `new`, `gone`,
    /// `unknown`; or `named` for a file of `--files`.
    kind: &'static str,
    /// In words.
    text: String,
}

/// What is touched.
struct Answered {
    images: Images,
    /// Of the files that the command line names, those that are part of no image.
    idle: Vec<String>,
    /// What the command exits with.
    code: u8,
}

/// Prints them.
pub(crate) fn run(common: &Common, options: &Affected) -> anyhow::Result<u8> {
    if let Some(database) = &options.vuln {
        return affected_vuln::run(common, database, options.format);
    }
    if options.format == Answer::Sarif {
        return Err(Usage("--format sarif is for --vuln".to_owned()).into());
    }
    let answered = match (&options.since, &options.module) {
        (Some(rev), _) if is_no_commit(rev) => everything(common)?,
        (Some(rev), _) => since(common, rev, options.resolve)?,
        (None, Some(module)) => holding(common, module)?,
        (None, None) => named(common, &options.files)?,
    };
    let Some(Answered {
        images: touched,
        idle,
        code,
    }) = answered
    else {
        return Ok(exit::ERRORS);
    };
    match options.format {
        Answer::Human => {
            ui::print(&plain(&touched))?;
            match &options.module {
                _ if !touched.is_empty() => {}
                Some(module) => ui::note(&format!("no image holds {module}")),
                None => ui::note("no image is touched"),
            }
            if !idle.is_empty() {
                ui::note(&format!("not part of any image: {}", idle.join(" ")));
            }
        }
        Answer::Json => ui::print_json(&as_json(touched, idle))?,
        // Images that are gone cannot be built.
        Answer::Github | Answer::Sarif => {
            let built = touched
                .iter()
                .filter(|(_, touched)| touched.status != Status::Gone);
            ui::print(&github(built.map(|(name, _)| name)))?;
        }
    }
    Ok(code)
}

/// Says what is not seen here if stages make something of images.
fn note_stages(config: &Config) {
    for stage in config.stages_of_images() {
        ui::note(&format!(
            "what stage {stage} makes is only known in a build: an edit of what it is made from may touch images that are not listed"
        ));
    }
    for overlay in config.overlays() {
        ui::note(&format!(
            "what {} makes for {} is only known in a build: an edit of what it is made from may touch images that are not listed",
            overlay.from.value, overlay.to.value
        ));
    }
}

/// Whether a forge says with this that there is no commit before: with nothing, or with zeros in
/// place of a commit's name.
fn is_no_commit(rev: &str) -> bool {
    let rev = rev.trim();
    rev.is_empty() || [40, 64].contains(&rev.len()) && rev.bytes().all(|byte| byte == b'0')
}

/// Every image, where there is no commit to compare with.
fn everything(common: &Common) -> anyhow::Result<Option<Answered>> {
    let project = Project::read(common, OpenArgs::Keep)?;
    let Some(sound) = project.outlines(&targets(common, &host_target())) else {
        return Ok(None);
    };
    ui::note("there is no commit to compare with, so every image counts");
    let reason = Reason {
        kind: "unknown",
        text: "there is no commit to compare with".to_owned(),
    };
    let touched = Touched {
        status: Status::Changed,
        reasons: vec![reason],
    };
    let images = sound
        .value
        .iter()
        .flat_map(Outline::names)
        .map(|name| (name, touched.clone()))
        .collect();
    Ok(Some(Answered {
        images,
        idle: Vec::new(),
        code: sound.code,
    }))
}

/// Since a commit: on all platforms asked for together.
fn since(common: &Common, rev: &str, ask_go: bool) -> anyhow::Result<Option<Answered>> {
    let comparison = Comparison::read(common, rev)?;
    let mut touched: Images = BTreeMap::new();
    let targets = targets(common, &host_target());
    let Some(now) = comparison.now(&targets) else {
        return Ok(None);
    };
    note_stages(comparison.config());
    for (target, now_on_it) in targets.iter().zip(now.value) {
        let fates = comparison.fates(target, now_on_it, ask_go)?;
        for (name, change) in fates {
            let (status, reasons) = reasons(change, rev);
            let known = touched.entry(name).or_insert(Touched {
                status,
                reasons: Vec::new(),
            });
            known.status = status;
            known.reasons.extend(
                reasons
                    .into_iter()
                    .filter(|new| !known.reasons.contains(new))
                    .collect::<Vec<_>>(),
            );
        }
    }
    Ok(Some(Answered {
        images: touched,
        idle: Vec::new(),
        code: now.code,
    }))
}

fn reasons(change: Change, rev: &str) -> (Status, Vec<Reason>) {
    let one = |kind, text| vec![Reason { kind, text }];
    match change {
        Change::New => (
            Status::New,
            one("new", format!("was not an image in {rev}")),
        ),
        Change::Gone => (
            Status::Gone,
            one("gone", "is not an image any more".to_owned()),
        ),
        Change::Unknown(why) => (Status::Changed, one("unknown", why)),
        Change::Changed(differences) => {
            let reason = |difference: &Difference| Reason {
                kind: difference.part.tag(),
                text: difference.to_string(),
            };
            (Status::Changed, differences.iter().map(reason).collect())
        }
    }
}

/// By a module that images hold.
fn holding(common: &Common, module: &str) -> anyhow::Result<Option<Answered>> {
    let Some(found) = affected_module::holders(common, &ModuleVersion::parse(module))? else {
        return Ok(None);
    };
    if found.images.is_empty() && !found.others.is_empty() {
        let others: Vec<String> = found.others.into_iter().collect();
        ui::note(&format!("images hold {}", others.join(", ")));
    }
    let mut images: Images = BTreeMap::new();
    for (name, texts) in found.images {
        let reason = |text| Reason {
            kind: "module",
            text,
        };
        let touched = Touched {
            status: Status::Changed,
            reasons: texts.into_iter().map(reason).collect(),
        };
        images.insert(name, touched);
    }
    Ok(Some(Answered {
        images,
        idle: Vec::new(),
        code: found.code,
    }))
}

/// By the names of files. Returns `None`, and shows why, if no image can be built.
fn named(common: &Common, files: &[String]) -> anyhow::Result<Option<Answered>> {
    let paths = paths(&common.root.dir, files)?;
    let project = Project::of(
        Source::on_disk(common)?.without_ignored(),
        common,
        OpenArgs::Keep,
    )?;
    let Some(sound) = project.plans(&targets(common, &host_target())) else {
        return Ok(None);
    };
    note_stages(project.config());
    let mut touched: Images = BTreeMap::new();
    let mut idle: BTreeSet<&TreePath> = paths.iter().collect();
    for plan in &sound.value {
        let query = Query {
            project: &project,
            plan,
        };
        for (image, path) in plan
            .images
            .iter()
            .flat_map(|image| paths.iter().map(move |path| (image, path)))
        {
            let Some(text) = by_name::touches(query, image, path) else {
                continue;
            };
            idle.remove(path);
            let reason = Reason {
                kind: "named",
                text,
            };
            let known = touched.entry(image.name.clone()).or_insert(Touched {
                status: Status::Changed,
                reasons: Vec::new(),
            });
            if !known.reasons.contains(&reason) {
                known.reasons.push(reason);
            }
        }
    }
    let idle = idle.into_iter().map(ToString::to_string).collect();
    Ok(Some(Answered {
        images: touched,
        idle,
        code: sound.code,
    }))
}

/// The files of the command line as paths of the repository.
fn paths(root: &Path, files: &[String]) -> anyhow::Result<BTreeSet<TreePath>> {
    let mut paths = BTreeSet::new();
    for file in files {
        if file != "-" {
            paths.insert(tree_path(root, file)?);
            continue;
        }
        let text = std::io::read_to_string(std::io::stdin()).context("standard input")?;
        for line in text.lines().map(str::trim_end) {
            if !line.is_empty() {
                paths.insert(tree_path(root, line)?);
            }
        }
    }
    Ok(paths)
}

/// A file, relative to the root or absolute, as a path of the repository.
fn tree_path(root: &Path, file: &str) -> anyhow::Result<TreePath> {
    let outside = || Usage(format!("--files {file}: it lies outside the repository"));
    let path = Path::new(file);
    // Windows spells a real path in a way of its own.
    let roots = [root.canonicalize(), std::path::absolute(root)];
    let mut below = roots.iter().flatten().map(|root| path.strip_prefix(root));
    let path = match below.find_map(Result::ok) {
        Some(below) => below,
        None if path.is_absolute() => return Err(outside().into()),
        None => path,
    };
    TreePath::new(&slashed::of(path)).map_err(|_| outside().into())
}

fn plain(touched: &Images) -> String {
    let width = touched
        .keys()
        .map(|name| name.chars().count())
        .max()
        .unwrap_or(0);
    let mut text = String::new();
    for (name, touched) in touched {
        let few = if touched.reasons.len() <= FEW + 1 {
            touched.reasons.len()
        } else {
            FEW
        };
        let words: Vec<&str> = touched.reasons[..few]
            .iter()
            .map(|reason| reason.text.as_str())
            .collect();
        let more = touched.reasons.len() - few;
        let more = if more > 0 {
            format!("; and {more} more")
        } else {
            String::new()
        };
        let all = |kinds: &[&str]| {
            touched
                .reasons
                .iter()
                .all(|reason| kinds.contains(&reason.kind))
        };
        let guess = if all(&["mod-line", "sum"]) {
            " (perhaps: --resolve asks go whether that changes a version here)"
        } else if all(&["mod-line", "sum", "perhaps-file"]) {
            " (perhaps: --resolve asks go whether third-party packages import that)"
        } else {
            ""
        };
        let _ = writeln!(text, "{name:width$}  {}{more}{guess}", words.join("; "));
    }
    text
}

fn as_json(touched: Images, idle: Vec<String>) -> AffectedJson {
    let image = |(image, touched): (ImageName, Touched)| AffectedImageJson {
        image,
        status: touched.status,
        reasons: touched.reasons,
    };
    AffectedJson {
        version: 1,
        images: touched.into_iter().map(image).collect(),
        files_of_no_image: idle,
    }
}
