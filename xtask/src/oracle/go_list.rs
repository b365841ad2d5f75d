//! Every package of every root with `go list -e`.

use super::{Differences, Oracle, Outcome, contexts, tags};
use anyhow::{Context, Result};
use gowork_llb::gosrc::{self, BuildContext, PackageFiles};
use gowork_llb::packages::{self, Matched, Scan, ScannedDir};
use gowork_llb::tree::LocalTree;
use gowork_llb::workspace::{self, Module, Root, RootIx, Workspace};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// What `go list` is asked for, beside the path.
const MEMBERS: [&str; 17] = [
    "Name",
    "GoFiles",
    "CgoFiles",
    "CFiles",
    "CXXFiles",
    "MFiles",
    "HFiles",
    "FFiles",
    "SFiles",
    "SwigFiles",
    "SwigCXXFiles",
    "SysoFiles",
    "TestGoFiles",
    "XTestGoFiles",
    "Imports",
    "EmbedPatterns",
    "EmbedFiles",
];
/// From this many roots on only the first and the last context are compared: a run of `go list`
/// each takes its time, and what contexts change is compared for every directory anyway.
const MANY_ROOTS: usize = 40;

/// Packages by import path, each as `go list` would print it.
type Listing = BTreeMap<String, Map<String, Value>>;

/// Compares the packages of all roots in `directory`.
///
/// # Errors
/// If the go command cannot be run.
pub(super) fn compare(oracle: &Oracle, directory: &Path) -> Result<Outcome> {
    let scan = packages::scan(&LocalTree::new(directory));
    let workspace = workspace::load(&scan.mod_files).workspace;
    let mut contexts = contexts();
    let mut outcome = Outcome::default();
    let roots = workspace.roots().count();
    if roots > MANY_ROOTS && !oracle.thorough {
        contexts = contexts
            .drain(..)
            .enumerate()
            .filter(|(at, _)| matches!(*at, 0 | 15))
            .map(|(_, context)| context)
            .collect();
    }
    if !workspace.unused.is_empty() {
        outcome.left_out.push(format!(
            "{} modules that go.work does not use",
            workspace.unused.len()
        ));
    }
    let mut differences = Differences::default();
    let (mut paths, mut mains, mut compared, mut refused) =
        (BTreeSet::new(), BTreeSet::new(), 0, BTreeMap::new());
    for (ix, root) in workspace.roots() {
        for context in &contexts {
            match listed(oracle, directory, &workspace, root, context)? {
                Ok(theirs) => {
                    let ours = found(&scan, &workspace, ix, context);
                    compared += theirs.len();
                    paths.extend(theirs.keys().map(|path| (ix, path.clone())));
                    differ(&theirs, &ours, |what| differences.add(what, context));
                    let (their_mains, our_mains) = (
                        listed_mains(&theirs),
                        found_mains(&scan, &workspace, ix, context),
                    );
                    for path in their_mains.symmetric_difference(&our_mains) {
                        let who = if their_mains.contains(path) {
                            "only Go"
                        } else {
                            "only we"
                        };
                        differences.add(format!("{path}: a main that {who} can build"), context);
                    }
                    mains.extend(their_mains.into_iter().map(|path| (ix, path)));
                }
                Err(reason) => drop(refused.insert(root.dir.as_str().to_owned(), reason)),
            }
        }
    }
    outcome.left_out.extend(
        refused
            .into_iter()
            .map(|(dir, reason)| format!("the root {dir:?}, since go says: {reason}")),
    );
    outcome.counts = vec![
        ("packages", paths.len()),
        ("mains", mains.len()),
        ("roots", roots),
        ("contexts", contexts.len()),
        ("comparisons", compared),
    ];
    outcome.differences = differences.into_lines();
    Ok(outcome)
}

/// What the go command lists, or why it does not.
fn listed(
    oracle: &Oracle,
    directory: &Path,
    workspace: &Workspace,
    root: &Root,
    context: &BuildContext,
) -> Result<Result<Listing, String>> {
    let mut go = oracle.go(&directory.join(root.dir.as_str()))?;
    go.args([
        "list",
        "-e",
        &format!("-json=ImportPath,Error,{}", MEMBERS.join(",")),
        "-tags",
        &tags(context),
    ]);
    if root.is_workspace() {
        go.env("GOWORK", directory.join("go.work"));
        go.args(
            root.members.iter().map(|&ix| {
                format!("./{}/...", workspace.module(ix).dir.as_str()).replace("//", "/")
            }),
        );
    } else if let Some(&ix) = root.members.first() {
        let file = oracle.place.path().join("go.mod");
        std::fs::write(&file, without_requirements(workspace.module(ix)))?;
        go.arg("-mod=readonly")
            .arg(format!("-modfile={}", file.display()))
            .arg("./...");
    }
    let output = Oracle::for_context(&mut go, context)
        .output()
        .context("cannot start the go command")?;
    if !output.status.success() {
        let printed = String::from_utf8_lossy(&output.stderr);
        return Ok(Err(printed
            .lines()
            .find(|line| !line.starts_with("go: downloading"))
            .unwrap_or("nothing")
            .to_owned()));
    }
    let mut listing = Listing::new();
    for package in
        serde_json::Deserializer::from_slice(&output.stdout).into_iter::<Map<String, Value>>()
    {
        let package = package.context("go list printed no JSON")?;
        let path = package
            .get("ImportPath")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned();
        // A pattern that matches nothing, and the like.
        if package.contains_key("Name") || package.contains_key("GoFiles") {
            listing.insert(path, package);
        }
    }
    Ok(Ok(listing))
}

