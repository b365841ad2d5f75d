//! How what is outside the repository is cut into steps and parts: what is light by what it imports
//! itself, what is heavy by who holds it.

use std::collections::{BTreeMap, BTreeSet};

use gowork_llb::gomod::ImportPath;
use gowork_llb::plan::{Image, Inputs, Part, Plan, Step, StepKind};
use gowork_llb::resolution::{self, Resolution, ResolvedPackage};
use proptest::prelude::*;

use super::sealed::{module, package, planned};
use crate::support::sound;

/// A third-party world: package `n` belongs to one of five modules and imports packages of lower
/// numbers.
#[derive(Debug, Clone)]
struct World {
    /// Module, imports and size of each.
    packages: Vec<(u8, Vec<u8>, u64)>,
    /// What each main imports.
    mains: Vec<BTreeSet<u8>>,
    /// What the first main imports of std.
    std: BTreeSet<usize>,
}

/// Packages of std: some that net/http brings along, some beyond.
const STD: [&str; 5] = [
    "bufio",
    "container/list",
    "image/color",
    "net/http",
    "runtime",
];

/// In place of a module: the sixth one.
const NEW: u8 = u8::MAX;

impl World {
    fn path(&self, number: u8) -> String {
        let number = usize::from(number) % self.packages.len();
        format!("third.party/m{}/p{number}", self.module(number))
    }

    /// The module of package `number`: one of five, or the new one.
    fn module(&self, number: usize) -> u8 {
        if self.packages[number].0 == NEW {
            5
        } else {
            self.packages[number].0 % 5
        }
    }

    /// The third-party packages that package `number` imports.
    fn imports(&self, number: usize) -> BTreeSet<u8> {
        let below = u8::try_from(number).unwrap();
        self.packages[number]
            .1
            .iter()
            .filter(|_| below > 0)
            .map(|import| import % below.max(1))
            .collect()
    }

    /// The packages that a main reaches.
    fn reached(&self, main: &BTreeSet<u8>) -> BTreeSet<u8> {
        let count = u8::try_from(self.packages.len()).unwrap();
        let mut open: Vec<u8> = main.iter().map(|number| number % count).collect();
        let mut reached = BTreeSet::new();
        while let Some(number) = open.pop() {
            if reached.insert(number) {
                open.extend(self.imports(usize::from(number)));
            }
        }
        reached
    }

    fn resolution(&self) -> Resolution {
        let reached: BTreeSet<u8> = self
            .mains
            .iter()
            .flat_map(|main| self.reached(main))
            .collect();
        let third_party = |&number: &u8| {
            let size = self.packages[usize::from(number)].2;
            let mut imports: Vec<ImportPath> = self
                .imports(usize::from(number))
                .iter()
                .map(|&import| ImportPath::new(self.path(import)))
                .collect();
            let is_new = self.packages[usize::from(number)].0 == NEW;
            imports.push(ImportPath::new(
                STD[if is_new {
                    4
                } else {
                    usize::from(number) % STD.len()
                }],
            ));
            let path = self.path(number);
            let made = package(
                &path,
                Some(usize::from(self.module(usize::from(number)))),
                &[],
                &["p.go"],
            );
            ResolvedPackage {
                imports,
                size,
                ..made
            }
        };
        let mut packages: Vec<ResolvedPackage> = reached.iter().map(third_party).collect();
        packages.extend(STD.map(|path| {
            let imports: &[&str] = if path == "net/http" { &["bufio"] } else { &[] };
            package(path, None, imports, &[])
        }));
        packages.sort_by(|a, b| a.path.cmp(&b.path));
        let modules = (0..6)
            .map(|number| module(&format!("third.party/m{number}"), "v1.0.0", "1.20"))
            .collect();
        Resolution {
            modules,
            packages,
            version: resolution::VERSION,
            go_version: "go1.26.8".to_owned(),
            ..Resolution::default()
        }
    }

