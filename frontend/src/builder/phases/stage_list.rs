//! Phase: which stages a Dockerfile has. Docker's frontend lists them.

use buildkit_proto::moby::buildkit::v1::frontend as proto;
use serde_json::Value;

use crate::builder::docker::Request;
use crate::builder::session::Session;
use crate::gateway::GatewayError;
use crate::opts::keys;
use crate::subrequests::targets;

/// The list of the Dockerfile's stages, an answer of Docker's frontend. Of a comment `check=` the
/// daemon of BuildKit 0.34 dies then (frontend/dockerfile/dockerfile2llb, `ListTargets`, which has no
/// linter to merge the comment into), and with it all builds of the machine: so the list is made of
/// a text in which such comments say nothing.
///
/// # Errors
/// What Docker's frontend finds wrong.
pub(in crate::builder) async fn list(session: &Session<'_>) -> Result<proto::Result, GatewayError> {
    let mut request = Request::new(session).await?;
    let definition = session.context.definition();
    let text = String::from_utf8_lossy(&definition.bytes);
    let is_changed = text.lines().any(is_check);
    if is_changed {
        request = request.dockerfile(session, &definition.name, without_checks(&text));
    }
    let request = request.option(keys::REQUEST_ID, targets::NAME);
    let answer = request.solve(session).await?;
    Ok(match is_changed {
        true => targets::of_source(answer, &definition.bytes),
        false => answer,
    })
}

/// Whether a line of a Dockerfile may be a comment that sets checks.
fn is_check(line: &str) -> bool {
    let Some(comment) = line.trim_start().strip_prefix('#') else {
        return false;
    };
    let key = comment.split('=').next().unwrap_or_default();
    comment.contains('=') && key.trim().eq_ignore_ascii_case("check")
}

/// The text with a colon in such comments: `check:`. All else stays in its place.
fn without_checks(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        if is_check(line) {
            kept.push_str(&line.replacen('=', ":", 1));
        } else {
            kept.push_str(line);
        }
    }
    kept
}

/// The names of the Dockerfile's stages, as far as Docker's frontend lists them.
pub(in crate::builder) async fn names(session: &Session<'_>) -> Vec<String> {
    let answer = list(session).await.unwrap_or_default();
    let stages = listed_stages(&answer).unwrap_or_default();
    let names = stages.iter().filter_map(|stage| stage["name"].as_str());
    names.map(ToOwned::to_owned).collect()
}

/// The stages in an answer of Docker's frontend, as JSON.
fn listed_stages(answer: &proto::Result) -> Option<Vec<Value>> {
    let json = answer.metadata.get("result.json")?;
    let json: Value = serde_json::from_slice(json).ok()?;
    json["targets"].as_array().cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_about_checks_say_nothing() {
        let text = "# check=skip=all\n#  Check =error=true\nFROM a AS b\n# b has x=1 checked\nRUN check=1\n";
        assert_eq!(
            without_checks(text),
            "# check:skip=all\n#  Check :error=true\nFROM a AS b\n# b has x=1 checked\nRUN check=1\n"
        );
    }
}
