//! Modules of private hosts.

use std::collections::BTreeMap;

use crate::config::Config;
use crate::diag::{Diagnostic, Findings, Rule, Span};
use crate::workspace::{Root, Workspace};

/// Top-level domains that no public name has (RFC 6761, RFC 8375, ICANN's resolution on `.internal`),
/// and those that people use inside of a company all the same.
const PRIVATE_DOMAINS: [&str; 8] = [
    "corp",
    "home.arpa",
    "internal",
    "intranet",
    "lan",
    "local",
    "localdomain",
    "private",
];
/// How hosts of a company's own forge are called.
const FORGES: [&str; 5] = ["bitbucket.", "git.", "gitea.", "github.", "gitlab."];
/// Public ones that are called like that.
const PUBLIC: [&str; 11] = [
    "bitbucket.org",
    "git.apache.org",
    "git.sr.ht",
    "gitea.com",
    "github.com",
    "gitlab.alpinelinux.org",
    "gitlab.com",
    "gitlab.eclipse.org",
    "gitlab.freedesktop.org",
    "gitlab.gnome.org",
    "gitlab.torproject.org",
];

/// Adds a warning for each host that looks private, if the configuration says nothing about where
/// private modules come from.
pub(super) fn lint(workspace: &Workspace, root: &Root, config: &Config, findings: &mut Findings) {
    let modules = &config.modules;
    // A vendored build asks nobody. A proxy of the company's own has its modules too.
    if root.vendored || modules.private.is_some() || modules.proxy.is_some() {
        return;
    }
    let outside = workspace.required(root);
    let mut hosts: BTreeMap<&str, (&str, &Span)> = BTreeMap::new();
    for module in root.modules().map(|ix| workspace.module(ix)) {
        for require in &module.file.require {
            let path = require.path.as_str();
            let host = path.split('/').next().unwrap_or_default();
            if looks_private(host) && outside.contains(path) {
                hosts.entry(host).or_insert((path, &require.span));
            }
        }
    }
    for (host, (path, span)) in hosts {
        let message = format!(
            "{path} is on {host}, which looks private: go asks the public module proxy and checksum database about it"
        );
        findings.push(
            Diagnostic::warning(Rule::PrivateModule, message)
                .at(span.clone())
                .help(format!("[modules]\nprivate = [\"{host}/*\"]")),
        );
    }
}

fn looks_private(host: &str) -> bool {
    let is_below = |domain: &str| {
        host.strip_suffix(domain)
            .is_some_and(|rest| rest.ends_with('.'))
    };
    PRIVATE_DOMAINS.iter().any(|domain| is_below(domain))
        || FORGES.iter().any(|forge| host.starts_with(forge)) && !PUBLIC.contains(&host)
}
