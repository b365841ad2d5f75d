//! The secrets that the go command may use: where they are, and keeping them out of messages.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gowork_llb::diag::without_credentials;
use gowork_llb::lower::Secret;

/// The login that goes with a token.
const TOKEN_LOGIN: &str = "x-access-token";

/// Shorter values than this are left in messages: they would be found in words.
const SHORTEST: usize = 6;

/// The secrets that there are.
#[derive(Debug, Default)]
pub(super) struct Secrets {
    /// Variables for the go command. They name files, and hold nothing secret themselves.
    pub(super) env: BTreeMap<String, String>,
    /// The file with the keys of SSH hosts.
    pub(super) known_hosts: Option<String>,
    /// Texts that no message may show, the longest first.
    values: Vec<String>,
    /// Private hosts that a token is for.
    tokens: BTreeSet<String>,
    /// Hosts of the netrc file; `default` for all.
    logins: BTreeSet<String>,
    /// Whether the git configuration has headers, which may be logins.
    has_headers: bool,
}

impl Secrets {
    /// Those in a directory, if there are any. `hosts` are private. The go command still reads the
    /// system's certificate directories; git reads this file only.
    ///
    /// # Errors
    /// If a token is no token, or the file with logins cannot be written.
    pub(super) fn mounted(dir: &Path, hosts: &[String]) -> Result<Self, String> {
        let mut secrets = Self::default();
        let certificates =
            std::env::var("GOWORK_CA").unwrap_or_else(|_| shown(&dir.join(Secret::Ca.id())));
        if Path::new(&certificates).is_file() {
            secrets.set("SSL_CERT_FILE", &certificates);
            secrets.set("GIT_SSL_CAINFO", &certificates);
        }
        let gitconfig = dir.join(Secret::Gitconfig.id());
        if let Ok(text) = fs::read_to_string(&gitconfig) {
            secrets.set("GIT_CONFIG_GLOBAL", &shown(&gitconfig));
            let headers = headers(&text);
            secrets.has_headers = !headers.is_empty();
            secrets.values.extend(headers);
        }
        let known_hosts = dir.join(Secret::KnownHosts.id());
        secrets.known_hosts = known_hosts.is_file().then(|| shown(&known_hosts));
        // One that cannot be read cannot be used either, and the go command says so.
        let netrc = dir.join(Secret::Netrc.id());
        let given = fs::read_to_string(&netrc).unwrap_or_default();
        let mut logins = tokens(dir, hosts)?;
        secrets.tokens = logins.keys().cloned().collect();
        secrets.logins = machines(&given);
        // What the user says of a host comes first.
        let mut text = given.clone();
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        let mut entries = String::new();
        logins.retain(|host, _| !secrets.logins.contains(host));
        for (host, token) in &logins {
            // Writing to a String cannot fail.
            let _ = writeln!(
                entries,
                "machine {host} login {TOKEN_LOGIN} password {token}"
            );
        }
        // A `default` entry ends what is read.
        text.insert_str(0, &entries);
        secrets.values.extend(values(&text));
        secrets
            .values
            .sort_by_key(|value| std::cmp::Reverse(value.len()));
        if !text.is_empty() {
            let home = write_netrc(&text)?;
            secrets.set("NETRC", &shown(&home.join(NETRC)));
            // Git reads the one in this directory.
            secrets.set("HOME", &shown(&home));
        }
        Ok(secrets)
    }

    fn set(&mut self, name: &str, value: &str) {
        self.env.insert(name.to_owned(), value.to_owned());
    }

    /// Whether there is a token for a private host.
    pub(super) fn has_token(&self, host: &str) -> bool {
        self.tokens.contains(host)
    }

    /// What may give access to a host, in the words of an error.
    pub(super) fn access(&self, host: &str) -> Vec<String> {
        let mut access = Vec::new();
        if self.has_token(host) {
            access.push(format!("a {}", Secret::GitAuthToken.id()));
        }
        if self.logins.contains(host) || self.logins.contains("default") {
            access.push("a netrc entry".to_owned());
        }
        if self.has_headers {
            access.push("a header of the gitconfig".to_owned());
        }
        access
    }