    fn plan(&self, config: &str) -> Plan {
        let mut archive = "-- go.mod --\nmodule example.com/app\ngo 1.26\n".to_owned();
        for (number, main) in self.mains.iter().enumerate() {
            let std = self
                .std
                .iter()
                .filter(|_| number == 0)
                .map(|&import| STD[import].to_owned());
            let imports = std.chain(main.iter().map(|&import| self.path(import)));
            let imports: String = imports
                .map(|path| format!("import _ \"{path}\"\n"))
                .collect();
            archive +=
                &format!("-- cmd/m{number}/main.go --\npackage main\n{imports}func main() {{}}\n");
        }
        planned(&sound(&archive, config), &self.resolution())
    }
}

/// The steps that compile what is outside the repository: all that their ops are made of.
fn outside(plan: &Plan) -> Vec<String> {
    let named = |parts: &[Part]| {
        parts
            .iter()
            .map(|part| part.named().join(" "))
            .collect::<Vec<_>>()
            .join("; ")
    };
    let of = |step: &Step| {
        let (StepKind::Std(parts) | StepKind::Deps(parts)) = &step.kind else {
            return None;
        };
        let results = step
            .inputs
            .results
            .iter()
            .map(|result| &plan.step(result.step).kind.parts()[result.part]);
        let results = named(&results.cloned().collect::<Vec<_>>());
        let others = Inputs {
            results: Vec::new(),
            ..step.inputs.clone()
        };
        Some(format!(
            "{} compiles {} by {results} and {others:?}",
            step.name,
            named(parts)
        ))
    };
    plan.steps.iter().filter_map(of).collect()
}

fn world() -> impl Strategy<Value = World> {
    let package = (
        0..NEW,
        prop::collection::vec(any::<u8>(), 0..4),
        prop_oneof![1u64..1000, 100_000u64..5_000_000],
    );
    let packages = prop::collection::vec(package, 2..30);
    let mains = prop::collection::vec(prop::collection::btree_set(any::<u8>(), 1..4), 2..5);
    let std = prop::collection::btree_set(0..STD.len(), 0..3);
    (packages, mains, std).prop_map(|(packages, mains, std)| World {
        packages,
        mains,
        std,
    })
}

/// Bytes that a package of std, and the start of the compiler, count as: see `plan/families.rs`.
const STD_PACKAGE: u64 = 50_000;
const START: u64 = 30_000;

/// Weights of what an image holds of std and third-party code, by import path.
fn held(world: &World, main: usize, resolution: &Resolution) -> BTreeMap<ImportPath, u64> {
    let mut held = BTreeMap::new();
    let mut open = vec![ImportPath::new("runtime")];
    open.extend(
        world.mains[main]
            .iter()
            .map(|&import| ImportPath::new(world.path(import))),
    );
    let of_std = world.std.iter().filter(|_| main == 0);
    open.extend(of_std.map(|&import| ImportPath::new(STD[import])));
    while let Some(path) = open.pop() {
        let package = resolution
            .packages
            .iter()
            .find(|package| package.path == path);
        let package = package.unwrap();
        let weight = if package.is_std() {
            STD_PACKAGE
        } else {
            package.size + START
        };
        if held.insert(path, weight).is_none() {
            open.extend(package.imports.iter().cloned());
        }
    }
    held
}

/// The import paths of what an image waits for of std and third-party code.
fn waited_for(plan: &Plan, image: &Image) -> BTreeSet<ImportPath> {
    let mut open = vec![image.link];
    let mut seen = BTreeSet::new();
    let mut paths = BTreeSet::new();
    while let Some(ix) = open.pop() {
        if seen.insert(ix) {
            let step = plan.step(ix);
            open.extend(step.inputs.results.iter().map(|results| results.step));
            if let StepKind::Std(_) | StepKind::Deps(_) = step.kind {
                paths.extend(step.kind.compiles().into_iter().cloned());
            }
        }
    }
    paths
}

