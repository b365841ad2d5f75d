//! From an outline to the answers of the go command: what is looked up before it is asked, and how
//! often it is asked.

use std::collections::BTreeMap;

use gowork_llb::lower::{Accounts, LlbOptions, Lowering};
use gowork_llb::plan::{Outline, Plan};
use gowork_llb::sbom::Linking;
use tokio::sync::oneshot::Receiver;

use super::isolate::Failure;
use super::job::Job;
use super::phases::accounts;
use super::phases::inputs::{self, Inputs};
use super::phases::resolve::{self, Resolutions};
use super::session::Session;
use super::speculate::early_std;
use super::survey::Survey;
use crate::error::BuildError;

/// What is known of a job before the go command has answered.
pub(super) struct Unresolved {
    inputs: Inputs,
    plan: Plan,
}

/// What is known once the go command has answered for all that the job needs.
pub(super) struct Resolved {
    /// The job's outline, and what third-party packages import of the repository.
    pub(super) outline: Outline,
    pub(super) inputs: Inputs,
    pub(super) resolutions: Resolutions,
}

impl Unresolved {
    /// Looks up the images that the job's steps read, and plans without the go command.
    ///
    /// # Errors
    /// If an image cannot be had.
    pub(super) async fn look_up(
        session: &Session<'_>,
        survey: &Survey,
        job: Job<'_>,
    ) -> Result<Self, BuildError> {
        let mut inputs = inputs::look_up(session, job, &survey.scanned).await?;
        inputs.llb.checkout.clone_from(&survey.checkout);
        let plan = job.plan(None);
        Ok(Self { inputs, plan })
    }

    fn lowering<'a>(&'a self, options: LlbOptions<'a>) -> Lowering<'a> {
        Lowering::new(&self.plan, &self.inputs.llb, options)
    }

    /// Compiles std while modules are still being downloaded; to be driven beside
    /// [`Self::resolve`]. `resolving` ends with that.
    pub(super) async fn compile_early(
        &self,
        session: &Session<'_>,
        job: Job<'_>,
        options: LlbOptions<'_>,
        resolving: Receiver<()>,
    ) {
        early_std::compile(session, self.lowering(options), job, resolving).await;
    }

    /// The users of what the image is built upon, if it adds some to them.
    ///
    /// # Errors
    /// As [`accounts::read`].
    pub(super) async fn accounts(
        &self,
        session: &Session<'_>,
        job: Job<'_>,
    ) -> Result<BTreeMap<String, Accounts>, Failure> {
        Ok(accounts::read(session, job, &self.inputs.llb).await?)
    }

    /// Asks the go command until third-party packages import no more packages of the repository.
    ///
    /// # Errors
    /// What it cannot resolve, and what is wrong with such packages. Another image may be the cause.
    pub(super) async fn resolve(
        &self,
        session: &Session<'_>,
        survey: &Survey,
        job: Job<'_>,
        options: LlbOptions<'_>,
    ) -> Result<Resolved, Failure> {
        let mut outline = job.outline.clone();
        let mut again: Option<Self> = None;
        loop {
            let known = again.as_ref().unwrap_or(self);
            let lowering = known.lowering(options);
            let asked = Job {
                outline: &outline,
                ..job
            };
            let resolutions = resolve::all(session, &lowering, asked.builds())
                .await
                .map_err(Failure::Shared)?;
            let completed = resolve::completed(
                session,
                &survey.config,
                &survey.scanned,
                &outline,
                &resolutions,
            );
            let Some(completed) = completed.await.map_err(Failure::Shared)? else {
                let inputs = known.inputs.clone();
                return Ok(Resolved {
                    outline,
                    inputs,
                    resolutions,
                });
            };
            outline = completed;
            let larger = Job {
                outline: &outline,
                ..job
            };
            again = Some(Self::look_up(session, survey, larger).await?);
        }
    }
}

impl Resolved {
    /// What says which modules the programs of a plan hold.
    pub(super) fn linking<'a>(&'a self, plan: &'a Plan, survey: &'a Survey) -> Linking<'a> {
        Linking {
            plan,
            workspace: &survey.scanned.workspace,
            resolutions: &self.resolutions,
        }
    }

    /// The job with all that it needs in its outline.
    pub(super) fn job<'a>(&'a self, job: Job<'a>) -> Job<'a> {
        Job {
            outline: &self.outline,
            ..job
        }
    }
}
