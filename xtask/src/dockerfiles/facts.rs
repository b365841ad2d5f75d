//! One line of the file: what a Dockerfile of a public repository is about, in short words.

use anyhow::{Context as _, Result};
use serde_json::Value;

/// A line.
pub(super) struct Line {
    value: Value,
}

impl Line {
    /// Reads a line.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let value = serde_json::from_str(text).context("a line is no JSON")?;
        Ok(Self { value })
    }

    /// Its name.
    pub(super) fn id(&self) -> &str {
        self.value["id"].as_str().unwrap_or_default()
    }

    /// The path of the Dockerfile in its repository.
    pub(super) fn path(&self) -> &str {
        self.value["path"].as_str().unwrap_or("Dockerfile")
    }

    /// What is compiled: directory of the module, and package.
    pub(super) fn mains(&self) -> Vec<(String, String)> {
        let mut mains = Vec::new();
        for written in strings(&self.value["main_packages"]) {
            let (dir, package) = written.split_once(": ").unwrap_or(("", &written));
            mains.push((dir.to_owned(), package.to_owned()));
        }
        mains
    }

    /// Whether it needs something, by the vocabulary of the file.
    pub(super) fn needs(&self, what: &str) -> bool {
        strings(&self.value["needs"])
            .iter()
            .any(|need| need == what)
            && !strings(&self.value["waived"])
                .iter()
                .any(|need| need == what)
    }

    /// A fact.
    pub(super) fn fact(&self, name: &str) -> &Value {
        &self.value["facts"][name]
    }

    /// A fact that is one text.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.fact(name).as_str()
    }

    /// A fact about the compile.
    pub(super) fn go(&self, name: &str) -> &Value {
        &self.value["facts"]["go"][name]
    }

    /// Binaries: how many names there are, and where they lie.
    pub(super) fn binaries(&self) -> Vec<(usize, String)> {
        let mut found = Vec::new();
        for written in strings(self.fact("bin")) {
            let Some((names, path)) = written.split_once("->") else {
                continue;
            };
            let path = path.split([',', ' ']).find(|word| word.starts_with('/'));
            let count = names.split(',').count();
            found.extend(path.map(|path| (count, path.to_owned())));
        }
        found
    }
}

/// The texts of a list; of one text, that.
pub(super) fn strings(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().flat_map(strings).collect(),
        Value::Number(number) => vec![number.to_string()],
        _ => Vec::new(),
    }
}
