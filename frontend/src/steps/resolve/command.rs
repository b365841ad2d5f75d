//! Running the go command: where it is, its environment.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use gowork_llb::gomod::{ImportPath, path};
use gowork_llb::lower::{MODULES, Secret};
use gowork_llb::resolution::{ResolveError, ResolveRequest};

use super::failure::Failure;
use super::secrets::Secrets;

/// How the error begins if the builder image has no Go.
pub const NO_GO: &str = "the builder image has no go command";

/// Where the raw module cache is if nothing says so.
const RAW_MODULE_CACHE: &str = "/gowork/modcache-raw";

/// The go command in the request's directory and environment.
pub(super) struct Go {
    /// Where it runs: the directory of the go.work or go.mod, absolute.
    pub dir: PathBuf,
    /// Root of the source tree, absolute.
    pub source: PathBuf,
    program: PathBuf,
    env: BTreeMap<String, String>,
    secrets: Secrets,
    /// What `go env` says.
    variables: BTreeMap<String, String>,
}

/// Variables of `go env` that are used here.
const VARIABLES: [&str; 8] = [
    "GOVERSION",
    "GOROOT",
    "GOMODCACHE",
    "GOPROXY",
    "GOPRIVATE",
    "GONOPROXY",
    "CC",
    "GOHOSTARCH",
];

/// How many lines of git's are shown.
const GIT_LINES: usize = 8;

impl Go {
    /// Finds the go command and asks for its environment.
    ///
    /// # Errors
    /// If no go command is found, or it does not start.
    pub(super) fn new(request: &ResolveRequest, source: &Path) -> Result<Self, Failure> {
        let dir = request.go_dir(source);
        let env = environment(request, source);
        let mut go = Self {
            dir,
            source: source.into(),
            program: find_program()?,
            env,
            secrets: Secrets::default(),
            variables: BTreeMap::new(),
        };
        let text = go.output(&[&["env", "-json"], &VARIABLES[..]].concat())?;
        go.variables = serde_json::from_slice(&text)
            .map_err(|error| Failure::new(format!("go env: {error}")))?;
        go.secrets =
            Secrets::mounted(Path::new(Secret::DIR), &go.private_hosts()).map_err(Failure::new)?;
        go.env.extend(go.secrets.env.clone());
        if let Some(proxy) = modules_proxy(Path::new(MODULES), &go.variable("GOPROXY")) {
            go.env.insert("GOPROXY".to_owned(), proxy);
        }
        if has_agent() {
            git_over_ssh(&mut go);
        }
        Ok(go)
    }

    /// A variable of `go env`; empty if unset.
    pub(super) fn variable(&self, name: &str) -> String {
        self.variables.get(name).cloned().unwrap_or_default()
    }

    /// The hosts that GOPRIVATE and GONOPROXY name.
    pub(super) fn private_hosts(&self) -> Vec<String> {
        let patterns = ["GOPRIVATE", "GONOPROXY"].map(|name| self.variable(name));
        let patterns = patterns.join(",");
        path::private_hosts(&patterns)
            .into_iter()
            .map(ToOwned::to_owned)
            .collect()
    }

    /// What gives access to modules that is there, for one host, in the words of an error.
    pub(super) fn access(&self, host: &str) -> Vec<String> {
        let mut access = self.secrets.access(host);
        if has_agent() {
            access.push("an SSH agent".to_owned());
        }
        access
    }

    /// Whether ssh knows the keys of hosts from a secret, and takes no others.
    pub(super) fn checks_host_keys(&self) -> bool {
        self.secrets.known_hosts.is_some() && has_agent()
    }

    /// The raw module cache.
    pub(super) fn module_cache(&self) -> PathBuf {
        self.variable("GOMODCACHE").into()
    }

    /// `text` without secrets.
    pub(super) fn hide(&self, text: &str) -> String {
        self.secrets.hide(text)
    }

    /// Standard output of a run that must succeed.
    ///
    /// # Errors
    /// With the go command's words.
    pub(super) fn output<S: AsRef<OsStr>>(&self, args: &[S]) -> Result<Vec<u8>, Failure> {
        let output = self.run(args)?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        let words = String::from_utf8_lossy(&output.stderr);
        let mut message: String = words
            .lines()
            .filter(|line| !line.starts_with("go: downloading "))
            .collect::<Vec<_>>()
            .join("\n");
        if message.trim().is_empty() {
            let verb = args.first().map(|verb| verb.as_ref().to_string_lossy());
            message = format!("go {} failed: {}", verb.unwrap_or_default(), output.status);
        }
        Err(Failure::of_go(
            vec![ResolveError {
                package: ImportPath::default(),
                message,
            }],
            self,
        ))
    }

    /// What git says of a repository that it cannot read, in its last lines and without secrets.
    pub(super) fn git_says(&self, repository: &str) -> Option<String> {
        let mut git = Command::new("git");
        git.args(["ls-remote", "--quiet", "--"])
            .arg(format!("https://{repository}"))
            .envs(&self.env)
            .env("GIT_TERMINAL_PROMPT", "0");
        let output = git
            .output()
            .ok()
            .filter(|output| !output.status.success())?;
        let words = String::from_utf8_lossy(&output.stderr);
        let lines: Vec<&str> = words.trim().lines().collect();
        let last = &lines[lines.len().saturating_sub(GIT_LINES)..];
        Some(self.hide(&format!("git says: {}", last.join("\n"))))
    }

