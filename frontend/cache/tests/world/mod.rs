//! A small module, and the steps that gowork makes of one: compile into parts, link. The oracle is
//! the go command without the program.
#![allow(dead_code, reason = "each test program needs its share")]

pub(crate) mod build;
pub(crate) mod harm;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use tempfile::TempDir;

/// Counts that the program said at its end.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub(crate) struct Counts {
    pub(crate) hits: u32,
    pub(crate) misses: u32,
    pub(crate) puts: u32,
    pub(crate) taken: u32,
}

/// A module of a main and libraries: `a` imports `b`; `c` stands alone.
pub(crate) struct World {
    dir: TempDir,
    toolchain: &'static str,
}

/// A step that was run.
pub(crate) struct Step {
    pub(crate) out: TempDir,
    pub(crate) output: Output,
}

/// What every go command gets.
const ENVIRONMENT: [(&str, &str); 5] = [
    ("GOENV", "off"),
    ("GOWORK", "off"),
    ("GODEBUG", "goindex=0"),
    ("CGO_ENABLED", "0"),
    ("GOPROXY", "off"),
];
const FLAGS: [&str; 2] = ["-trimpath", "-buildvcs=false"];
/// Parts of the compile step.
const PARTS: &str = "example.com/m/a\nexample.com/m/b\n\nexample.com/m/c\n";

impl World {
    pub(crate) fn new() -> World {
        World::of("local")
    }

    /// The same, compiled with this GOTOOLCHAIN.
    pub(crate) fn of(toolchain: &'static str) -> World {
        let world = World {
            dir: tempfile::tempdir().unwrap(),
            toolchain,
        };
        world.write("go.mod", "module example.com/m\n\ngo 1.24\n");
        world.write("parts", PARTS);
        let main = "package main\n\nimport (\n\t\"example.com/m/a\"\n\t\"example.com/m/c\"\n)\n\nfunc main() { println(a.A(), c.C()) }\n";
        world.write("main.go", main);
        world.write(
            "a/a.go",
            "package a\n\nimport \"example.com/m/b\"\n\nfunc A() int { return b.B() }\n",
        );
        world.edit("b", 1);
        world.edit("c", 1);
        world
    }

    /// Lets `b` or `c` return another number: another binary.
    pub(crate) fn edit(&self, package: &str, number: u32) {
        let function = package.to_uppercase();
        self.write(
            &format!("{package}/{package}.go"),
            &format!("package {package}\n\nfunc {function}() int {{ return {number} }}\n"),
        );
    }

    /// Where a file is.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.dir.path().join(path)
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// The layer of the runtime, which every binary holds; made once.
    pub(crate) fn std(&self) -> PathBuf {
        static STD: OnceLock<PathBuf> = OnceLock::new();
        let layer = STD.get_or_init(|| {
            let parts = self.dir.path().join("std");
            fs::write(&parts, "runtime\n").unwrap();
            // The next run replaces it: nobody removes the directory of a static value.
            let name = concat!("layer-of-std-", env!("CARGO_CRATE_NAME"));
            let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
            let _ = fs::remove_dir_all(&out);
            fs::create_dir_all(&out).unwrap();
            let output = self
                .compile_command(&parts, &out, &format!("--layer {}", out.display()))
                .output()
                .unwrap();
            assert!(
                output.status.success(),
                "{}",
                String::from_utf8_lossy(&output.stderr)
            );
            out
        });
        layer.join("runtime")
    }

    /// Compiles the libraries into a layer.
    pub(crate) fn compile(&self, parents: &[&Path], mount: Option<&Path>) -> Step {
        let (out, mut command) = self.compile_step(parents, mount);
        let output = command.output().unwrap();
        Step { out, output }
    }

    /// The same into a layer in this directory.
    pub(crate) fn compile_at(&self, layer: &Path, parents: &[&Path], mount: Option<&Path>) -> Step {
        let out = tempfile::tempdir_in(layer).unwrap();
        let cache = tiers(parents, mount, &format!("--layer {}", out.path().display()));
        let output = self
            .compile_command(&self.dir.path().join("parts"), out.path(), &cache)
            .output()
            .unwrap();
        Step { out, output }
    }

    /// Of [`Self::compile`], to be run.
    pub(crate) fn compile_step(
        &self,
        parents: &[&Path],
        mount: Option<&Path>,
    ) -> (TempDir, Command) {
        let out = tempfile::tempdir().unwrap();
        let cache = tiers(parents, mount, &format!("--layer {}", out.path().display()));
        let command = self.compile_command(&self.dir.path().join("parts"), out.path(), &cache);
        (out, command)
    }

