//! Typed details of an error, in BuildKit's way: JSON, not protobuf, under the name of the Go type
//! (solver/errdefs).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use buildkit_proto::google::protobuf::Any;
use buildkit_proto::pb;
use serde::Serialize;

/// The end of the type URL of [`source`].
pub(super) const SOURCE: &str = ".Source+json";

/// A range in a text: clients show it in a box. Returns `None` if the range has no end.
pub(super) fn source(
    filename: &str,
    language: &str,
    data: &[u8],
    range: &pb::Range,
) -> Option<Any> {
    let range = RangeJson {
        start: position(range.start.as_ref()?),
        end: position(range.end.as_ref()?),
    };
    let info = InfoJson {
        filename,
        data: STANDARD.encode(data),
        language,
    };
    let ranges = vec![range];
    Some(any("Source", &SourceJson { info, ranges }))
}

/// A place that is nowhere. Without any, the daemon shows the syntax line, which has nothing to do
/// with the error.
pub(super) fn nowhere() -> Any {
    any("Source", &SourceJson::default())
}

/// The name of a call that this frontend does not answer.
pub(super) fn subrequest(name: &str) -> Any {
    any("Subrequest", &SubrequestJson { name })
}

fn any(kind: &str, body: &impl Serialize) -> Any {
    Any {
        type_url: format!("github.com/moby/buildkit/errdefs.{kind}+json"),
        value: serde_json::to_vec(body).unwrap_or_default(),
    }
}

fn position(at: &pb::Position) -> PositionJson {
    PositionJson {
        line: at.line,
        character: at.character,
    }
}

#[derive(Serialize)]
struct SubrequestJson<'a> {
    name: &'a str,
}

#[derive(Default, Serialize)]
struct SourceJson<'a> {
    info: InfoJson<'a>,
    ranges: Vec<RangeJson>,
}

#[derive(Default, Serialize)]
struct InfoJson<'a> {
    filename: &'a str,
    data: String,
    language: &'a str,
}

#[derive(Serialize)]
struct RangeJson {
    start: PositionJson,
    end: PositionJson,
}

#[derive(Serialize)]
struct PositionJson {
    line: i32,
    character: i32,
}
