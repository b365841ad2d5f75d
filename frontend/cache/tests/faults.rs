//! Random faults, with the real go command. Whatever happens to a mount, to layers and to the steps
//! that use them, a build makes the right binary or fails with an error, and the next build succeeds. `GOWORK_FAULTS=1000` tries more of them than the tests do each time; `GOWORK_FAULTS_SEED`
//! repeats a series.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests document themselves and fail where they cannot go on"
)]

mod world;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use world::harm::{Mounted, damage, is_root, kill};
use world::{Step, World, build};

/// Faults where nothing else is asked for.
const FEW: u64 = 40;
/// Numbers that `b` and `c` return: each pair is another binary.
const NUMBERS: u32 = 3;

/// What happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    /// Files of the mount are cut, flipped, emptied, removed, swapped, or directories are in their
    /// place.
    MountDamaged,
    /// The same while a build runs.
    MountDamagedMeanwhile,
    /// All files of the mount are removed while a build runs.
    MountPrunedMeanwhile,
    /// The mount is read-only.
    MountReadOnly,
    /// The mount's disk is full, or becomes so.
    MountFull,
    /// The disk that the step's layer is on becomes full.
    LayerFull,
    /// Files of a layer that later steps read are damaged.
    LayerDamaged,
    /// A compile step is killed.
    StepKilled,
    /// The batch is killed while the steps run.
    BatchKilled,
    /// Two steps use the mount at once, of different sources.
    TwoAtOnce,
    /// A results image of the same or other sources is damaged.
    ImageDamaged,
}

const FAULTS: [Fault; 11] = [
    Fault::MountDamaged,
    Fault::MountDamagedMeanwhile,
    Fault::MountPrunedMeanwhile,
    Fault::MountReadOnly,
    Fault::MountFull,
    Fault::LayerFull,
    Fault::LayerDamaged,
    Fault::StepKilled,
    Fault::BatchKilled,
    Fault::TwoAtOnce,
    Fault::ImageDamaged,
];

/// How a build goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Compile into a layer, link from it.
    Layers,
    /// Compile into the mount, link from it.
    MountAlone,
    /// Step by step into layers, beside what compiles all of them at once.
    AtOnce,
}

/// How a case ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    Right,
    ClearError,
}

/// What a series of faults shares: sources, a mount that lives through all of them, and what
/// binaries have to be.
struct Series {
    world: World,
    other: World,
    mount: PathBuf,
    dir: tempfile::TempDir,
    right: BTreeMap<(u32, u32), Vec<u8>>,
    random: fastrand::Rng,
}

impl Series {
    fn new(seed: u64) -> Series {
        let dir = tempfile::tempdir().unwrap();
        let (world, other) = (World::new(), World::new());
        let mut right = BTreeMap::new();
        for (b, c) in (1..=NUMBERS).flat_map(|b| (1..=NUMBERS).map(move |c| (b, c))) {
            world.edit("b", b);
            world.edit("c", c);
            right.insert((b, c), world.plain());
        }
        let mount = dir.path().join("mount");
        fs::create_dir(&mount).unwrap();
        Series {
            world,
            other,
            mount,
            dir,
            right,
            random: fastrand::Rng::with_seed(seed),
        }
    }

    fn pick(&mut self) -> (u32, u32) {
        (self.random.u32(1..=NUMBERS), self.random.u32(1..=NUMBERS))
    }

    /// One fault in a build of random sources, then a build without one.
    fn case(&mut self, fault: Fault) -> End {
        let sources = self.pick();
        edit(&self.world, sources);
        let end = match self.build_with(fault) {
            Ok(binary) => {
                assert!(binary == self.right[&sources], "{fault:?}: a wrong binary");
                End::Right
            }
            Err(said) => {
                assert!(
                    said.lines().any(|line| line.contains("gowork-cache: ")
                        || line.contains("go: ")
                        || line.contains(": ")),
                    "{fault:?}: no words: {said:?}"
                );
                End::ClearError
            }
        };
        // Whatever was left behind, the next build succeeds.
        let sources = self.pick();
        edit(&self.world, sources);
        let mount = self.mount.clone();
        let well = self.build_somehow(&mount);
        let binary = well.unwrap_or_else(|said| panic!("after {fault:?}: {said}"));
        assert!(
            binary == self.right[&sources],
            "after {fault:?}: a wrong binary"
        );
        end
    }

