//! The same world's steps as a build has them that compiles at once: described, each with its layer, and what goes ahead of them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{FLAGS, World, snapshot, tiers};

const PROGRAM: &str = env!("CARGO_BIN_EXE_gowork-cache");
/// The steps of the module's libraries, and what each reads besides the runtime.
const STEPS: [(&str, &[&str]); 3] = [("b", &[]), ("a", &["b"]), ("c", &[])];

/// Mode, time and content by path.
pub(crate) type Snapshot = BTreeMap<PathBuf, (u32, i64, Vec<u8>)>;

/// The world's steps, run one after another as a build does.
pub(crate) struct Build<'a> {
    world: &'a World,
    mount: Option<&'a Path>,
    pub(crate) layers: TempDir,
}

impl<'a> Build<'a> {
    pub(crate) fn new(world: &'a World, mount: Option<&'a Path>) -> Self {
        Build { world, mount, layers: tempfile::tempdir().unwrap() }
    }

    /// A build that has std from elsewhere: the layer of its only part.
    pub(crate) fn with_std(world: &'a World, mount: &'a Path, part: &Path) -> Self {
        let build = Build::new(world, Some(mount));
        std::os::unix::fs::symlink(part.parent().unwrap(), build.layers.path().join("runtime")).unwrap();
        build
    }

    /// A build of which std is compiled.
    pub(crate) fn begun(world: &'a World, mount: &'a Path) -> Self {
        let build = Build::new(world, Some(mount));
        succeeds(&build.std());
        build
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.layers.path().join(name);
        fs::write(&path, text).unwrap();
        path
    }

    /// The layer of a step, where its only part is.
    pub(crate) fn part(&self, step: &str) -> PathBuf {
        self.layers.path().join(step).join(dir_name(step))
    }

    fn tiers(&self, parents: &[&str], results: &str) -> String {
        let parents: Vec<PathBuf> = parents.iter().map(|step| self.part(step)).collect();
        tiers(&parents, self.mount, results)
    }

    fn run(&self, words: &[&str], tiers: &str) -> Output {
        self.world.command(PROGRAM, tiers).args(words).output().unwrap()
    }

    /// Compiles a package into its layer.
    fn compile(&self, step: &str, package: &str, description: &Value, parents: &[&str]) -> Output {
        let out = self.layers.path().join(step);
        fs::create_dir(&out).unwrap();
        let parts = self.file("parts", &format!("{package}\n"));
        let described = format!("--step={}", self.file("step.json", &description.to_string()).display());
        let words = ["compile", &described, parts.to_str().unwrap(), out.to_str().unwrap(), FLAGS[0], FLAGS[1]];
        self.run(&words, &self.tiers(parents, &format!("--own {}", out.display())))
    }

    /// Compiles the runtime into its layer.
    pub(crate) fn std(&self) -> Output {
        self.compile("runtime", "runtime", &std_step(), &[])
    }

    pub(crate) fn library(&self, name: &str) -> Output {
        let (_, reads) = STEPS.into_iter().find(|(step, _)| *step == name).unwrap();
        let parents = [reads, &["runtime"]].concat();
        self.compile(name, &format!("example.com/m/{name}"), &library(self.world, name, reads), &parents)
    }

    /// Compiles the libraries until one fails.
    pub(crate) fn libraries(&self) -> Vec<Output> {
        let mut outputs = Vec::new();
        for (name, _) in STEPS {
            outputs.push(self.library(name));
            if !outputs.last().unwrap().status.success() {
                break;
            }
        }
        outputs
    }

    /// All steps, one after another: the binary, or what the step says that fails.
    pub(crate) fn all(&self) -> Result<Vec<u8>, String> {
        let (linked, binary) = match self.libraries().into_iter().find(|output| !output.status.success()) {
            Some(failed) => (failed, Vec::new()),
            None => self.link(),
        };
        if linked.status.success() { Ok(binary) } else { Err(said(&linked)) }
    }

