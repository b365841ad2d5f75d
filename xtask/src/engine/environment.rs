//! The variables that describe an engine to tests and to shells.

use super::builder::{self, UserEngine};
use super::daemon::Engine;
use super::registry;
use super::tools::Tool;
use crate::state::{STATE_DIR, State};
use anyhow::Result;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

/// Where Debian and most others keep the certificates that the machine trusts.
const CA_BUNDLE: &str = "/etc/ssl/certs/ca-certificates.crt";

/// Variables in a fixed order.
pub(crate) type Variables = Vec<(&'static str, OsString)>;

/// What reaches an engine of ours.
///
/// # Errors
/// If buildx cannot be built.
pub(crate) fn of_own(state: &State, engine: &Engine) -> Result<Variables> {
    let mut variables: Variables = vec![
        ("BUILDX_CONFIG", state.buildx_config().into()),
        ("BUILDX_BUILDER", builder::name(engine.name()).into()),
        (
            "BUILDKIT_HOST",
            format!("unix://{}", engine.socket().display()).into(),
        ),
        ("GOWORK_TEST_BUILDX", Tool::Buildx.ensure(state)?.into()),
        ("GOWORK_TEST_BUILDCTL", Tool::Buildctl.ensure(state)?.into()),
        ("GOWORK_TEST_CRANE", Tool::Crane.ensure(state)?.into()),
    ];
    variables
        .extend(registry::running(state).map(|address| ("GOWORK_TEST_REGISTRY", address.into())));
    variables.extend(of_tests(state)?);
    Ok(variables)
}

/// What reaches the user's engine: only what is not in the environment already.
///
/// # Errors
/// If this program's own path is unknown.
pub(crate) fn of_user(state: &State, engine: &UserEngine) -> Result<Variables> {
    let mut variables: Variables = vec![("GOWORK_TEST_BUILDX", engine.buildx.clone().into())];
    variables.extend(of_tests(state)?);
    Ok(variables)
}

/// Where the frontend image's layout goes for tests.
pub(crate) fn frontend_layout(state: &State) -> PathBuf {
    state.of_checkout("image")
}

fn of_tests(state: &State) -> Result<Variables> {
    let mut variables: Variables = vec![
        (STATE_DIR, state.root().into()),
        ("GOWORK_TEST_FRONTEND", frontend_layout(state).into()),
        ("GOWORK_TEST_XTASK", std::env::current_exe()?.into()),
    ];
    let bundle =
        std::env::var_os("SSL_CERT_FILE").map_or_else(|| PathBuf::from(CA_BUNDLE), PathBuf::from);
    if bundle.is_file() {
        variables.push(("GOWORK_TEST_CA", bundle.into()));
    }
    Ok(variables)
}

/// The value of one of them.
pub(crate) fn value<'a>(variables: &'a Variables, name: &str) -> Option<&'a OsStr> {
    variables
        .iter()
        .find(|(other, _)| *other == name)
        .map(|(_, value)| value.as_os_str())
}

/// `export` lines for a POSIX shell.
pub(crate) fn exports(variables: &Variables) -> String {
    let quoted = |value: &OsString| format!("'{}'", value.to_string_lossy().replace('\'', r"'\''"));
    variables
        .iter()
        .map(|(name, value)| format!("export {name}={}\n", quoted(value)))
        .collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_shell_reads_back_what_was_exported() {
        let value = "it's $HOME `here`";
        let script = super::exports(&vec![("GOWORK_X", value.into())]) + "printf %s \"$GOWORK_X\"";
        let mut shell = crate::command::command("sh", ["-c", &script]);
        assert_eq!(crate::command::output(&mut shell).expect("sh"), value);
    }
}
