//! A broken image doesn't stop the others: the outlines without the images that cannot be built.

use std::collections::{BTreeMap, BTreeSet};

use super::outline::{LOCAL, Outline, outline_where};
use super::settings::Target;
use crate::config::{Config, ImageName};
use crate::diag::{Diagnostic, Findings};
use crate::packages::Scan;
use crate::workspace::Workspace;

/// How often images are left out and the rest is looked at again. One time is enough unless there
/// are more errors than are kept.
const ROUNDS: usize = 5;
/// Stands for a platform's name where sentences are compared.
const PLATFORM: &str = "\u{0}";

/// The images of a repository on some platforms.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Outlines {
    /// One for each platform, in the order asked for, with the images that can be built on every
    /// one of them.
    pub outlines: Vec<Outline>,
    /// Names of the images that are left out: something is wrong with what they are made of, on
    /// some platform.
    pub broken: BTreeSet<ImageName>,
    /// All that is wrong, each thing once although platforms share it.
    pub diagnostics: Vec<Diagnostic>,
}

/// Finds the images of `workspace` that can be built for all of `targets`, and says what is wrong
/// with the others.
pub fn outlines(
    scan: &Scan,
    workspace: &Workspace,
    config: &Config,
    targets: &[Target],
) -> Outlines {
    let mut broken: BTreeSet<ImageName> = BTreeSet::new();
    let mut said = None;
    for round in 0..=ROUNDS {
        let is_meant = |name: &str| round < ROUNDS && !broken.contains(name);
        let made = targets
            .iter()
            .map(|target| outline_where(scan, workspace, config, target, is_meant));
        let (mut outlines, found): (Vec<Outline>, Vec<Vec<Diagnostic>>) =
            made.map(|made| with_builder(made, workspace)).unzip();
        said.get_or_insert_with(|| once(targets, found));
        let more: BTreeSet<ImageName> = outlines
            .iter()
            .flat_map(|outline| outline.broken.iter().cloned())
            .collect();
        if more.is_subset(&broken) {
            for outline in &mut outlines {
                outline.broken.clone_from(&broken);
            }
            return Outlines {
                outlines,
                broken,
                diagnostics: said.unwrap_or_default(),
            };
        }
        broken.extend(more);
        if round + 1 == ROUNDS {
            broken.extend(outlines.iter().flat_map(Outline::names));
        }
    }
    Outlines {
        broken,
        diagnostics: said.unwrap_or_default(),
        ..Outlines::default()
    }
}

/// With what is wrong with the builder, which concerns every image.
fn with_builder(
    (mut outline, mut found): (Outline, Vec<Diagnostic>),
    workspace: &Workspace,
) -> (Outline, Vec<Diagnostic>) {
    if let Some(problem) = outline.builder.check() {
        let names: Vec<ImageName> = outline.names().collect();
        outline.broken.extend(names);
        found.push(problem);
    } else {
        let downloads = outline.toolchain != LOCAL;
        let roots = outline
            .builds
            .iter()
            .map(|build| &workspace.roots[build.root.0]);
        let lines = roots.flat_map(|root| root.version_lines(workspace));
        found.extend(outline.builder.skew(lines, downloads));
    }
    (outline, found)
}

/// What was found on some platforms, each thing once. What holds on a part of them only, and does
/// not name it, is made to.
fn once(targets: &[Target], found: Vec<Vec<Diagnostic>>) -> Vec<Diagnostic> {
    let mut order: Vec<(Diagnostic, Vec<String>)> = Vec::new();
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    let mut counted = Vec::new();
    for (target, found) in targets.iter().zip(found) {
        let target = target.to_string();
        for diagnostic in found {
            if diagnostic.others > 0 {
                counted.push(diagnostic);
                continue;
            }
            let nameless = with_words(diagnostic, &|words| words.replace(&target, PLATFORM));
            let at = *known.entry(format!("{nameless:?}")).or_insert(order.len());
            if at == order.len() {
                order.push((nameless, Vec::new()));
            }
            if !order[at].1.contains(&target) {
                order[at].1.push(target.clone());
            }
        }
    }
    let named = |(mut diagnostic, platforms): (Diagnostic, Vec<String>)| {
        let names = platforms.join(" and ");
        if platforms.len() < targets.len() && !diagnostic.message.contains(PLATFORM) {
            diagnostic.message.push_str(&format!(" (on {PLATFORM})"));
        }
        with_words(diagnostic, &|words| words.replace(PLATFORM, &names))
    };
    let mut findings: Findings = order.into_iter().map(named).collect();
    findings.merge(counted);
    findings.into_vec()
}

fn with_words(mut diagnostic: Diagnostic, change: &dyn Fn(&str) -> String) -> Diagnostic {
    diagnostic.message = change(&diagnostic.message);
    diagnostic.help = diagnostic.help.map(|help| change(&help));
    diagnostic
}
