//! A made-up workspace of any size, and what each phase from its files to LLB costs: what `cargo
//! xtask bench growth` measures.
//!
//! `cargo run --release -p gowork-llb --example growth -- IMAGES PACKAGES` prints one line of JSON:
//! processor seconds, and the most memory at once, of each phase; and bytes of what is sent and
//! written down. No go command runs: third-party packages are made up, too.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a program that measures and prints"
)]

mod measured;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use gowork_llb::Repository;
use gowork_llb::gomod::{ImportPath, ModulePath};
use gowork_llb::keys::{self, Contents, KeyInput};
use gowork_llb::lower::{LlbInputs, LlbOptions, Lowering};
use gowork_llb::ops::{Platform, Reference, source::Image, source::Local};
use gowork_llb::plan::{BuildIx, Plan, Target};
use gowork_llb::resolution::{self, Resolution, ResolvedModule, ResolvedPackage};
use gowork_llb::tree::MemTree;
use measured::peak_memory;
use serde_json::{Map, Value, json};

/// Own packages of a module.
const MODULE: usize = 20;

/// Packages of a third-party module, at most.
const THEIRS: usize = 24;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [images, packages] = words.as_slice() else {
        return Err("usage: growth IMAGES PACKAGES".into());
    };
    let world = World::new(images.parse()?, packages.parse()?);
    let tree = world.tree()?;
    let mut phases = Phases::new()?;
    let repository = Repository::read(&tree, PathBuf::from("/src"), "");
    phases.end("scan")?;
    let target = Target::linux("amd64");
    let outlines = repository.outlines(std::slice::from_ref(&target));
    let asked = outlines.outlines.first().ok_or("no outline")?;
    if let Some(found) = outlines.diagnostics.first() {
        return Err(found.message.clone().into());
    }
    phases.end("outline")?;
    let resolutions = world.resolutions(&asked.builds[0].request.packages);
    phases.skip()?;
    let (resolutions, json) = through_json(resolutions)?;
    phases.end("resolution")?;
    let plan = repository.plan_with(&target, &resolutions);
    let plan = plan.map_err(|errors| format!("{errors:?}"))?;
    phases.end("plan")?;
    let sizes = lower(&plan)?;
    phases.end("lower")?;
    let contents = Contents::read(&tree, &keys::paths(&plan, &tree));
    let step_keys = keys::step_keys(KeyInput {
        plan: &plan,
        workspace: repository.workspace(),
        mod_files: &repository.scan().mod_files,
        resolutions: Some(&resolutions),
        contents: &contents,
    });
    phases.end("keys")?;
    println!(
        "{}",
        json!({
            "images": plan.images.len(), "steps": step_keys.len(),
            "json": json, "llb": sizes.all, "image": sizes.image, "cache": sizes.cache,
            "packages": world.own.len(),
            "third-party": resolutions[&BuildIx(0)].packages.len(),
            "phases": phases.measured,
        })
    );
    // Returning the memory piece by piece is not measured, and takes time.
    std::process::exit(0)
}

/// Resolutions as they come from their steps, and the bytes that they come as.
fn through_json(
    resolutions: BTreeMap<BuildIx, Resolution>,
) -> Result<(BTreeMap<BuildIx, Resolution>, usize), Box<dyn std::error::Error>> {
    let mut read = BTreeMap::new();
    let mut bytes = 0;
    for (build, resolution) in resolutions {
        let json = serde_json::to_vec(&resolution)?;
        bytes += json.len();
        read.insert(build, serde_json::from_slice(&json)?);
    }
    Ok((read, bytes))
}

/// What is sent to BuildKit, in bytes.
struct Sizes {
    /// The definition of all binaries.
    all: usize,
    /// The definition of the first image.
    image: usize,
    /// About what an exported cache has of the steps of all binaries.
    cache: u64,
}

/// Lowers all binaries, and an image.
fn lower(plan: &Plan) -> Result<Sizes, Box<dyn std::error::Error>> {
    let context = Local::new("context").output();
    let programs = Image::new(&Reference::parse("docker.io/gowork/gowork:1")?).output();
    let inputs = LlbInputs::new(plan, context, programs, Platform::new("linux", "amd64"))?;
    let mut lowering = Lowering::new(plan, &inputs, LlbOptions::default());
    let all = lowering.binaries(None)?.to_definition();
    let image = plan.images.first().ok_or("no image")?;
    let mut lowering = Lowering::new(plan, &inputs, LlbOptions::default());
    let image = lowering.image(image)?.to_definition();
    Ok(Sizes {
        all: all.to_bytes().len(),
        image: image.to_bytes().len(),
        cache: all.cache_config_sizes().values().sum(),
    })
}

