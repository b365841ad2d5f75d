//! Phase: which licences modules declare, and their texts for images. Only a build asks that has an
//! SBOM, or whose configuration does not allow all licences; or wants the texts.

use std::collections::{BTreeMap, BTreeSet};

use gowork_llb::config::Licenses;
use gowork_llb::licenses::LICENSE_FILE_PATTERNS;
use gowork_llb::lower::Lowering;
use gowork_llb::ops::Output;
use gowork_llb::ops::exec::{Exec, Mount, Network};
use gowork_llb::ops::file::{File, Mkfile};
use gowork_llb::plan::Image;
use gowork_llb::resolution::{STD_LICENSES, module_cache};
use gowork_llb::sbom::{self, Contents, Linking, ModulePlace, NotResolved};
use gowork_llb::tree::TreePath;
use serde::Serialize;

use super::resolve::Resolutions;
use super::scan::Scanned;
use crate::builder::session::{Session, bug, internal};
use crate::context::{Filter, transfer_pattern};
use crate::error::BuildError;
use crate::opts::NoCache;
use crate::steps::license_texts::TextsQuestion;
use crate::steps::licenses::{
    ANSWER_FILE, LicenseAnswer, LicenseDir, LicenseQuestion, QUESTION_FILE,
};

/// What a step writes.
const OUT: &str = "/out";

/// Where the files of modules are found.
pub(in crate::builder) struct Files<'a> {
    lowering: &'a Lowering<'a>,
    /// Steps of these builds have kept the licence files of downloaded modules.
    resolutions: &'a Resolutions,
    scanned: &'a Scanned,
}

impl<'a> Files<'a> {
    /// Those of the modules that these resolve steps have chosen.
    pub(in crate::builder) fn new(
        lowering: &'a Lowering<'a>,
        resolutions: &'a Resolutions,
        scanned: &'a Scanned,
    ) -> Self {
        Self {
            lowering,
            resolutions,
            scanned,
        }
    }
}

/// Adds to `contents` what its modules declare.
pub(super) async fn declare(
    session: &Session<'_>,
    files: &Files<'_>,
    contents: &mut Contents,
) -> Result<(), BuildError> {
    let places: Vec<ModulePlace> = contents.places().into_iter().cloned().collect();
    let licenses = declared(session, files, places).await?;
    contents.declare(&licenses);
    Ok(())
}

/// Refuses images with modules whose licences the configuration does not allow.
pub(in crate::builder) async fn check<'p>(
    session: &Session<'_>,
    (input, files): (Linking<'_>, &Files<'_>),
    images: impl IntoIterator<Item = &'p Image>,
    policy: &Licenses,
) -> Result<(), BuildError> {
    if policy.allow.is_none() {
        return Ok(());
    }
    let images: Vec<&Image> = images.into_iter().collect();
    let unresolved = |error: NotResolved| bug(error.to_string());
    let places = sbom::license_places(input, images.iter().copied()).map_err(unresolved)?;
    let licenses = declared(session, files, places.into_iter().collect()).await?;
    let errors = sbom::license_errors(input, images, policy, &licenses).map_err(unresolved)?;
    if errors.is_empty() {
        return Ok(());
    }
    Err(errors.into())
}

/// What the image has in [`LICENSES_DIR`](gowork_llb::lower::LICENSES_DIR), if it is to have
/// anything: the output of a step that copies the files of its modules.
pub(in crate::builder) fn texts(
    session: &Session<'_>,
    (input, files): (Linking<'_>, &Files<'_>),
    image: &Image,
) -> Result<Option<Output>, BuildError> {
    if !image.runtime.licenses {
        return Ok(None);
    }
    let unresolved = |error: NotResolved| bug(error.to_string());
    let mut dirs = BTreeMap::new();
    for (name, place) in sbom::license_dirs(input, image).map_err(unresolved)? {
        let name = TreePath::new(&name).map_err(|error| bug(error.to_string()))?;
        dirs.insert(name, license_dir(&place)?);
    }
    let question = TextsQuestion { dirs };
    let step = Step {
        command: "license-texts",
        question: &question,
        dirs: question.dirs.values(),
        out: OUT,
        title: &format!("collect licences of {}", image.name),
    };
    let run = step.exec(session, files)?.run().map_err(internal)?;
    Ok(Some(run.output(OUT).map_err(internal)?))
}

