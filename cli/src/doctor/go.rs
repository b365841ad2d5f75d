//! Rules about the settings of the go command here, beside those that a build has.

use std::collections::BTreeSet;

use gowork_llb::config::MODULE_ARGS;
use gowork_llb::diag::without_credentials;

use super::facts::Facts;
use super::rule::{Rule, Severity};

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "GoSettingsNotInBuild",
        severity: Severity::Warning,
        look: not_in_build,
    },
    Rule {
        name: "IgnoredGoProxy",
        severity: Severity::Warning,
        look: ignored_proxy,
    },
    Rule {
        name: "NoChecksumDatabase",
        severity: Severity::Note,
        look: no_checksum_database,
    },
];

/// What the go command takes if nobody sets a variable (`go help environment`).
fn default_of(name: &str) -> &'static str {
    match name {
        "GOPROXY" => "https://proxy.golang.org,direct",
        "GOSUMDB" => "sum.golang.org",
        _ => "",
    }
}

/// Variables that are as `GOPRIVATE`, unless they are set.
const AS_PRIVATE: [&str; 2] = ["GONOPROXY", "GONOSUMDB"];

fn not_in_build(facts: &Facts) -> Option<(String, String)> {
    let build = facts.build_settings.as_ref()?;
    let (mut lacking, mut keys) = (Vec::new(), Vec::new());
    for (name, key) in MODULE_ARGS {
        let default = default_of(name);
        let here = facts.go(name)?;
        let is_private = AS_PRIVATE.contains(&name) && facts.go("GOPRIVATE") == Some(here);
        let there = build.get(name).map_or(default, String::as_str);
        if !is_private && items(here) != items(there) && here != default {
            lacking.push(format!("{name}={}", without_credentials(here)));
            keys.push(key);
        }
    }
    (!lacking.is_empty()).then(|| {
        (
            format!(
                "the go command here has {}; a build does not see that, and has settings of its own",
                lacking.join(" and ")
            ),
            format!(
                "if builds need it too, set {} below [modules] in the configuration, or give the variable as --build-arg",
                keys.join(" and ")
            ),
        )
    })
}

/// What a list names: order and commas that are too many do not matter to patterns. Of proxies the
/// order does matter.
fn items(list: &str) -> BTreeSet<(usize, &str)> {
    let is_proxies = list.contains("://");
    let parts = list.split([',', '|']).filter(|part| !part.is_empty());
    let numbered = parts.enumerate();
    numbered
        .map(|(number, part)| (if is_proxies { number } else { 0 }, part))
        .collect()
}

fn ignored_proxy(facts: &Facts) -> Option<(String, String)> {
    let all = facts.go("GOPROXY")?;
    let mut proxies = all.split([',', '|']);
    let last = proxies.find(|proxy| matches!(*proxy, "direct" | "off"))?;
    let ignored: Vec<String> = proxies.map(without_credentials).collect();
    (!ignored.is_empty()).then(|| {
        (
            format!(
                "GOPROXY names {} behind `{last}`, where the go command stops",
                ignored.join(", ")
            ),
            format!("name `{last}` last: `go env -w GOPROXY=...`"),
        )
    })
}

fn no_checksum_database(facts: &Facts) -> Option<(String, String)> {
    let is_off = facts.go("GOSUMDB") == Some("off");
    let is_left_out = facts.go("GONOSUMDB").is_some_and(|list| {
        let mut patterns = list.split(',');
        patterns.any(|pattern| pattern == "*")
    });
    let setting = match (is_off, is_left_out) {
        (true, _) => "GOSUMDB=off",
        (false, true) => "GONOSUMDB (or GOPRIVATE) with the pattern *",
        (false, false) => return None,
    };
    let message = format!(
        "{setting}: if a module is new to go.sum, the go command here believes whatever the proxy sends"
    );
    let help = "name only your own modules in GOPRIVATE; a proxy of yours can also serve the checksum database";
    Some((message, help.to_owned()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn facts(here: &[(&str, &str)], build: &[(&str, &str)]) -> Facts {
        let map = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
            let pairs = pairs.iter();
            pairs
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect()
        };
        let defaults = MODULE_ARGS.map(|(name, _)| (name, default_of(name)));
        let mut go = map(&defaults);
        go.extend(map(here));
        Facts {
            go,
            build_settings: Some(map(build)),
            ..Facts::default()
        }
    }

    fn message(here: &[(&str, &str)], build: &[(&str, &str)]) -> Option<String> {
        not_in_build(&facts(here, build)).map(|(message, help)| format!("{message}\n{help}"))
    }

    #[test]
    fn settings_that_a_build_lacks() {
        assert_eq!(message(&[], &[]), None);
        // `go env` shows GOPRIVATE three times.
        let private = "git.corp.example,*.internal.example";
        let here = [
            ("GOPRIVATE", private),
            ("GONOPROXY", private),
            ("GONOSUMDB", private),
        ];
        assert_eq!(
            message(&here, &[]).unwrap(),
            "the go command here has GOPRIVATE=git.corp.example,*.internal.example; a build does not see that, and has settings of its own\n\
             if builds need it too, set private below [modules] in the configuration, or give the variable as --build-arg"
        );
        let same = [("GOPRIVATE", "*.internal.example,git.corp.example,")];
        assert_eq!(message(&here, &same), None);
        let first = [("GOPROXY", "https://one.example,https://two.example")];
        let second = [("GOPROXY", "https://two.example,https://one.example")];
        assert!(message(&first, &second).is_some());
        assert_eq!(message(&first, &first), None);
        // What a build sets and this host does not is what its user wants.
        assert_eq!(message(&[], &first), None);
    }

    #[test]
    fn no_message_has_a_password() {
        let secret = "https://me:hunter2@proxy.example";
        let here = [("GOPROXY", &*format!("direct,{secret}"))];
        let facts = facts(&here, &[]);
        let found = [not_in_build(&facts), ignored_proxy(&facts)];
        for (message, help) in found.into_iter().map(Option::unwrap) {
            assert!(message.contains("proxy.example"), "{message}");
            assert!(!format!("{message}{help}").contains("hunter2"), "{message}");
        }
    }

    #[test]
    fn proxies_behind_the_end() {
        let ignored = |list| ignored_proxy(&facts(&[("GOPROXY", list)], &[]));
        assert_eq!(ignored("https://one.example|direct"), None);
        assert_eq!(ignored("off"), None);
        let (message, _) = ignored("direct,https://one.example").unwrap();
        assert_eq!(
            message,
            "GOPROXY names https://one.example behind `direct`, where the go command stops"
        );
    }
}
