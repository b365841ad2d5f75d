//! The resolve step with the real go command and modules of the public proxy. The oracle is an
//! ordinary build with the same sources.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use gowork_frontend::steps::resolve::{Failure, ResolveArgs, resolve};
use gowork_llb::plan;
use gowork_llb::resolution::{self, Resolution, ResolveReport, ResolveRequest};
use tempfile::TempDir;

/// A module cache that all tests here share, as builds share one.
fn shared_cache() -> &'static Path {
    static CACHE: OnceLock<TempDir> = OnceLock::new();
    CACHE.get_or_init(|| tempfile::tempdir().unwrap()).path()
}

fn go(dir: &Path, words: &[&str], env: &[(&str, &str)]) {
    let mut command = Command::new("go");
    command
        .args(words)
        .current_dir(dir)
        .env("GOFLAGS", "-modcacherw")
        .env("GOMODCACHE", shared_cache());
    command.envs([
        ("GOENV", "off"),
        ("GOTOOLCHAIN", "local"),
        ("GOWORK", "off"),
        ("CGO_ENABLED", "0"),
        ("GODEBUG", "goindex=0"),
    ]);
    let output = command
        .envs(env.iter().copied())
        .output()
        .expect("the go command must be on PATH");
    assert!(
        output.status.success(),
        "go {words:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// A repository, what a resolve of it sees, and what it gives.
struct Case {
    dir: TempDir,
}

impl Case {
    fn new(files: &[(&str, &str)]) -> Case {
        let case = Case {
            dir: tempfile::tempdir().unwrap(),
        };
        for (path, text) in files {
            let path = case.root().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        case
    }

    fn root(&self) -> PathBuf {
        self.dir.path().join("repo")
    }

    /// Resolves over a copy of the repository's files that `visible` lets through; the results are
    /// in the directory it gives.
    fn resolve(
        &self,
        name: &str,
        request: &ResolveRequest,
        report: bool,
        visible: fn(&Path) -> bool,
    ) -> Result<PathBuf, Failure> {
        let [request_file, source, out] = [
            format!("{name}.json"),
            format!("{name}-source"),
            name.to_owned(),
        ]
        .map(|name| self.dir.path().join(name));
        for path in snapshot(&self.root())
            .keys()
            .filter(|path| self.root().join(path).is_file() && visible(path))
        {
            fs::create_dir_all(source.join(path).parent().unwrap()).unwrap();
            fs::copy(self.root().join(path), source.join(path)).unwrap();
        }
        fs::write(&request_file, serde_json::to_vec(request).unwrap()).unwrap();
        resolve(&ResolveArgs {
            request: request_file,
            source,
            out: out.clone(),
            modcache: None,
            report,
        })
        .map(|()| out)
    }
}

fn is_mod_file(path: &Path) -> bool {
    ["go.mod", "go.sum", "go.work", "go.work.sum"]
        .contains(&path.file_name().unwrap().to_str().unwrap())
}

fn request(workspace: bool, packages: &[&str], module_cache: &Path) -> ResolveRequest {
    let env = [
        ("GOENV", "off"),
        ("GOOS", "linux"),
        ("GOARCH", "amd64"),
        ("CGO_ENABLED", "0"),
        ("GOFLAGS", "-mod=readonly -modcacherw"),
    ];
    let mut env: BTreeMap<String, String> = env
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    env.insert("GOMODCACHE".into(), module_cache.to_str().unwrap().into());
    let packages = packages.iter().map(|&path| path.to_owned()).collect();
    ResolveRequest {
        version: resolution::VERSION,
        dir: String::new(),
        workspace,
        vendored: false,
        packages,
        tags: Vec::new(),
        env,
    }
}

fn resolution(out: &Path) -> Resolution {
    serde_json::from_slice(&fs::read(out.join("resolution.json")).unwrap()).unwrap()
}

/// Mode, modification time and content of everything below `root`.
fn snapshot(root: &Path) -> BTreeMap<PathBuf, (u32, i64, Vec<u8>)> {
    let mut found = BTreeMap::new();
    let mut queue = vec![root.to_path_buf()];
    while let Some(path) = queue.pop() {
        let metadata = fs::symlink_metadata(&path).unwrap();
        let mut content = Vec::new();
        if metadata.is_dir() {
            queue.extend(
                fs::read_dir(&path)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
        } else {
            content = fs::read(&path).unwrap();
        }
        found.insert(
            path.strip_prefix(root).unwrap().to_path_buf(),
            (metadata.mode(), metadata.mtime(), content),
        );
    }
    found
}

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
        BTreeMap::from([("example.com/local".to_owned(), "v0.0.0".to_owned())])
    );
    let cache = out.join("modcache");
    let dir = |package| cache.join(plan::package_dir(&resolution, package).unwrap());
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

fn single(sum: bool) -> Case {
    let case = Case::new(&[
        (
            "go.mod",
            "module example.com/one\n\ngo 1.24\n\nrequire github.com/google/uuid v1.6.0\n",
        ),
        (
            "main.go",
            "package main\n\nimport \"github.com/google/uuid\"\n\nfunc main() { println(uuid.Nil.String()) }\n",
        ),
    ]);
    if sum {
        go(&case.root(), &["mod", "tidy"], &[]);
    }
    case
}

#[test]
fn a_vendored_module_is_resolved_in_place() {
    let case = single(true);
    go(&case.root(), &["mod", "vendor"], &[]);
    let mut asked = request(
        false,
        &["github.com/google/uuid"],
        &case.dir.path().join("no-cache"),
    );
    asked.vendored = true;
    asked.env.insert("GOPROXY".into(), "off".into());
    asked.env.remove("GOFLAGS");
    let out = case
        .resolve("vendored", &asked, false, |path| !path.ends_with("main.go"))
        .unwrap();
    let resolution = resolution(&out);
    let package = resolution
        .packages
        .iter()
        .find(|package| !package.is_std())
        .unwrap();
    assert_eq!(package.dir, "vendor/github.com/google/uuid");
    assert!(package.files.contains(&"uuid.go".to_owned()) && package.size > 1000);
    assert!(!out.join("modcache").exists() && !out.join("go.work.sum").exists());
}

/// The std packages with cgo import more than they say; without it the link would compile
/// runtime/cgo again.
#[test]
fn std_s_own_cgo_imports_are_told() {
    let case = single(true);
    let mut asked = request(false, &["net", "os/user"], shared_cache());
    asked.env.insert("CGO_ENABLED".into(), "1".into());
    let resolution = resolution(&case.resolve("out", &asked, false, is_mod_file).unwrap());
    let imports = |path: &str| {
        resolution
            .packages
            .iter()
            .find(|package| package.path == path)
            .unwrap()
            .imports
            .clone()
    };
    for path in ["net", "os/user"] {
        assert!(
            imports(path).contains(&"runtime/cgo".to_owned()),
            "{path}: {:?}",
            imports(path)
        );
    }
    assert!(!imports("runtime/cgo").contains(&"runtime/cgo".to_owned()));
}

/// The listing names no file of another suffix, nor those of other directories, but the C compiler
/// reads them.
#[test]
fn a_vendored_package_with_c_has_all_that_it_may_include() {
    let module = |name: &str| format!("module example.com/{name}\n\ngo 1.24\n");
    let case = Case::new(&[
        (
            "go.mod",
            &format!(
                "{}\nrequire example.com/c v0.0.0\n\nreplace example.com/c => ./c\n",
                module("app")
            ),
        ),
        (
            "main.go",
            "package main\n\nimport _ \"example.com/c/p\"\n\nfunc main() {}\n",
        ),
        ("c/go.mod", &module("c")),
        (
            "c/p/p.go",
            "package p\n\n// #include \"table.inc\"\nimport \"C\"\n\nimport _ \"example.com/c/q\"\n",
        ),
        ("c/p/table.inc", "#include \"../q/q.h\"\n"),
        ("c/q/q.go", "package q\n"),
        ("c/q/q.h", "// q\n"),
    ]);
    go(&case.root(), &["mod", "vendor"], &[("CGO_ENABLED", "1")]);
    let mut asked = request(
        false,
        &["example.com/c/p"],
        &case.dir.path().join("no-cache"),
    );
    asked.vendored = true;
    asked.env.insert("CGO_ENABLED".into(), "1".into());
    asked.env.remove("GOFLAGS");
    let out = case
        .resolve("vendored", &asked, false, |path| !path.ends_with("main.go"))
        .unwrap();
    let resolution = resolution(&out);
    let files = |path: &str| {
        resolution
            .packages
            .iter()
            .find(|package| package.path == path)
            .unwrap()
            .files
            .join(" ")
    };
    assert_eq!(files("example.com/c/p"), "../q/q.h p.go table.inc");
    assert_eq!(files("example.com/c/q"), "q.go q.h");
}

#[test]
fn missing_sums_of_a_single_module_are_an_error() {
    let asked = request(false, &["github.com/google/uuid"], shared_cache());
    let text = single(false)
        .resolve("out", &asked, false, is_mod_file)
        .unwrap_err()
        .to_string();
    assert!(
        text.contains("missing go.sum entry") && text.contains("go mod tidy"),
        "{text}"
    );
}

#[test]
fn a_package_that_no_module_has_is_reported() {
    let case = single(true);
    let asked = request(
        false,
        &["example.com/one/nothing", "github.com/google/uuid"],
        shared_cache(),
    );
    let out = case.resolve("out", &asked, true, is_mod_file).unwrap();
    let report: ResolveReport =
        serde_json::from_slice(&fs::read(out.join("report.json")).unwrap()).unwrap();
    assert_eq!(report.errors.len(), 1, "{report:?}");
    assert_eq!(report.errors[0].package, "example.com/one/nothing");
    assert!(report.errors[0].message.contains("example.com/one/nothing"));
}

#[test]
fn an_unreachable_proxy_is_named_without_its_password() {
    let case = single(true);
    let mut asked = request(
        false,
        &["github.com/google/uuid"],
        &case.dir.path().join("cache"),
    );
    asked
        .env
        .insert("GOPROXY".into(), "https://user:hunter2@127.0.0.1:1".into());
    let text = case
        .resolve("out", &asked, false, is_mod_file)
        .unwrap_err()
        .to_string();
    assert!(
        text.contains("connection refused") && text.contains("GOPROXY=https://***@127.0.0.1:1"),
        "{text}"
    );
    assert!(!text.contains("hunter2"), "{text}");
}

/// The module cache is a cache mount, which other builds write to. The go command itself builds
/// with what it finds unpacked.
#[test]
fn what_others_did_to_the_module_cache_reaches_no_layer() {
    let case = single(true);
    let cache = case.dir.path().join("tampered");
    let asked = request(false, &["github.com/google/uuid"], &cache);
    let layer = |name: &str| {
        case.resolve(name, &asked, false, is_mod_file)
            .map(|out| snapshot(&out.join("modcache")))
    };
    let clean = layer("tampered-0").unwrap();
    let unpacked = cache.join("github.com/google/uuid@v1.6.0");
    let archive = cache.join("cache/download/github.com/google/uuid/@v/v1.6.0.zip");
    let edit = |file: &str| {
        let path = unpacked.join(file);
        fs::write(
            &path,
            fs::read_to_string(&path).unwrap() + "\nfunc init() { println(\"mine\") }\n",
        )
        .unwrap();
    };
    let tampered: [&dyn Fn(); 4] = [
        &|| edit("uuid.go"),
        &|| {
            fs::write(
                unpacked.join("more.go"),
                "package uuid\n\nfunc init() { println(\"mine\") }\n",
            )
            .unwrap()
        },
        &|| fs::remove_file(unpacked.join("README.md")).unwrap(),
        &|| {
            edit("uuid.go");
            fs::write(&archive, "no archive").unwrap();
        },
    ];
    for (number, tamper) in (1..).zip(tampered) {
        tamper();
        assert!(
            layer(&format!("tampered-{number}")).unwrap() == clean,
            "{number}"
        );
    }
    edit("uuid.go");
    let mut offline = asked.clone();
    offline.env.insert("GOPROXY".into(), "off".into());
    let failure = case
        .resolve("tampered-off", &offline, false, is_mod_file)
        .unwrap_err()
        .to_string();
    assert!(failure.contains("github.com/google/uuid"), "{failure}");
}

#[test]
fn arguments_and_requests_are_checked() {
    let words = |line: &str| {
        line.split_whitespace()
            .map(String::from)
            .collect::<Vec<_>>()
    };
    assert!(
        ResolveArgs::parse(&words("--request r --source s --out o --report"))
            .unwrap()
            .report
    );
    for line in [
        "",
        "--request r --source s",
        "--request r --source s --out",
        "--request r --source s --out o --x",
    ] {
        assert!(ResolveArgs::parse(&words(line)).is_err(), "{line}");
    }
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("request.json");
    let good = serde_json::to_string(&request(false, &[], shared_cache())).unwrap();
    for (good_words, other, said) in [
        (
            "\"version\":2",
            "\"version\":99",
            "the file has version 99, this program reads version 2",
        ),
        ("\"tags\"", "\"labels\"", "unknown field `labels`"),
        ("\"tags\":[],", "", "missing field `tags`"),
    ] {
        assert!(good.contains(good_words), "{good}");
        fs::write(&file, good.replace(good_words, other)).unwrap();
        let line = format!(
            "--request {} --source {1} --out {1}",
            file.display(),
            dir.path().display()
        );
        let args = ResolveArgs::parse(&words(&line)).unwrap();
        let failure = resolve(&args).unwrap_err();
        assert!(failure.to_string().contains(said), "{failure}");
    }
}