/// A go.mod that says of the module what decides which packages it has, and nothing of other
/// modules: to look up their requirements takes a network. (A workspace's go.mod files cannot be
/// swapped; there the go command looks up less.)
fn without_requirements(module: &Module) -> String {
    let mut text = format!("module {:?}\n", module.path);
    if let Some(go) = &module.file.go {
        text += &format!("go {}\n", go.value);
    }
    text + &module
        .file
        .ignore
        .iter()
        .map(|ignore| format!("ignore {:?}\n", ignore.value))
        .collect::<String>()
}

/// The mains that Go lists: tests alone make none.
fn listed_mains(listing: &Listing) -> BTreeSet<String> {
    let is_main = |package: &Map<String, Value>| {
        package.get("Name").is_some_and(|name| name == "main")
            && ["GoFiles", "CgoFiles"]
                .iter()
                .any(|list| package.contains_key(*list))
    };
    listing
        .iter()
        .filter(|(_, package)| is_main(package))
        .map(|(path, _)| path.clone())
        .collect()
}

/// The mains that become images, and those that become none for want of a `func main`: the go
/// command lists both.
fn found_mains(
    scan: &Scan,
    workspace: &Workspace,
    root: RootIx,
    context: &BuildContext,
) -> BTreeSet<String> {
    let without = packages::mains_without_func(scan, workspace, root, context);
    let all = packages::mains(scan, workspace, root, context)
        .into_iter()
        .chain(without);
    all.map(|main| main.path.into()).collect()
}

/// What we find.
fn found(scan: &Scan, workspace: &Workspace, root: RootIx, context: &BuildContext) -> Listing {
    let listed = |found: Matched<'_>| {
        let files = gosrc::select(&found.scanned.files, context);
        let lists = [
            &files.go_files,
            &files.cgo_files,
            &files.test_go_files,
            &files.x_test_go_files,
            &files.invalid_go_files,
        ];
        lists
            .iter()
            .any(|list| !list.is_empty())
            .then(|| (found.path.into(), package(&files, found.scanned)))
    };
    packages::matched(scan, workspace, root)
        .into_iter()
        .filter_map(listed)
        .collect()
}

fn package(files: &PackageFiles, scanned: &ScannedDir) -> Map<String, Value> {
    let mut package = Map::new();
    package.insert("Name".to_owned(), json!(files.name));
    let names = |places: &gosrc::Places| places.keys().cloned().collect::<Vec<_>>();
    let patterns = names(&files.embed_patterns);
    let embedded: Result<Vec<_>, _> = patterns
        .iter()
        .filter_map(|pattern| scanned.embeds.get(pattern))
        .map(Result::as_ref)
        .collect();
    // If one pattern fails, Go lists no embedded files.
    let embedded: BTreeSet<&String> = embedded.unwrap_or_default().into_iter().flatten().collect();
    let lists = [
        ("GoFiles", files.go_files.clone()),
        ("CgoFiles", files.cgo_files.clone()),
        ("CFiles", files.c_files.clone()),
        ("CXXFiles", files.cxx_files.clone()),
        ("MFiles", files.m_files.clone()),
        ("HFiles", files.h_files.clone()),
        ("FFiles", files.f_files.clone()),
        ("SFiles", files.s_files.clone()),
        ("SwigFiles", files.swig_files.clone()),
        ("SwigCXXFiles", files.swig_cxx_files.clone()),
        ("SysoFiles", files.syso_files.clone()),
        ("TestGoFiles", files.test_go_files.clone()),
        ("XTestGoFiles", files.x_test_go_files.clone()),
        ("Imports", names(&files.imports)),
        ("EmbedPatterns", patterns),
        ("EmbedFiles", embedded.into_iter().cloned().collect()),
    ];
    package.extend(
        lists
            .into_iter()
            .filter(|(_, list)| !list.is_empty())
            .map(|(key, list)| (key.to_owned(), json!(list))),
    );
    package
}

fn differ(theirs: &Listing, ours: &Listing, mut tell: impl FnMut(String)) {
    for path in theirs.keys().filter(|path| !ours.contains_key(*path)) {
        let error = theirs[path]
            .get("Error")
            .map(|error| format!(", with the error {}", error["Err"]))
            .unwrap_or_default();
        tell(format!("{path}: only Go lists it{error}"));
    }
    for (path, us) in ours {
        let Some(go) = theirs.get(path) else {
            tell(format!("{path}: only we list it"));
            continue;
        };
        for member in MEMBERS {
            let shown = |value: Option<&Value>| {
                value.map_or_else(|| "nothing".to_owned(), Value::to_string)
            };
            if go.get(member) != us.get(member) {
                let error = go
                    .get("Error")
                    .map(|error| format!("\nwith the error {}", error["Err"]))
                    .unwrap_or_default();
                tell(format!(
                    "{path}: {member}\ngo:   {}\nours: {}{error}",
                    shown(go.get(member)),
                    shown(us.get(member))
                ));
            }
        }
    }
}
