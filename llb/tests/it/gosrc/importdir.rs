//! Trees of directories, compared with go/build's `ImportDir`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use gowork_llb::gosrc::BuildContext;
use serde_json::Value;

use super::{go, shape};

/// The platforms and settings that trees are compared for.
pub(crate) fn contexts() -> Vec<BuildContext> {
    let platforms = [
        ("linux", "amd64"),
        ("linux", "arm64"),
        ("darwin", "arm64"),
        ("windows", "amd64"),
    ];
    let context = |goos, goarch, cgo| BuildContext {
        cgo,
        ..BuildContext::new(goos, goarch)
    };
    platforms
        .iter()
        .flat_map(|(goos, goarch)| [context(goos, goarch, false), context(goos, goarch, true)])
        .collect()
}

/// Compares every directory below `root`; how many of ours Go did not see. Any difference fails,
/// all of them listed.
pub(crate) fn compare(root: &Path, context: &BuildContext) -> usize {
    let mut ours = BTreeMap::new();
    shape::walk(root, context, &mut |package| {
        ours.insert(package["Dir"].as_str().unwrap().to_owned(), package);
    })
    .unwrap();
    let theirs = go::import_dirs(root, context);
    assert_eq!(
        theirs.len(),
        ours.len(),
        "directories seen below {}",
        root.display()
    );
    let mut differences = String::new();
    for mut go in theirs {
        let dir = go["Dir"].as_str().unwrap().to_owned();
        let mut us = ours.remove(&dir).unwrap();
        if go != us {
            normalize(&mut go, &root.join(&dir));
            normalize(&mut us, &root.join(&dir));
        }
        let places_only = |key: &String| !matches!(key.as_str(), "Message");
        let keys = go
            .as_object()
            .unwrap()
            .keys()
            .chain(us.as_object().unwrap().keys())
            .filter(|key| places_only(key));
        for key in keys.collect::<std::collections::BTreeSet<_>>() {
            if go.get(key) != us.get(key) {
                differences += &format!(
                    "{dir} {key}\n    go:   {:?}\n    ours: {:?}\n",
                    go.get(key),
                    us.get(key)
                );
            }
        }
        if let (Some(go), Some(us)) = (go.get("Message"), us.get("Message"))
            && !same_words(go.as_str().unwrap(), us.as_str().unwrap())
        {
            differences += &format!("{dir}\n    go:   {go}\n    ours: {us}\n");
        }
    }
    let cgo = if context.cgo {
        "with cgo"
    } else {
        "without cgo"
    };
    assert!(
        differences.is_empty(),
        "{}/{} {cgo} {:?}:\n{differences}",
        context.goos,
        context.goarch,
        context.tags
    );
    ours.len()
}

/// Forgets the lines of places in files with wide characters or `//line` comments: Go reports the
/// places those claim, we the true ones.
fn normalize(package: &mut Value, dir: &Path) {
    for (_, member) in package.as_object_mut().unwrap().iter_mut() {
        let Value::Object(places) = member else {
            continue;
        };
        for place in places
            .values_mut()
            .flat_map(|places| places.as_array_mut().unwrap())
        {
            let file = place
                .as_str()
                .unwrap()
                .split(':')
                .next()
                .unwrap()
                .to_owned();
            let text = fs::read(dir.join(&file)).unwrap_or_default();
            // Go counts columns in bytes, we in characters.
            if !text.is_ascii()
                || text
                    .windows(7)
                    .any(|window| window == b"//line " || window == b"/*line ")
            {
                *place = Value::String("somewhere".to_owned());
            }
        }
    }
    if let Some(Value::String(message)) = package.as_object_mut().unwrap().get_mut("Message") {
        *message = message
            .replace(&format!("{}/", dir.display()), "")
            .replace("/./", "/");
    }
}

/// Whether two messages of one wrong file agree: same file, and the same words but for Go's "(and N
/// more errors)"; the same line and column too, where Go gives one and the line has no wide
/// characters before it.
fn same_words(go: &str, us: &str) -> bool {
    let go = go.strip_prefix("read ").unwrap_or(go);
    let go = go.split(" (and ").next().unwrap_or(go);
    let us = &us.replace('\r', "");
    let words = |message: &str| {
        let parts: Vec<&str> = message.splitn(4, ':').collect();
        let numbers = parts
            .iter()
            .skip(1)
            .take_while(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
            .count();
        let line = parts
            .get(1)
            .filter(|_| numbers > 0)
            .map(ToString::to_string);
        (
            line,
            parts
                .get(1 + numbers..)
                .unwrap_or_default()
                .join(":")
                .trim()
                .to_owned(),
        )
    };
    let ((go_line, go_words), (our_line, our_words)) = (words(go), words(us));
    // go/build gives no place for these.
    let cgo_in_test = go.contains("use of cgo in test") && us.contains("use of cgo in test");
    cgo_in_test || go_words == our_words && (go_line.is_none() || go_line == our_line)
}

#[test]
fn every_directory_of_the_standard_library_and_the_go_command_is_selected_as_go_does() {
    let root = go::goroot().join("src");
    for context in contexts() {
        let left = compare(&root, &context);
        assert_eq!(left, 0, "directories that go did not see");
    }
}

#[test]
fn tags_and_levels_select_as_go_does() {
    let root = go::goroot().join("src");
    let mut context = BuildContext::new("linux", "386");
    context.tags = [
        "race",
        "netgo",
        "purego",
        "goexperiment.jsonv2",
        "osusergo",
        "faketime",
    ]
    .map(str::to_owned)
    .into();
    compare(&root, &context);
}
