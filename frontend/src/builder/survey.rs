//! What is known before anything is built: the configuration, the sources, the images of every
//! platform, and what is wrong with them.

use std::collections::{BTreeMap, BTreeSet};

use gowork_llb::config::Config;
use gowork_llb::diag::Diagnostic;
use gowork_llb::lint;
use gowork_llb::ops::Platform;
use gowork_llb::plan;
use gowork_step::Checkout;

use super::phases::contexts;
use super::phases::definition::{self, Definition};
use super::phases::git;
use super::phases::opened;
use super::phases::outline::{self, Outlined};
use super::phases::overlays;
use super::phases::scan::Scanned;
use super::report;
use super::session::Session;
use super::target;
use crate::context::login_warnings;
use crate::error::{BuildError, SourceFiles};
use crate::gateway::caps;

/// What the phases before building find out.
pub(super) struct Survey {
    /// The configuration as it is written: no build argument is filled in.
    pub(super) written: Config,
    /// The configuration in effect.
    pub(super) config: Config,
    /// What `${NAME}` in it stands for.
    pub(super) variables: BTreeMap<String, String>,
    /// What programs say of the commit, if some do.
    pub(super) checkout: Option<Checkout>,
    pub(super) scanned: Scanned,
    pub(super) outlined: Outlined,
    /// What is wrong with the definition file and the mod files. No image is sound if one of these
    /// is an error.
    base: Vec<Diagnostic>,
    /// Names in `--no-cache-filter` that no image has.
    unknown: Vec<Diagnostic>,
}

impl Survey {
    /// Goes through the phases for images, and no tools.
    pub(super) async fn of_images(
        session: &Session<'_>,
        files: &mut SourceFiles,
    ) -> Result<Self, BuildError> {
        let platforms = session.options.target_platforms();
        Self::make(session, files, &platforms, BTreeSet::new()).await
    }

    /// Goes through the phases, for these platforms, and for the tools that stages take, by their
    /// file names. `files` takes the texts that diagnostics point into.
    pub(super) async fn make(
        session: &Session<'_>,
        files: &mut SourceFiles,
        platforms: &[Platform],
        tools: BTreeSet<String>,
    ) -> Result<Self, BuildError> {
        session.options.check()?;
        session.check_epoch()?;
        let definition = definition::read(session, files);
        // What is laid over the repository takes work: not for a configuration with errors.
        let is_sound = !definition.diagnostics.iter().any(Diagnostic::is_error);
        if !is_sound && !definition.config.overlay.is_empty() {
            return Err(BuildError::Diagnostics(definition.diagnostics));
        }
        let overlays = overlays::make(session, &definition.config).await?;
        let found = contexts::scan(session, &definition.config, overlays, files).await?;
        let scanned = &found.scanned;
        let is_sound = is_sound && !scanned.diagnostics.iter().any(Diagnostic::is_error);
        let (definition, checkout, warnings) = if is_sound && git::is_asked(session, &definition) {
            let asked = git::ask(session, &definition, scanned).await?;
            let definition = definition.filled(asked.values);
            (definition, asked.checkout, asked.warnings)
        } else {
            (definition, None, Vec::new())
        };
        let Definition {
            written,
            mut config,
            variables,
            diagnostics: mut base,
            ..
        } = definition;
        config.tools = tools;
        base.extend(warnings);
        base.extend(login_warnings(session.options));
        let daemon = &session.gateway.pong().llb_caps;
        if !daemon.has(caps::STEP_LIMITS) {
            base.extend(session.options.limits_without_effect());
        }
        base.extend(scanned.diagnostics.iter().cloned());
        let outlined = outline::make(scanned, &config, platforms);
        base.extend(contexts::unused(
            session,
            &config,
            &found,
            &outlined.by_platform,
        ));
        // Stages of a Dockerfile have names too.
        let unknown = if session.context.definition().is_dockerfile() {
            Vec::new()
        } else {
            target::unknown_names(&session.options.no_cache, &outlined)
        };
        let survey = Self {
            written,
            config,
            variables,
            checkout,
            scanned: found.scanned,
            outlined,
            base,
            unknown,
        };
        let found = survey.diagnostics();
        survey.scanned.add_sources(session, &found, files).await;
        Ok(survey)
    }

    /// Warnings of files that programs open while they run and their images do not have. Adds the Go
    /// files with the calls to `files`.
    pub(super) async fn not_in_images(
        &self,
        session: &Session<'_>,
        files: &mut SourceFiles,
    ) -> Result<Vec<Diagnostic>, BuildError> {
        let found = opened::run(session, &self.scanned, &self.outlined, &self.config).await?;
        self.scanned.add_sources(session, &found, files).await;
        Ok(found)
    }

    /// What is doubtful about the configuration, and about the modules that images are built of.
    /// Adds the mod files to `files`.
    pub(super) async fn doubtful(
        &self,
        session: &Session<'_>,
        files: &mut SourceFiles,
    ) -> Vec<Diagnostic> {
        let Scanned {
            scan, workspace, ..
        } = &self.scanned;
        let outlines = self.outlined.by_platform.iter();
        let built = plan::built_roots(outlines.map(|(_, outline)| outline));
        let found = lint::lint(&scan.mod_files, workspace, &self.config, &built);
        self.scanned.add_sources(session, &found, files).await;
        found
    }

    /// The same error. Adds the Go files that it points into to `files`.
    pub(super) async fn with_sources(
        &self,
        mut error: BuildError,
        session: &Session<'_>,
        files: &mut SourceFiles,
    ) -> BuildError {
        let scanned = &self.scanned;
        scanned
            .add_sources(session, error.diagnostics(), files)
            .await;
        if let BuildError::Step { errors, .. } = &mut error {
            report::step::place_at_clauses(errors, files);
        }
        error
    }

    /// Everything that is wrong.
    pub(super) fn diagnostics(&self) -> Vec<Diagnostic> {
        self.diagnostics_with(&self.outlined.diagnostics)
    }

    /// The same with `outlined` in place of what is wrong with the images.
    pub(super) fn diagnostics_with(&self, outlined: &[Diagnostic]) -> Vec<Diagnostic> {
        [&self.base, outlined, &self.unknown].concat()
    }

    /// Whether the definition file and the mod files have no errors. What is wrong with one image
    /// then says nothing about another.
    pub(super) fn has_sound_base(&self) -> bool {
        !self.base.iter().any(Diagnostic::is_error)
    }
}
