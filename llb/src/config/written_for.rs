//! What a file called Dockerfile is written for: this frontend, or another one.
//!
//! The file's syntax line decides who builds it. A mirror may give the frontend's image any name,
//! so where that says nothing the text does: the configuration is TOML, and the instructions of a
//! Dockerfile are not.

use toml::de::DeTable;

/// What a file called Dockerfile is written for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum WrittenFor {
    /// This frontend: the file is a configuration, though it may have errors.
    Gowork,
    /// Docker's own frontend: the file has instructions, or nothing.
    Docker,
    /// The frontend of this name, and the text does not show that it is this one.
    Another(String),
}

impl WrittenFor {
    /// Looks at the text of a file.
    pub fn of(text: &str) -> Self {
        let syntax = syntax(text);
        match syntax.as_deref().map(image_name) {
            Some(name) if name.contains("gowork") => return Self::Gowork,
            Some(name) if name.starts_with("dockerfile") => return Self::Docker,
            _ => {}
        }
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let (table, errors) = DeTable::parse_recoverable(text);
        match syntax {
            // A configuration may be empty; a Dockerfile may not.
            Some(_) if errors.is_empty() => Self::Gowork,
            // As it is built with the build-arg BUILDKIT_SYNTAX.
            None if errors.is_empty() && !table.get_ref().is_empty() => Self::Gowork,
            Some(name) if super::first_instruction(text).is_none() => Self::Another(name),
            _ => Self::Docker,
        }
    }
}

/// The last element of an image's reference, without tag and digest.
fn image_name(reference: &str) -> &str {
    let path = reference.split('@').next().unwrap_or_default();
    let name = path.rsplit('/').next().unwrap_or_default();
    name.split(':').next().unwrap_or_default()
}

/// The image that the text's syntax line names, as BuildKit finds it (moby/buildkit, `DetectSyntax`
/// in frontend/dockerfile/parser).
pub fn syntax(text: &str) -> Option<String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let text = if text.starts_with("#!") {
        text.split_once('\n').map_or("", |(_, rest)| rest)
    } else {
        text
    };
    let line = directive(text, "#").or_else(|| directive(text, "//"));
    line.map(ToOwned::to_owned).or_else(|| {
        let json: serde_json::Value = serde_json::from_str(text).ok()?;
        Some(json.get("syntax")?.as_str()?.to_owned())
    })
}

/// The value of the syntax directive. Directives stand at the top of a file, each once; the first
/// other line ends them.
fn directive<'t>(text: &'t str, comment: &str) -> Option<&'t str> {
    let mut seen = Vec::new();
    for line in text.lines() {
        let (key, value) = line.strip_prefix(comment)?.trim_start().split_once('=')?;
        let (key, value) = (key.trim_end().to_ascii_lowercase(), value.trim());
        let is_directive = ["syntax", "escape", "check"].contains(&key.as_str());
        if !is_directive || value.is_empty() || seen.contains(&key) {
            return None;
        }
        if key == "syntax" {
            return value.split(' ').next();
        }
        seen.push(key);
    }
    None
}
