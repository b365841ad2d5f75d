//! The JSON schema of the configuration, for editors. Its texts are the doc comments of `types.rs`.

use std::borrow::Cow;

use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::{Config, Spanned};

impl Config {
    /// The JSON schema of the configuration, for editors.
    pub fn schema() -> schemars::Schema {
        let settings = schemars::generate::SchemaSettings::default()
            .with_transform(RecursiveTransform(descriptions_on_one_line));
        settings.into_generator().into_root_schema_for::<Self>()
    }
}

impl<T: JsonSchema> JsonSchema for Spanned<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

/// A port in the schema: a number, or with a protocol.
#[derive(JsonSchema)]
#[serde(untagged)]
#[allow(dead_code, reason = "only its schema is used")]
pub(super) enum PortKey {
    Number(u16),
    Text(String),
}

/// Editors show descriptions: line breaks of a doc comment do not belong there.
fn descriptions_on_one_line(schema: &mut schemars::Schema) {
    if let Some(serde_json::Value::String(text)) = schema.get_mut("description") {
        let paragraphs: Vec<String> = text.split("\n\n").map(|it| it.replace('\n', " ")).collect();
        *text = paragraphs.join("\n\n");
    }
}