    fn run<S: AsRef<OsStr>>(&self, args: &[S]) -> Result<Output, Failure> {
        let mut command = Command::new(&self.program);
        command.args(args).current_dir(&self.dir).envs(&self.env);
        command.output().map_err(|error| {
            Failure::new(format!(
                "{NO_GO} that runs: {}: {error}",
                self.program.display()
            ))
        })
    }
}

/// GOPROXY with the modules of a directory before all others: as a proxy serves them, or a module
/// cache, which has them in that form too. Returns `None` if no such directory exists.
fn modules_proxy(dir: &Path, others: &str) -> Option<String> {
    if !dir.is_dir() {
        return None;
    }
    let download = dir.join("cache/download");
    let files = if download.is_dir() { &download } else { dir };
    let proxy = format!("file://{}", files.display());
    Some(match others {
        "" => proxy,
        others => format!("{proxy},{others}"),
    })
}

/// Whether the build has an SSH agent. The variable is set in every step, with a socket or without.
fn has_agent() -> bool {
    std::env::var_os("SSH_AUTH_SOCK").is_some_and(|socket| Path::new(&socket).exists())
}

fn find_program() -> Result<PathBuf, Failure> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).map(|dir| dir.join("go"));
    let in_goroot = std::env::var_os("GOROOT").map(|goroot| Path::new(&goroot).join("bin/go"));
    let mut candidates = on_path
        .chain(in_goroot)
        .chain([PathBuf::from("/usr/local/go/bin/go")]);
    candidates.find(|path| path.is_file()).ok_or_else(|| {
        Failure::new(format!(
            "{NO_GO}: none on PATH, in $GOROOT/bin, or at /usr/local/go/bin/go"
        ))
    })
}

/// What is the same on every machine, then what the request says.
fn environment(request: &ResolveRequest, source: &Path) -> BTreeMap<String, String> {
    // A package index is keyed by modification times, which say nothing about a tree that was
    // copied here.
    let debug = match std::env::var("GODEBUG") {
        Ok(debug) if !debug.is_empty() => format!("{debug},goindex=0"),
        _ => "goindex=0".to_owned(),
    };
    let mut env = BTreeMap::from([
        ("GOTOOLCHAIN".to_owned(), given("GOTOOLCHAIN", "local")),
        (
            "GOMODCACHE".to_owned(),
            given("GOMODCACHE", RAW_MODULE_CACHE),
        ),
        ("GOTELEMETRY".to_owned(), "off".to_owned()),
        ("GODEBUG".to_owned(), debug),
    ]);
    if std::env::var_os("HOME").is_none() && std::env::var_os("GOCACHE").is_none() {
        let cache = std::env::temp_dir().join("gowork-gocache");
        env.insert("GOCACHE".to_owned(), cache.to_string_lossy().into_owned());
    }
    env.extend(request.go_env(source));
    env
}

/// A variable of this process, or `default` if it is not set.
fn given(name: &str, default: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| default.to_owned())
}

/// Lets git use the SSH agent for private hosts, instead of asking for a password over https. The
/// step starts without host keys, so the key of an unknown host is accepted the first time, unless
/// there is a secret with the keys of known hosts. A host with a token needs no agent.
fn git_over_ssh(go: &mut Go) {
    let known_hosts = go.secrets.known_hosts.clone();
    if std::env::var_os("GIT_SSH_COMMAND").is_none() {
        go.env.entry("GIT_SSH_COMMAND".into()).or_insert_with(|| {
            let (checking, file) = match &known_hosts {
                Some(file) => ("yes", file.as_str()),
                None => ("accept-new", "/tmp/gowork-known-hosts"),
            };
            format!(
                "ssh -o BatchMode=yes -o StrictHostKeyChecking={checking} -o UserKnownHostsFile={file}"
            )
        });
    }
    if std::env::var_os("GIT_CONFIG_COUNT").is_some() || go.env.contains_key("GIT_CONFIG_COUNT") {
        return;
    }
    let mut hosts = go.private_hosts();
    hosts.retain(|host| !go.secrets.has_token(host));
    go.env
        .insert("GIT_CONFIG_COUNT".into(), hosts.len().to_string());
    for (n, host) in hosts.iter().enumerate() {
        go.env.insert(
            format!("GIT_CONFIG_KEY_{n}"),
            format!("url.ssh://git@{host}/.insteadOf"),
        );
        go.env
            .insert(format!("GIT_CONFIG_VALUE_{n}"), format!("https://{host}/"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_of_modules_is_the_first_proxy() {
        let dir = tempfile::tempdir().unwrap();
        let at = dir.path().display();
        let proxy = |others: &str| modules_proxy(dir.path(), others);
        assert_eq!(proxy("off"), Some(format!("file://{at},off")));
        std::fs::create_dir_all(dir.path().join("cache/download")).unwrap();
        assert_eq!(
            proxy("https://p.example,direct"),
            Some(format!(
                "file://{at}/cache/download,https://p.example,direct"
            ))
        );
        assert_eq!(modules_proxy(&dir.path().join("none"), "off"), None);
    }
}