    /// Links, and returns the binary.
    pub(crate) fn link(&self) -> (Output, Vec<u8>) {
        let binary = self.layers.path().join("bin/m");
        let step = format!("--step={}", self.file("step.json", &link(self.world).to_string()).display());
        let mount = format!("--mount={}", self.mount.unwrap().display());
        let path = binary.to_str().unwrap();
        let words = ["link", &step, &mount, path, "go", "build", FLAGS[0], FLAGS[1], "-o", path, "."];
        let results = format!("--discard {}", self.layers.path().display());
        let output = self.run(&words, &tiers(&self.parents_of_link(), None, &results));
        (output, fs::read(&binary).unwrap_or_default())
    }

    fn parents_of_link(&self) -> Vec<PathBuf> {
        ["a", "b", "c", "runtime"].map(|step| self.part(step)).into()
    }

    pub(crate) fn layers_of_link(&self) -> Vec<Snapshot> {
        self.parents_of_link().iter().map(|part| snapshot(part)).collect()
    }

    /// Runs it with the layers of some steps; the others have to run. Returns what is left besides the mount.
    pub(crate) fn ahead(&self, at_hand: &[&str]) -> (Output, Vec<PathBuf>) {
        let ([_layers, scratch], mut command) = self.ahead_command(at_hand);
        let output = command.output().unwrap();
        let left = fs::read_dir(scratch.path()).unwrap().map(|entry| entry.unwrap().file_name().into());
        (output, left.collect())
    }

    /// The same, to be run, with the directories of the layers and for what it writes.
    pub(crate) fn ahead_command(&self, at_hand: &[&str]) -> ([TempDir; 2], Command) {
        let steps: Vec<Value> =
            [std_step()].into_iter().chain(STEPS.map(|(name, reads)| library(self.world, name, reads))).collect();
        let layers = tempfile::tempdir().unwrap();
        for (number, step) in ["runtime"].into_iter().chain(STEPS.map(|(name, _)| name)).enumerate() {
            if at_hand.contains(&step) {
                std::os::unix::fs::symlink(self.layers.path().join(step), layers.path().join(number.to_string())).unwrap();
            }
        }
        let mut main = link(self.world);
        main["package"] = json!("example.com/m");
        main["binary"] = json!("m");
        main["flags"] = json!(FLAGS);
        let list = json!({ "steps": steps, "links": [main] });
        let list = self.file("ahead.json", &list.to_string());
        let scratch = tempfile::tempdir().unwrap();
        let dir = scratch.path().to_str().unwrap();
        let words = ["ahead", list.to_str().unwrap(), dir, layers.path().to_str().unwrap()];
        let mut command = self.world.command(PROGRAM, &self.tiers(&[], &format!("--discard {dir}")));
        command.args(words);
        ([layers, scratch], command)
    }
}

fn std_step() -> Value {
    json!({ "name": "runtime", "salt": FLAGS, "parts": [["runtime"]], "brings_others": true })
}

fn dir_name(step: &str) -> String {
    if step == "runtime" { step.to_owned() } else { format!("example.com!m!{step}") }
}

fn library(world: &World, name: &str, reads: &[&str]) -> Value {
    let own = file(world, &format!("{name}/{name}.go"));
    let reads: Vec<String> = reads.iter().chain(&["runtime"]).map(|step| dir_name(step)).collect();
    json!({ "name": name, "salt": FLAGS, "parts": [[format!("example.com/m/{name}")]], "own": [own], "reads": reads })
}

fn file(world: &World, name: &str) -> Value {
    json!([name, world.path(name)])
}

fn link(world: &World) -> Value {
    let reads = ["a", "b", "c", "runtime"].map(dir_name);
    json!({ "name": "m", "salt": FLAGS, "own": [file(world, "go.mod"), file(world, "main.go")], "reads": reads })
}

pub(crate) fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

pub(crate) fn succeeds(output: &Output) {
    assert!(output.status.success(), "{}", said(output));
}
