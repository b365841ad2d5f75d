//! The schemas of what programs read are kept in docs/schemas, and the outputs follow them.
//! `UPDATE_EXPECT=1` renews them.

use expect_test::expect_file;
use serde_json::Value;

use crate::support::{Repository, root, run};

const NAMES: [&str; 9] = [
    "affected",
    "affected-vuln",
    "check",
    "doctor",
    "explain",
    "explain-file",
    "list",
    "plan",
    "rebuild",
];

#[test]
fn schemas_are_kept() {
    let docs = root().join("docs");
    for name in NAMES {
        let said = run(&root(), &format!("schema {name}"));
        expect_file![docs.join(format!("schemas/{name}.schema.json"))].assert_eq(&said.out);
    }
    let said = run(&root(), "schema config");
    expect_file![docs.join("config.schema.json")].assert_eq(&said.out);
}

#[test]
fn outputs_follow_their_schemas() {
    let repository = Repository::new(include_str!("schemas.txtar"));
    repository.git("init --quiet");
    repository.git("add .");
    repository.git("commit --quiet -m all");
    repository.write("web/go.mod", "module example.com/web\n\ngo 1.26\n");
    let centos = root().join("testdata/doctor/centos-7");
    let centos = centos.display();
    for (name, command) in [
        ("affected", "affected --since HEAD"),
        ("affected", "affected --files README.md api/main.go"),
        ("check", "check"),
        ("doctor", &format!("doctor --recorded {centos}")),
        ("explain", "explain api"),
        ("explain-file", "explain api lib/lib.go"),
        ("explain-file", "explain api web/main.go"),
        ("list", "list"),
        ("plan", "plan"),
    ] {
        let said = repository.run(&format!("{command} --format json"));
        follows(name, &said.out);
    }
}

/// That an output follows the schema with this name.
pub(crate) fn follows(name: &str, output: &str) {
    let value: Value = serde_json::from_str(output).unwrap();
    let schema = run(&root(), &format!("schema {name}")).out;
    let schema: Value = serde_json::from_str(&schema).unwrap();
    let mut wrong = Vec::new();
    compare(&schema, &schema, &value, "", &mut wrong);
    assert!(wrong.is_empty(), "{name}: {wrong:#?}\n{output}");
}

/// Adds what `value` has and its schema does not, and the other way round. Only what our schemas are
/// made of is known: references, tables, lists, and types.
fn compare(root: &Value, schema: &Value, value: &Value, at: &str, wrong: &mut Vec<String>) {
    if let Some(reference) = schema["$ref"].as_str() {
        let target = root.pointer(reference.trim_start_matches('#')).unwrap();
        return compare(root, target, value, at, wrong);
    }
    if let Some(choices) = schema["anyOf"].as_array() {
        let fits = |choice: &Value| {
            let mut found = Vec::new();
            compare(root, choice, value, at, &mut found);
            found.is_empty()
        };
        if !choices.iter().any(fits) {
            wrong.push(format!("{at}: fits no choice"));
        }
        return;
    }
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let types = &schema["type"];
    let is_of_type = types == kind
        || types
            .as_array()
            .is_some_and(|all| all.contains(&kind.into()));
    // A choice of texts is a list of constants.
    let is_constant = schema["oneOf"]
        .as_array()
        .is_some_and(|all| all.iter().any(|it| it["const"] == *value));
    if !is_of_type && !is_constant {
        wrong.push(format!("{at}: a value of the type {kind}"));
    }
    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
        compare(
            root,
            &schema["items"],
            item,
            &format!("{at}/{index}"),
            wrong,
        );
    }
    let Some(fields) = value.as_object() else {
        return;
    };
    for name in schema["required"].as_array().into_iter().flatten() {
        if !fields.contains_key(name.as_str().unwrap()) {
            wrong.push(format!("{at}: {name} is missing"));
        }
    }
    for (name, field) in fields {
        let known = &schema["properties"][name];
        let others = &schema["additionalProperties"];
        let schema = if known.is_null() { others } else { known };
        if schema.is_null() {
            wrong.push(format!("{at}: {name} is in no schema"));
        } else {
            compare(root, schema, field, &format!("{at}/{name}"), wrong);
        }
    }
}