proptest! {
    /// An image waits for third-party packages that it does not hold only if they weigh less than
    /// a sixteenth of its work.
    #[test]
    fn no_image_waits_for_much_that_it_does_not_hold(world in world()) {
        let plan = world.plan("");
        let resolution = world.resolution();
        for image in &plan.images {
            let number: usize = image.name[1..].parse().unwrap();
            let held = held(&world, number, &resolution);
            let own: u64 = held.values().sum();
            let others = waited_for(&plan, image).into_iter().filter(|path| !held.contains_key(path));
            let weight = |path: ImportPath| resolution.packages.iter().find(|package| package.path == path);
            let others: u64 = others
                .filter_map(|path| weight(path).filter(|package| !package.is_std()))
                .map(|package| package.size + START)
                .sum();
            let total: u64 = resolution.packages.iter().filter(|package| !package.is_std()).map(|package| package.size + START).sum();
            // Below the price of a step, nothing is cut at all.
            prop_assert!(total < 400_000 || others <= own / 16 + 1000, "{}: {others} of {own}", image.name);
        }
    }

    /// Where images can afford to wait for all that is light, an import of a light package that
    /// others have compiles nothing outside the repository again.
    #[test]
    fn an_import_of_what_is_light_moves_nothing(mut world in world(), main in any::<prop::sample::Index>(), import in any::<prop::sample::Index>()) {
        // All that is light may weigh a million; and all images hold something that weighs more
        // than enough.
        for (_, _, size) in &mut world.packages {
            *size %= 1000;
        }
        let heavy = u8::try_from(world.packages.len()).unwrap();
        world.packages.push((NEW, Vec::new(), 40_000_000));
        for main in &mut world.mains {
            *main = main.iter().map(|import| import % heavy).collect();
            main.insert(heavy);
        }
        for config in ["", "cache = \"mount\"\n"] {
            let before = world.plan(config);
            prop_assert!(!outside(&before).is_empty());
            let reached: Vec<u8> = world.mains.iter().flat_map(|main| world.reached(main)).collect();
            let mut edited = world.clone();
            let main = main.index(world.mains.len());
            edited.mains[main].insert(reached[import.index(reached.len())]);
            let deps = |plan: &Plan| -> Vec<String> {
                outside(plan).into_iter().filter(|step| step.starts_with("deps")).collect()
            };
            prop_assert_eq!(deps(&edited.plan(config)), deps(&before));
        }
    }

    /// A package is compiled in one step alone, and after all that it imports.
    #[test]
    fn every_package_has_a_step_after_those_of_its_imports(world in world()) {
        let plan = world.plan("");
        let resolution = world.resolution();
        let mut step_of = BTreeMap::new();
        for (ix, step) in plan.steps.iter().enumerate() {
            for path in step.kind.compiles() {
                prop_assert_eq!(step_of.insert(path.to_owned(), ix), None, "{}", path);
            }
        }
        for package in &resolution.packages {
            for import in &package.imports {
                if let (Some(step), Some(before)) = (step_of.get(&package.path), step_of.get(import)) {
                    prop_assert!(before <= step, "{import} after {}", package.path);
                }
            }
        }
    }

    /// An import of one more package of std compiles of std only what third-party packages do not
    /// reach.
    #[test]
    fn an_import_of_std_moves_little(world in world(), import in 0..STD.len()) {
        let mut edited = world.clone();
        edited.std.insert(import);
        let theirs = |world: &World| -> Vec<String> {
            outside(&world.plan("")).into_iter().filter(|step| step.starts_with("std:")).collect()
        };
        let (before, after) = (theirs(&world), theirs(&edited));
        // The core and net/http are steps of their own: the first image to import something of
        // these has more to compile.
        for early in ["std:core", "std:net/http"] {
            let has = |steps: &[String]| steps.iter().any(|step| step.starts_with(early));
            prop_assume!(has(&before) || !has(&after));
        }
        prop_assert_eq!(after, before);
    }
}

