//! What the step is to ask: with which settings, for which module.

use std::collections::BTreeMap;

use gowork_llb::config::MODULE_ARGS;
use gowork_llb::workspace::Workspace;

use crate::shell_word::word;

/// How long the go command may take for each question, seconds.
pub(super) const SECONDS: u64 = 20;

/// How many proxies of a chain are asked.
const PROXIES: usize = 5;

/// What is asked, and with what.
#[derive(Debug, Clone, Default)]
pub(crate) struct Question {
    /// The builder image.
    pub(crate) image: String,
    /// GOPROXY and variables like it, as a build has them: those that are set.
    pub(crate) settings: BTreeMap<String, String>,
    /// The module that is asked for, with its version; none if every one is private.
    pub(crate) module: Option<(String, String)>,
    /// Arguments for `docker buildx build`: secrets, contexts, HTTP proxies.
    pub(crate) arguments: Vec<String>,
}

/// A module that every proxy can have, for repositories that require none.
const KNOWN: (&str, &str) = ("golang.org/x/text", "v0.14.0");
/// Modules of this host require few others, so little is asked.
const SMALL: &str = "golang.org/x/";

/// The module to ask for: one that the repository requires, since a strict proxy may have no other,
/// and one that is not private, since proxies must not learn the names of these.
pub(crate) fn module_to_ask_for(
    workspace: &Workspace,
    settings: &BTreeMap<String, String>,
) -> Option<(String, String)> {
    let patterns = ["GOPRIVATE", "GONOPROXY", "GONOSUMDB"].map(|name| settings.get(name));
    let patterns = patterns.into_iter().flatten();
    let patterns: Vec<&str> = patterns.flat_map(|list| list.split(',')).collect();
    let is_public = |path: &str| !patterns.iter().any(|pattern| may_cover(pattern, path));
    let is_here = |path: &str| {
        workspace.modules.iter().any(|it| it.path.as_str() == path)
            || workspace.roots.iter().any(|root| {
                let mut replaced = root.replace.iter();
                replaced.any(|line| line.old_path == path)
            })
    };
    let required = workspace.modules.iter().flat_map(|it| &it.file.require);
    let required = required.map(|line| (line.path.as_str(), line.version.as_str()));
    let all = required.filter(|(path, _)| !is_here(path) && is_public(path));
    // Of equals the first that the mod files name.
    let best = all.min_by_key(|(path, _)| !path.starts_with(SMALL));
    let known = || Some(KNOWN).filter(|(path, _)| is_public(path));
    let (path, version) = best.or_else(known)?;
    Some((path.to_owned(), version.to_owned()))
}

/// Whether a pattern such as those of GOPRIVATE may cover a module. For one with wildcards this says
/// yes too often: the name of a module that may be private is not sent anywhere.
fn may_cover(pattern: &str, path: &str) -> bool {
    let mut elements = path.split('/');
    let pattern = pattern.trim();
    !pattern.is_empty()
        && pattern.split('/').all(|wanted| {
            let Some(element) = elements.next() else {
                return false;
            };
            let meta = |c: char| "*?[]\\".contains(c);
            match (wanted.find(meta), wanted.rfind(meta)) {
                (Some(first), Some(last)) => {
                    element.starts_with(&wanted[..first]) && element.ends_with(&wanted[last + 1..])
                }
                _ => element == wanted,
            }
        })
}

impl Question {
    /// The script of the step, for any POSIX shell. It is a secret of the build, as settings may
    /// hold logins, so it is in no log and no record.
    pub(super) fn script(&self) -> String {
        let mut script =
            String::from("export HOME=/tmp GOENV=off GOFLAGS= GOWORK=off GOTOOLCHAIN=local\n");
        for (name, _) in MODULE_ARGS {
            if let Some(value) = self.settings.get(name) {
                script += &format!("export {name}={}\n", word(value));
            }
        }
        let (path, version) = self.module.as_ref().map_or(("", ""), |(path, version)| {
            (path.as_str(), version.as_str())
        });
        script += &format!("module={} version={}\n", word(path), word(version));
        script += &format!("seconds={SECONDS} most={PROXIES}\n");
        script += SCRIPT;
        script
    }
}

/// Lines in the form of [`super::Reach::read`]. What servers say themselves stands behind a tab in
/// what the go command prints, and may repeat what they were sent, so it is left out.
const SCRIPT: &str = r#"
[ -f /run/secrets/ca ] && export SSL_CERT_FILE=/run/secrets/ca
[ -f /run/secrets/netrc ] && export NETRC=/run/secrets/netrc
mkdir -p /tmp/gowork-reach && cd /tmp/gowork-reach || exit 1
echo "clock $(date +%s)"
GOPROXY=$(go env GOPROXY) && GOSUMDB=$(go env GOSUMDB) || exit 1
export GOPROXY GOSUMDB
echo "chain $GOPROXY"
[ -n "$module" ] || exit 0
limit=
timeout "$seconds" true 2>/dev/null && limit="timeout $seconds"
number=0
ask() {
    number=$((number + 1))
    export GOMODCACHE="/tmp/gowork-reach/$number"
    $limit "$@" >/dev/null 2>said
    code=$?
    lines=0
    tab=$(printf '\t')
    while IFS= read -r line || [ -n "$line" ]; do
        case $line in "$tab"* | "") continue ;; esac
        lines=$((lines + 1))
        [ "$code" != 0 ] && [ "$lines" -le 5 ] && printf '| %s\n' "$line"
    done <said
}
chain=$GOPROXY
sums=$GOSUMDB
rest=$chain
has_proxy=
while [ -n "$rest" ]; do
    entry=${rest%%[,|]*}
    rest=${rest#"$entry"}
    rest=${rest#[,|]}
    case $entry in
        direct | off) break ;;
        "") continue ;;
    esac
    has_proxy=1
    [ "$number" -lt "$most" ] || break
    export GOPROXY="$entry" GOSUMDB=off
    ask go list -m -json "$module@$version"
    echo "proxy $code $entry"
