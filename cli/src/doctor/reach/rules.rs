//! Rules about what a step reaches.

use super::super::facts::Facts;
use super::super::rule::{Rule, Severity};
use super::{Answer, Reach, ask};

pub(in super::super) const RULES: &[Rule] = &[
    Rule {
        name: "BuilderStepFailed",
        severity: Severity::Error,
        look: step_failed,
    },
    Rule {
        name: "ProxyUnreachable",
        severity: Severity::Error,
        look: proxy_unreachable,
    },
    Rule {
        name: "DeadProxy",
        severity: Severity::Warning,
        look: dead_proxy,
    },
    Rule {
        name: "SumDatabaseUnreachable",
        severity: Severity::Warning,
        look: sums_unreachable,
    },
];

fn step_failed(facts: &Facts) -> Option<(String, String)> {
    let reach = facts.reach.as_ref()?;
    let failure = reach.failure.as_ref()?;
    let mut lines = failure.lines().filter(|line| !line.trim().is_empty());
    let first = lines.next().unwrap_or("buildx gives no reason");
    let mut message = format!("no step of {} ran: {first}", reach.image);
    for line in lines {
        message.push_str("\n  ");
        message.push_str(line);
    }
    let has = |words: &[&str]| words.iter().any(|word| failure.contains(word));
    let help = if has(&["go: not found", "go: command not found", "/bin/sh"]) {
        "the builder image must have the go command and a shell: name another with `builder` under [go]"
    } else if has(&["resolve source metadata", "load metadata", "pull"]) {
        "the engine does not get the builder image: give it a mirror (\"registry-mirrors\" in daemon.json, or buildkitd.toml), or pass --build-context IMAGE=docker-image://COPY, here and in builds"
    } else {
        "a build fails in the same way: look into the engine's log"
    };
    Some((message, help.to_owned()))
}

/// Where a chain of proxies leads.
#[derive(Debug, Default)]
struct Walk<'a> {
    /// Proxies that fail, and that the go command goes on behind.
    dead: Vec<&'a Answer>,
    /// The proxy that ends it without a module.
    end: Option<&'a Answer>,
    /// Whether a proxy has the module.
    is_good: bool,
}

/// Goes along a chain, as the go command does: after a comma only if the module is not there, after
/// a bar after every error.
fn walk(reach: &Reach) -> Walk<'_> {
    let mut walk = Walk::default();
    let mut answers = reach.proxies.iter();
    let mut last = None;
    let mut rest = reach.chain.as_str();
    while !rest.is_empty() {
        let end = rest.find([',', '|']).unwrap_or(rest.len());
        let (entry, behind) = rest.split_at(end);
        rest = behind.get(1..).unwrap_or_default();
        match entry {
            "" => continue,
            // Git was not asked.
            "direct" => return walk,
            "off" => break,
            _ => {}
        }
        let Some(answer) = answers.next() else {
            return walk;
        };
        if answer.is_good() {
            walk.is_good = true;
            return walk;
        }
        last = Some(answer);
        if !answer.lacks_module() {
            if !behind.starts_with('|') {
                break;
            }
            walk.dead.push(answer);
        }
    }
    walk.end = last;
    walk
}

fn proxy_unreachable(facts: &Facts) -> Option<(String, String)> {
    let reach = facts.reach.as_ref()?;
    let answer = walk(reach).end?;
    Some((
        format!(
            "a step of {} does not get {} from {}: {}",
            reach.image,
            reach.module,
            answer.name,
            words(answer)
        ),
        help(answer),
    ))
}

fn dead_proxy(facts: &Facts) -> Option<(String, String)> {
    let reach = facts.reach.as_ref()?;
    let walk = walk(reach);
    let dead = walk.dead.iter();
    let dead: Vec<&&Answer> = dead
        .filter(|it| walk.end.is_none_or(|end| end != **it))
        .collect();
    let first = dead.first()?;
    let named: Vec<String> = dead
        .iter()
        .map(|answer| format!("{} ({})", answer.name, words(answer)))
        .collect();
    Some((
        format!(
            "a step of {} asks in vain before the next proxy of GOPROXY: {}",
            reach.image,
            named.join(", ")
        ),
        help(first),
    ))
}

