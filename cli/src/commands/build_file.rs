//! The file that builds of printed texts are made by.

use anyhow::Context as _;
use gowork_llb::config::WrittenFor;
use gowork_llb::lower::Mark;

use crate::args::Common;
use crate::bounded;
use crate::project::Project;
use crate::root::DOCKERFILES;
use crate::slashed;

/// The file that a build has to be told: none, if `docker buildx build .` takes it by itself.
pub(super) fn build_file(common: &Common, project: &Project) -> anyhow::Result<Option<String>> {
    let root = &common.root.dir;
    if let Some(given) = &common.config {
        let path = given.canonicalize()?;
        let inside = path.strip_prefix(root.canonicalize()?);
        let inside = inside.with_context(|| {
            format!(
                "{}: what builds later needs a configuration that lies in the repository",
                given.display()
            )
        })?;
        return printable(&slashed::of(inside)).map(Some);
    }
    let dockerfile = DOCKERFILES
        .iter()
        .find(|name| root.join(name).is_file())
        .map(|name| bounded::read(&root.join(name)))
        .transpose()?;
    let dockerfile = dockerfile.map(|text| String::from_utf8_lossy(&text).into_owned());
    let has_images =
        |text: &str| WrittenFor::of(text) == WrittenFor::Gowork || Mark::DOCKERFILE.is_in(text);
    if dockerfile.is_some_and(|text| has_images(&text)) {
        return Ok(None);
    }
    let (name, _) = project
        .config_file
        .as_ref()
        .context("no file to build: `gowork init` writes a Dockerfile, which a build reads")?;
    Ok(Some(name.clone()))
}

/// A path for a line of a printed text.
pub(super) fn printable(path: &str) -> anyhow::Result<String> {
    anyhow::ensure!(
        !path.contains(char::is_control),
        "{path:?}: a printed file cannot name this path; give it a name without control characters"
    );
    Ok(path.to_owned())
}