done
[ -n "$has_proxy" ] && [ "$sums" != off ] || exit 0
export GOPROXY="$chain" GOSUMDB="$sums"
printf 'module gowork.invalid/reach\n\ngo 1.21\n\nrequire %s %s\n' "$module" "$version" >go.mod
ask go mod graph
case $sums in
    *" "*) echo "sums $code ${sums##* }" ;;
    *) echo "sums $code ${sums%%+*}" ;;
esac
exit 0
"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_that_may_cover_a_module() {
        for (pattern, path, covers) in [
            ("git.example", "git.example/team/app", true),
            ("git.example/team", "git.example/team/app", true),
            ("git.example/other", "git.example/team/app", false),
            ("git.example/team/app/deep", "git.example/team/app", false),
            ("*.corp.example", "git.corp.example/app", true),
            ("*.corp.example", "example.com/app", false),
            ("git.example/*", "git.example/team", true),
            ("git.example/*", "git.example", false),
            ("g[ai]t.example", "gut.example/app", true),
            ("*", "golang.org/x/text", true),
            ("", "golang.org/x/text", false),
        ] {
            assert_eq!(may_cover(pattern, path), covers, "{pattern} {path}");
        }
    }

    #[cfg(unix)]
    mod script {
        use std::os::unix::fs::PermissionsExt as _;
        use std::process::Command;

        use super::*;
        use crate::doctor::reach::Reach;

        /// The script with a go command that says what it was asked, and knows one proxy.
        fn said(settings: &[(&str, &str)]) -> String {
            let bin = tempfile::tempdir().unwrap();
            let go = bin.path().join("go");
            let text = r#"#!/bin/sh
case "$1 $2" in
    "env GOPROXY") echo "$GOPROXY" ;;
    "env GOSUMDB") echo "${GOSUMDB:-sum.golang.org}" ;;
    *) case $GOPROXY in
        *good.example*) exit 0 ;;
        *) printf 'go: %s: 403 Forbidden\n\tserver response: canary\n' "$GOPROXY" >&2; exit 1 ;;
    esac ;;
esac
"#;
            std::fs::write(&go, text).unwrap();
            std::fs::set_permissions(&go, std::fs::Permissions::from_mode(0o755)).unwrap();
            let question = Question {
                settings: settings
                    .iter()
                    .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                    .collect(),
                module: Some((KNOWN.0.to_owned(), KNOWN.1.to_owned())),
                ..Question::default()
            };
            let place = tempfile::tempdir().unwrap();
            let script = question.script();
            let script = script.replace("/tmp", place.path().to_str().unwrap());
            let path = format!("{}:/usr/bin:/bin", bin.path().display());
            let mut shell = Command::new("sh");
            shell.env_remove("GOSUMDB");
            let output = shell.args(["-c", &script]).env("PATH", path).output();
            let output = output.unwrap();
            assert!(output.status.success(), "{output:?}");
            String::from_utf8(output.stdout).unwrap()
        }

        #[test]
        fn every_proxy_of_a_chain_is_asked_up_to_its_end() {
            let chain =
                "https://bad.example|https://it's.good.example,direct,https://never.example";
            let said = said(&[("GOPROXY", chain)]);
            let reach = Reach::read(&said);
            assert_eq!(reach.chain, chain, "{said}");
            let names: Vec<(&str, i32)> = reach
                .proxies
                .iter()
                .map(|it| (it.name.as_str(), it.code))
                .collect();
            assert_eq!(
                names,
                [("https://bad.example", 1), ("https://it's.good.example", 0)]
            );
            assert_eq!(
                reach.proxies[0].said,
                "go: https://bad.example: 403 Forbidden"
            );
            let sums = reach.sums.unwrap();
            assert_eq!((sums.name.as_str(), sums.code), ("sum.golang.org", 0));
            assert!(!said.contains("canary"), "{said}");
        }

        #[test]
        fn a_chain_without_a_proxy_asks_nobody() {
            let reach = Reach::read(&said(&[("GOPROXY", "direct")]));
            assert_eq!((reach.proxies.len(), reach.sums), (0, None));
            let off = [("GOPROXY", "https://good.example"), ("GOSUMDB", "off")];
            assert_eq!(Reach::read(&said(&off)).sums, None);
            let own = [
                ("GOPROXY", "https://good.example"),
                ("GOSUMDB", "sum.corp.example+1a2b+KEY https://sums.example"),
            ];
            assert_eq!(
                Reach::read(&said(&own)).sums.unwrap().name,
                "https://sums.example"
            );
        }
    }
}