/// Measures one phase after another.
struct Phases {
    /// The processor seconds at its start.
    started: f64,
    measured: Map<String, Value>,
}

impl Phases {
    fn new() -> std::io::Result<Self> {
        let mut phases = Self {
            started: 0.0,
            measured: Map::new(),
        };
        phases.skip()?;
        Ok(phases)
    }

    /// Ends a phase, and begins the next one.
    fn end(&mut self, name: &str) -> std::io::Result<()> {
        let seconds = processor_seconds()? - self.started;
        let phase = json!({ "seconds": seconds, "peak": peak_memory() });
        self.measured.insert(name.to_owned(), phase);
        self.skip()
    }

    /// Begins a phase anew. Linux forgets the peak of memory if told so (proc(5), `clear_refs`).
    fn skip(&mut self) -> std::io::Result<()> {
        std::fs::write("/proc/self/clear_refs", "5")?;
        self.started = processor_seconds()?;
        Ok(())
    }
}

/// Seconds that processors spent on the threads of this process: what else the machine does counts
/// less than on a clock. Linux writes them down for each (`Documentation/scheduler/sched-stats.rst`).
fn processor_seconds() -> std::io::Result<f64> {
    // The kernel brings that of a thread up to date when it sleeps.
    std::thread::sleep(Duration::from_micros(1));
    let mut nanoseconds = 0;
    for thread in std::fs::read_dir("/proc/self/task")? {
        let text = std::fs::read_to_string(thread?.path().join("schedstat"))?;
        let first = text.split(' ').next().unwrap_or_default();
        nanoseconds += first.parse::<u64>().unwrap_or_default();
    }
    Ok(nanoseconds as f64 / 1e9)
}

/// Numbers that look random and are always the same.
struct Dice(u64);

impl Dice {
    /// One of `0..sides`.
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 16).unwrap_or_default() % sides.max(1)
    }
}

/// Packages by number, each with the numbers of those that it imports.
struct World {
    /// Imports of own packages: own ones, and third-party ones.
    own: Vec<(BTreeSet<usize>, BTreeSet<usize>)>,
    mains: Vec<(BTreeSet<usize>, BTreeSet<usize>)>,
    /// Third-party packages: module, bytes, imports.
    theirs: Vec<(usize, u64, BTreeSet<usize>)>,
}

impl World {
    /// The third-party code grows with the images: one more module for each.
    fn new(images: usize, packages: usize) -> Self {
        let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
        let mut theirs: Vec<(usize, u64, BTreeSet<usize>)> = Vec::new();
        for module in 0..20 + images {
            // Most modules are light, some are heavy.
            let (count, size) = match dice.roll(10) {
                0 => (THEIRS, 120_000),
                1..4 => (THEIRS / 2, 20_000),
                _ => (1 + dice.roll(3), 9_000),
            };
            let first = theirs.len();
            for _ in 0..count {
                let mut imports: BTreeSet<usize> = (first..theirs.len())
                    .filter(|_| dice.roll(4) == 0)
                    .collect();
                // What is older is imported by more.
                let among = 1 + dice.roll(first.max(1));
                imports.extend(
                    (0..dice.roll(3))
                        .map(|_| dice.roll(among))
                        .filter(|of| *of < first),
                );
                theirs.push((module, size, imports));
            }
        }
        let mut own: Vec<(BTreeSet<usize>, BTreeSet<usize>)> = Vec::new();
        for number in 0..packages {
            let near = number.min(60);
            let imports = (0..dice.roll(4).min(number)).map(|_| number - 1 - dice.roll(near));
            let imports = imports.collect();
            let of_theirs = (0..dice.roll(5) / 3).map(|_| dice.roll(theirs.len()));
            own.push((imports, of_theirs.collect()));
        }
        // Each main has some packages of its own neighbourhood, and a few from anywhere.
        let share = packages / images.max(1);
        let mains = (0..images).map(|image| {
            let near = (0..6).map(|_| image * share + dice.roll(share));
            let mut imports: BTreeSet<usize> = near.collect();
            imports.extend((0..2).map(|_| dice.roll(packages)));
            let of_theirs = (0..3).map(|_| dice.roll(theirs.len())).collect();
            (imports, of_theirs)
        });
        Self {
            mains: mains.collect(),
            own,
            theirs,
        }
    }

    fn own_path(number: usize) -> String {
        format!("example.com/m{}/p{number}", number / MODULE)
    }

    fn their_path(&self, number: usize) -> String {
        format!("third.party/m{:05}/p{number}", self.theirs[number].0)
    }

