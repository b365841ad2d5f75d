//! `docker buildx`: the program on the user's machine that knows the builder, the registries and
//! the credentials.

use std::io::{ErrorKind, Read as _};
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail, ensure};
use gowork_llb::limits;
use gowork_llb::ops::{Digest, Reference};
use serde_json::Value;

/// How a build ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It made an image.
    Built,
    /// It failed, and buildx has said why.
    Failed,
}

/// Variables of the environment that would change the image: provenance says what they were.
const OVERRIDING: [&str; 4] = [
    "SOURCE_DATE_EPOCH",
    "BUILDX_GIT_LABELS",
    "BUILDX_GIT_INFO",
    "BUILDX_METADATA_PROVENANCE",
];

fn buildx() -> Command {
    let mut command = Command::new("docker");
    command.arg("buildx");
    command
}

/// Why the program did not start.
fn not_started(error: &std::io::Error) -> anyhow::Error {
    if error.kind() == ErrorKind::NotFound {
        return anyhow::anyhow!(
            "docker: command not found\nrebuild needs Docker's client with buildx, which knows your builder and registries"
        );
    }
    anyhow::anyhow!("docker: {error}")
}

/// A document of a registry: an index, a manifest, or a config.
pub(super) fn document(reference: &str) -> anyhow::Result<Vec<u8>> {
    inspect(&["--raw"], reference)
}

/// The provenance of an image in a registry: of one for a single platform itself, else by platform.
/// Buildx does not print the statement that it is in, since it takes every document for an index.
pub(super) fn provenance(reference: &str) -> anyhow::Result<Value> {
    let json = inspect(&["--format", "{{json .Provenance}}"], reference)?;
    serde_json::from_slice(&json).with_context(|| format!("{reference}: provenance"))
}

fn inspect(options: &[&str], reference: &str) -> anyhow::Result<Vec<u8>> {
    let mut command = buildx();
    command
        .args(["imagetools", "inspect"])
        .args(options)
        .arg(reference)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| not_started(&error))?;
    let stdout = child.stdout.take().context("docker buildx")?;
    // What it says on standard error is one line, which fits into the pipe.
    let mut bytes = Vec::new();
    stdout.take(limits::FILE + 1).read_to_end(&mut bytes)?;
    let is_long = bytes.len() as u64 > limits::FILE;
    if is_long {
        // It would wait for a reader.
        let _ = child.kill();
    }
    let output = child.wait_with_output().context("docker buildx")?;
    ensure!(
        !is_long,
        "{reference}: a document of more than {} bytes",
        limits::FILE
    );
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let said = said.trim().trim_start_matches("ERROR: ");
        bail!("{reference}: {said}");
    }
    Ok(bytes)
}

/// What a tag means now.
pub(crate) fn digest_now(reference: &Reference) -> anyhow::Result<Digest> {
    Ok(Digest::of(&document(&reference.to_string())?))
}

/// Whether the registry has an image with this digest.
pub(crate) fn is_there(reference: &Reference, digest: &Digest) -> bool {
    document(&format!("{}@{digest}", reference.name())).is_ok()
}

/// Builds. Progress, and the error if there is one, go to standard error.
pub(crate) fn build(
    arguments: &[String],
    environment: &[(&str, &str)],
    context: &str,
) -> anyhow::Result<Outcome> {
    let mut command = buildx();
    command
        .arg("build")
        .args(arguments)
        .arg(context)
        .stdin(Stdio::null())
        // What it prints there are digests, and warnings of its own.
        .stdout(Stdio::null());
    for name in OVERRIDING {
        command.env_remove(name);
    }
    command
        .env("BUILDX_NO_DEFAULT_ATTESTATIONS", "1")
        .envs(environment.iter().copied());
    let status = command.status().map_err(|error| not_started(&error))?;
    Ok(if status.success() {
        Outcome::Built
    } else {
        Outcome::Failed
    })
}
