//! The same world's steps as a build has them that compiles at once: described, each with its
//! layer, and what compiles them in one batch.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use gowork_step::{Batch, Description, LinkDescription, OwnFile, Version, part_dir, to_json};
use tempfile::TempDir;

use super::{FLAGS, World, snapshot, tiers};

const PROGRAM: &str = env!("CARGO_BIN_EXE_gowork-cache");
/// The steps of the module's libraries, and what each reads in addition to the runtime.
const STEPS: [(&str, &[&str]); 3] = [("b", &[]), ("a", &["b"]), ("c", &[])];

/// Mode, time and content by path.
pub(crate) type Snapshot = BTreeMap<PathBuf, (u32, i64, Vec<u8>)>;

/// The world's steps, run one after another as a build does.
pub(crate) struct Build<'a> {
    world: &'a World,
    mount: Option<&'a Path>,
    /// A results image, for the batch.
    pub(crate) image: Option<&'a Path>,
    pub(crate) layers: TempDir,
}

impl<'a> Build<'a> {
    pub(crate) fn new(world: &'a World, mount: Option<&'a Path>) -> Self {
        Build {
            world,
            mount,
            image: None,
            layers: tempfile::tempdir().unwrap(),
        }
    }

    /// A build that has std from elsewhere: the layer of its only part.
    pub(crate) fn with_std(world: &'a World, mount: &'a Path, part: &Path) -> Self {
        let build = Build::new(world, Some(mount));
        std::os::unix::fs::symlink(part.parent().unwrap(), build.layers.path().join("runtime"))
            .unwrap();
        build
    }

    /// A build whose std is compiled already.
    pub(crate) fn begun(world: &'a World, mount: &'a Path) -> Self {
        let build = Build::new(world, Some(mount));
        succeeds(&build.std());
        build
    }

    fn file(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
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
        self.world
            .command(PROGRAM, tiers)
            .args(words)
            .output()
            .unwrap()
    }

    /// Compiles a package into its layer.
    fn compile(
        &self,
        step: &str,
        package: &str,
        description: &Description,
        parents: &[&str],
    ) -> Output {
        let out = self.layers.path().join(step);
        fs::create_dir(&out).unwrap();
        let parts = self.file("parts", format!("{package}\n"));
        let described = format!(
            "--step={}",
            self.file("step.json", to_json(description)).display()
        );
        let words = [
            "compile",
            &described,
            parts.to_str().unwrap(),
            out.to_str().unwrap(),
            FLAGS[0],
            FLAGS[1],
        ];
        self.run(
            &words,
            &self.tiers(parents, &format!("--layer {}", out.display())),
        )
    }

    /// Compiles the runtime into its layer.
    pub(crate) fn std(&self) -> Output {
        self.compile("runtime", "runtime", &std_step(), &[])
    }

    pub(crate) fn library(&self, name: &str) -> Output {
        let (_, reads) = STEPS.into_iter().find(|(step, _)| *step == name).unwrap();
        let parents = [reads, &["runtime"]].concat();
        self.compile(
            name,
            &format!("example.com/m/{name}"),
            &library(self.world, name, reads),
            &parents,
        )
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
        let (linked, binary) = match self
            .libraries()
            .into_iter()
            .find(|output| !output.status.success())
        {
            Some(failed) => (failed, Vec::new()),
            None => self.link(),
        };
        if linked.status.success() {
            Ok(binary)
        } else {
            Err(said(&linked))
        }
    }

    /// Links, and returns the binary.
    pub(crate) fn link(&self) -> (Output, Vec<u8>) {
        let binary = self.layers.path().join("bin/m");
        let step = format!(
            "--step={}",
            self.file("step.json", to_json(&link(self.world))).display()
        );
        let mount = format!("--mount={}", self.mount.unwrap().display());
        let path = binary.to_str().unwrap();
        let words = [
            "link", &step, &mount, path, "go", "build", FLAGS[0], FLAGS[1], "-o", path, ".",
        ];
        let results = format!("--discard {}", self.layers.path().display());
        let output = self.run(&words, &tiers(&self.parents_of_link(), None, &results));
        (output, fs::read(&binary).unwrap_or_default())
    }

