//! Answers to calls other than building, from what the survey found.

use std::collections::BTreeSet;

use buildkit_proto::moby::buildkit::v1::frontend as proto;
use gowork_llb::config::ImageName;
use gowork_llb::diag::{Diagnostic, Rule};
use gowork_llb::lower::Secret;
use gowork_llb::plan::{self, Outline, PlanInput};

use super::isolate;
use super::job::Wanted;
use super::session::Session;
use super::survey::Survey;
use super::target::{self, BINARIES, RESULTS};
use crate::error::{BuildError, SourceFiles};
use crate::subrequests::{self, Call, lint, outline, targets};

/// The answer to a call. `files` holds the texts that places in it point into.
pub(super) async fn answer(
    session: &Session<'_>,
    survey: &Survey,
    call: &Call,
    files: &mut SourceFiles,
) -> Result<proto::Result, BuildError> {
    let found = survey.diagnostics();
    if *call == Call::Lint {
        let mut found = with_target(session, survey, found);
        found.extend(survey.doubtful(session, files).await);
        found.extend(survey.not_in_images(session, files).await?);
        let found = survey.config.without_skipped(found);
        return Ok(lint::result(&lint_of(found), files));
    }
    let is_sound = !found.iter().any(Diagnostic::is_error);
    let first = survey.outlined.by_platform.first();
    let outline = first.map(|(_, outline)| outline);
    // What is wrong with one image says nothing about another.
    let has_sound_images =
        survey.has_sound_base() && outline.is_some_and(|outline| !outline.images.is_empty());
    if !is_sound && !has_sound_images {
        return Err(BuildError::Diagnostics(found));
    }
    match (call, outline) {
        (Call::Targets, Some(outline)) => {
            let broken = &survey.outlined.broken;
            let platforms = survey.outlined.by_platform.iter();
            let platforms: Vec<String> = platforms
                .map(|(platform, _)| platform.to_string())
                .collect();
            let targets = targets(outline, broken, &platforms.join(","));
            Ok(targets::result(&targets, files))
        }
        (Call::Outline, _) => {
            if let Some(target) = session.options.target.as_deref() {
                let wanted = target::choose(Some(target), &survey.outlined);
                isolate::warnings(survey, wanted.as_ref().ok())?;
            }
            Ok(outline::result(&self::outline(session, survey)?, files))
        }
        (Call::Own(name), Some(outline)) if name == "plan" => Ok(plan(outline)),
        _ => Err(subrequests::unsupported(
            session.options.request.as_deref().unwrap_or_default(),
        )),
    }
}

/// What was found, and what is wrong with the target, if one is named.
fn with_target(
    session: &Session<'_>,
    survey: &Survey,
    mut found: Vec<Diagnostic>,
) -> Vec<Diagnostic> {
    let target = session.options.target.as_deref();
    let is_sound = !found.iter().any(Diagnostic::is_error);
    if target.is_some() && is_sound {
        found.extend(target::choose(target, &survey.outlined).err());
    }
    found
}

/// What was found, as `--check` says it.
pub(super) fn lint_of(found: Vec<Diagnostic>) -> lint::Lint {
    let mut lint = lint::Lint::default();
    for found in found {
        match found.rule {
            Some(rule) => lint.warnings.push(warning(rule, found)),
            None => lint.errors.push(found),
        }
    }
    lint
}

/// A warning with what to do about it, which may be a text to copy.
fn warning(rule: Rule, found: Diagnostic) -> lint::LintWarning {
    let help = found.help.map(|help| format!("\n{help}"));
    lint::LintWarning {
        rule: rule.name().to_owned(),
        description: rule.summary().to_owned(),
        detail: found.message + &help.unwrap_or_default(),
        span: found.span,
    }
}

/// What the target takes: build arguments that the configuration names, and secrets and ssh of the
/// resolve step.
fn outline(session: &Session<'_>, survey: &Survey) -> Result<outline::Outline, BuildError> {
    let options = session.options;
    let name = match target::choose(options.target.as_deref(), &survey.outlined) {
        Ok(Wanted::Results) => RESULTS.to_owned(),
        Ok(wanted) => wanted.image().unwrap_or(BINARIES).to_owned(),
        Err(error) if options.target.is_some() => return Err(error.into()),
        Err(_) => String::new(),
    };
    let mut args = Vec::new();
    for arg in survey.written.build_args() {
        let given = survey.variables.get(&arg.name).cloned();
        args.push(outline::Arg {
            description: format!("of {}", arg.key),
            value: given.or(arg.default).unwrap_or_default(),
            name: arg.name,
            span: arg.span,
        });
    }
    Ok(outline::Outline {
        name,
        description: String::new(),
        args,
        secrets: Secret::ALL.map(|secret| optional(secret.id())).to_vec(),
        ssh: vec![optional("default")],
    })
}

/// A secret or ssh agent that a build can do without.
fn optional(name: &str) -> outline::Forward {
    outline::Forward {
        name: name.to_owned(),
        required: false,
        span: None,
    }
}

/// The images, those that cannot be built, and the targets that are made of all of them.
fn targets(
    outline: &Outline,
    broken: &BTreeSet<ImageName>,
    platforms: &str,
) -> Vec<targets::Target> {
    let mut all = Vec::new();
    let main_images = outline
        .images
        .iter()
        .filter(|image| image.variant_of.is_none());
    let is_only = main_images.count() == 1 && broken.is_empty();
    for image in &outline.images {
        let main = outline.builds[image.build.0].packages.get(image.main);
        all.push(targets::Target {
            name: image.config.name.to_string(),
            default: is_only && image.variant_of.is_none(),
            description: format!("package {}", main.path),
            base: image.config.runtime.base.value.clone(),
            platform: platforms.to_owned(),
            span: image.config.at.clone(),
            is_broken: false,
        });
    }
    for name in broken {
        all.push(targets::Target {
            name: name.to_string(),
            description: "cannot be built: --check says why".to_owned(),
            is_broken: true,
            ..targets::Target::default()
        });
    }
    all.sort_by(|a, b| a.name.cmp(&b.name));
    let made_of_all = [
        (BINARIES, "all binaries in one directory, for --output"),
        (RESULTS, "compile results, for builds on other machines"),
    ];
    for (name, description) in made_of_all {
        if !all.iter().any(|target| target.name == name) {
            all.push(targets::Target {
                name: name.to_owned(),
                default: false,
                description: description.to_owned(),
                platform: platforms.to_owned(),
                ..targets::Target::default()
            });
        }
    }
    all
}

/// `--call=gowork.plan`: the steps as far as they are known without the resolve step.
fn plan(outline: &Outline) -> proto::Result {
    let input = PlanInput {
        outline,
        resolutions: None,
    };
    let plan = plan::json::json(&plan::plan(input));
    let text = plan
        .steps
        .iter()
        .map(|step| format!("{}\n", step.title))
        .collect();
    subrequests::answer("1.0.0", &plan, text)
}
