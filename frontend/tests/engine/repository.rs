//! Repositories to build: copies of the examples that a test may edit, or a few files written by
//! it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// A repository in a temporary directory.
#[derive(Debug)]
pub(crate) struct Repository {
    dir: TempDir,
}

/// A word that nobody has used before.
pub(crate) fn unique() -> String {
    format!(
        "u{}",
        std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap()
            .as_nanos()
    )
}

impl Repository {
    /// A copy of `examples/NAME`, without what is printed for it.
    pub(crate) fn example(name: &str) -> Self {
        let repository = Self {
            dir: tempfile::tempdir().expect("a directory for the repository"),
        };
        copy(&example(name), &repository.root());
        repository
    }

    /// One of these files. If it has no Dockerfile, one of one line is added.
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let repository = Self {
            dir: tempfile::tempdir().expect("a directory for the repository"),
        };
        repository.write("Dockerfile", "# syntax=docker.io/gowork/gowork:1\n");
        for (path, text) in files {
            repository.write(path, text);
        }
        repository
    }

    /// A workspace of published modules, `path@version`, each in the directory that it has in its
    /// own repository.
    pub(crate) fn of_modules(modules: &[(&str, &str)]) -> Self {
        let repository = Self::new(&[]);
        let mut uses = vec!["work", "use"];
        for (module, dir) in modules {
            copy(&download(module), &repository.root().join(dir));
            // In their own repository they stand in for each other, which members of one workspace
            // do anyway.
            let mod_file = format!("{dir}/go.mod");
            repository.write(&mod_file, &without_replaces(&repository.read(&mod_file)));
            uses.push(dir);
        }
        repository.go("", &["work", "init"]);
        repository.go("", &uses);
        repository
    }

    /// Its root.
    pub(crate) fn root(&self) -> PathBuf {
        self.dir.path().join("repository")
    }

    /// Runs git there, by a clock that is in UTC. What it prints.
    pub(crate) fn git(&self, words: &[&str]) -> String {
        let output = Command::new("git")
            .args(["-c", "user.name=a", "-c", "user.email=a@example.com"])
            .args(words)
            .current_dir(self.root())
            .env("TZ", "UTC")
            .output()
            .expect("git must be on PATH");
        assert!(output.status.success(), "git {words:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Commits everything.
    pub(crate) fn commit(&self) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message", "words"]);
    }

    /// Writes a file.
    pub(crate) fn write(&self, path: &str, text: &str) {
        let file = self.root().join(path);
        fs::create_dir_all(file.parent().expect("a file is in a directory"))
            .expect("the directory is made");
        fs::write(file, text).unwrap_or_else(|error| panic!("{path}: {error}"));
    }

    /// Adds to the end of a file.
    pub(crate) fn append(&self, path: &str, text: &str) {
        self.write(path, &(self.read(path) + text));
    }

    /// A file's text.
    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Compiles a main package as a person would on their machine, with the flags that are gowork's
    /// default.
    pub(crate) fn go_build(&self, directory: &str, package: &str) -> Vec<u8> {
        self.go_build_with(&["-ldflags=-s -w"], directory, package)
    }

    /// The same with other flags in place of the default `-ldflags`.
    pub(crate) fn go_build_with(&self, flags: &[&str], directory: &str, package: &str) -> Vec<u8> {
        self.go_build_in("auto", flags, directory, package)
    }

    /// The same with this GOWORK.
    pub(crate) fn go_build_in(
        &self,
        workspace: &str,
        flags: &[&str],
        directory: &str,
        package: &str,
    ) -> Vec<u8> {
        let binary = self.dir.path().join("local-binary");
        let _ = fs::remove_file(&binary);
        let binary_name = binary.to_str().expect("a path in UTF-8");
        let words = [
            &["build", "-trimpath", "-buildvcs=false"],
            flags,
            &["-o", binary_name, package],
        ]
        .concat();
        self.run_go(workspace, directory, &words);
        fs::read(binary).expect("go build wrote the binary")
    }

    /// Runs the go command in a directory of the repository.
    pub(crate) fn go(&self, directory: &str, words: &[&str]) {
        self.run_go("auto", directory, words);
    }

    fn run_go(&self, workspace: &str, directory: &str, words: &[&str]) {
        let mut go = Command::new("go");
        go.args(words).current_dir(self.root().join(directory));
        go.env("GOENV", "off")
            .env("GOTOOLCHAIN", "local")
            .env("CGO_ENABLED", "0")
            .env("GOWORK", workspace);
        for inherited in [
            "GOFLAGS",
            "GOOS",
            "GOARCH",
            "GOAMD64",
            "GOEXPERIMENT",
            "GODEBUG",
        ] {
            go.env_remove(inherited);
        }
        let output = go.output().expect("the go command must be on PATH");
        assert!(
            output.status.success(),
            "go {words:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }

    /// Makes a symlink.
    pub(crate) fn link(&self, path: &str, target: &str) {
        let link = self.root().join(path);
        fs::create_dir_all(link.parent().expect("a link is in a directory"))
            .expect("the directory is made");
        std::os::unix::fs::symlink(target, link).unwrap_or_else(|error| panic!("{path}: {error}"));
    }

    /// Removes a file.
    pub(crate) fn remove(&self, path: &str) {
        fs::remove_file(self.root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    }
}

/// The example in this repository.
pub(crate) fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../examples")
        .join(name)
}

fn without_replaces(mod_file: &str) -> String {
    let mut in_block = false;
    let keeps = |line: &&str| {
        let replaces = in_block || line.starts_with("replace ");
        in_block = line.starts_with("replace (") || (in_block && *line != ")");
        !replaces
    };
    mod_file
        .lines()
        .filter(keeps)
        .map(|line| format!("{line}\n"))
        .collect()
}

/// The directory of a module in the module cache of this machine.
fn download(module: &str) -> PathBuf {
    let output = Command::new("go")
        .args(["mod", "download", "-json", module])
        .env("GOFLAGS", "-modcacherw")
        .output();
    let output = output.expect("the go command must be on PATH");
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    PathBuf::from(
        json["Dir"]
            .as_str()
            .unwrap_or_else(|| panic!("{module}: {json}")),
    )
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("the directory is made");
    for entry in fs::read_dir(from)
        .unwrap_or_else(|error| panic!("{}: {error}", from.display()))
        .map(Result::unwrap)
    {
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            if entry.file_name() != "expected" {
                copy(&from, &to);
            }
        } else {
            let text =
                fs::read(&from).unwrap_or_else(|error| panic!("{}: {error}", from.display()));
            // Not with its mode: files of a module cache are read-only.
            fs::write(&to, text).unwrap_or_else(|error| panic!("{}: {error}", to.display()));
        }
    }
}

/// Every file below a directory, by its path there.
pub(crate) fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![dir.to_path_buf()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(&next)
            .unwrap_or_else(|error| panic!("{}: {error}", next.display()))
            .map(Result::unwrap)
        {
            let path = entry.path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path
                    .strip_prefix(dir)
                    .expect("below")
                    .to_string_lossy()
                    .into_owned();
                found.insert(
                    name,
                    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())),
                );
            }
        }
    }
    found
}

/// A Go file that takes a second or more to compile, so that a build looks at the step while it
/// runs.
pub(crate) fn slow_to_compile(package: &str) -> String {
    let function = |n: u32| {
        format!(
            "\nfunc F{n}(a, b int) int {{\n\tfor i := range a {{\n\t\tb = b*{n} + i ^ a\n\t}}\n\treturn b\n}}\n"
        )
    };
    format!("package {package}\n") + &(0..12_000).map(function).collect::<String>()
}