/// What the modules at these places declare, SPDX expressions. The files are read in a step.
async fn declared(
    session: &Session<'_>,
    files: &Files<'_>,
    places: Vec<ModulePlace>,
) -> Result<BTreeMap<ModulePlace, String>, BuildError> {
    let dirs: Result<Vec<LicenseDir>, BuildError> = places.iter().map(license_dir).collect();
    let question = LicenseQuestion { dirs: dirs? };
    let step = Step {
        command: "licenses",
        question: &question,
        dirs: question.dirs.iter(),
        out: &format!("{OUT}/{ANSWER_FILE}"),
        title: "look for licences of modules",
    };
    let step = step.exec(session, files)?;
    let answer: LicenseAnswer = session.answer(step, OUT, ANSWER_FILE).await?;
    let (asked, answered) = (places.len(), answer.expressions.len());
    if asked != answered {
        return Err(bug(format!(
            "{asked} licences were asked for, and {answered} came"
        ))
        .into());
    }
    let mut licenses = BTreeMap::new();
    for (place, expression) in places.into_iter().zip(answer.expressions) {
        if let Some(expression) = expression {
            licenses.insert(place, expression);
        }
    }
    Ok(licenses)
}

fn license_dir(place: &ModulePlace) -> Result<LicenseDir, BuildError> {
    let resolved = |dir: &str| TreePath::new(dir).map(LicenseDir::Resolved);
    let dir = match place {
        ModulePlace::Std => resolved(STD_LICENSES),
        ModulePlace::Cache(version) => {
            let dir = module_cache::module_dir(version).map_err(|error| bug(error.to_string()))?;
            resolved(&dir)
        }
        ModulePlace::Vendor(dir) => Ok(LicenseDir::Source(dir.clone())),
        ModulePlace::Own(dir) => Ok(LicenseDir::Own(dir.clone())),
    };
    Ok(dir.map_err(|error| bug(error.to_string()))?)
}

/// A step that reads licence files.
struct Step<'a, Q, D> {
    /// The subcommand that it runs.
    command: &'a str,
    /// What it is asked.
    question: &'a Q,
    /// The directories that it is asked about.
    dirs: D,
    /// What it writes, below [`OUT`].
    out: &'a str,
    title: &'a str,
}

impl<'a, Q: Serialize, D: Iterator<Item = &'a LicenseDir>> Step<'a, Q, D> {
    fn exec(self, session: &Session<'_>, files: &Files<'_>) -> Result<Exec, BuildError> {
        let text = serde_json::to_vec(self.question)
            .map_err(|error| bug(format!("the question about licences: {error}")))?;
        let file = Mkfile::new(&format!("/{QUESTION_FILE}"), 0o644, text).timestamp(0);
        let asked = File::on(&Output::scratch())
            .mkfile(file)
            .named("[internal] question about licences")
            .output();
        let asked_at = format!("/question/{QUESTION_FILE}");
        let mut words = vec!["/gowork-frontend".to_owned(), self.command.to_owned()];
        let places = [
            "--source",
            "/src",
            "--question",
            &asked_at,
            "--out",
            self.out,
        ];
        words.extend(places.map(ToOwned::to_owned));
        let mut mounts = vec![
            Mount::read_only(&own_files(session, files, self.dirs), "/src"),
            Mount::read_only(&asked, "/question"),
            Mount::scratch_output(OUT),
        ];
        for (number, build) in files.resolutions.keys().enumerate() {
            let kept = files.lowering.license_files(*build).map_err(internal)?;
            let at = format!("/resolved/{number}");
            words.extend(["--resolved".to_owned(), at.clone()]);
            mounts.push(Mount::read_only(&kept, at));
        }
        let mut exec = Exec::new(words).root(session.programs);
        for mount in mounts {
            exec = exec.mount(mount);
        }
        Ok(exec
            .network(Network::None)
            .platform(session.options.build_platform.clone())
            .ignore_cache(session.options.no_cache == NoCache::All)
            .named(self.title))
    }
}

/// The licence files of the repository that are asked for.
fn own_files<'a>(
    session: &Session<'_>,
    files: &Files<'_>,
    asked: impl Iterator<Item = &'a LicenseDir>,
) -> Output {
    let mut dirs: BTreeSet<TreePath> = BTreeSet::new();
    for dir in asked {
        match dir {
            LicenseDir::Source(dir) => {
                dirs.insert(dir.clone());
            }
            LicenseDir::Own(dir) => {
                dirs.extend(std::iter::successors(Some(dir.clone()), TreePath::parent));
            }
            LicenseDir::Resolved(_) => {}
        }
    }
    let mut paths = Vec::new();
    for dir in &dirs {
        for pattern in LICENSE_FILE_PATTERNS {
            paths.push(match dir.is_root() {
                true => pattern.to_owned(),
                false => format!("{}/{pattern}", transfer_pattern(dir.as_str())),
            });
        }
    }
    let context = session.context.source(&Filter::Paths {
        hint: "licenses",
        paths: &paths,
    });
    files.scanned.overlays.over(&context)
}