    fn build_with(&mut self, fault: Fault) -> Result<Vec<u8>, String> {
        let mount = self.mount.clone();
        match fault {
            Fault::MountDamaged => {
                damage(&mount, &mut self.random, 0.2);
                self.build_somehow(&mount)
            }
            Fault::MountDamagedMeanwhile => {
                self.meanwhile(|mount, random| damage(mount, random, 0.1))
            }
            Fault::MountPrunedMeanwhile => {
                self.meanwhile(|mount, _| _ = fs::remove_dir_all(mount.join("1")))
            }
            Fault::MountReadOnly => {
                let disk = Mounted::bind_read_only(&mount, &self.dir.path().join("read-only"));
                let way = if self.random.bool() {
                    Way::Layers
                } else {
                    Way::AtOnce
                };
                self.build(way, &disk.dir)
            }
            Fault::MountFull => {
                let kilobytes = self.random.u32(0..80);
                let disk = Mounted::small(&self.dir.path().join("small"), kilobytes);
                self.build_somehow(&disk.dir)
            }
            Fault::LayerFull => {
                let kilobytes = self.random.u32(4..60);
                let disk = Mounted::small(&self.dir.path().join("small"), kilobytes);
                let step = self
                    .world
                    .compile_at(&disk.dir, &[&self.world.std()], Some(&mount));
                self.link_of(step)
            }
            Fault::LayerDamaged => {
                let step = self.world.compile(&[&self.world.std()], Some(&mount));
                damage(step.out.path(), &mut self.random, 0.3);
                self.link_of(step)
            }
            Fault::StepKilled => self.killed(),
            Fault::BatchKilled => self.batch_killed(),
            Fault::TwoAtOnce => self.two_at_once(),
            Fault::ImageDamaged => self.image_damaged(),
        }
    }

    fn way(&mut self) -> Way {
        [Way::Layers, Way::MountAlone, Way::AtOnce][self.random.usize(0..3)]
    }

    fn build_somehow(&mut self, mount: &Path) -> Result<Vec<u8>, String> {
        let way = self.way();
        self.build(way, mount)
    }

    fn build(&self, way: Way, mount: &Path) -> Result<Vec<u8>, String> {
        match way {
            Way::Layers => self.layers(mount),
            Way::MountAlone => self.mount_alone(mount),
            Way::AtOnce => self.at_once(mount, None),
        }
    }

    fn at_once(&self, mount: &Path, image: Option<&Path>) -> Result<Vec<u8>, String> {
        let mut build = build::Build::with_std(&self.world, mount, &self.world.std());
        build.image = image;
        thread::scope(|scope| {
            let batch = scope.spawn(|| build.batch(&["runtime"]).0);
            let made = build.all();
            // Errors are left to the steps.
            build::succeeds(&batch.join().unwrap());
            made
        })
    }

    fn layers(&self, mount: &Path) -> Result<Vec<u8>, String> {
        self.link_of(self.world.compile(&[&self.world.std()], Some(mount)))
    }

    fn link_of(&self, step: Step) -> Result<Vec<u8>, String> {
        if !step.output.status.success() {
            return Err(step.said());
        }
        let parts = step.parts();
        let parents: Vec<PathBuf> = parts.into_iter().chain([self.world.std()]).collect();
        let parents: Vec<&Path> = parents.iter().map(PathBuf::as_path).collect();
        finish(&self.world.link(&parents, None))
    }

    fn mount_alone(&self, mount: &Path) -> Result<Vec<u8>, String> {
        let step = self.world.compile_into_mount(&[&self.world.std()], mount);
        if !step.output.status.success() {
            return Err(step.said());
        }
        finish(&self.world.link(&[&self.world.std()], Some(mount)))
    }

