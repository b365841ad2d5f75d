//! How cases ended, read from what a Go test program prints.

use std::collections::BTreeMap;

/// The test whose parts the cases are.
const TEST: &str = "TestIntegration/";

/// How a case ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Passed,
    Failed,
    Skipped,
    /// It did not run, or not to its end.
    Missing,
}

impl Outcome {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Passed => "pass",
            Self::Failed => "FAIL",
            Self::Skipped => "skip",
            Self::Missing => "missing",
        }
    }
}

/// The cases of a run by name. A case that runs in several ways is there once for each.
#[derive(Debug, Default)]
pub(super) struct Results(BTreeMap<String, Outcome>);

impl Results {
    /// Reads what `-test.v` prints.
    pub(super) fn parse(text: &str) -> Self {
        let mut results = BTreeMap::new();
        for line in text.lines() {
            if let Some(name) = line.strip_prefix("=== RUN   ").and_then(case) {
                results.entry(name).or_insert(Outcome::Missing);
            }
            if let Some((name, outcome)) = ended(line) {
                results.insert(name, outcome);
            }
        }
        Self(results)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, Outcome)> {
        self.0
            .iter()
            .map(|(name, outcome)| (name.as_str(), *outcome))
    }

    pub(super) fn get(&self, case: &str) -> Option<Outcome> {
        self.0.get(case).copied()
    }

    pub(super) fn of(&self, case: &str) -> Outcome {
        self.get(case).unwrap_or(Outcome::Missing)
    }

    pub(super) fn count(&self, outcome: Outcome) -> usize {
        self.0.values().filter(|other| **other == outcome).count()
    }

    /// The cases that ended otherwise in another run.
    pub(super) fn different(&self, other: &Self) -> Vec<&str> {
        let cases = self.iter();
        cases
            .filter(|(case, outcome)| other.of(case) != *outcome)
            .map(|(case, _)| case)
            .collect()
    }
}

/// The names of the tests that cases are.
pub(super) fn tests<'c>(cases: &[&'c str]) -> Vec<&'c str> {
    let names = cases.iter().map(|case| case.split('/').next());
    let mut names: Vec<&str> = names.flatten().collect();
    names.dedup();
    names
}

/// A line that says how a case ended.
fn ended(line: &str) -> Option<(String, Outcome)> {
    let words = [
        ("--- PASS: ", Outcome::Passed),
        ("--- FAIL: ", Outcome::Failed),
        ("--- SKIP: ", Outcome::Skipped),
    ];
    let line = line.trim_start();
    words.iter().find_map(|(words, outcome)| {
        let (name, _) = line.strip_prefix(words)?.split_once(" (")?;
        Some((case(name)?, *outcome))
    })
}

/// The name of a case in the full name of a test: without worker and frontend. Returns `None` for
/// parts of a case.
fn case(name: &str) -> Option<String> {
    let mut words = name.strip_prefix(TEST)?.split('/');
    let mut case = words.next()?.to_owned();
    for word in words {
        match word.split_once('=') {
            Some(("worker" | "frontend", _)) => {}
            Some(("env" | "network.host" | "security.insecure", _)) => {
                case.push('/');
                case.push_str(word);
            }
            _ => return None,
        }
    }
    Some(case)
}

#[cfg(test)]
mod tests {
    use super::{Outcome, Results};

    #[test]
    fn cases_are_read_without_their_parts() {
        let text = "\
=== RUN   TestIntegration/TestOne/worker=oci/frontend=builtin
=== RUN   TestIntegration/TestOne/worker=oci/frontend=builtin/part
=== RUN   TestIntegration/TestTwo/worker=oci/frontend=builtin/network.host=granted
=== RUN   TestIntegration/TestThree/worker=oci/frontend=builtin
    --- FAIL: TestIntegration/TestOne/worker=oci/frontend=builtin (1.20s)
        --- PASS: TestIntegration/TestOne/worker=oci/frontend=builtin/part (0.10s)
    --- PASS: TestIntegration/TestTwo/worker=oci/frontend=builtin/network.host=granted (1.00s)
";
        let results = Results::parse(text);
        let all: Vec<_> = results.iter().collect();
        assert_eq!(
            all,
            [
                ("TestOne", Outcome::Failed),
                ("TestThree", Outcome::Missing),
                ("TestTwo/network.host=granted", Outcome::Passed),
            ]
        );
    }
}
