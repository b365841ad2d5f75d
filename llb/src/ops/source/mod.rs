//! Sources: where file systems come from. One file a kind; this one has what they share.

mod git;
mod http;
mod image;
mod local;
mod oci;

use std::collections::{BTreeMap, BTreeSet};

use buildkit_proto::pb;

pub use git::Git;
pub use http::Http;
pub use image::{Image, ResolveMode};
pub use local::{Differ, Local};
pub use oci::OciLayout;

use super::marshal::{Draft, Inputs};
use super::meta::Meta;
use super::output::Output;
use super::platform::Platform;

/// A source that cannot be written down as asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{address:?} is not {kind} source: {reason}")]
pub struct SourceError {
    kind: &'static str,
    address: String,
    reason: String,
}

/// A source op under construction.
#[derive(Debug, Clone, Default)]
struct Source {
    identifier: String,
    attrs: BTreeMap<&'static str, String>,
    caps: BTreeSet<&'static str>,
}

impl Source {
    fn new(identifier: String, cap: &'static str) -> Self {
        Self {
            identifier,
            attrs: BTreeMap::new(),
            caps: [cap].into(),
        }
    }

    /// Sets an attribute and asks for what it needs. An empty value means absent: Go and prost
    /// write it differently.
    fn set(&mut self, attr: &'static str, value: impl Into<String>, cap: Option<&'static str>) {
        let value = value.into();
        if value.is_empty() {
            self.attrs.remove(attr);
            return;
        }
        self.attrs.insert(attr, value);
        self.caps.extend(cap);
    }

    /// Writes the op. Only images differ by platform; the op of any other source has none.
    fn output(self, meta: &Meta, platform: Option<Platform>) -> Output {
        let attrs = self
            .attrs
            .into_iter()
            .map(|(attr, value)| (attr.to_owned(), value))
            .collect();
        let kind = pb::op::Op::Source(pb::SourceOp {
            identifier: self.identifier,
            attrs,
        });
        let op_platform = platform.clone();
        let draft = Draft {
            kind,
            inputs: Inputs::default(),
            caps: self.caps,
            meta,
            op_platform,
            platform,
        };
        draft.output()
    }
}

/// A list as Go's JSON encoder writes it: with `<`, `>`, `&` and the two Unicode line ends escaped.
/// Empty for none.
fn json_list(items: impl IntoIterator<Item = impl Into<String>>) -> String {
    let items: Vec<serde_json::Value> = items
        .into_iter()
        .map(|item| serde_json::Value::String(item.into()))
        .collect();
    if items.is_empty() {
        return String::new();
    }
    let mut json = String::new();
    for c in serde_json::Value::Array(items).to_string().chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                json.push_str(&format!("\\u{:04x}", u32::from(c)))
            }
            c => json.push(c),
        }
    }
    json
}
