//! The cache mount with the real go command: what it saves, and that it leaves no trace in a layer.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests document themselves and fail where they cannot go on"
)]

mod world;

use std::path::Path;

use world::{Step, World, snapshot};

/// A step that compiles the three libraries in two parts.
fn compile(world: &World, mount: Option<&Path>) -> Step {
    let step = world.compile(&[&world.std()], mount);
    assert!(step.output.status.success(), "{}", step.said());
    step
}

#[test]
fn a_layer_has_the_same_bytes_whether_its_results_were_compiled_or_taken() {
    let world = World::new();
    let without = compile(&world, None);
    let mount = tempfile::tempdir().unwrap();
    let filling = compile(&world, Some(mount.path()));
    let taking = compile(&world, Some(mount.path()));
    // Half of it is there: every second file that the mount has is removed.
    for (number, (path, _)) in snapshot(mount.path())
        .into_iter()
        .filter(|(path, _)| mount.path().join(path).is_file())
        .enumerate()
    {
        if number % 2 == 0 {
            std::fs::remove_file(mount.path().join(path)).unwrap();
        }
    }
    let both = compile(&world, Some(mount.path()));
    assert_eq!(
        (filling.counts().puts > 0, filling.counts().taken),
        (true, 0)
    );
    assert_eq!((taking.counts().puts, taking.counts().taken > 0), (0, true));
    assert!(both.counts().puts > 0, "{:?}", both.counts());
    let layer = snapshot(without.out.path());
    assert!(layer.len() > 8);
    for (name, step) in [("filling", filling), ("taking", taking), ("both", both)] {
        assert!(
            snapshot(step.out.path()) == layer,
            "{name} the mount, the layer is another"
        );
    }
}

#[test]
fn an_edit_of_one_package_compiles_that_package() {
    let world = World::new();
    let mount = tempfile::tempdir().unwrap();
    compile(&world, Some(mount.path()));
    world.edit("c", 7);
    let edited = compile(&world, Some(mount.path()));
    // The package, and what is put beside it: the list of its sources, what the compiler said.
    assert!(
        (1..=4).contains(&edited.counts().puts),
        "{:?}",
        edited.counts()
    );
    let anew = compile(&world, None);
    assert!(
        anew.counts().puts > edited.counts().puts,
        "{:?}",
        anew.counts()
    );
    assert!(snapshot(edited.out.path()) == snapshot(anew.out.path()));
}

#[test]
fn without_layers_a_link_takes_all_from_the_mount() {
    let world = World::new();
    let mount = tempfile::tempdir().unwrap();
    let step = world.compile_into_mount(&[&world.std()], mount.path());
    assert!(step.output.status.success(), "{}", step.said());
    assert_eq!(
        snapshot(step.out.path()).len(),
        1,
        "nothing is left but the mount"
    );
    let link = world.link(&[&world.std()], Some(mount.path()));
    assert_eq!(link.binary(), Some(world.plain()));
    assert_eq!(link.compiled(), ["example.com/m"]);
}

#[test]
fn a_mount_that_takes_nothing_is_told_and_does_no_harm() {
    let world = World::new();
    let dir = tempfile::tempdir().unwrap();
    let mount = dir.path().join("mount");
    std::fs::write(&mount, "a file is in the way").unwrap();
    let step = compile(&world, Some(&mount));
    assert!(
        step.said()
            .contains("gowork-cache: not all results are kept in the cache mount: "),
        "{}",
        step.said()
    );
    assert!(snapshot(step.out.path()) == snapshot(compile(&world, None).out.path()));
}

/// Another Go than the one at hand, as old as it may be.
const OTHER: &str = "go1.24.9";

#[test]
#[ignore = "downloads another Go: cargo xtask test"]
fn two_go_versions_share_a_mount() {
    let downloaded = std::process::Command::new("go")
        .arg("version")
        .env("GOTOOLCHAIN", OTHER)
        .current_dir("/")
        .output()
        .unwrap();
    assert!(
        downloaded.status.success(),
        "{}",
        String::from_utf8_lossy(&downloaded.stderr)
    );
    let worlds = [World::new(), World::of(OTHER)];
    let mount = tempfile::tempdir().unwrap();
    for number in [2, 3] {
        for world in &worlds {
            world.edit("c", number);
            let step = world.compile_into_mount(&[], mount.path());
            assert!(step.output.status.success(), "{}", step.said());
            let link = world.link(&[], Some(mount.path()));
            assert_eq!(link.binary(), Some(world.plain()));
            // The runtime with it, the first time.
            let compiled_all = link.counts().puts > 50;
            assert_eq!(
                compiled_all,
                number == 2,
                "each finds its own results the second time: {:?}",
                link.counts()
            );
        }
    }
    assert_ne!(worlds[0].plain(), worlds[1].plain());
}
