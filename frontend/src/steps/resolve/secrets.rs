//! The secrets that the go command may use: where they are, and keeping them out of messages.

use std::collections::BTreeMap;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gowork_llb::diag::without_credentials;

/// Shorter values than this are left in messages: they would be found in words.
const SHORTEST: usize = 6;

/// The secrets that there are.
#[derive(Debug, Default)]
pub(super) struct Secrets {
    /// Variables for the go command. They name files, and hold nothing secret themselves.
    pub(super) env: BTreeMap<String, String>,
    /// Texts that no message may show, the longest first.
    values: Vec<String>,
}

impl Secrets {
    /// Certificates and netrc, if there are any. The go command still reads the system's
    /// certificate directories; git reads this file only.
    pub(super) fn mounted() -> Self {
        let mut secrets = Self::default();
        let certificates =
            std::env::var("GOWORK_CA").unwrap_or_else(|_| "/run/secrets/ca".to_owned());
        if Path::new(&certificates).is_file() {
            secrets
                .env
                .insert("SSL_CERT_FILE".into(), certificates.clone());
            secrets.env.insert("GIT_SSL_CAINFO".into(), certificates);
        }
        let netrc = "/run/secrets/netrc";
        if Path::new(netrc).is_file() {
            secrets.env.insert("NETRC".into(), netrc.into());
            // One that cannot be read cannot be used either, and the go command says so.
            secrets.values = values(&std::fs::read_to_string(netrc).unwrap_or_default());
        }
        secrets
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
    found.retain(|value| value.len() >= SHORTEST);
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
}
