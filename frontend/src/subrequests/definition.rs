//! What a call is, in the terms of BuildKit's own describe answer.

use serde::Serialize;

/// What one call is.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Definition {
    pub(super) name: &'static str,
    pub(super) version: &'static str,
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) description: &'static str,
    pub(super) opts: Option<Vec<Named>>,
    pub(super) inputs: Option<Vec<Named>>,
    pub(super) metadata: Option<Vec<Named>>,
    pub(super) refs: Option<Vec<Named>>,
}

/// A thing with a name.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Named {
    name: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    description: &'static str,
}

impl Definition {
    /// A call that answers with metadata only.
    pub(super) fn new(
        name: &'static str,
        version: &'static str,
        description: &'static str,
    ) -> Self {
        let metadata = ["result.json", "result.txt"]
            .map(|name| Named {
                name,
                description: "",
            })
            .to_vec();
        Self {
            name,
            version,
            kind: "rpc",
            description,
            opts: None,
            inputs: None,
            metadata: Some(metadata),
            refs: None,
        }
    }

    /// The same call, taking this option.
    pub(super) fn takes(mut self, name: &'static str, description: &'static str) -> Self {
        self.opts
            .get_or_insert_default()
            .push(Named { name, description });
        self
    }
}
