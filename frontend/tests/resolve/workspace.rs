//! A workspace with replacements: its resolution, and the pruned module cache.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;

use gowork_llb::gomod::ModulePath;
use gowork_llb::resolution::module_cache;

use crate::case::{Case, go, is_mod_file, request, resolution, shared_cache, snapshot};

const APP_MOD: &str = "module example.com/app

go 1.24

require (
	example.com/local v0.0.0
	github.com/BurntSushi/toml v1.4.0
	rsc.io/quote v1.5.2
	rsc.io/quote/v3 v3.1.0
)

replace example.com/local => ../local

replace rsc.io/sampler => rsc.io/sampler v1.3.1
";

const APP: &str = "package main

import (
	\"example.com/local\"
	\"github.com/BurntSushi/toml\"
	\"rsc.io/quote\"
	v3 \"rsc.io/quote/v3\"
)

func main() { println(quote.Hello(), v3.HelloV3(), local.ID(), toml.Key{\"a\"}.String()) }
";

/// A workspace with a module replaced by a directory, one replaced by another version, one whose
/// path has capital letters, and `rsc.io/quote`, which by its path might have the packages of
/// `rsc.io/quote/v3`.
fn workspace() -> &'static Case {
    static CASE: OnceLock<Case> = OnceLock::new();
    CASE.get_or_init(|| {
        let case = Case::new(&[
            ("go.work", "go 1.24\n\nuse (\n\t./app\n\t./other\n)\n"),
            ("app/go.mod", APP_MOD),
            ("app/main.go", APP),
            ("local/go.mod", "module example.com/local\n\ngo 1.24\n\nrequire github.com/google/uuid v1.6.0\n"),
            (
                "local/local.go",
                "package local\n\nimport \"github.com/google/uuid\"\n\nfunc ID() string { return uuid.Nil.String() }\n",
            ),
            ("other/go.mod", "module example.com/other\n\ngo 1.24\n\nrequire golang.org/x/text v0.14.0\n"),
            ("other/other.go", "package other\n\nimport _ \"golang.org/x/text/language\"\n"),
        ]);
        for member in ["app", "local", "other"] {
            go(&case.root().join(member), &["mod", "tidy"], &[]);
        }
        case
    })
}

const WORKSPACE_PACKAGES: [&str; 5] = [
    "github.com/BurntSushi/toml",
    "github.com/google/uuid",
    "golang.org/x/text/language",
    "rsc.io/quote",
    "rsc.io/quote/v3",
];

#[test]
fn offline_builds_with_the_pruned_cache_are_ordinary_builds() {
    let case = workspace();
    let out = case
        .resolve(
            "offline",
            &request(true, &WORKSPACE_PACKAGES, shared_cache()),
            false,
            is_mod_file,
        )
        .unwrap();
    // The steps after this one build with its go.work.sum.
    let source = case.dir.path().join("offline-built");
    for (path, (.., content)) in snapshot(&case.root())
        .into_iter()
        .filter(|(path, _)| case.root().join(path).is_file())
    {
        fs::create_dir_all(source.join(&path).parent().unwrap()).unwrap();
        fs::write(source.join(path), content).unwrap();
    }
    fs::copy(out.join("go.work.sum"), source.join("go.work.sum")).unwrap();
    let work = source.join("go.work");
    let build = |name: &str, env: &[(&str, &str)]| {
        let binary = case.dir.path().join(name);
        let words = [
            "build",
            "-trimpath",
            "-buildvcs=false",
            "-o",
            binary.to_str().unwrap(),
            "./app",
        ];
        go(
            &source,
            &words,
            &[
                &[
                    ("GOWORK", work.to_str().unwrap()),
                    ("GOFLAGS", "-mod=readonly -modcacherw"),
                ],
                env,
            ]
            .concat(),
        );
        fs::read(binary).unwrap()
    };
    let cache = out.join("modcache");
    let before = (snapshot(&cache), snapshot(&source));
    let pruned = build(
        "pruned",
        &[
            ("GOMODCACHE", cache.to_str().unwrap()),
            ("GOPROXY", "off"),
            ("GOSUMDB", "off"),
        ],
    );
    for (was, is) in [
        (&before.0, snapshot(&cache)),
        (&before.1, snapshot(&source)),
    ] {
        let written: Vec<_> = is
            .iter()
            .filter(|(path, entry)| was.get(*path) != Some(entry))
            .map(|(path, _)| path)
            .collect();
        assert!(written.is_empty(), "the build wrote {written:?}");
    }
    assert!(pruned == build("plain", &[]), "the binaries differ");
    let unwanted = |path: &&PathBuf| {
        [".zip", ".lock", "_test.go"]
            .iter()
            .any(|end| path.to_str().unwrap().ends_with(end))
    };
    assert_eq!(before.0.keys().find(unwanted), None);
}

#[test]
fn the_resolution_says_what_go_chose() {
    let out = workspace()
        .resolve(
            "chosen",
            &request(true, &WORKSPACE_PACKAGES, shared_cache()),
            false,
            is_mod_file,
        )
        .unwrap();
    let resolution = resolution(&out);
    assert!(resolution.go_version.starts_with("go1."));
    let module = |path: &str| {
        resolution
            .modules
            .iter()
            .find(|module| module.path == path)
            .unwrap()
    };
    assert_eq!(
        module("rsc.io/sampler").replaced_by,
        "rsc.io/sampler@v1.3.1"
    );
    assert_eq!(module("golang.org/x/text").version, "v0.14.0");
    assert!(module("golang.org/x/text").sum.starts_with("h1:"));
    assert!(
        !resolution
            .modules
            .iter()
            .any(|module| module.path.starts_with("example.com/"))
    );
    let package = |path: &str| {
        resolution
            .packages
            .iter()
            .find(|package| package.path == path)
            .unwrap()
    };
    assert_eq!(package("rsc.io/quote").imports, ["rsc.io/sampler"]);
    assert_eq!(package("rsc.io/quote").files, ["quote.go"]);
    assert!(package("github.com/google/uuid").size > 1000);
    assert!(package("runtime").is_std() && package("net").files.is_empty());
    assert!(
        resolution.packages.is_sorted_by(|a, b| a.path < b.path)
            && resolution.modules.is_sorted_by(|a, b| a.path < b.path)
    );
    // What sealed steps are made of.
    assert_eq!(module("golang.org/x/text").go, "1.18");
    assert_eq!(
        resolution.replaced,
        BTreeMap::from([(ModulePath::new("example.com/local"), "v0.0.0".to_owned())])
    );
    let cache = out.join("modcache");
    let dir = |package| cache.join(module_cache::package_dir(&resolution, package).unwrap());
    let third_party = || {
        resolution
            .packages
            .iter()
            .filter(|package| !package.is_std())
    };
    let listed: BTreeSet<PathBuf> = third_party()
        .flat_map(|p| p.files.iter().map(move |file| dir(p).join(file)))
        .collect();
    let modules = || {
        snapshot(&cache)
            .into_keys()
            .filter(|path| !path.starts_with("cache"))
            .map(|path| cache.join(path))
    };
    let files: BTreeSet<PathBuf> = modules()
        .filter(|path| path.is_file() && !path.ends_with("go.mod"))
        .collect();
    assert_eq!(
        files, listed,
        "module directories have the files of the packages, go.mod, and nothing else"
    );
    assert!(third_party().any(|package| package.path == "rsc.io/sampler"));
}

#[test]
fn a_crowded_cache_gives_the_same_layer_as_an_empty_one() {
    let case = workspace();
    // Other versions of modules in the graph, and modules that are not reached.
    let crowd = "module example.com/m\n\ngo 1.24\n\nrequire (\n\trsc.io/quote v1.5.1\n\tgolang.org/x/text v0.13.0\n\tgithub.com/google/uuid v1.5.0\n)\n";
    let crowd = Case::new(&[("go.mod", crowd)]);
    go(
        &crowd.root(),
        &["mod", "download", "all"],
        &[("GOFLAGS", "-mod=mod -modcacherw")],
    );
    let crowded = case
        .resolve(
            "crowded",
            &request(true, &WORKSPACE_PACKAGES, shared_cache()),
            false,
            is_mod_file,
        )
        .unwrap();
    let empty = case.dir.path().join("empty-cache");
    let fresh = case
        .resolve(
            "fresh",
            &request(true, &WORKSPACE_PACKAGES, &empty),
            false,
            is_mod_file,
        )
        .unwrap();
    let (crowded, fresh) = (snapshot(&crowded), snapshot(&fresh));
    assert_eq!(
        crowded.keys().collect::<Vec<_>>(),
        fresh.keys().collect::<Vec<_>>()
    );
    for (path, entry) in &crowded {
        assert!(fresh[path] == *entry, "{} differs", path.display());
        assert_eq!(entry.1, 0, "{} has a time", path.display());
    }
}
