//! A repository of one test: what a resolve of it sees, and what it gives.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use gowork_frontend::steps::resolve::{Failure, ResolveArgs, resolve};
use gowork_llb::gomod::{FILE_NAMES, ImportPath};
use gowork_llb::resolution::{self, Resolution, ResolveRequest};
use tempfile::TempDir;

/// A module cache that all tests here share, as builds share one. Later runs use it again: nobody
/// would remove one of each run.
pub(crate) fn shared_cache() -> &'static Path {
    Path::new(concat!(env!("CARGO_TARGET_TMPDIR"), "/modules"))
}

pub(crate) fn go(dir: &Path, words: &[&str], env: &[(&str, &str)]) {
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
pub(crate) struct Case {
    pub(crate) dir: TempDir,
}

impl Case {
    pub(crate) fn new(files: &[(&str, &str)]) -> Case {
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

    pub(crate) fn root(&self) -> PathBuf {
        self.dir.path().join("repo")
    }

    /// Resolves over a copy of the repository's files that `visible` lets through; the results are
    /// in the directory it gives.
    pub(crate) fn resolve(
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
            licenses: None,
            report,
        })
        .map(|()| out)
    }
}

pub(crate) fn is_mod_file(path: &Path) -> bool {
    FILE_NAMES.contains(&path.file_name().unwrap().to_str().unwrap())
}

pub(crate) fn request(workspace: bool, packages: &[&str], module_cache: &Path) -> ResolveRequest {
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
    let packages = packages.iter().copied().map(ImportPath::new).collect();
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

pub(crate) fn resolution(out: &Path) -> Resolution {
    serde_json::from_slice(&fs::read(out.join("resolution.json")).unwrap()).unwrap()
}

/// Mode, modification time and content of everything below `root`.
pub(crate) fn snapshot(root: &Path) -> BTreeMap<PathBuf, (u32, i64, Vec<u8>)> {
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

pub(crate) fn single(sum: bool) -> Case {
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
