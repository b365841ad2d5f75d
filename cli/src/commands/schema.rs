//! `gowork schema`: JSON schemas of what the commands print.

use gowork_llb::config::Config;
use gowork_llb::plan::json::JsonPlan;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};

use super::affected::AffectedJson;
use super::affected_vuln::VulnerableJson;
use super::doctor::DoctorJson;
use super::explain_json::{ExplainFileJson, ExplainJson};
use super::list::ListJson;
use crate::args::Described;
use crate::rebuild::RebuildJson;
use crate::report::CheckJson;
use crate::{exit, ui};

/// Prints it.
pub(crate) fn run(of: Described) -> anyhow::Result<u8> {
    let schema = match of {
        Described::Affected => schema::<AffectedJson>(),
        Described::AffectedVuln => schema::<VulnerableJson>(),
        Described::Check => schema::<CheckJson>(),
        Described::Config => Config::schema(),
        Described::Doctor => schema::<DoctorJson>(),
        Described::Explain => schema::<ExplainJson>(),
        Described::ExplainFile => schema::<ExplainFileJson>(),
        Described::List => schema::<ListJson>(),
        Described::Plan => schema::<JsonPlan>(),
        Described::Rebuild => schema::<RebuildJson>(),
    };
    ui::print_json(&schema)?;
    Ok(exit::OK)
}

/// The schema of what is printed: a field that may be left out is not required.
fn schema<T: JsonSchema>() -> Schema {
    let settings = SchemaSettings::default().for_serialize();
    settings.into_generator().into_root_schema_for::<T>()
}
