//! `gowork-cache ahead` with the real go command: the steps after it find everything, and leave what they would have left without it.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests document themselves and fail where they cannot go on"
)]

mod world;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::{Value, json};
use tempfile::TempDir;
use world::{World, snapshot};

const PROGRAM: &str = env!("CARGO_BIN_EXE_gowork-cache");
const FLAGS: [&str; 2] = ["-trimpath", "-buildvcs=false"];
/// The steps of the module's libraries, and what each reads besides the runtime.
const STEPS: [(&str, &[&str]); 3] = [("b", &[]), ("a", &["b"]), ("c", &[])];

/// Mode, time and content by path.
type Snapshot = BTreeMap<PathBuf, (u32, i64, Vec<u8>)>;

/// The world's steps, run one after another as a build does.
struct Build<'a> {
    world: &'a World,
    mount: Option<&'a Path>,
    layers: TempDir,
}

impl<'a> Build<'a> {
    fn new(world: &'a World, mount: Option<&'a Path>) -> Self {
        Build { world, mount, layers: tempfile::tempdir().unwrap() }
    }

    /// A build of which std is compiled.
    fn begun(world: &'a World, mount: &'a Path) -> Self {
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
    fn part(&self, step: &str) -> PathBuf {
        self.layers.path().join(step).join(dir_name(step))
    }

    fn tiers(&self, parents: &[&str], results: &str) -> String {
        let parents = parents.iter().map(|step| format!("--parent {} ", self.part(step).display()));
        let mount = self.mount.into_iter().map(|mount| format!("--mount {} ", mount.display()));
        parents.chain(mount).collect::<String>() + results
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

    fn std(&self) -> Output {
        self.compile("runtime", "runtime", &std_step(), &[])
    }

    /// Compiles the libraries until one fails.
    fn libraries(&self) -> Vec<Output> {
        let mut outputs = Vec::new();
        for (name, reads) in STEPS {
            let parents = [reads, &["runtime"]].concat();
            outputs.push(self.compile(name, &format!("example.com/m/{name}"), &library(self.world, name, reads), &parents));
            if !outputs.last().unwrap().status.success() {
                break;
            }
        }
        outputs
    }

    /// Links, and returns the binary.
    fn link(&self) -> (Output, Vec<u8>) {
        let binary = self.layers.path().join("bin/m");
        let step = format!("--step={}", self.file("step.json", &link(self.world).to_string()).display());
        let mount = format!("--mount={}", self.mount.unwrap().display());
        let path = binary.to_str().unwrap();
        let words = ["link", &step, &mount, path, "go", "build", FLAGS[0], FLAGS[1], "-o", path, "."];
        let parents = self.parents_of_link();
        let tiers: String = parents.iter().map(|part| format!("--parent {} ", part.display())).collect();
        let output = self.run(&words, &format!("{tiers} --discard {}", self.layers.path().display()));
        (output, fs::read(&binary).unwrap_or_default())
    }

    fn parents_of_link(&self) -> Vec<PathBuf> {
        ["a", "b", "c", "runtime"].map(|step| self.part(step)).into()
    }

    fn layers_of_link(&self) -> Vec<Snapshot> {
        self.parents_of_link().iter().map(|part| snapshot(part)).collect()
    }

    fn ahead(&self) -> Output {
        self.ahead_with(None).0
    }

    /// With the layers of steps that ran, or without; returns what is left besides the mount.
    fn ahead_with(&self, layers: Option<&Path>) -> (Output, Vec<PathBuf>) {
        let steps: Vec<Value> =
            [std_step()].into_iter().chain(STEPS.map(|(name, reads)| library(self.world, name, reads))).collect();
        let mut main = link(self.world);
        main["package"] = json!("example.com/m");
        main["name"] = json!("m");
        main["flags"] = json!(FLAGS);
        let list = json!({ "flags": FLAGS, "steps": steps, "links": [main] });
        let list = self.file("ahead.json", &list.to_string());
        let scratch = tempfile::tempdir().unwrap();
        let dir = scratch.path().to_str().unwrap();
        let words = ["ahead", list.to_str().unwrap(), dir].into_iter().chain(layers.map(|layers| layers.to_str().unwrap()));
        let output = self.run(&words.collect::<Vec<_>>(), &self.tiers(&[], &format!("--discard {dir}")));
        let left = fs::read_dir(scratch.path()).unwrap().map(|entry| entry.unwrap().file_name().into());
        (output, left.collect())
    }
}

fn std_step() -> Value {
    json!({ "salt": FLAGS, "parts": [["runtime"]] })
}

fn dir_name(step: &str) -> String {
    if step == "runtime" { step.to_owned() } else { format!("example.com!m!{step}") }
}

fn library(world: &World, name: &str, reads: &[&str]) -> Value {
    let own = file(world, &format!("{name}/{name}.go"));
    let reads: Vec<String> = reads.iter().chain(&["runtime"]).map(|step| dir_name(step)).collect();
    json!({ "salt": FLAGS, "parts": [[format!("example.com/m/{name}")]], "own": [own], "reads": reads })
}

fn file(world: &World, name: &str) -> Value {
    json!([name, world.path(name)])
}

fn link(world: &World) -> Value {
    let reads = ["a", "b", "c", "runtime"].map(dir_name);
    json!({ "salt": FLAGS, "own": [file(world, "go.mod"), file(world, "main.go")], "reads": reads })
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Whether a go command ran: its cache program says so at its end.
fn ran_go(output: &Output) -> bool {
    said(output).contains(" from the mount")
}

fn succeeds(output: &Output) {
    assert!(output.status.success(), "{}", said(output));
}

/// Runs all steps; returns whether a go command ran in any of them, their layers, and the binary.
fn steps(build: &Build<'_>) -> (bool, Vec<Snapshot>, Vec<u8>) {
    let mut outputs = build.libraries();
    let (linked, binary) = build.link();
    outputs.push(linked);
    outputs.iter().for_each(succeeds);
    (outputs.iter().any(ran_go), build.layers_of_link(), binary)
}

#[test]
fn steps_find_what_was_made_ahead_and_leave_the_same_bytes() {
    let world = World::new();
    let (plain, mount) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for number in [2, 3] {
        world.edit("b", number);
        world.edit("c", number);
        let build = Build::begun(&world, plain.path());
        let (ran, layers, binary) = steps(&build);
        assert!(ran && binary == world.plain());

        let build = Build::begun(&world, mount.path());
        let (output, left) = build.ahead_with(None);
        succeeds(&output);
        assert_eq!((said(&output).as_str(), left), ("", vec![]), "nothing is left but the mount");
        let (ran, taken, binary) = steps(&build);
        assert!(!ran, "everything is taken");
        assert!(taken == layers, "a layer is another for being taken");
        assert!(binary == world.plain());
    }
}

#[test]
fn a_mount_on_which_nothing_was_compiled_is_left_alone() {
    let world = World::new();
    let mount = tempfile::tempdir().unwrap();
    let (output, left) = Build::new(&world, Some(mount.path())).ahead_with(None);
    succeeds(&output);
    assert_eq!(left, [PathBuf::from("unknown")]);
    assert!(!mount.path().join("1/a").exists());
}

#[test]
fn what_a_pruned_mount_has_forgotten_is_learned_from_layers() {
    let world = World::new();
    let (first, pruned) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let build = Build::begun(&world, first.path());
    let (_, layers, _) = steps(&build);
    let numbered = tempfile::tempdir().unwrap();
    for (number, step) in ["runtime", "b", "a", "c"].into_iter().enumerate() {
        std::os::unix::fs::symlink(build.layers.path().join(step), numbered.path().join(number.to_string())).unwrap();
    }
    let again = Build::new(&world, Some(pruned.path()));
    let (output, left) = again.ahead_with(Some(numbered.path()));
    succeeds(&output);
    assert_eq!(left, Vec::<PathBuf>::new());
    // All is known: the steps take it, and nothing is left to be made ahead.
    let results = || snapshot(&pruned.path().join("1/a")).len();
    let before = results();
    succeeds(&again.std());
    let libraries = again.libraries();
    assert!(!libraries.iter().any(ran_go));
    assert!(again.layers_of_link() == layers);
    let (output, left) = again.ahead_with(None);
    succeeds(&output);
    assert_eq!((left, results()), (vec![], before));
}

#[test]
fn what_one_step_does_as_fast_is_left_to_it() {
    let world = World::new();
    let mount = tempfile::tempdir().unwrap();
    let build = Build::begun(&world, mount.path());
    steps(&build);
    let results = || snapshot(&mount.path().join("1/a")).len();
    let before = results();
    succeeds(&build.ahead());
    assert_eq!(results(), before, "everything is known");
    world.edit("c", 9);
    succeeds(&build.ahead());
    assert_eq!(results(), before, "one library and the link");
}

#[test]
fn an_error_is_left_to_the_step_that_it_belongs_to() {
    let world = World::new();
    let mount = tempfile::tempdir().unwrap();
    let build = Build::begun(&world, mount.path());
    world.write("c/c.go", "package c\n\nfunc C() int { return \"no number\" }\n");
    let output = build.ahead();
    succeeds(&output);
    assert_eq!(said(&output), "");
    let outputs = build.libraries();
    let (last, others) = outputs.split_last().unwrap();
    others.iter().for_each(succeeds);
    assert!(!last.status.success() && said(last).contains("c/c.go:3:"), "{}", said(last));
}

#[test]
fn what_the_mount_lost_since_is_made_again() {
    let world = World::new();
    let mount = tempfile::tempdir().unwrap();
    for (turn, damage) in [(0, "removed"), (1, "flipped"), (2, "cut")] {
        world.edit("b", turn + 10);
        world.edit("c", turn + 10);
        let build = Build::begun(&world, mount.path());
        succeeds(&build.ahead());
        let files = snapshot(mount.path()).into_keys().map(|path| mount.path().join(path)).filter(|path| path.is_file());
        for file in files.skip(usize::try_from(turn).unwrap()).step_by(2) {
            let bytes = fs::read(&file).unwrap();
            match damage {
                "removed" => fs::remove_file(&file).unwrap(),
                "cut" => fs::write(&file, &bytes[..bytes.len() / 2]).unwrap(),
                _ => fs::write(&file, bytes.iter().map(|byte| byte ^ 1).collect::<Vec<u8>>()).unwrap(),
            }
        }
        let (_, _, binary) = steps(&build);
        assert!(binary == world.plain(), "{damage}");
    }
}