    /// `text` without them. Servers may repeat what they were sent, and the go command passes on
    /// what servers say.
    pub(super) fn hide(&self, text: &str) -> String {
        let hidden = self
            .values
            .iter()
            .fold(text.to_owned(), |text, value| text.replace(value, "***"));
        without_credentials(&hidden)
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// The tokens by host. That of a host takes the place of the general one.
fn tokens(dir: &Path, hosts: &[String]) -> Result<BTreeMap<String, String>, String> {
    let mut tokens = BTreeMap::new();
    if let Some(token) = token(dir, Secret::GitAuthToken.id())? {
        tokens.extend(hosts.iter().map(|host| (host.clone(), token.clone())));
    }
    for host in hosts {
        if let Some(token) = token(dir, &Secret::token_of(host))? {
            tokens.insert(host.clone(), token);
        }
    }
    Ok(tokens)
}

/// The token in a secret. Returns `None` if no such secret exists, or it is empty, as one from an
/// environment variable that is not set.
fn token(dir: &Path, id: &str) -> Result<Option<String>, String> {
    let Ok(text) = fs::read_to_string(dir.join(id)) else {
        return Ok(None);
    };
    let token = text.trim();
    if token.contains(char::is_whitespace) {
        return Err(format!("the secret {id} is no token: it has several words"));
    }
    Ok((!token.is_empty()).then(|| token.to_owned()))
}

/// The name of the file with logins.
const NETRC: &str = ".netrc";

/// Writes the file with logins into a directory that no layer has, for this user alone. Returns the
/// directory.
fn write_netrc(text: &str) -> Result<PathBuf, String> {
    let home = std::env::temp_dir().join("gowork-home");
    let file = home.join(NETRC);
    let write = || {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&home)?;
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        options.open(&file)?.write_all(text.as_bytes())
    };
    write().map_err(|error: std::io::Error| format!("{}: {error}", home.display()))?;
    Ok(home)
}

/// The hosts of a netrc.
fn machines(netrc: &str) -> BTreeSet<String> {
    let words: Vec<&str> = netrc.split_whitespace().collect();
    let named = words.windows(2).filter(|pair| pair[0] == "machine");
    let mut hosts: BTreeSet<String> = named.map(|pair| pair[1].to_owned()).collect();
    hosts.extend(words.contains(&"default").then(|| "default".to_owned()));
    hosts
}

/// What headers in a git configuration end with: `extraHeader = Authorization: Bearer TOKEN`.
fn headers(gitconfig: &str) -> Vec<String> {
    let lines = gitconfig.lines().filter_map(|line| line.split_once('='));
    let headers = lines.filter(|(key, _)| key.trim().eq_ignore_ascii_case("extraheader"));
    headers
        .filter_map(|(_, value)| value.split_whitespace().last())
        .map(|word| word.trim_matches('"').to_owned())
        .filter(|word| word.len() >= SHORTEST)
        .collect()
}

/// Logins and passwords of a netrc, and both as they are in a header. A token may be either.
fn values(netrc: &str) -> Vec<String> {
    let words: Vec<&str> = netrc.split_whitespace().collect();
    let mut found = Vec::new();
    let mut login = "";
    for pair in words.windows(2) {
        match pair[0] {
            "login" => login = pair[1],
            "password" => found.push(STANDARD.encode(format!("{login}:{}", pair[1]))),
            "account" => {}
            _ => continue,
        }
        found.push(pair[1].to_owned());
    }
    // It is no secret.
    found.retain(|value| value.len() >= SHORTEST && value != TOKEN_LOGIN);
    found.sort_by_key(|value| std::cmp::Reverse(value.len()));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_repeats_is_not_told() {
        let netrc = "machine one.example login token-of-mine password x\nmachine two.example\n\tlogin git\n\tpassword pass-word\n";
        let secrets = Secrets {
            values: values(netrc),
            ..Secrets::default()
        };
        let shown = secrets
            .hide("401 for token-of-mine with pass-word, Basic Z2l0OnBhc3Mtd29yZA==, by git");
        assert_eq!(shown, "401 for *** with ***, Basic ***, by git");
    }

    #[test]
    fn a_header_of_a_git_configuration_is_not_told() {
        let gitconfig = "[http \"https://git.example/\"]\n\textraHeader = Authorization: Bearer abcdef123\n[url \"https://a.example/\"]\n\tinsteadOf = https://b.example/\n";
        assert_eq!(headers(gitconfig), ["abcdef123"]);
    }

    fn hosts(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    /// The token of a host before the general one, and both only for private hosts.
    #[test]
    fn tokens_are_for_private_hosts() {
        let dir = tempfile::tempdir().unwrap();
        let general = Secret::GitAuthToken.id();
        fs::write(dir.path().join(general), "general\n").unwrap();
        fs::write(dir.path().join("GIT_AUTH_TOKEN.b.example"), "own").unwrap();
        fs::write(dir.path().join("GIT_AUTH_TOKEN.c.example"), "other").unwrap();
        fs::write(dir.path().join("GIT_AUTH_TOKEN.d.example"), "").unwrap();
        let private = hosts(&["a.example", "b.example", "d.example"]);
        let found: Vec<String> = tokens(dir.path(), &private)
            .unwrap()
            .into_iter()
            .map(|(host, token)| format!("{host} {token}"))
            .collect();
        assert_eq!(
            found,
            ["a.example general", "b.example own", "d.example general"]
        );
        fs::write(dir.path().join(general), "two words").unwrap();
        let error = tokens(dir.path(), &private).unwrap_err();
        assert!(
            error.contains(general) && !error.contains("two words"),
            "{error}"
        );
    }

    #[test]
    fn hosts_of_a_netrc() {
        let netrc = "machine a.example login x password y\ndefault login anonymous";
        let found: Vec<String> = machines(netrc).into_iter().collect();
        assert_eq!(found, ["a.example", "default"]);
    }
}
