//! The secrets that a build may be given. The resolve step alone has them.

/// A secret of the user's, by what it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Secret {
    /// Certificates of a proxy.
    Ca,
    /// Logins, as curl and the go command read them.
    Netrc,
    /// A configuration of git.
    Gitconfig,
    /// The keys of SSH hosts.
    KnownHosts,
    /// A token for git over HTTPS at all private hosts. With `.HOST` at its end, for one host.
    GitAuthToken,
}

impl Secret {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Ca,
        Self::Netrc,
        Self::Gitconfig,
        Self::KnownHosts,
        Self::GitAuthToken,
    ];

    /// The directory that steps have them in, under their ids.
    pub const DIR: &str = "/run/secrets";

    /// The id that the user gives it by: `--secret id=netrc,src=FILE`. That of a token is
    /// docker/dockerfile's.
    pub fn id(self) -> &'static str {
        match self {
            Self::Ca => "ca",
            Self::Netrc => "netrc",
            Self::Gitconfig => "gitconfig",
            Self::KnownHosts => "known_hosts",
            Self::GitAuthToken => "GIT_AUTH_TOKEN",
        }
    }

    /// The id of a token for one host.
    pub fn token_of(host: &str) -> String {
        format!("{}.{host}", Self::GitAuthToken.id())
    }
}
