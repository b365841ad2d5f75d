//! Answers to calls other than building: what the phases so far have found out.

use buildkit_proto::moby::buildkit::v1::frontend as proto;
use gowork_llb::config::Config;
use gowork_llb::diag::{Diagnostic, Severity};
use gowork_llb::plan::{self, Outline, OutlineImage, PlanInput};

use super::Builder;
use super::phases::outline::Outlined;
use super::target::BINARIES;
use crate::error::{BuildError, SourceFiles};
use crate::subrequests::{self, Request, lint, outline, targets};

/// What the phases before building found out.
pub(super) struct Answers<'a> {
    pub(super) builder: &'a Builder<'a>,
    /// The configuration before build-args were filled in.
    pub(super) written: &'a Config,
    pub(super) outlined: &'a Outlined,
    pub(super) diagnostics: &'a [Diagnostic],
    pub(super) files: &'a SourceFiles,
}

impl Answers<'_> {
    pub(super) fn answer(&self, request: &Request) -> Result<proto::Result, BuildError> {
        if *request == Request::Lint {
            return Ok(lint::result(&check(&self.checked()), self.files));
        }
        if self.diagnostics.iter().any(Diagnostic::is_error) {
            return Err(BuildError::Diagnostics(self.diagnostics.to_vec()));
        }
        let first = self
            .outlined
            .by_platform
            .first()
            .map(|(_, outline)| outline);
        match (request, first) {
            (Request::Targets, Some(found)) => Ok(targets::result(&list(found), self.files)),
            (Request::Outline, _) => Ok(outline::result(&self.outline()?, self.files)),
            (Request::Own(name), Some(found)) if name == "plan" => {
                let plan = plan::json::json(&plan::plan(PlanInput {
                    outline: found,
                    resolutions: None,
                }));
                let text = plan
                    .steps
                    .iter()
                    .map(|step| format!("{}\n", step.title))
                    .collect();
                Ok(subrequests::answer("1.0.0", &plan, text))
            }
            _ => Err(subrequests::unsupported(
                self.builder.options.request.as_deref().unwrap_or_default(),
            )),
        }
    }

    /// What is wrong, and with the target, if one was asked for.
    fn checked(&self) -> Vec<Diagnostic> {
        let target = self.builder.options.target.as_deref();
        let is_sound = !self.diagnostics.iter().any(Diagnostic::is_error);
        let no_target = target
            .filter(|_| is_sound)
            .and_then(|target| super::target::choose(Some(target), self.outlined).err());
        self.diagnostics.iter().cloned().chain(no_target).collect()
    }

    /// What the target takes: build-args that the configuration names, secrets and ssh of the
    /// resolve step.
    fn outline(&self) -> Result<outline::Outline, BuildError> {
        let options = self.builder.options;
        let name = match super::target::choose(options.target.as_deref(), self.outlined) {
            Ok(wanted) => wanted.image().unwrap_or(BINARIES).to_owned(),
            Err(error) if options.target.is_some() => return Err(error.into()),
            Err(_) => String::new(),
        };
        let args = self
            .written
            .build_args()
            .into_iter()
            .map(|arg| outline::Arg {
                value: options
                    .build_args
                    .get(&arg.name)
                    .cloned()
                    .or(arg.default)
                    .unwrap_or_default(),
                description: format!("of {}", arg.key),
                span: arg.span,
                name: arg.name,
            });
        let forward = |name: &str| outline::Forward {
            name: name.to_owned(),
            required: false,
            span: None,
        };
        Ok(outline::Outline {
            name,
            description: String::new(),
            args: args.collect(),
            secrets: vec![forward("ca"), forward("netrc")],
            ssh: vec![forward("default")],
        })
    }
}

fn check(diagnostics: &[Diagnostic]) -> lint::Lint {
    let warnings = diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.severity == Severity::Warning)
        .map(|diagnostic| lint::LintWarning {
            rule: "GoWorkspace".to_owned(),
            description: "Something in the repository that is likely not meant".to_owned(),
            url: String::new(),
            detail: diagnostic.message.clone(),
            span: diagnostic.span.clone(),
        });
    let errors = diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.is_error())
        .cloned()
        .collect();
    lint::Lint {
        warnings: warnings.collect(),
        errors,
    }
}

fn list(outline: &Outline) -> Vec<targets::Target> {
    let only = outline.images.len() == 1;
    let target = |image: &OutlineImage| targets::Target {
        name: image.config.name.clone(),
        default: only,
        description: format!(
            "package {}",
            outline.builds[image.build.0].packages.get(image.main).path
        ),
        base: image.config.runtime.base.value.clone(),
        span: image.config.at.clone(),
    };
    let mut all: Vec<targets::Target> = outline.images.iter().map(target).collect();
    if !all.iter().any(|target| target.name == BINARIES) {
        let description = "all binaries in one directory, for --output".to_owned();
        all.push(targets::Target {
            name: BINARIES.to_owned(),
            default: false,
            description,
            base: String::new(),
            span: None,
        });
    }
    all
}
