//! The findings as SARIF 2.1.0, which code scanning services read.

use std::collections::BTreeSet;

use gowork_llb::diag::{Diagnostic, Rule, Span};
use serde_json::{Value, json};

/// The findings as one run. Paths are relative to the root of the repository.
pub(crate) fn sarif(found: &[Diagnostic]) -> Value {
    let rules: BTreeSet<Option<Rule>> = found.iter().map(|found| found.rule).collect();
    let rules: Vec<Option<Rule>> = rules.into_iter().collect();
    let results = found.iter().map(|found| result(found, &rules));
    let described = rules.iter().map(|rule| described(*rule));
    document(described.collect(), results.collect())
}

/// One run with these rules and results.
pub(crate) fn document(rules: Vec<Value>, results: Vec<Value>) -> Value {
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "gowork",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            } },
            // Columns are counted in Unicode scalar values.
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn described(rule: Option<Rule>) -> Value {
    let (name, summary) = match rule {
        Some(rule) => (rule.name(), rule.summary()),
        None => (super::ERROR, "The image cannot be built"),
    };
    json!({ "id": name, "name": name, "shortDescription": { "text": summary } })
}

fn result(found: &Diagnostic, rules: &[Option<Rule>]) -> Value {
    let level = if found.is_error() { "error" } else { "warning" };
    let mut result = json!({
        "ruleId": super::rule_name(found),
        "ruleIndex": rules.iter().position(|rule| *rule == found.rule),
        "level": level,
        "message": { "text": super::text(found) },
    });
    if let Some(span) = &found.span {
        result["locations"] = json!([location(span, None)]);
    }
    if !found.related.is_empty() {
        let related = found.related.iter();
        let related = related.map(|(span, words)| location(span, Some(words.as_str())));
        result["relatedLocations"] = related.collect();
    }
    if found.count() > 1 {
        result["occurrenceCount"] = found.count().into();
    }
    result
}

fn location(span: &Span, words: Option<&str>) -> Value {
    let mut physical = json!({ "artifactLocation": { "uri": uri(&span.file) } });
    if super::has_line(span) {
        let mut region = json!({
            "startLine": span.start.line,
            "startColumn": span.start.column.max(1),
        });
        if span.end > span.start {
            region["endLine"] = span.end.line.into();
            region["endColumn"] = span.end.column.into();
        }
        physical["region"] = region;
    }
    let mut location = json!({ "physicalLocation": physical });
    if let Some(words) = words {
        location["message"] = json!({ "text": words });
    }
    location
}

/// A file of the repository, as a place.
pub(crate) fn file(path: &str) -> Value {
    json!({ "physicalLocation": { "artifactLocation": { "uri": uri(path) } } })
}

/// A path as a relative reference (RFC 3986): every byte that may not stand in a path segment is
/// percent-encoded.
fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/!$&'()*+,;=@".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri
}
