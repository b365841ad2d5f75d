//! Schema and documentation say what is read, no more and no less.

use std::collections::BTreeSet;

use gowork_llb::config::Config;
use serde_json::Value;

use crate::support::docs;

fn schema() -> Value {
    Config::schema().to_value()
}

/// Follows references, and takes the part of an `anyOf` that is not null.
fn resolve<'s>(root: &'s Value, schema: &'s Value) -> &'s Value {
    if let Some(reference) = schema["$ref"].as_str() {
        return resolve(
            root,
            root.pointer(reference.trim_start_matches('#')).unwrap(),
        );
    }
    match schema["anyOf"].as_array() {
        Some(options) => resolve(
            root,
            options
                .iter()
                .find(|option| option["type"] != "null")
                .unwrap(),
        ),
        None => schema,
    }
}

fn keys(root: &Value, path: &[&str]) -> BTreeSet<String> {
    let mut at = root;
    for step in path {
        at = resolve(root, at);
        at = match *step {
            "*" => &at["additionalProperties"],
            "[]" => &at["items"],
            key => &at["properties"][key],
        };
    }
    resolve(root, at)["properties"]
        .as_object()
        .unwrap_or_else(|| panic!("{path:?}"))
        .keys()
        .cloned()
        .collect()
}

/// A table of the configuration: its place in the schema, and a text that opens it.
const TABLES: [(&[&str], &str); 13] = [
    (&[], ""),
    (&["stages", "*"], "[stages.x]\n"),
    (&["overlay", "[]"], "[[overlay]]\n"),
    (&["go"], "[go]\n"),
    (&["check"], "[check]\n"),
    (&["licenses"], "[licenses]\n"),
    (&["modules"], "[modules]\n"),
    (&["runtime"], "[runtime]\n"),
    (&["runtime", "healthcheck"], "[runtime.healthcheck]\n"),
    (&["runtime", "users", "[]"], "[[runtime.users]]\n"),
    (&["runtime", "dirs", "[]"], "[[runtime.dirs]]\n"),
    (&["runtime", "files", "[]"], "[[runtime.files]]\n"),
    (&["images", "*"], "[images.x]\n"),
];

#[test]
fn the_schema_has_the_keys_that_are_read() {
    let root = schema();
    for (path, opening) in TABLES {
        let (_, diagnostics) = Config::parse(
            "f",
            &format!("{opening}qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq = 1\n"),
        );
        let help = diagnostics
            .iter()
            .find(|d| d.message.starts_with("unknown key"))
            .and_then(|d| d.help.clone())
            .unwrap();
        let read: BTreeSet<String> = help
            .strip_prefix("keys here: ")
            .unwrap()
            .split(", ")
            .map(str::to_owned)
            .collect();
        assert_eq!(read, keys(&root, path), "{opening}");
    }
}

#[test]
fn the_schema_refuses_unknown_keys_everywhere() {
    let root = schema();
    for (path, opening) in TABLES {
        let mut at = &root;
        for step in path {
            at = resolve(&root, at);
            at = match *step {
                "*" => &at["additionalProperties"],
                "[]" => &at["items"],
                key => &at["properties"][key],
            };
        }
        let at = resolve(&root, at);
        assert!(
            at["additionalProperties"] == false || at["unevaluatedProperties"] == false,
            "{opening}: {at}"
        );
    }
}

#[test]
fn the_schema_in_docs_is_fresh() {
    let path = docs("config.schema.json");
    let fresh = format!(
        "{}\n",
        serde_json::to_string_pretty(&Config::schema()).unwrap()
    );
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, &fresh).unwrap();
    }
    assert!(
        std::fs::read_to_string(&path).unwrap_or_default() == fresh,
        "docs/config.schema.json is stale. Write it anew: UPDATE_EXPECT=1 cargo test -p gowork-llb --test it config::reference"
    );
}

/// The text of a section of the reference, from its heading to the next of the same rank or above.
fn section<'d>(text: &'d str, heading: &str) -> &'d str {
    let start = text
        .find(&format!("\n{heading}\n"))
        .unwrap_or_else(|| panic!("no section {heading}"));
    let rest = &text[start + heading.len() + 2..];
    let end = rest.find("\n## ").unwrap_or(rest.len());
    let end = if heading.starts_with("###") {
        rest.find("\n### ").map_or(end, |at| at.min(end))
    } else {
        end
    };
    &rest[..end]
}

#[test]
fn the_reference_explains_every_key_in_its_section() {
    let text = std::fs::read_to_string(docs("configuration.md")).unwrap();
    let root = schema();
    let shared: BTreeSet<String> = keys(&root, &["go"])
        .union(&keys(&root, &["runtime"]))
        .cloned()
        .collect();
    let sections = [
        "## At the top",
        "## [stages.NAME]",
        "## [[overlay]]",
        "## [go]",
        "## [check]",
        "## [licenses]",
        "## [modules]",
        "## [runtime]",
        "### healthcheck",
        "### users",
        "### dirs",
        "### files",
        "## [images.NAME]",
    ];
    for ((path, _), heading) in TABLES.iter().zip(sections) {
        let explained: BTreeSet<String> = section(&text, heading)
            .lines()
            .filter_map(|line| Some(line.strip_prefix("| `")?.split_once('`')?.0.to_owned()))
            .collect();
        let mut expected = keys(&root, path);
        match heading {
            "## At the top" => expected.retain(|key| {
                ![
                    "check", "licenses", "stages", "overlay", "go", "modules", "runtime", "images",
                ]
                .contains(&key.as_str())
            }),
            "## [runtime]" => expected.extend(
                keys(&root, &["runtime", "healthcheck"])
                    .into_iter()
                    .chain(keys(&root, &["runtime", "users", "[]"]))
                    .chain(keys(&root, &["runtime", "dirs", "[]"]))
                    .chain(keys(&root, &["runtime", "files", "[]"])),
            ),
            "## [images.NAME]" => expected.retain(|key| !shared.contains(key)),
            _ => {}
        }
        assert_eq!(explained, expected, "{heading}");
    }
}

#[test]
fn the_examples_of_the_reference_are_right() {
    let text = std::fs::read_to_string(docs("configuration.md")).unwrap();
    let mut blocks = text
        .split("```toml\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap())
        .peekable();
    assert!(blocks.peek().is_some());
    for block in blocks {
        assert_eq!(super::complaints(block, &[]), "", "{block}");
    }
    // Each cell of a table that has an example or a default, at its key.
    for (heading, table) in [
        ("## [go]", "go"),
        ("## [check]", "check"),
        ("## [licenses]", "licenses"),
        ("## [modules]", "modules"),
        ("## [runtime]", "runtime"),
    ] {
        for line in section(&text, heading)
            .lines()
            .take_while(|line| !line.starts_with("### "))
        {
            let cells: Vec<&str> = line.split(" | ").collect();
            let [key, _, _, examples] = cells[..] else {
                continue;
            };
            let Some(key) = key
                .strip_prefix("| `")
                .and_then(|key| key.strip_suffix('`'))
            else {
                continue;
            };
            for example in examples.split('`').skip(1).step_by(2) {
                let base = if table == "runtime" && key != "base" {
                    "base = \"alpine\"\n"
                } else {
                    ""
                };
                let said = super::complaints(
                    &format!("[{table}]\n{base}{key} = {example}\n"),
                    &[("VERSION", "1")],
                );
                assert_eq!(said, "", "{key} = {example}");
            }
        }
    }
}