/// Light modules that only the repository imports are compiled in a few steps: without one of them,
/// or with another version of it, most of the rest stays.
#[test]
fn a_light_module_moves_a_few_others() {
    let numbers = 0..12;
    let path = |number: usize| format!("light.party/m{number}");
    let steps = |left_out: Option<usize>| -> BTreeSet<Vec<String>> {
        let of = numbers.clone().filter(|number| Some(*number) != left_out);
        let imports: String = of
            .clone()
            .map(|number| format!("import _ \"{}\"\n", path(number)))
            .collect();
        let archive = format!(
            "-- go.mod --\nmodule example.com/app\ngo 1.26\n-- main.go --\npackage main\n{imports}func main() {{}}\n"
        );
        let modules = numbers
            .clone()
            .map(|number| module(&path(number), "v1.0.0", "1.20"))
            .collect();
        let light = of.map(|number| ResolvedPackage {
            size: 300_000,
            ..package(&path(number), Some(number), &[], &["p.go"])
        });
        let packages = light.chain([package("runtime", None, &[], &[])]).collect();
        let resolution = Resolution {
            modules,
            packages,
            version: resolution::VERSION,
            ..Resolution::default()
        };
        let plan = planned(&sound(&archive, ""), &resolution);
        let deps = plan
            .steps
            .iter()
            .filter(|step| matches!(step.kind, StepKind::Deps(_)));
        deps.map(|step| {
            step.kind
                .compiles()
                .into_iter()
                .map(ToString::to_string)
                .collect()
        })
        .collect()
    };
    let all = steps(None);
    assert!((3..=4).contains(&all.len()), "{all:#?}");
    for number in numbers.clone() {
        let without = steps(Some(number));
        let moved: Vec<&Vec<String>> = all
            .difference(&without)
            .filter(|step| step.len() > 1)
            .collect();
        assert!(
            moved.len() <= 2 && moved.iter().any(|step| step.contains(&path(number))),
            "{number}: {moved:#?}"
        );
    }
}

/// What is found in the cache mount package by package is not cut, whatever one of the images would
/// wait for.
#[test]
fn own_packages_are_one_step_where_results_are_in_a_mount() {
    let archive = "\
-- go.mod --
module example.com/app
go 1.26
-- both/both.go --
package both
-- heavy/heavy.go --
package heavy
import _ \"heavy.party/m\"
-- cmd/a/main.go --
package main
import _ \"example.com/app/both\"
import _ \"example.com/app/heavy\"
func main() {}
-- cmd/b/main.go --
package main
import _ \"example.com/app/both\"
func main() {}
-- cmd/c/main.go --
package main
import _ \"example.com/app/heavy\"
func main() {}
";
    let resolution = Resolution {
        modules: vec![module("heavy.party/m", "v1.0.0", "1.20")],
        packages: vec![
            ResolvedPackage {
                size: 5_000_000,
                ..package("heavy.party/m", Some(0), &[], &["p.go"])
            },
            package("runtime", None, &[], &[]),
        ],
        version: resolution::VERSION,
        ..Resolution::default()
    };
    let units = |config: &str| {
        let plan = planned(&sound(archive, config), &resolution);
        let steps = plan.steps.iter();
        steps
            .filter(|step| matches!(step.kind, StepKind::Unit(_)))
            .count()
    };
    assert_eq!(units("cache = \"mount\"\n"), 1);
    // In layers, the second image does not wait for what the first one imports.
    assert_eq!(units("cache = \"layer\"\n"), 2);
}

/// A package that is new, of a module that others have: what other modules read of that module
/// stays where it was.
#[test]
fn a_new_package_joins_none_that_other_modules_read() {
    let packages = vec![
        (0, vec![], 10),
        (1, vec![0], 10),
        (0, vec![], 10),
        (0, vec![], 10),
    ];
    let world = |import: u8| World {
        packages: packages.clone(),
        mains: vec![[1, 2].into(), [import].into()],
        std: BTreeSet::new(),
    };
    let parts = |world: &World| -> BTreeSet<Vec<ImportPath>> {
        let plan = world.plan("");
        let steps = plan
            .steps
            .iter()
            .filter(|step| matches!(step.kind, StepKind::Deps(_)));
        steps
            .flat_map(|step| step.kind.parts())
            .map(|part| part.packages.clone())
            .collect()
    };
    let part = |paths: &[&str]| {
        paths
            .iter()
            .map(|&path| ImportPath::new(format!("third.party/{path}")))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        parts(&world(1)),
        [part(&["m0/p0"]), part(&["m0/p2"]), part(&["m1/p1"])].into()
    );
    assert_eq!(
        parts(&world(3)),
        [
            part(&["m0/p0"]),
            part(&["m0/p2", "m0/p3"]),
            part(&["m1/p1"])
        ]
        .into()
    );
}