    /// Compiles the libraries into the mount alone.
    pub(crate) fn compile_into_mount(&self, parents: &[&Path], mount: &Path) -> Step {
        let out = tempfile::tempdir().unwrap();
        let cache = tiers(
            parents,
            Some(mount),
            &format!("--discard {}", out.path().display()),
        );
        let output = self
            .compile_command(&self.dir.path().join("parts"), Path::new("-"), &cache)
            .output()
            .unwrap();
        Step { out, output }
    }

    /// Compiles the main and links it.
    pub(crate) fn link(&self, parents: &[&Path], mount: Option<&Path>) -> Step {
        let out = tempfile::tempdir().unwrap();
        let mut go = self.command(
            "go",
            &tiers(
                parents,
                mount,
                &format!("--discard {}", out.path().display()),
            ),
        );
        go.args(["build", "-v"])
            .args(FLAGS)
            .arg("-o")
            .arg(out.path().join("m"))
            .arg(".");
        let output = go.output().unwrap();
        Step { out, output }
    }

    /// The binary that the go command makes without the program.
    pub(crate) fn plain(&self) -> Vec<u8> {
        let out = tempfile::tempdir().unwrap();
        let binary = out.path().join("m");
        let mut go = Command::new("go");
        go.current_dir(self.dir.path())
            .env_remove("GOCACHEPROG")
            .env_remove("GOFLAGS")
            .envs(ENVIRONMENT);
        go.env("GOTOOLCHAIN", self.toolchain);
        let output = go
            .arg("build")
            .args(FLAGS)
            .arg("-o")
            .arg(&binary)
            .arg(".")
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        fs::read(binary).unwrap()
    }

    fn compile_command(&self, parts: &Path, out: &Path, cache: &str) -> Command {
        let mut command = self.command(env!("CARGO_BIN_EXE_gowork-cache"), cache);
        command.arg("compile").arg(parts).arg(out).args(FLAGS);
        command
    }

    pub(crate) fn command(&self, program: &str, cache: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.dir.path()).env(
            "GOCACHEPROG",
            format!("{} {cache} --stats", env!("CARGO_BIN_EXE_gowork-cache")),
        );
        command
            .env_remove("GOFLAGS")
            .env("GOCACHE", self.dir.path().join(".gocache"))
            .envs(ENVIRONMENT);
        command
            .env("GOTOOLCHAIN", self.toolchain)
            .stdin(Stdio::null());
        command
    }
}

fn tiers(parents: &[impl AsRef<Path>], mount: Option<&Path>, results: &str) -> String {
    let parents = parents
        .iter()
        .map(|parent| format!("--parent {} ", parent.as_ref().display()));
    let mount = mount
        .into_iter()
        .map(|mount| format!("--mount {} ", mount.display()));
    parents.chain(mount).collect::<String>() + results
}

impl Step {
    /// The layers of a compile step.
    pub(crate) fn parts(&self) -> Vec<PathBuf> {
        fs::read_dir(self.out.path())
            .unwrap()
            .map(|part| part.unwrap().path())
            .collect()
    }

    /// What it wrote on standard error.
    pub(crate) fn said(&self) -> String {
        build::said(&self.output)
    }

    /// The counts of its last go command.
    pub(crate) fn counts(&self) -> Counts {
        let said = self.said();
        let line = said
            .lines()
            .rfind(|line| line.ends_with(" from the mount"))
            .unwrap_or_else(|| panic!("no counts: {said}"));
        let numbers: Vec<u32> = line
            .split(|c: char| !c.is_ascii_digit())
            .filter_map(|number| number.parse().ok())
            .collect();
        Counts {
            hits: numbers[0],
            misses: numbers[1],
            puts: numbers[2],
            taken: numbers[3],
        }
    }

    /// The packages that a link compiled.
    pub(crate) fn compiled(&self) -> Vec<String> {
        self.said()
            .lines()
            .filter(|line| line.starts_with("example.com/"))
            .map(ToOwned::to_owned)
            .collect()
    }

    /// The binary of a link, if it succeeded.
    pub(crate) fn binary(&self) -> Option<Vec<u8>> {
        self.output
            .status
            .success()
            .then(|| fs::read(self.out.path().join("m")).unwrap())
    }
}

/// Mode, time and content of everything below `root`, by path.
pub(crate) fn snapshot(root: &Path) -> BTreeMap<PathBuf, (u32, i64, Vec<u8>)> {
    let mut found = BTreeMap::new();
    let mut open = vec![root.to_path_buf()];
    while let Some(path) = open.pop() {
        let metadata = fs::metadata(&path).unwrap();
        let content = if metadata.is_dir() {
            Vec::new()
        } else {
            fs::read(&path).unwrap()
        };
        if metadata.is_dir() {
            open.extend(
                fs::read_dir(&path)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
        }
        found.insert(
            path.strip_prefix(root).unwrap().to_path_buf(),
            (metadata.mode(), metadata.mtime(), content),
        );
    }
    found
}
