//! What an engine and its host are known to do wrong: texts of a host in, findings out.

mod collect;
mod engine;
mod facts;
mod go;
mod host;
mod reach;
mod recording;
mod rule;

pub(crate) use collect::collect;
pub(crate) use facts::{Context, Engine, Facts};
pub(crate) use host::bytes;
pub(crate) use reach::{Answer, Question, Reach, ask, module_to_ask_for};
pub(crate) use recording::{REACH, Recording};
pub(crate) use rule::{Finding, Severity};

use rule::Rule;

/// Everything that is looked for, in the order of findings: an engine that cannot be reached comes
/// first.
fn rules() -> impl Iterator<Item = &'static Rule> {
    let of_host = engine::RULES.iter().chain(host::RULES);
    of_host.chain(go::RULES).chain(reach::RULES)
}

/// What is wrong, the worst first.
pub(crate) fn examine(facts: &Facts) -> Vec<Finding> {
    let mut found: Vec<Finding> = rules()
        .filter_map(|rule| {
            let (message, help) = (rule.look)(facts)?;
            Some(Finding {
                rule: rule.name,
                severity: rule.severity,
                message,
                help,
            })
        })
        .collect();
    found.sort_by_key(|finding| finding.severity);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_is_documented_with_its_severity() {
        let docs = include_str!("../../../docs/doctor.md");
        for rule in rules() {
            let line = format!("\n### {} ({})\n", rule.name, rule.severity.name());
            assert!(docs.contains(&line), "docs/doctor.md has no line {line:?}");
        }
        assert_eq!(docs.matches("\n### ").count(), rules().count());
    }
}
