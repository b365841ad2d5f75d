//! Random edits of a generated repository.

use fastrand::Rng;

use crate::proxy;
use crate::world::{Layout, World};

/// An edit: its name, and what it does. False where it does not apply.
type Edit = (&'static str, fn(&mut World, &mut Rng) -> bool);

/// Every kind of edit.
const EDITS: &[Edit] = &[
    ("body", |world, rng| {
        pick(world, rng).body += 1;
        true
    }),
    ("signature", |world, rng| {
        pick(world, rng).signature += 1;
        true
    }),
    ("import", |world, rng| {
        let at = rng.usize(0..world.packages.len());
        let visible = world.visible(world.packages[at].module, at);
        let Some(other) = rng.choice(visible) else {
            return false;
        };
        toggle(&mut world.packages[at].imports, other);
        true
    }),
    ("import of std", |world, rng| {
        let std = *rng
            .choice(&["errors", "unicode/utf8", "sync", "math/bits"])
            .unwrap();
        toggle(&mut pick(world, rng).std, std);
        true
    }),
    ("third-party import", |world, rng| {
        let third = (rng.usize(0..proxy::MODULES), rng.bool());
        toggle(&mut pick(world, rng).third, third);
        true
    }),
    ("embedded file", |world, rng| {
        let number = rng.u32(0..100);
        let package = pick(world, rng);
        package.data.values_mut().next().is_some_and(|text| {
            *text = number;
            true
        })
    }),
    (
        "new or deleted file in an embedded directory",
        |world, rng| {
            let name = *rng
                .choice(&["b.txt", "c.txt", "d.bin", ".hidden.txt", "_x.txt"])
                .unwrap();
            let package = pick(world, rng);
            if package.data.is_empty() {
                return false;
            }
            if package.data.remove(name).is_none() {
                package.data.insert(name.to_owned(), 1);
            }
            true
        },
    ),
    ("embed pattern", |world, rng| {
        let pattern = *rng
            .choice(&["data/*.txt", "data", "all:data", "data/a.txt", "data/*.bin"])
            .unwrap();
        let package = pick(world, rng);
        let was = package.embed.replace(pattern);
        was.is_some() && was != Some(pattern)
    }),
    ("source file with a constraint", |world, rng| {
        let file = *rng
            .choice(&[
                "x_windows.go",
                "x_linux.go",
                "x_linux_amd64.go",
                "x_unix.go",
                "x_test.go",
                "_x.go",
                ".x.go",
                "x_linux_test.go",
            ])
            .unwrap();
        let number = rng.u32(0..3);
        let package = pick(world, rng);
        let name = if package.main {
            "main".to_owned()
        } else {
            package.name()
        };
        put(
            &mut package.files,
            file,
            format!("package {name}\n\nvar x{} = {number}\n", file.len()),
        );
        true
    }),
    ("build constraint", |world, rng| {
        let constraint = *rng
            .choice(&[
                "sometag",
                "!sometag",
                "windows",
                "linux && !cgo",
                "ignore",
                "go1.30",
                "!unix",
            ])
            .unwrap();
        let package = pick(world, rng);
        let name = if package.main {
            "main".to_owned()
        } else {
            package.name()
        };
        put(
            &mut package.files,
            "tagged.go",
            format!("//go:build {constraint}\n\npackage {name}\n\nvar tagged = 1\n"),
        );
        true
    }),
    ("test with an import", |world, rng| {
        let package = pick(world, rng);
        let name = if package.main {
            "main".to_owned()
        } else {
            package.name()
        };
        put(
            &mut package.files,
            "more_test.go",
            format!("package {name}\n\nimport _ \"testing\"\n"),
        );
        true
    }),
    ("header", |world, rng| {
        let number = rng.u32(0..3);
        put(
            &mut pick(world, rng).files,
            "defs.h",
            format!("#define X {number}\n"),
        );
        true
    }),
    ("assembly", |world, rng| {
        let (file, number) = (
            *rng.choice(&["a_amd64.s", "a_arm64.s", "a.s"]).unwrap(),
            rng.u32(0..3),
        );
        put(&mut pick(world, rng).files, file, format!("// {number}\n"));
        true
    }),
    ("profile", |world, rng| {
        // Always the same one, since all of std is compiled by it.
        let package = pick(world, rng);
        put(&mut package.files, "default.pgo", String::new());
        rng.usize(0..3) == 0
    }),
    ("words", |world, rng| {
        let number = rng.u32(0..3);
        let file = *rng
            .choice(&["README.md", "Makefile", "testdata/x.go", "x.txt"])
            .unwrap();
        put(&mut pick(world, rng).files, file, format!("{number}\n"));
        true
    }),
    ("words at the root", |world, rng| {
        let number = rng.u32(0..3);
        put(&mut world.others, "docs/words.md", format!("{number}\n"));
        true
    }),
    ("package of nobody", |world, rng| {
        let (dir, number) = (
            world.module_dir(rng.usize(0..world.modules.len())),
            rng.u32(0..3),
        );
        let name = format!("{dir}/nobody/nobody.go");
        put(
            &mut world.others,
            name.trim_start_matches('/'),
            format!("package nobody\n\nvar X = {number}\n"),
        );
        true
    }),
    ("module of nobody", |world, _| {
        put(
            &mut world.others,
            "testdata/old/go.mod",
            "module example.com/old\n".to_owned(),
        );
        true
    }),
    ("new package", |world, rng| {
        world.add_package(rng, false);
        true
    }),
    ("new main", |world, rng| {
        let mains = world.packages.iter().filter(|package| package.main).count();
        if mains < 4 {
            world.add_package(rng, true);
        }
        mains < 4
    }),
    ("comment in a go.mod", |world, rng| {
        module(world, rng).comments += 1;
        true
    }),
    ("comment in go.work", |world, _| {
        world.comments += 1;
        world.layout == Layout::Workspace
    }),
    ("go line of a module", |world, rng| {
        let go = *rng
            .choice(&["1.23", "1.24", "1.24.2", "1.25", "1.26"])
            .unwrap();
        let module = module(world, rng);
        let was = std::mem::replace(&mut module.go, go.to_owned());
        was != go
    }),
    ("go line of go.work", |world, rng| {
        let go = *rng.choice(&["1.26", "1.26.0", "1.26.1"]).unwrap();
        let was = std::mem::replace(&mut world.work_go, go.to_owned());
        was != go && world.layout == Layout::Workspace
    }),
    ("godebug line of a go.mod", |world, rng| {
        let module = module(world, rng);
        module.godebug = !module.godebug;
        true
    }),
    ("godebug line of go.work", |world, _| {
        world.work_godebug = !world.work_godebug;
        world.layout == Layout::Workspace
    }),
    ("requirement", |world, rng| {
        let (third, version) = (rng.usize(0..proxy::MODULES), rng.usize(0..proxy::VERSIONS));
        let was = module(world, rng).requires.insert(third, version);
        was != Some(version)
    }),
    ("exclude", |world, rng| {
        let (third, version) = (
            rng.usize(0..proxy::MODULES),
            rng.usize(0..proxy::VERSIONS - 1),
        );
        let excludes = &mut module(world, rng).excludes;
        if excludes.remove(&third).is_none() {
            excludes.insert(third, version);
        }
        true
    }),
    ("replace by a version", |world, rng| {
        let (third, version) = (rng.usize(0..proxy::MODULES), rng.usize(0..proxy::VERSIONS));
        if world.replaces.remove(&third).is_none() {
            world.replaces.insert(third, version);
        }
        true
    }),
    ("replace by a directory", |world, rng| {
        world.fork = if world.fork.is_some() && rng.bool() {
            None
        } else {
            Some(rng.u32(0..3))
        };
        true
    }),
    ("rename", |world, rng| {
        pick(world, rng).renamed += 1;
        true
    }),
    ("version by which a directory is required", |world, rng| {
        module(world, rng).required_as += 1;
        world.layout == Layout::Replaced
    }),
    ("new member", |world, rng| {
        let number = world.modules.len();
        let mut module = world.modules[0].clone();
        module.number = number;
        module.requires.clear();
        module
            .requires
            .insert(rng.usize(0..proxy::MODULES), rng.usize(0..proxy::VERSIONS));
        world.modules.push(module);
        world.layout != Layout::Single && number < 6
    }),
    ("tag", |world, rng| {
        toggle(
            &mut world.tags,
            (*rng.choice(&["sometag", "nobody"]).unwrap()).to_owned(),
        );
        true
    }),
    ("linker flag", |world, _| {
        world.version += 1;
        true
    }),
    ("compiler flag", |world, _| {
        world.gcflags = if world.gcflags.is_empty() { "-N" } else { "" };
        true
    }),
];

/// Does one random edit, and says which.
pub(crate) fn edit(world: &mut World, rng: &mut Rng) -> &'static str {
    loop {
        let (name, act) = EDITS[rng.usize(0..EDITS.len())];
        let mut edited = world.clone();
        if act(&mut edited, rng) {
            edited.require_what_is_imported();
            *world = edited;
            return name;
        }
    }
}

fn pick<'w>(world: &'w mut World, rng: &mut Rng) -> &'w mut crate::world::Package {
    let at = rng.usize(0..world.packages.len());
    &mut world.packages[at]
}

fn module<'w>(world: &'w mut World, rng: &mut Rng) -> &'w mut crate::world::Module {
    let at = rng.usize(0..world.modules.len());
    &mut world.modules[at]
}

fn toggle<T: Ord>(set: &mut std::collections::BTreeSet<T>, item: T) {
    if !set.remove(&item) {
        set.insert(item);
    }
}

/// Writes a file; or deletes it, if it says just that.
fn put(files: &mut std::collections::BTreeMap<String, String>, name: &str, text: String) {
    if files.get(name) == Some(&text) {
        files.remove(name);
    } else {
        files.insert(name.to_owned(), text);
    }
}
