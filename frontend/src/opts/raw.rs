//! A build's options as given: environment variables, nothing validated.

use std::collections::BTreeMap;
use std::ffi::OsString;

/// What BuildKit put into the environment of a frontend.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RawOptions {
    /// Key -> value, from `BUILDKIT_FRONTEND_OPT_<n>`.
    pub opts: BTreeMap<String, String>,
    /// The client's session, from `BUILDKIT_SESSION_ID`.
    pub session_id: String,
    /// The workers, JSON, from `BUILDKIT_WORKERS`.
    pub workers: String,
}

impl RawOptions {
    /// Picks the options out of an environment. The numbers carry no meaning; a value may contain
    /// `=`.
    pub fn from_env(vars: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let mut raw = Self::default();
        for (name, value) in vars {
            let value = value.to_string_lossy().into_owned();
            match name.to_string_lossy().as_ref() {
                "BUILDKIT_SESSION_ID" => raw.session_id = value,
                "BUILDKIT_WORKERS" => raw.workers = value,
                name if name.starts_with("BUILDKIT_FRONTEND_OPT_") => {
                    if let Some((key, value)) = value.split_once('=') {
                        raw.opts.insert(key.to_owned(), value.to_owned());
                    }
                }
                _ => {}
            }
        }
        raw
    }

    /// An option that says something: absent and empty are the same.
    pub(super) fn given(&self, key: &str) -> Option<&str> {
        self.opts
            .get(key)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// A build argument that says something.
    pub(super) fn arg(&self, name: &str) -> Option<&str> {
        self.opts
            .get(&format!("{}{name}", super::keys::BUILD_ARG))
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// All options with this prefix, which is cut off.
    pub(super) fn with_prefix(&self, prefix: &str) -> BTreeMap<String, String> {
        let under = self
            .opts
            .iter()
            .filter_map(|(key, value)| Some((key.strip_prefix(prefix)?.to_owned(), value.clone())));
        under.collect()
    }
}
