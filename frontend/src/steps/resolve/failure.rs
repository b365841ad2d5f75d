//! Errors of a resolve: the go command's words without secrets, and what to do about them.

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;

use gowork_llb::gomod::{ImportPath, InvalidPath};
use gowork_llb::lower::Secret;
use gowork_llb::resolution::ResolveError;
use gowork_llb::resolution::go_list::ListError;

use super::command::Go;

/// How many errors are printed; a network that is down gives one for each package.
const SHOWN: usize = 10;

/// Why a resolve failed.
#[derive(Debug)]
pub struct Failure {
    /// Each error once, in the go command's order.
    pub errors: Vec<ResolveError>,
    /// What the user can do, a line each.
    pub advice: Vec<String>,
}

impl Failure {
    /// A failure that is not the go command's.
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self {
            errors: vec![ResolveError {
                package: ImportPath::default(),
                message: message.into(),
            }],
            advice: Vec::new(),
        }
    }

    /// For `map_err` of an operation on `path`.
    pub(super) fn file(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        move |error| Self::new(format!("{}: {error}", path.display()))
    }

    /// Errors of the go command, redacted, with advice.
    pub(super) fn of_go(errors: Vec<ResolveError>, go: &Go) -> Self {
        let mut shown: Vec<ResolveError> = Vec::new();
        for error in errors {
            let error = ResolveError {
                package: error.package,
                message: go.hide(error.message.trim()),
            };
            if !shown.iter().any(|known| known.message == error.message) {
                shown.push(error);
            }
        }
        say_what_git_says(&mut shown, go);
        let all: String = shown
            .iter()
            .map(|error| error.message.as_str())
            .collect::<Vec<_>>()
            .join("\n");
        Self {
            errors: shown,
            advice: advice(&all, go),
        }
    }
}

/// What the go command says of a repository where no protocol that it tried had an answer. It keeps
/// to itself what git said (cmd/go/internal/vcs, `repoRootFromVCSPaths`).
const NO_ANSWER: &str = "no secure protocol found for repository";

/// How many repositories git is asked for again.
const ASKED: usize = 3;

/// Adds git's words where the go command leaves them out.
fn say_what_git_says(errors: &mut [ResolveError], go: &Go) {
    let mut asked: BTreeSet<String> = BTreeSet::new();
    let silent = errors
        .iter_mut()
        .filter(|error| error.message.contains(NO_ANSWER));
    for error in silent {
        let named = format!("{} {}", error.package, error.message);
        let Some(repository) = repository(&named).map(str::to_owned) else {
            continue;
        };
        if asked.len() == ASKED || !asked.insert(repository.clone()) {
            continue;
        }
        if let Some(words) = go.git_says(&repository) {
            error.message.push('\n');
            error.message.push_str(&words);
        }
    }
}

/// The first path of a git repository in a text, as module paths have it: up to `.git`.
fn repository(text: &str) -> Option<&str> {
    let words = text.split([' ', '"', '\n', '@']);
    let mut paths = words.filter_map(|word| {
        let end = word.find(".git")? + ".git".len();
        let ends_there = word[end..].is_empty() || word[end..].starts_with(['/', ':']);
        (ends_there && word.contains('/')).then(|| &word[..end])
    });
    paths.next()
}

impl From<ListError> for Failure {
    fn from(error: ListError) -> Self {
        Self::new(error.to_string())
    }
}

impl From<InvalidPath> for Failure {
    fn from(error: InvalidPath) -> Self {
        Self::new(error.to_string())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for error in self.errors.iter().take(SHOWN) {
            writeln!(f, "{}", error.message)?;
        }
        if let more @ 1.. = self.errors.len().saturating_sub(SHOWN) {
            writeln!(f, "... and {more} more")?;
        }
        self.advice
            .iter()
            .try_for_each(|line| writeln!(f, "help: {line}"))
    }
}

impl std::error::Error for Failure {}

/// Words that occur in one kind of error, all in lower case.
const NETWORK: &[&str] = &[
    "dial tcp",
    "no such host",
    "connection refused",
    "connection reset",
    "i/o timeout",
    "tls:",
    "x509:",
    "proxyconnect",
    "unexpected eof",
    ": eof",
    "internal server error",
    "bad gateway",
    "service unavailable",
    "gateway timeout",
    "too many requests",
    "could not resolve host",
    "could not resolve proxy",
];
/// What ssh says, in lower case, of a host that it does not know, or not by this key.
const HOST_KEY: &str = "host key verification failed";
const ACCESS: &[&str] = &[
    "could not read username",
    "terminal prompts disabled",
    "authentication failed",
    "permission denied (publickey",
    "401 unauthorized",
    "403 forbidden",
    "407 proxy",
    "400 bad request",
    "404 not found",
    "410 gone",
    "unknown revision",
    "repository not found",
    HOST_KEY,
    // Nothing that git asked would answer: mostly since nobody was logged in.
    "no secure protocol found",
];