    fn parents_of_link(&self) -> Vec<PathBuf> {
        ["a", "b", "c", "runtime"]
            .map(|step| self.part(step))
            .into()
    }

    pub(crate) fn layers_of_link(&self) -> Vec<Snapshot> {
        self.parents_of_link()
            .iter()
            .map(|part| snapshot(part))
            .collect()
    }

    /// Runs the batch with the layers of some steps; the others have to run. Returns what is left
    /// outside the mount.
    pub(crate) fn batch(&self, at_hand: &[&str]) -> (Output, Vec<PathBuf>) {
        let ([_layers, scratch], mut command) = self.batch_command(at_hand);
        let output = command.output().unwrap();
        let left = fs::read_dir(scratch.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into());
        (output, left.collect())
    }

    /// The same, to be run, with the directories of the layers and for what it writes.
    pub(crate) fn batch_command(&self, at_hand: &[&str]) -> ([TempDir; 2], Command) {
        let steps: Vec<Description> = [std_step()]
            .into_iter()
            .chain(STEPS.map(|(name, reads)| library(self.world, name, reads)))
            .collect();
        let layers = tempfile::tempdir().unwrap();
        for (number, step) in ["runtime"]
            .into_iter()
            .chain(STEPS.map(|(name, _)| name))
            .enumerate()
        {
            if at_hand.contains(&step) {
                std::os::unix::fs::symlink(
                    self.layers.path().join(step),
                    layers.path().join(number.to_string()),
                )
                .unwrap();
            }
        }
        let main = LinkDescription {
            step: link(self.world),
            package: "example.com/m".to_owned(),
            binary: "m".to_owned(),
            flags: FLAGS.map(ToOwned::to_owned).into(),
        };
        let batch = Batch {
            version: Version,
            steps,
            links: vec![main],
        };
        let list = self.file("batch.json", to_json(&batch));
        let scratch = tempfile::tempdir().unwrap();
        let dir = scratch.path().to_str().unwrap();
        let words = [
            "batch",
            list.to_str().unwrap(),
            dir,
            layers.path().to_str().unwrap(),
        ];
        let image = match self.image {
            Some(image) => format!("--results-image {} ", image.display()),
            None => String::new(),
        };
        let results = format!("{image}--discard {dir}");
        let mut command = self.world.command(PROGRAM, &self.tiers(&[], &results));
        command.args(words);
        ([layers, scratch], command)
    }
}

/// A step with nothing of its own.
fn step(name: &str) -> Description {
    Description {
        version: Version,
        name: name.to_owned(),
        salt: FLAGS.map(ToOwned::to_owned).into(),
        parts: Vec::new(),
        brings_others: false,
        own: Vec::new(),
        reads: Vec::new(),
    }
}

fn std_step() -> Description {
    Description {
        parts: vec![vec!["runtime".to_owned()]],
        brings_others: true,
        ..step("runtime")
    }
}

fn import_path(step: &str) -> String {
    if step == "runtime" {
        step.to_owned()
    } else {
        format!("example.com/m/{step}")
    }
}

fn dir_name(step: &str) -> String {
    part_dir(&[import_path(step)])
}

fn library(world: &World, name: &str, reads: &[&str]) -> Description {
    Description {
        parts: vec![vec![import_path(name)]],
        own: vec![file(world, &format!("{name}/{name}.go"))],
        reads: reads
            .iter()
            .chain(&["runtime"])
            .map(|step| dir_name(step))
            .collect(),
        ..step(name)
    }
}

fn file(world: &World, name: &str) -> OwnFile {
    OwnFile {
        name: name.to_owned(),
        at: world.path(name).to_str().unwrap().to_owned(),
    }
}

fn link(world: &World) -> Description {
    let reads = ["a", "b", "c", "runtime"].map(dir_name).into();
    Description {
        own: vec![file(world, "go.mod"), file(world, "main.go")],
        reads,
        ..step("m")
    }
}

pub(crate) fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

pub(crate) fn succeeds(output: &Output) {
    assert!(output.status.success(), "{}", said(output));
}
