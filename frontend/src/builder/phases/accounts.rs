//! Phase: the users and groups of what the wanted image is built upon, if it adds some to them.

use std::collections::BTreeMap;

use gowork_llb::config::{RuntimeConfig, SCRATCH};
use gowork_llb::lower::{Accounts, GROUP_FILE, LlbInputs, PASSWD_FILE};

use crate::builder::job::Job;
use crate::builder::session::Session;
use crate::context::read_optional;
use crate::error::BuildError;

/// What is in the two files of the base, by what the configuration calls the base. A base that lacks
/// one has an empty one.
///
/// # Errors
/// If a user that is added is there with other ids, and if the base cannot be read.
pub(in crate::builder) async fn read(
    session: &Session<'_>,
    job: Job<'_>,
    inputs: &LlbInputs,
) -> Result<BTreeMap<String, Accounts>, BuildError> {
    let mut images = job.outline.images.iter();
    let wanted = images.find(|image| job.wanted.image() == Some(image.config.name.as_str()));
    let Some(runtime) = wanted.map(|image| &image.config.runtime) else {
        return Ok(BTreeMap::new());
    };
    if runtime.users.is_empty() {
        return Ok(BTreeMap::new());
    }
    let found = of_base(session, runtime, inputs).await?;
    found.clone().with(runtime)?;
    Ok(BTreeMap::from([(runtime.base.value.clone(), found)]))
}

async fn of_base(
    session: &Session<'_>,
    runtime: &RuntimeConfig,
    inputs: &LlbInputs,
) -> Result<Accounts, BuildError> {
    if runtime.base.value == SCRATCH {
        return Ok(Accounts::of_scratch());
    }
    let Some(base) = inputs.base(runtime).filter(|base| !base.is_scratch()) else {
        return Ok(Accounts::default());
    };
    let solved = session.solve(base, true).await?;
    let read = async |path| {
        let bytes = read_optional(session.gateway, &solved.reference, path).await;
        Ok::<_, BuildError>(bytes?.unwrap_or_default())
    };
    Ok(Accounts {
        passwd: read(PASSWD_FILE).await?,
        group: read(GROUP_FILE).await?,
    })
}
