//! What the image says of itself: its entry point, and labels for BuildKit and for people.

use super::revision;
use crate::state::State;
use anyhow::{Context, Result, anyhow};
use serde_json::{Map, Value, json};

/// What BuildKit may ask of this frontend; it refuses to start a frontend that lacks a label for
/// what a build needs.
const FRONTEND_CAPS: &str = "moby.buildkit.frontend.inputs,moby.buildkit.frontend.subrequests,\
                             moby.buildkit.frontend.contexts,moby.buildkit.frontend.gitquerystring";

/// The release and where the sources come from.
#[derive(Debug, Default)]
struct Origin {
    version: String,
    license: String,
    /// The address of the repository, if `Cargo.toml` names one.
    source: Option<String>,
    /// The commit, if it is known.
    revision: Option<String>,
}

/// The `config` object of the image's OCI configuration.
///
/// # Errors
/// If the workspace's `Cargo.toml` cannot be read, or `GOWORK_REVISION` is not a commit.
pub(super) fn of(state: &State) -> Result<Value> {
    Ok(config(&origin(state)?))
}

fn origin(state: &State) -> Result<Origin> {
    let path = state.repository().join("Cargo.toml");
    let text = std::fs::read_to_string(&path)
        .with_context(|| format!("cannot read {}", path.display()))?;
    let manifest: toml::Value =
        toml::from_str(&text).with_context(|| format!("{} is no TOML", path.display()))?;
    let package = &manifest["workspace"]["package"];
    let value = |key: &str| Some(package.get(key)?.as_str()?.to_owned());
    let revision = revision::of(&state.repository().join("cli")).map_err(|error| anyhow!(error))?;
    Ok(Origin {
        version: value("version").context("the workspace's Cargo.toml has no version")?,
        license: value("license").context("the workspace's Cargo.toml has no license")?,
        source: value("repository"),
        revision,
    })
}

/// `frontend/Dockerfile` says the same; the test below compares them.
fn config(origin: &Origin) -> Value {
    let mut labels = Map::new();
    let mut label = |name: &str, value: &str| labels.insert(name.to_owned(), value.into());
    label("moby.buildkit.frontend.caps", FRONTEND_CAPS);
    label("moby.buildkit.frontend.network.none", "true");
    label("org.opencontainers.image.title", "gowork");
    label(
        "org.opencontainers.image.description",
        "BuildKit frontend that builds container images from Go workspaces",
    );
    label("org.opencontainers.image.version", &origin.version);
    label("org.opencontainers.image.licenses", &origin.license);
    if let Some(source) = &origin.source {
        label("org.opencontainers.image.source", source);
    }
    let mut environment =
        vec!["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".to_owned()];
    if let Some(revision) = &origin.revision {
        label("org.opencontainers.image.revision", revision);
        environment.push(format!("{}={revision}", revision::VARIABLE));
    }
    json!({
        "Entrypoint": ["/gowork-frontend"],
        "Env": environment,
        "Labels": labels,
    })
}

#[cfg(test)]
mod tests {
    use super::{Origin, config, origin};
    use crate::state::State;
    use std::collections::BTreeSet;

    /// Both ways to make the image give it the same config, with the version of `Cargo.toml`.
    #[test]
    fn the_dockerfile_says_the_same() {
        let state = State::open().expect("state");
        let expected = config(&Origin {
            source: Some("$SOURCE".to_owned()),
            revision: Some("$REVISION".to_owned()),
            ..origin(&state).expect("origin")
        });
        let mut lines = BTreeSet::from([format!("ENTRYPOINT {}", expected["Entrypoint"])]);
        for variable in expected["Env"].as_array().expect("env") {
            let (name, value) = variable
                .as_str()
                .and_then(|text| text.split_once('='))
                .expect("=");
            lines.insert(format!("ENV {name}=\"{value}\""));
        }
        for (name, value) in expected["Labels"].as_object().expect("labels") {
            lines.insert(format!("LABEL {name}={value}"));
        }
        let path = state.repository().join("frontend/Dockerfile");
        let text = std::fs::read_to_string(path).expect("frontend/Dockerfile");
        let said = text.lines().filter(|line| {
            ["ENTRYPOINT ", "ENV ", "LABEL "]
                .iter()
                .any(|word| line.starts_with(word))
        });
        let said: BTreeSet<String> = said.map(str::to_owned).collect();
        assert_eq!(said, lines);
    }
}