fn sums_unreachable(facts: &Facts) -> Option<(String, String)> {
    let reach = facts.reach.as_ref()?;
    let sums = reach.sums.as_ref()?;
    // Without a proxy nothing is known about sums.
    if sums.is_good() || !walk(reach).is_good {
        return None;
    }
    let message = format!(
        "a step of {} cannot check sums with {}: {}",
        reach.image,
        sums.name,
        words(sums)
    );
    let help = "builds ask it only for sums that no go.sum has: commit go.sum and go.work.sum; or set `sumdb = \"off\"` below [modules], or name a database or a proxy that can be reached";
    Some((message, help.to_owned()))
}

/// What the go command said, in a line.
fn words(answer: &Answer) -> String {
    if answer.is_late() {
        return format!("no answer within {} s", ask::SECONDS);
    }
    let first = answer.said.lines().next().unwrap_or("no reason was given");
    first.trim_start_matches("go: ").to_owned()
}

/// What to do about a proxy.
fn help(answer: &Answer) -> String {
    let has = |words: &[&str]| words.iter().any(|word| answer.said.contains(word));
    let help = if answer.is_late() {
        "steps have no way to it: if they need an HTTP proxy, pass --build-arg HTTPS_PROXY=..., here and in builds, or set it in ~/.docker/config.json; else see whether a firewall drops packets of the engine"
    } else if has(&["x509:", "certificate"]) {
        "pass the authority of its certificate, here and in builds: --secret id=ca,src=FILE"
    } else if has(&["401 ", "403 ", "407 "]) {
        "if it wants a login, pass one, here and in builds: --secret id=netrc,src=FILE; some proxies refuse single modules in this way"
    } else if has(&[
        "no such host",
        "server misbehaving",
        "Temporary failure in name",
    ]) {
        "steps do not find its name: give the engine a name server (\"dns\" in daemon.json, [dns] in buildkitd.toml)"
    } else if has(&["connection refused"]) {
        "nothing listens there. In a step, localhost is not this machine: name the proxy by an address that the engine reaches"
    } else if answer.lacks_module() {
        "add a proxy that has it behind a comma: `proxy` below [modules], or --build-arg GOPROXY=..."
    } else {
        "name another proxy: `proxy` below [modules], or --build-arg GOPROXY=..."
    };
    help.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(name: &str, code: i32, said: &str) -> Answer {
        Answer {
            name: name.to_owned(),
            said: said.to_owned(),
            code,
        }
    }

    /// The names of who is dead, who ends it, and whether there is a module.
    fn walked(chain: &str, answers: &[(i32, &str)]) -> (String, Option<String>, bool) {
        let names = ["one", "two", "three"];
        let proxies = answers.iter().zip(names);
        let reach = Reach {
            chain: chain.to_owned(),
            proxies: proxies
                .map(|((code, said), name)| answer(name, *code, said))
                .collect(),
            ..Reach::default()
        };
        let walk = walk(&reach);
        let dead: Vec<&str> = walk.dead.iter().map(|it| it.name.as_str()).collect();
        (
            dead.join(" "),
            walk.end.map(|it| it.name.clone()),
            walk.is_good,
        )
    }

    #[test]
    fn chains_end_where_those_of_the_go_command_do() {
        let (good, lacks, fails) = ((0, ""), (1, "404 Not Found"), (1, "refused"));
        let end = |name: &str| Some(name.to_owned());
        let none = String::new;
        for (chain, answers, expected) in [
            ("a,b", &[good, good][..], (none(), None, true)),
            ("a,b", &[lacks, good], (none(), None, true)),
            ("a,b", &[fails, good], (none(), end("one"), false)),
            ("a|b", &[fails, good], ("one".to_owned(), None, true)),
            ("a,b", &[lacks, lacks], (none(), end("two"), false)),
            (
                "a|b|c",
                &[fails, lacks, good],
                ("one".to_owned(), None, true),
            ),
            ("a,direct", &[lacks], (none(), None, false)),
            ("a|direct", &[fails], ("one".to_owned(), None, false)),
            ("a,direct", &[fails], (none(), end("one"), false)),
            ("a,off", &[lacks], (none(), end("one"), false)),
            ("direct", &[], (none(), None, false)),
            ("off", &[], (none(), None, false)),
            ("", &[], (none(), None, false)),
            (",a", &[good], (none(), None, true)),
        ] {
            assert_eq!(walked(chain, answers), expected, "{chain} {answers:?}");
        }
    }
}
