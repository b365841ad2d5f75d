//! The JSON files between programs that have types here: what a reader refuses, and which fields
//! may be absent.

use std::collections::BTreeSet;
use std::fmt::Debug;

use expect_test::{Expect, expect};
use gowork_llb::gomod::{ImportPath, ModulePath};
use gowork_llb::packages::{self, Scan};
use gowork_llb::resolution::{
    self, Resolution, ResolveError, ResolveReport, ResolveRequest, ResolvedModule, ResolvedPackage,
};
use gowork_llb::tree::MemTree;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Every object in a value, by the path that leads to it.
fn objects(value: &Value, path: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            found.push(path.to_owned());
            for (name, value) in fields {
                let name = name.replace('~', "~0").replace('/', "~1");
                objects(value, &format!("{path}/{name}"), found);
            }
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

/// A path without what differs from one value to the next.
fn pattern(path: &str) -> String {
    let is_name = |word: &str| {
        !word.is_empty()
            && word
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
    };
    path.split('/')
        .skip(1)
        .map(|word| {
            if is_name(word) {
                format!(".{word}")
            } else {
                ".*".to_owned()
            }
        })
        .collect()
}

/// A reader takes `good`, and no other version. It refuses an unknown field wherever it is, and a
/// missing one; `absent` lists those that may be absent, which stands for empty.
fn is_strict<T: Serialize + DeserializeOwned + PartialEq + Debug>(good: &T, absent: &Expect) {
    let value = serde_json::to_value(good).unwrap();
    assert_eq!(&serde_json::from_value::<T>(value.clone()).unwrap(), good);
    assert!(
        serde_json::to_string(good)
            .unwrap()
            .starts_with("{\"version\":"),
        "it stands first"
    );
    let mut other = value.clone();
    other["version"] = Value::from(value["version"].as_u64().unwrap() + 1);
    let said = serde_json::from_value::<T>(other).unwrap_err().to_string();
    assert!(said.contains("this program reads version"), "{said}");

    let mut paths = Vec::new();
    objects(&value, "", &mut paths);
    let mut may_be_absent = BTreeSet::new();
    for path in &paths {
        let mut more = value.clone();
        more.pointer_mut(path)
            .unwrap()
            .as_object_mut()
            .unwrap()
            .insert("more".to_owned(), Value::Null);
        serde_json::from_value::<T>(more).expect_err(path);
        let fields: Vec<String> = value
            .pointer(path)
            .unwrap()
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect();
        for field in fields {
            let mut less = value.clone();
            less.pointer_mut(path)
                .unwrap()
                .as_object_mut()
                .unwrap()
                .remove(&field);
            if serde_json::from_value::<T>(less).is_ok() {
                may_be_absent.insert(pattern(&format!("{path}/{field}")));
            }
        }
    }
    absent.assert_eq(&may_be_absent.into_iter().collect::<Vec<_>>().join("\n"));
}

#[test]
fn a_scan_says_which_version_it_is() {
    let archive = "\
-- go.mod --
module example.com/m
go 1.26
-- main.go --
//go:build linux
package main
// #cgo CFLAGS: -DX
// #include \"main.h\"
import \"C\"
import _ \"embed\"
//go:embed words.txt missing.txt
var words string
-- words.txt --
-- default.pgo --
-- main.h --
#include <other.h>
#include \"beside.h\"
#embed \"data\"
#include NAME
-- broken.go --
package
";
    let scan = packages::scan(&MemTree::from_txtar(archive));
    is_strict::<Scan>(
        &scan,
        &expect![[r#"
        .dirs.*
        .dirs.*.embeds
        .dirs.*.embeds.*
        .dirs.*.files.*.header.cgo
        .dirs.*.files.*.header.cgo.includes
        .dirs.*.files.*.header.cgo.includes.quoted
        .dirs.*.files.*.header.constraint
        .dirs.*.files.*.header.embeds
        .dirs.*.files.*.header.imports
        .dirs.*.files.*.header.package
        .dirs.*.files.*.includes
        .dirs.*.files.*.includes.angled
        .dirs.*.files.*.includes.computed
        .dirs.*.files.*.includes.data
        .dirs.*.files.*.includes.quoted
        .dirs.*.files.*.problem
        .dirs.*.pgo
        .listed
        .listed.*
        .mod_files.*"#]],
    );
}

#[test]
fn the_question_and_the_answer_of_a_resolve_step_say_which_version_they_are() {
    let request = ResolveRequest {
        version: resolution::VERSION,
        dir: "a".to_owned(),
        workspace: true,
        vendored: false,
        packages: vec![ImportPath::new("fmt")],
        tags: vec!["x".to_owned()],
        env: [("GOOS".to_owned(), "linux".to_owned())].into(),
    };
    is_strict(&request, &expect![[".env.*"]]);
    let module = ResolvedModule {
        path: ModulePath::new("a.b/c"),
        version: "v1.0.0".to_owned(),
        replaced_by: "a.b/d@v1.0.0".to_owned(),
        go: "1.20".to_owned(),
        sum: "h1:x".to_owned(),
    };
    let package = ResolvedPackage {
        path: ImportPath::new("a.b/c"),
        module: Some(0),
        imports: vec![ImportPath::new("fmt")],
        dir: "vendor/a.b/c".to_owned(),
        files: vec!["c.go".to_owned()],
        size: 1,
        reads_module: true,
    };
    let answer = Resolution {
        version: resolution::VERSION,
        go_version: "go1.26.8".to_owned(),
        modules: vec![module],
        packages: vec![package],
        replaced: [(ModulePath::new("a.b/e"), "v1.0.0".to_owned())].into(),
        runtime_files: vec!["/etc/x".to_owned()],
    };
    is_strict(
        &answer,
        &expect![[r#"
        .modules.*.go
        .modules.*.replaced_by
        .modules.*.sum
        .packages.*.dir
        .packages.*.files
        .packages.*.imports
        .packages.*.module
        .packages.*.reads_module
        .replaced
        .replaced.*.e
        .runtime_files"#]],
    );
    let error = ResolveError {
        package: ImportPath::new("a.b/c"),
        message: "gone".to_owned(),
    };
    let report = ResolveReport {
        version: resolution::VERSION,
        errors: vec![error],
        advice: vec!["wait".to_owned()],
    };
    is_strict(
        &report,
        &expect![[r#"
        .advice
        .errors.*.package"#]],
    );
}
