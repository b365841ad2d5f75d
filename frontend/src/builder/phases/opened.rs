//! Phase: which files programs open while they run and their images do not have. Only `--check` asks.

use gowork_llb::config::Config;
use gowork_llb::diag::Diagnostic;
use gowork_llb::ops::Output;
use gowork_llb::ops::exec::Mount;
use gowork_llb::ops::file::{File, Mkfile};
use gowork_llb::packages::Opened;
use gowork_llb::plan::{self, Outline};

use super::outline::Outlined;
use super::scan::Scanned;
use crate::builder::session::{Session, bug};
use crate::error::BuildError;
use crate::steps::opened::{OPENED_FILE, QUESTION_FILE};

/// The warnings. The Go files are read in a step.
pub(in crate::builder) async fn run(
    session: &Session<'_>,
    scanned: &Scanned,
    outlined: &Outlined,
    config: &Config,
) -> Result<Vec<Diagnostic>, BuildError> {
    let outlines: Vec<&Outline> = outlined
        .by_platform
        .iter()
        .map(|(_, outline)| outline)
        .collect();
    let question = match plan::open_question(&outlines, &scanned.scan, &scanned.workspace) {
        Ok(question) if question.files.is_empty() => return Ok(Vec::new()),
        Ok(question) => question,
        Err(warning) => return Ok(vec![warning]),
    };
    let question = serde_json::to_vec(&question)
        .map_err(|error| bug(format!("the question about opened files: {error}")))?;
    let file = Mkfile::new(&format!("/{QUESTION_FILE}"), 0o644, question).timestamp(0);
    let question = File::on(&Output::scratch())
        .mkfile(file)
        .named("[internal] question about opened files")
        .output();
    let asked = format!("/question/{QUESTION_FILE}");
    let out = format!("/out/{OPENED_FILE}");
    let step = scanned
        .inputs
        .exec(session, &["opened"], &["--question", &asked, "--out", &out])
        .mount(Mount::read_only(&question, "/question"))
        .named("look for files that programs open");
    let opened: Opened = session.answer(step, "/out", OPENED_FILE).await?;
    let found = plan::not_in_images(&outlines, &scanned.workspace, config, &opened);
    Ok(found.diagnostics)
}
