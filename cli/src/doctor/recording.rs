//! The texts that a host is known by: what commands print and files hold, by name.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context as _;

use crate::bounded;

/// Texts of a host. One that could not be had is missing.
#[derive(Debug, Clone, Default)]
pub(crate) struct Recording {
    texts: BTreeMap<&'static str, String>,
}

/// `docker info --format '{{json .}}'`.
pub(crate) const INFO: &str = "docker-info.json";
/// What that printed on standard error.
pub(crate) const INFO_ERROR: &str = "docker-info.err";
/// `docker buildx inspect`.
pub(crate) const BUILDER: &str = "buildx-inspect.txt";
/// What that printed on standard error.
pub(crate) const BUILDER_ERROR: &str = "buildx-inspect.err";
/// `/etc/os-release`.
pub(crate) const OS_RELEASE: &str = "os-release";
/// `/proc/sys/user/max_user_namespaces`.
pub(crate) const MAX_USER_NAMESPACES: &str = "max_user_namespaces";
/// `/proc/sys/kernel/unprivileged_userns_clone`, of Debian's kernels.
pub(crate) const USERNS_CLONE: &str = "unprivileged_userns_clone";
/// `/proc/sys/kernel/apparmor_restrict_unprivileged_userns`.
pub(crate) const APPARMOR_USERNS: &str = "apparmor_restrict_unprivileged_userns";
/// `/proc/modules`.
pub(crate) const MODULES: &str = "modules";
/// `iptables --version`.
pub(crate) const IPTABLES: &str = "iptables-version.txt";
/// `/etc/docker/daemon.json`.
pub(crate) const DAEMON: &str = "daemon.json";
/// `df -Pk` of the engine's directory.
pub(crate) const DISK: &str = "df.txt";
/// `date -u +%s`, when the engine was asked for its time.
pub(crate) const DATE: &str = "date.txt";
/// `go env -json`.
pub(crate) const GO_ENV: &str = "go-env.json";
/// What a step of the builder image said, as `--reach` asks it.
pub(crate) const REACH: &str = "reach.txt";

/// All names.
const NAMES: [&str; 15] = [
    INFO,
    INFO_ERROR,
    BUILDER,
    BUILDER_ERROR,
    OS_RELEASE,
    MAX_USER_NAMESPACES,
    USERNS_CLONE,
    APPARMOR_USERNS,
    MODULES,
    IPTABLES,
    DAEMON,
    DISK,
    DATE,
    GO_ENV,
    REACH,
];

impl Recording {
    /// The texts in a directory.
    pub(crate) fn read(dir: &Path) -> anyhow::Result<Self> {
        anyhow::ensure!(dir.is_dir(), "{}: no such directory", dir.display());
        let mut recording = Self::default();
        for name in NAMES {
            let path = dir.join(name);
            if path.exists() {
                let text = bounded::read(&path).with_context(|| path.display().to_string())?;
                recording.add(name, String::from_utf8_lossy(&text).into_owned());
            }
        }
        anyhow::ensure!(
            !recording.texts.is_empty(),
            "{}: no recording of a host: {INFO} and others are missing",
            dir.display()
        );
        Ok(recording)
    }

    /// Adds a text.
    pub(crate) fn add(&mut self, name: &'static str, text: String) {
        self.texts.insert(name, text);
    }

    /// A text, without space around it; `None` if it is missing or empty.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let text = self.texts.get(name)?.trim();
        (!text.is_empty()).then_some(text)
    }
}