/// What to do about a checksum database that cannot be believed, or that does not believe a module,
/// by what the go command says of it.
const SUMS: [(&str, &str); 3] = [
    (
        "note has no verifiable signatures",
        "the checksum database signs with another key than the one in GOSUMDB: ask the people who run it for the key, for `sumdb` under [modules] or --build-arg GOSUMDB=\"NAME+HASH+KEY URL\"",
    ),
    (
        "invalid gosumdb",
        "a checksum database of your own is named by its key and its address: `sumdb` under [modules] or --build-arg GOSUMDB=\"NAME+HASH+KEY URL\"",
    ),
    (
        "checksum mismatch",
        "the proxy has other files for this version than the recorded checksum is for: somebody changed the module after it was published. Find out who, before you write a new checksum or switch the check off",
    ),
];

fn advice(text: &str, go: &Go) -> Vec<String> {
    let lower = text.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    let mut lines = Vec::new();
    if has(NETWORK) {
        // A database that GOSUMDB has an address of is asked without a proxy.
        let asks_database = has(&["verifying go.mod:", "verifying module:"]);
        if !asks_database || has(&["/sumdb/"]) {
            let proxy = go.hide(&go.variable("GOPROXY"));
            lines.push(format!(
                "modules are fetched with GOPROXY={proxy}; if that cannot be reached from the builder, set another with `proxy` under [modules] or --build-arg GOPROXY=..."
            ));
        }
        if has(&["x509:", "tls:"]) {
            lines.push("if a proxy on the way has certificates of its own, pass them with --secret id=ca,src=FILE (PEM), for example src=/etc/ssl/certs/ca-certificates.crt".into());
        }
        if asks_database || has(&["sum.golang.org", "/sumdb/"]) {
            lines.push("the checksum database cannot be reached: commit complete go.sum and go.work.sum files, or set `sumdb` under [modules]".into());
        }
    }
    let sums = SUMS.iter().filter(|(words, _)| has(&[words]));
    lines.extend(sums.map(|(_, line)| (*line).to_owned()));
    if has(&[HOST_KEY]) && go.checks_host_keys() {
        lines.push("the host shows no SSH key that the secret known_hosts has for it: compare the output of `ssh-keyscan HOST` with what the host publishes, and pass it with --secret id=known_hosts,src=FILE".into());
    } else if has(ACCESS) {
        lines.extend(access(text, go));
    }
    let unprovided = unprovided(text);
    if !unprovided.is_empty() {
        let paths: Vec<&str> = unprovided.into_iter().take(SHOWN).collect();
        let cure = format!(
            "`go get {}` in the module that imports it and commit its go.mod and go.sum",
            paths.join(" ")
        );
        lines.push(format!("correct the import path, or run {cure}"));
    }
    if has(&["missing go.sum entry"]) {
        lines.push("run `go mod tidy` in the module and commit its go.sum".into());
    }
    if has(&["updates to go.mod needed"]) {
        lines.push("run `go mod tidy` in the module and commit its go.mod and go.sum".into());
    }
    if has(&["requires go >=", "running go "]) {
        lines.push(
            "set a newer Go with `version` under [go], or raise the `go` line of go.work".into(),
        );
    }
    if has(&["inconsistent vendoring"]) {
        lines.push(
            "run `go work vendor` (in a workspace) or `go mod vendor` and commit the result".into(),
        );
    }
    lines
}

/// What gives access to private modules: for each private host that is in the text, what there was.
fn access(text: &str, go: &Go) -> Vec<String> {
    let mut lines = Vec::new();
    let private = go.private_hosts();
    for host in private.iter().filter(|host| text.contains(host.as_str())) {
        let tried = go.access(host);
        let token = Secret::token_of(host);
        lines.push(if tried.is_empty() {
            format!("{host} is private, and the build has nothing to log in with: pass --secret id={token},env=TOKEN or --secret id=netrc,src=$HOME/.netrc, or for git over SSH --ssh default")
        } else {
            format!("{host} is private, and it did not accept {}: see whether that is still valid and may read the repository", tried.join(" or "))
        });
    }
    if lines.is_empty() {
        lines.push(
            "for private modules set `private` under [modules], and give access with --secret id=netrc,src=FILE or, for git over SSH, --ssh default".into(),
        );
    }
    lines
}

/// The packages that no module provides, as the go command says it (cmd/go/internal/modload,
/// ImportMissingError).
fn unprovided(text: &str) -> BTreeSet<&str> {
    let leads = [
        "cannot find module providing package ",
        "no required module provides package ",
    ];
    let after = leads.iter().flat_map(|lead| text.split(lead).skip(1));
    after
        .filter_map(|rest| rest.split([':', ';', ' ', '\n']).next())
        .filter(|path| !path.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::repository;

    #[test]
    fn repositories_in_errors_of_the_go_command() {
        for (text, found) in [
            (
                "git.example.com/a/lib.git/v2 main.go:3:8: no secure protocol found for repository",
                Some("git.example.com/a/lib.git"),
            ),
            (
                " git.example.com/lib.git@v1.0.0: no secure protocol found for repository",
                Some("git.example.com/lib.git"),
            ),
            (
                " main.go:3:8: no secure protocol found for repository",
                None,
            ),
            ("example.com/x.gitea/y .git: no secure protocol", None),
        ] {
            assert_eq!(repository(text), found, "{text}");
        }
    }
}
