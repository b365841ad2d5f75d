//! `gowork-cache ahead` with the real go command: the steps after it find everything, and leave what they would have left without it.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests document themselves and fail where they cannot go on"
)]

mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::thread;
use std::time::Duration;

use gowork_cache::turns::{Turn, Turns};
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

    fn library(&self, name: &str) -> Output {
        let (_, reads) = STEPS.into_iter().find(|(step, _)| *step == name).unwrap();
        let parents = [reads, &["runtime"]].concat();
        self.compile(name, &format!("example.com/m/{name}"), &library(self.world, name, reads), &parents)
    }

    /// Compiles the libraries until one fails.
    fn libraries(&self) -> Vec<Output> {
        let mut outputs = Vec::new();
        for (name, _) in STEPS {
            outputs.push(self.library(name));
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

    /// Runs it with the layers of some steps; the others have to run. Returns what is left besides the mount.
    fn ahead(&self, at_hand: &[&str]) -> (Output, Vec<PathBuf>) {
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
        let output = self.run(&words, &self.tiers(&[], &format!("--discard {dir}")));
        let left = fs::read_dir(scratch.path()).unwrap().map(|entry| entry.unwrap().file_name().into());
        (output, left.collect())
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
        let (output, left) = build.ahead(&["runtime"]);
        succeeds(&output);
        assert_eq!((said(&output).as_str(), left), ("", vec![]), "nothing is left but the mount");
        let (ran, taken, binary) = steps(&build);
        assert!(!ran, "everything is taken");
        assert!(taken == layers, "a layer is another for being taken");
        assert!(binary == world.plain());
    }
}

#[test]
fn what_layers_hold_is_not_made_again() {
    let world = World::new();
    let (first, plain, empty) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let build = Build::begun(&world, first.path());
    steps(&build);
    world.edit("b", 5);
    // What an empty builder has: a cache that it imported, and no mount.
    let again = Build::new(&world, Some(empty.path()));
    for step in ["runtime", "c"] {
        std::os::unix::fs::symlink(build.layers.path().join(step), again.layers.path().join(step)).unwrap();
    }
    let (output, left) = again.ahead(&["runtime", "c"]);
    succeeds(&output);
    assert_eq!((said(&output).as_str(), left), ("", vec![]));
    let names = |dir: &Path| -> BTreeSet<OsString> {
        snapshot(dir)
            .into_keys()
            .filter_map(|path| path.file_name().filter(|name| name.len() == 64).map(ToOwned::to_owned))
            .collect()
    };
    let made = names(&empty.path().join("1/o"));
    assert!(!made.is_empty());
    for step in ["runtime", "c"] {
        assert!(made.is_disjoint(&names(&build.part(step))), "{step}");
    }
    let outputs = ["b", "a"].map(|step| again.library(step));
    let (linked, binary) = again.link();
    outputs.iter().chain([&linked]).for_each(succeeds);
    assert!(!outputs.iter().chain([&linked]).any(ran_go) && binary == world.plain());
    let build = Build::begun(&world, plain.path());
    assert!(steps(&build).1 == again.layers_of_link());
}

/// A step of std brings packages along that nobody has named: only it can tell which.
#[test]
fn std_is_left_to_its_step() {
    let world = World::new();
    let mount = tempfile::tempdir().unwrap();
    let (output, _) = Build::new(&world, Some(mount.path())).ahead(&[]);
    succeeds(&output);
    assert!(!mount.path().join("1/a").exists());
}

#[test]
fn it_waits_for_steps_that_run_and_the_others_for_it() {
    let world = World::new();
    let mount = tempfile::tempdir().unwrap();
    let build = Build::begun(&world, mount.path());
    let turns = Turns::new(mount.path());
    let waits = |turn, what: &(dyn Fn() -> Output + Sync)| {
        let held = turns.say(turn, "b").unwrap();
        thread::scope(|scope| {
            let running = scope.spawn(what);
            thread::sleep(Duration::from_millis(500));
            assert!(!running.is_finished());
            drop(held);
            succeeds(&running.join().unwrap());
        });
    };
    waits(Turn::Runs, &|| build.ahead(&["runtime"]).0);
    waits(Turn::Ahead, &|| build.library("b"));
}

#[test]
fn an_error_is_left_to_the_step_that_it_belongs_to() {
    let world = World::new();
    let mount = tempfile::tempdir().unwrap();
    let build = Build::begun(&world, mount.path());
    world.write("c/c.go", "package c\n\nfunc C() int { return \"no number\" }\n");
    let (output, _) = build.ahead(&["runtime"]);
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
        succeeds(&build.ahead(&["runtime"]).0);
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