    /// A build beside which `harm` is done again and again.
    fn meanwhile(
        &mut self,
        harm: impl Fn(&Path, &mut fastrand::Rng) + Sync,
    ) -> Result<Vec<u8>, String> {
        let done = AtomicBool::new(false);
        let mount = self.mount.clone();
        let mut random = self.random.fork();
        let way = self.way();
        thread::scope(|scope| {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    harm(&mount, &mut random);
                    thread::sleep(Duration::from_millis(random.u64(0..20)));
                }
            });
            let made = self.build(way, &mount);
            done.store(true, Ordering::Relaxed);
            made
        })
    }

    /// A compile step that is killed at a random moment, and run again as an engine would: in a new
    /// place.
    fn killed(&mut self) -> Result<Vec<u8>, String> {
        let (out, mut command) = self
            .world
            .compile_step(&[&self.world.std()], Some(&self.mount));
        // The go command and what it started die with it, as in a container that is stopped.
        let mut step = command
            .process_group(0)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        thread::sleep(Duration::from_micros(self.random.u64(0..400_000)));
        let ended = kill(&mut step);
        if !ended.success() {
            // What it left is no layer: the link must not take anything wrong from it.
            let left: Vec<PathBuf> = fs::read_dir(out.path())
                .unwrap()
                .map(|part| part.unwrap().path())
                .chain([out.path().to_path_buf()])
                .collect();
            let parents: Vec<PathBuf> = left.into_iter().chain([self.world.std()]).collect();
            let parents: Vec<&Path> = parents.iter().map(PathBuf::as_path).collect();
            return finish(&self.world.link(&parents, None));
        }
        let mount = self.mount.clone();
        self.layers(&mount)
    }

    fn batch_killed(&mut self) -> Result<Vec<u8>, String> {
        let (mount, std) = (self.mount.clone(), self.world.std());
        let pause = Duration::from_micros(self.random.u64(0..800_000));
        let build = build::Build::with_std(&self.world, &mount, &std);
        let (_dirs, mut command) = build.batch_command(&["runtime"]);
        let mut batch = command
            .process_group(0)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        thread::scope(|scope| {
            let made = scope.spawn(|| build.all());
            thread::sleep(pause);
            kill(&mut batch);
            made.join().unwrap()
        })
    }

    /// A builder with nothing in its mount reads a damaged results image.
    fn image_damaged(&mut self) -> Result<Vec<u8>, String> {
        let (before, mount) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let exported = self.pick();
        edit(&self.other, exported);
        let image = build::Build::with_std(&self.other, before.path(), &self.world.std());
        image.all()?;
        let layers = image.layers.path();
        fs::remove_file(layers.join("runtime")).unwrap();
        damage(layers, &mut self.random, 0.3);
        self.at_once(mount.path(), Some(layers))
    }

    fn two_at_once(&mut self) -> Result<Vec<u8>, String> {
        let others = self.pick();
        edit(&self.other, others);
        thread::scope(|scope| {
            let other = scope.spawn(|| finish_other(&self.other, &self.mount));
            let mine = self.layers(&self.mount);
            let other = other
                .join()
                .unwrap()
                .unwrap_or_else(|said| panic!("the other of two: {said}"));
            assert!(
                other == self.right[&others],
                "the other of two: a wrong binary"
            );
            mine
        })
    }
}

fn edit(world: &World, (b, c): (u32, u32)) {
    world.edit("b", b);
    world.edit("c", c);
}

fn finish(link: &Step) -> Result<Vec<u8>, String> {
    link.binary().ok_or_else(|| link.said())
}

fn finish_other(world: &World, mount: &Path) -> Result<Vec<u8>, String> {
    let step = world.compile_into_mount(&[&world.std()], mount);
    assert!(step.output.status.success(), "{}", step.said());
    finish(&world.link(&[&world.std()], Some(mount)))
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| {
        text.parse()
            .unwrap_or_else(|_| panic!("{name} must be a number, not {text:?}"))
    })
}

#[test]
fn no_fault_makes_a_wrong_binary() {
    let (count, seed) = (
        number("GOWORK_FAULTS", FEW),
        number("GOWORK_FAULTS_SEED", 1),
    );
    let needs_root = |fault: &Fault| {
        matches!(
            fault,
            Fault::MountReadOnly | Fault::MountFull | Fault::LayerFull
        )
    };
    let faults: Vec<Fault> = FAULTS
        .into_iter()
        .filter(|fault| is_root() || !needs_root(fault))
        .collect();
    let mut series = Series::new(seed);
    let mut ends: BTreeMap<(Fault, End), u32> = BTreeMap::new();
    for fault in faults.iter().cycle().take(count.try_into().unwrap()) {
        *ends.entry((*fault, series.case(*fault))).or_default() += 1;
    }
    println!("{count} faults, seed {seed}:");
    for ((fault, end), times) in ends {
        println!("{times:6} {fault:?}: {end:?}");
    }
}