    /// The files of the repository.
    fn tree(&self) -> Result<MemTree, Box<dyn std::error::Error>> {
        let mut archive = "-- go.work --\ngo 1.26\nuse (\n".to_owned();
        let modules = self.own.len().div_ceil(MODULE);
        for module in 0..modules {
            writeln!(archive, "\t./m{module}")?;
        }
        archive.push_str("\t./cmd\n)\n");
        let required: BTreeSet<usize> = self.theirs.iter().map(|(module, ..)| *module).collect();
        let mut requires = String::new();
        for module in required {
            writeln!(requires, "require third.party/m{module:05} v1.0.0")?;
        }
        for module in 0..modules {
            write!(
                archive,
                "-- m{module}/go.mod --\nmodule example.com/m{module}\ngo 1.26\n{requires}"
            )?;
        }
        write!(
            archive,
            "-- cmd/go.mod --\nmodule example.com/cmd\ngo 1.26\n{requires}"
        )?;
        for (number, imports) in self.own.iter().enumerate() {
            let module = number / MODULE;
            write!(
                archive,
                "-- m{module}/p{number}/p.go --\npackage p{number}\n"
            )?;
            self.write_imports(&mut archive, imports)?;
            for function in 0..20 {
                writeln!(
                    archive,
                    "func F{function}(n int) int {{ return n * {function} }}"
                )?;
            }
        }
        for (number, imports) in self.mains.iter().enumerate() {
            write!(archive, "-- cmd/s{number}/main.go --\npackage main\n")?;
            self.write_imports(&mut archive, imports)?;
            archive.push_str("func main() {}\n");
        }
        Ok(MemTree::from_txtar(&archive))
    }

    fn write_imports(
        &self,
        archive: &mut String,
        (own, theirs): &(BTreeSet<usize>, BTreeSet<usize>),
    ) -> std::fmt::Result {
        archive.push_str("import (\n\t_ \"fmt\"\n\t_ \"net/http\"\n");
        for number in own {
            writeln!(archive, "\t_ \"{}\"", Self::own_path(*number))?;
        }
        for number in theirs {
            writeln!(archive, "\t_ \"{}\"", self.their_path(*number))?;
        }
        archive.push_str(")\n");
        Ok(())
    }

    /// What a go command would say: `asked`, and all that they need.
    fn resolutions(&self, asked: &[ImportPath]) -> BTreeMap<BuildIx, Resolution> {
        let numbers: BTreeMap<String, usize> = (0..self.theirs.len())
            .map(|number| (self.their_path(number), number))
            .collect();
        let mut open: Vec<usize> = asked
            .iter()
            .filter_map(|path| numbers.get(path.as_str()).copied())
            .collect();
        let mut reached = BTreeSet::new();
        while let Some(number) = open.pop() {
            if reached.insert(number) {
                open.extend(&self.theirs[number].2);
            }
        }
        let std = |path: &str, imports: &[&str]| ResolvedPackage {
            path: ImportPath::new(path),
            module: None,
            imports: imports.iter().copied().map(ImportPath::new).collect(),
            dir: String::new(),
            files: Vec::new(),
            size: 0,
            reads_module: false,
        };
        let mut packages = vec![
            std("fmt", &["runtime"]),
            std("net/http", &["fmt", "runtime"]),
            std("runtime", &[]),
        ];
        packages.extend(reached.into_iter().map(|number| self.resolved(number)));
        packages.sort_by(|a, b| a.path.cmp(&b.path));
        let modules = self.theirs.iter().map(|(module, ..)| *module);
        let modules: BTreeSet<usize> = modules.collect();
        let module = |module: usize| ResolvedModule {
            path: ModulePath::new(format!("third.party/m{module:05}")),
            version: "v1.0.0".to_owned(),
            replaced_by: String::new(),
            go: "1.20".to_owned(),
            sum: format!("h1:{module}="),
        };
        let resolution = Resolution {
            version: resolution::VERSION,
            go_version: "go1.26.8".to_owned(),
            modules: modules.into_iter().map(module).collect(),
            packages,
            replaced: BTreeMap::new(),
            runtime_files: Vec::new(),
        };
        BTreeMap::from([(BuildIx(0), resolution)])
    }

    fn resolved(&self, number: usize) -> ResolvedPackage {
        let (module, size, imports) = &self.theirs[number];
        let mut imports: Vec<ImportPath> = imports
            .iter()
            .map(|import| ImportPath::new(self.their_path(*import)))
            .collect();
        imports.push(ImportPath::new("fmt"));
        imports.sort();
        ResolvedPackage {
            path: ImportPath::new(self.their_path(number)),
            module: Some(*module),
            imports,
            dir: String::new(),
            files: vec![format!("p{number}.go")],
            size: *size,
            reads_module: false,
        }
    }
}
