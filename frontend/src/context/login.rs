//! Logins in the URLs of contexts. Owns which URLs have one, and what is said of it.
//!
//! BuildKit redacts URLs wherever it names a source, but not in the steps themselves: they are part
//! of provenance with `mode=max`, and of each record in the builder's history
//! (solver/llbsolver/history.go).

use gowork_llb::diag::{Diagnostic, Rule};

use super::git::GitRef;
use crate::opts::Options;

/// The user of servers that know people by their keys.
const NOBODY: &str = "git";

/// A warning for each context whose URL has a login. None says what it is.
pub(crate) fn warnings(options: &Options) -> Vec<Diagnostic> {
    let contexts = &options.contexts;
    let main = contexts.remote.iter().map(|url| (String::new(), url));
    let named = contexts.named.iter();
    let named = named.map(|(name, url)| (format!(" {name}"), url));
    let found = main.chain(named);
    found
        .filter_map(|(name, url)| warning(&name, url))
        .collect()
}

fn warning(name: &str, url: &str) -> Option<Diagnostic> {
    let host = host_behind_login(url)?;
    let message = format!(
        "the URL of the build context{name} has a login: the builder's history keeps it, and so does provenance with mode=max"
    );
    let help = match GitRef::parse(url) {
        Ok(None) => format!(
            "leave it out, and with BuildKit 0.23 or newer pass the Authorization header as a secret: --secret id=HTTP_AUTH_HEADER_{},env=HEADER",
            without_port(host)
        ),
        _ => format!(
            "leave it out, and pass a token as a secret: --secret id=GIT_AUTH_TOKEN.{host},env=TOKEN"
        ),
    };
    Some(Diagnostic::warning(Rule::BuildOption, message).help(help))
}

/// The host of a URL, if the URL has a password, or a user who may be a token.
fn host_behind_login(url: &str) -> Option<&str> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    let (login, host) = authority.rsplit_once('@')?;
    let (user, password) = login.split_once(':').unwrap_or((login, ""));
    let is_secret = match scheme.to_ascii_lowercase().as_str() {
        "http" | "https" => !password.is_empty() || !["", NOBODY].contains(&user),
        "ssh" | "git" => !password.is_empty(),
        _ => false,
    };
    is_secret.then_some(host)
}

/// BuildKit names this secret by the host alone, and that of git by host and port.
fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, _)) if !name.is_empty() && !host.ends_with(']') => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_a_password_or_a_user_who_may_be_a_token() {
        for (url, host) in [
            ("https://ci:secret@git.example.com/x.git", "git.example.com"),
            (
                "https://secret@git.example.com/x.git#v1:dir",
                "git.example.com",
            ),
            ("HTTP://:secret@127.0.0.1:8080/x.git", "127.0.0.1:8080"),
            ("https://a:b@c@example.com?x=y", "example.com"),
            ("ssh://ci:secret@git.example.com/x.git", "git.example.com"),
        ] {
            assert_eq!(host_behind_login(url), Some(host), "{url}");
        }
        for url in [
            "https://git.example.com/x.git",
            "https://git@git.example.com/x.git",
            "https://@git.example.com/x.git",
            "https://git.example.com/@scope/x.git",
            "https://git.example.com/x.git#user:pass@ref",
            "ssh://git@git.example.com/x.git",
            "git@git.example.com:x.git",
            "docker-image://ci:secret@registry.example.com/x",
            "",
        ] {
            assert_eq!(host_behind_login(url), None, "{url}");
        }
    }
}
