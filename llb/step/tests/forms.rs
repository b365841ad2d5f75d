//! The files to the letter, and what a reader refuses.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests document themselves and fail where they cannot go on"
)]

use std::fmt::Debug;

use expect_test::expect;
use gowork_step::{
    Batch, Description, LinkDescription, Names, OwnFile, Running, Version, from_json, to_json,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn description() -> Description {
    Description {
        version: Version,
        name: "0a".to_owned(),
        salt: words(&["-trimpath"]),
        parts: vec![words(&["example.com/a"])],
        brings_others: false,
        own: vec![OwnFile {
            name: "a/a.go".to_owned(),
            at: "/src/a/a.go".to_owned(),
        }],
        reads: words(&["runtime"]),
    }
}

fn batch() -> Batch {
    let link = LinkDescription {
        step: description(),
        package: "example.com/m".to_owned(),
        binary: "m".to_owned(),
        flags: words(&["-trimpath"]),
    };
    Batch {
        version: Version,
        steps: vec![description()],
        links: vec![link],
    }
}

fn text(value: &impl Serialize) -> String {
    String::from_utf8(to_json(value)).unwrap()
}

/// A renamed field shows here, and then asks for another version.
#[test]
fn the_files_to_the_letter() {
    let description_text = expect![[
        r#"{"version":1,"name":"0a","salt":["-trimpath"],"parts":[["example.com/a"]],"brings_others":false,"own":[{"name":"a/a.go","at":"/src/a/a.go"}],"reads":["runtime"]}"#
    ]];
    description_text.assert_eq(&text(&description()));
    let link = batch().links.remove(0);
    let link_text = expect![[
        r#"{"step":{"version":1,"name":"0a","salt":["-trimpath"],"parts":[["example.com/a"]],"brings_others":false,"own":[{"name":"a/a.go","at":"/src/a/a.go"}],"reads":["runtime"]},"package":"example.com/m","binary":"m","flags":["-trimpath"]}"#
    ]];
    link_text.assert_eq(&text(&link));
    expect![[r#"{"version":1,"steps":[],"links":[]}"#]].assert_eq(&text(&Batch {
        steps: vec![],
        links: vec![],
        ..batch()
    }));
    expect![[r#"{"version":1,"names":["0a"]}"#]].assert_eq(&text(&Names {
        version: Version,
        names: words(&["0a"]),
    }));
    expect![[r#"{"version":1,"positions":[2]}"#]].assert_eq(&text(&Running {
        version: Version,
        positions: vec![2],
    }));
}

/// Every object in a value, by the path that leads to it.
fn objects(value: &Value, path: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            found.push(path.to_owned());
            fields
                .iter()
                .for_each(|(name, value)| objects(value, &format!("{path}/{name}"), found));
        }
        Value::Array(items) => {
            items
                .iter()
                .enumerate()
                .for_each(|(at, item)| objects(item, &format!("{path}/{at}"), found));
        }
        _ => {}
    }
}

/// The error of the reader after this change of one of the value's objects.
fn refusal<T: DeserializeOwned + Debug>(
    value: &Value,
    path: &str,
    change: impl FnOnce(&mut Map<String, Value>),
) -> String {
    let mut changed = value.clone();
    change(changed.pointer_mut(path).unwrap().as_object_mut().unwrap());
    from_json::<T>(changed.to_string().as_bytes()).expect_err(&format!("{path}: {changed}"))
}

fn is_strict<T: Serialize + DeserializeOwned + PartialEq + Debug>(good: &T) {
    assert_eq!(&from_json::<T>(&to_json(good)).unwrap(), good);
    let value: Value = from_json(&to_json(good)).unwrap();
    let mut paths = Vec::new();
    objects(&value, "", &mut paths);
    for path in &paths {
        let fields: Vec<String> = value
            .pointer(path)
            .unwrap()
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect();
        for field in fields {
            let missing = refusal::<T>(&value, path, |object| _ = object.remove(&field));
            assert!(
                missing.contains(&format!("missing field `{field}`")),
                "{missing}"
            );
            let renamed = refusal::<T>(&value, path, |object| {
                let value = object.remove(&field).unwrap();
                object.insert(format!("{field}_"), value);
            });
            assert!(
                renamed.contains(&format!("unknown field `{field}_`")),
                "{renamed}"
            );
            let null = refusal::<T>(&value, path, |object| {
                _ = object.insert(field.clone(), Value::Null)
            });
            assert!(null.contains("invalid type: null"), "{null}");
        }
        let more = refusal::<T>(&value, path, |object| {
            _ = object.insert("more".to_owned(), Value::Null)
        });
        assert!(more.contains("unknown field `more`"), "{more}");
    }
}

#[test]
fn a_reader_takes_no_field_more_or_less() {
    is_strict(&description());
    is_strict(&batch());
    is_strict(&Names {
        version: Version,
        names: words(&["0a"]),
    });
    is_strict(&Running {
        version: Version,
        positions: vec![0],
    });
}

#[test]
fn a_reader_takes_its_own_version_alone() {
    let newer = text(&description())
        .replace("\"version\":1", "\"version\":2")
        .replace("\"own\"", "\"files\"");
    let said = from_json::<Description>(newer.as_bytes()).unwrap_err();
    expect!["the file has version 2, this program reads version 1 at line 1 column 12"]
        .assert_eq(&said);
    let newer = text(&Running {
        version: Version,
        positions: vec![],
    })
    .replace(":1,", ":0,");
    assert!(
        from_json::<Running>(newer.as_bytes())
            .unwrap_err()
            .contains("version 0")
    );
}

#[test]
fn what_is_no_json_is_refused() {
    let whole = to_json(&batch());
    for end in 0..whole.len() {
        assert!(from_json::<Batch>(&whole[..end]).is_err(), "cut at {end}");
    }
}
