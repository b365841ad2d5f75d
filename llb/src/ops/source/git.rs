//! Git repositories.

use super::super::meta::Meta;
use super::super::output::Output;
use super::super::{caps, path};
use super::{Source, SourceError};

/// A commit of a git repository, checked out.
#[derive(Debug, Clone)]
pub struct Git {
    source: Source,
    ssh: bool,
    meta: Meta,
}

meta_builders!(Git);

impl Git {
    /// `reference` (branch, tag or commit; empty for the default branch) of the repository at
    /// `remote`: only its directory `subdir` (empty for all). `remote` is a URL (`https`,
    /// `http`, `ssh`, `git`) or `user@host:path`; without a scheme it is taken as https.
    pub fn new(remote: &str, reference: &str, subdir: &str) -> Result<Self, SourceError> {
        let remote = Remote::parse(remote)?;
        let subdir = path::absolute(subdir);
        let subdir = subdir.trim_start_matches('/');
        // The same repository has the same identity over any protocol; how to reach it is an
        // attribute.
        let mut identifier = format!("git://{}{}", remote.host, path::absolute(&remote.path));
        if !reference.is_empty() || !subdir.is_empty() {
            identifier.push('#');
            identifier.push_str(reference);
        }
        if !subdir.is_empty() {
            identifier.push(':');
            identifier.push_str(subdir);
        }
        let mut source = Source::new(identifier, caps::SOURCE_GIT);
        source.set("git.fullurl", remote.url, Some(caps::SOURCE_GIT_FULL_URL));
        // Used where the client has them; the client's own defaults.
        source.set("git.authtokensecret", "GIT_AUTH_TOKEN", None);
        source.set("git.authheadersecret", "GIT_AUTH_HEADER", None);
        if remote.ssh {
            source.caps.insert(caps::SOURCE_GIT_KNOWN_SSH_HOSTS);
            source.set(
                "git.mountsshsock",
                "default",
                Some(caps::SOURCE_GIT_MOUNT_SSH_SOCK),
            );
        }
        Ok(Self {
            source,
            ssh: remote.ssh,
            meta: Meta::default(),
        })
    }

    /// Keeps the `.git` directory.
    #[must_use]
    pub fn keep_git_dir(mut self) -> Self {
        self.source
            .set("git.keepgitdir", "true", Some(caps::SOURCE_GIT_KEEP_DIR));
        self
    }

    /// The secret that holds a token for HTTP authentication, in place of `GIT_AUTH_TOKEN`.
    #[must_use]
    pub fn auth_token_secret(mut self, id: &str) -> Self {
        self.source
            .set("git.authtokensecret", id, Some(caps::SOURCE_GIT_HTTP_AUTH));
        self
    }

    /// The secret that holds the `Authorization` header, in place of `GIT_AUTH_HEADER`.
    #[must_use]
    pub fn auth_header_secret(mut self, id: &str) -> Self {
        self.source
            .set("git.authheadersecret", id, Some(caps::SOURCE_GIT_HTTP_AUTH));
        self
    }

    /// The SSH remote's host keys, in `known_hosts` form. Ignored for other remotes. The library
    /// looks none up itself.
    #[must_use]
    pub fn known_ssh_hosts(mut self, keys: &str) -> Self {
        if self.ssh && !keys.is_empty() {
            let keys = format!("{}\n", keys.trim_end_matches('\n'));
            self.source.set(
                "git.knownsshhosts",
                keys,
                Some(caps::SOURCE_GIT_KNOWN_SSH_HOSTS),
            );
        }
        self
    }

    /// The client's SSH agent to use, in place of `default`. Ignored for remotes other than SSH.
    #[must_use]
    pub fn ssh(mut self, id: &str) -> Self {
        if self.ssh && !id.is_empty() {
            self.source.set(
                "git.mountsshsock",
                id,
                Some(caps::SOURCE_GIT_MOUNT_SSH_SOCK),
            );
        }
        self
    }

    /// The commit the reference must have, or a prefix of its hash. Since BuildKit v0.23.
    #[must_use]
    pub fn checksum(mut self, commit: &str) -> Self {
        self.source
            .set("git.checksum", commit, Some(caps::SOURCE_GIT_CHECKSUM));
        self
    }

    /// Leaves submodules out. Since BuildKit v0.24.
    #[must_use]
    pub fn skip_submodules(mut self) -> Self {
        self.source.set(
            "git.skipsubmodules",
            "true",
            Some(caps::SOURCE_GIT_SKIP_SUBMODULES),
        );
        self
    }

    /// Sets file times to the commit's time, not the checkout's. Since BuildKit v0.29.
    #[must_use]
    pub fn commit_times(mut self) -> Self {
        self.source
            .set("git.mtime", "commit", Some(caps::SOURCE_GIT_MTIME));
        self
    }

    /// Lets git print its advice to users. Older BuildKits always do.
    #[must_use]
    pub fn advice(mut self) -> Self {
        self.source.set("git.advice", "true", None);
        self
    }

    /// Fetches the commit of [`Git::checksum`] itself, whatever the reference points at by now.
    /// Since BuildKit v0.30.
    #[must_use]
    pub fn fetch_by_commit(mut self) -> Self {
        self.source.set(
            "git.fetchbycommit",
            "true",
            Some(caps::SOURCE_GIT_FETCH_BY_COMMIT),
        );
        self
    }

    /// The file system.
    pub fn output(self) -> Output {
        self.source.output(&self.meta, None)
    }
}

/// A remote, taken apart.
struct Remote {
    url: String,
    host: String,
    path: String,
    ssh: bool,
}

impl Remote {
    fn parse(text: &str) -> Result<Self, SourceError> {
        let error = |reason: &str| SourceError {
            kind: "a git",
            address: redacted(text),
            reason: reason.to_owned(),
        };
        if text.contains(['#', '?']) {
            return Err(error(
                "the reference and the directory are to be given apart from the address, without '#' and '?'",
            ));
        }
        let scheme = text.split_once("://");
        if scheme.is_none()
            && let Some(remote) = Self::scp(text)
        {
            return Ok(remote);
        }
        let (scheme, rest) = scheme.unwrap_or(("https", text));
        let scheme = scheme.to_ascii_lowercase();
        if !["http", "https", "ssh", "git"].contains(&scheme.as_str()) {
            return Err(error("its scheme is not https, http, ssh or git"));
        }
        let (authority, path) = match rest.find('/') {
            Some(slash) => rest.split_at(slash),
            None => (rest, ""),
        };
        let host = authority
            .rsplit_once('@')
            .map_or(authority, |(_, host)| host);
        if host.is_empty() {
            return Err(error("it has no host"));
        }
        let path = percent_decoded(path).ok_or_else(|| error("its path has a broken %-escape"))?;
        Ok(Self {
            url: format!("{scheme}://{rest}"),
            host: host.to_owned(),
            path,
            ssh: scheme == "ssh",
        })
    }

    /// `user@host:path`, as ssh and scp write it.
    fn scp(text: &str) -> Option<Self> {
        let (user, rest) = text.split_once('@')?;
        let (host, path) = rest.split_once(':')?;
        let is_user = !user.is_empty()
            && user
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
        let is_host = !host.is_empty()
            && host
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b));
        (is_user && is_host).then(|| Self {
            url: text.to_owned(),
            host: host.to_owned(),
            path: path.to_owned(),
            ssh: true,
        })
    }
}

/// The address without user and password, which no error text may show.
fn redacted(text: &str) -> String {
    let (scheme, rest) = text
        .split_once("://")
        .map_or(("", text), |(scheme, rest)| (scheme, rest));
    let authority_end = rest.find('/').unwrap_or(rest.len());
    match (rest[..authority_end].rfind('@'), scheme) {
        (Some(at), "") => format!("***{}", &rest[at..]),
        (Some(at), scheme) => format!("{scheme}://***{}", &rest[at..]),
        (None, _) => text.to_owned(),
    }
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            decoded.push(byte);
            continue;
        }
        let mut nibble = || {
            char::from(bytes.next()?)
                .to_digit(16)
                .and_then(|n| u8::try_from(n).ok())
        };
        decoded.push(nibble()? << 4 | nibble()?);
    }
    String::from_utf8(decoded).ok()
}
