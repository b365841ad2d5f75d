//! `gowork-cache batch` with the real go command: the steps after it find everything, and leave
//! what they would have left without it.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests document themselves and fail where they cannot go on"
)]

mod world;

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::Output;
use std::thread;
use std::time::{Duration, Instant};

use gowork_cache::mount::CacheMount;
use gowork_cache::steps::locks::{Claim, Locks};
use world::build::{Build, Snapshot, said, succeeds};
use world::{World, snapshot};

/// Whether a go command ran: its cache program says so at its end.
fn ran_go(output: &Output) -> bool {
    said(output).contains(" from the mount")
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
fn steps_find_what_a_batch_made_and_leave_the_same_bytes() {
    let world = World::new();
    let (plain, mount) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for number in [2, 3] {
        world.edit("b", number);
        world.edit("c", number);
        let build = Build::begun(&world, plain.path());
        let (ran, layers, binary) = steps(&build);
        assert!(ran && binary == world.plain());

        let build = Build::begun(&world, mount.path());
        let (output, left) = build.batch(&["runtime"]);
        succeeds(&output);
        assert_eq!(
            (said(&output).as_str(), left),
            ("", vec![]),
            "nothing is left but the mount"
        );
        let (ran, taken, binary) = steps(&build);
        assert!(!ran, "everything is taken");
        assert!(taken == layers, "a layer is another for being taken");
        assert!(binary == world.plain());
    }
}

#[test]
fn what_layers_hold_is_not_made_again() {
    let world = World::new();
    let (first, plain, empty) = (
        tempfile::tempdir().unwrap(),
        tempfile::tempdir().unwrap(),
        tempfile::tempdir().unwrap(),
    );
    let build = Build::begun(&world, first.path());
    steps(&build);
    world.edit("b", 5);
    // What an empty builder has: a cache that it imported, and no mount.
    let again = Build::with_std(&world, empty.path(), &build.part("runtime"));
    std::os::unix::fs::symlink(build.layers.path().join("c"), again.layers.path().join("c"))
        .unwrap();
    let (output, left) = again.batch(&["runtime", "c"]);
    succeeds(&output);
    assert_eq!((said(&output).as_str(), left), ("", vec![]));
    let names = |dir: &Path| -> BTreeSet<OsString> {
        snapshot(dir)
            .into_keys()
            .filter_map(|path| {
                path.file_name()
                    .filter(|name| name.len() == 64)
                    .map(ToOwned::to_owned)
            })
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

fn until(is_so: &dyn Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !is_so() {
        assert!(Instant::now() < deadline);
        thread::sleep(Duration::from_millis(5));
    }
}

/// A step of std brings packages along that its description does not name. Only it can list them.
#[test]
fn a_batch_makes_std_and_its_step_lists_it() {
    let world = World::new();
    let (plain, mount) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (_, layers, binary) = steps(&Build::begun(&world, plain.path()));
    let (build, locks) = (
        Build::new(&world, Some(mount.path())),
        Locks::new(mount.path()),
    );
    let (batch, std) = thread::scope(|scope| {
        let batch = scope.spawn(|| build.batch(&[]).0);
        until(&|| locks.is_claimed(Claim::Batched, "runtime"));
        let std = build.std();
        (batch.join().unwrap(), std)
    });
    [&std, &batch].into_iter().for_each(succeeds);
    assert_eq!(said(&batch), "");
    assert!(
        said(&std).contains(" 0 misses, 0 puts"),
        "it found everything: {}",
        said(&std)
    );
    let (ran, taken, linked) = steps(&build);
    assert!(!ran && taken == layers && linked == binary);
}

#[test]
fn a_step_that_is_stopped_waits_and_what_it_made_is_used() {
    let world = World::new();
    let (plain, mount) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (_, layers, binary) = steps(&Build::begun(&world, plain.path()));
    let (build, locks) = (
        Build::new(&world, Some(mount.path())),
        Locks::new(mount.path()),
    );
    let made = || fs::read_dir(mount.path().join("1/o")).map_or(0, Iterator::count);
    let std = thread::scope(|scope| {
        let std = scope.spawn(|| build.std());
        until(&|| locks.is_claimed(Claim::Running, "runtime") && made() > 2);
        let held = locks.claim(Claim::Batched, "runtime").unwrap();
        locks.wait_for_steps(&[], &["runtime".to_owned()]);
        let (batch, _) = build.batch(&[]);
        succeeds(&batch);
        drop(held);
        std.join().unwrap()
    });
    succeeds(&std);
    // It shows nothing of the go command that was stopped.
    assert!(
        said(&std).starts_with("gowork-cache: ") && said(&std).contains(" 0 misses, 0 puts"),
        "{}",
        said(&std)
    );
    let (_, taken, linked) = steps(&build);
    assert!(taken == layers && linked == binary);
}

#[test]
fn a_batch_stops_the_step_of_std() {
    let world = World::new();
    let mount = tempfile::tempdir().unwrap();
    let build = Build::new(&world, Some(mount.path()));
    let running = Locks::new(mount.path()).run("runtime").unwrap();
    thread::scope(|scope| {
        let batch = scope.spawn(|| build.batch(&[]).0);
        until(&|| running.should_stop());
        drop(running);
        succeeds(&batch.join().unwrap());
    });
}

#[test]
fn it_waits_for_steps_that_run_and_the_others_for_it() {
    let world = World::new();
    let mount = tempfile::tempdir().unwrap();
    let build = Build::begun(&world, mount.path());
    let locks = Locks::new(mount.path());
    let waits = |claim, what: &(dyn Fn() -> Output + Sync)| {
        let held = locks.claim(claim, "b").unwrap();
        thread::scope(|scope| {
            let running = scope.spawn(what);
            thread::sleep(Duration::from_millis(500));
            assert!(!running.is_finished());
            drop(held);
            succeeds(&running.join().unwrap());
        });
    };
    waits(Claim::Running, &|| build.batch(&["runtime"]).0);
    waits(Claim::Batched, &|| build.library("b"));
}

/// Of two builds at once, the second one's batch waits for the first one's. It ends with its build,
/// however long the first one takes.
#[test]
fn a_batch_that_waits_for_another_ends_when_its_steps_have_made_everything() {
    let world = World::new();
    let mount = tempfile::tempdir().unwrap();
    let build = Build::begun(&world, mount.path());
    let held = CacheMount::new(mount.path(), 0).try_lock_batch().unwrap();
    assert!(held.is_some());
    thread::scope(|scope| {
        let batch = scope.spawn(|| build.batch(&["runtime"]));
        // Lets it go on if this fails.
        let _held = held;
        thread::sleep(Duration::from_millis(500));
        assert!(!batch.is_finished());
        let (ran, _, binary) = steps(&build);
        assert!(ran && binary == world.plain());
        until(&|| batch.is_finished());
        let (output, left) = batch.join().unwrap();
        succeeds(&output);
        assert_eq!((said(&output).as_str(), left), ("", vec![]));
    });
}

/// What an empty builder has: std from an imported cache, and what another builder exported.
#[test]
fn a_results_image_has_what_an_edit_does_not_change() {
    let world = World::new();
    let (first, plain) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let exported = Build::begun(&world, first.path());
    steps(&exported);
    for (number, packages) in [(1, 3), (7, 1)] {
        world.edit("b", number);
        let empty = tempfile::tempdir().unwrap();
        let mut build = Build::with_std(&world, empty.path(), &exported.part("runtime"));
        build.image = Some(exported.layers.path());
        let (output, left) = build.batch(&["runtime"]);
        succeeds(&output);
        let taken = format!("gowork-cache: taken from the results image: {packages}\n");
        assert_eq!((said(&output), left), (taken, vec![]), "b is {number}");
        let outputs = ["b", "a", "c"].map(|step| build.library(step));
        let (linked, binary) = build.link();
        outputs.iter().chain([&linked]).for_each(succeeds);
        assert!(!outputs.iter().chain([&linked]).any(ran_go) && binary == world.plain());
        let without = Build::begun(&world, plain.path());
        assert!(steps(&without).1 == build.layers_of_link());
    }
}

/// A step that runs already would compile what the image may have.
#[test]
fn with_a_results_image_running_steps_are_asked_to_stop() {
    let world = World::new();
    let (mount, image) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut build = Build::begun(&world, mount.path());
    build.image = Some(image.path());
    let running = Locks::new(mount.path()).run("b").unwrap();
    thread::scope(|scope| {
        let batch = scope.spawn(|| build.batch(&["runtime"]).0);
        until(&|| running.should_stop() || batch.is_finished());
        assert!(!batch.is_finished());
        drop(running);
        succeeds(&batch.join().unwrap());
    });
}

#[test]
fn an_error_is_left_to_the_step_that_it_belongs_to() {
    let world = World::new();
    let mount = tempfile::tempdir().unwrap();
    let build = Build::begun(&world, mount.path());
    world.write(
        "c/c.go",
        "package c\n\nfunc C() int { return \"no number\" }\n",
    );
    let (output, _) = build.batch(&["runtime"]);
    succeeds(&output);
    assert_eq!(said(&output), "");
    let outputs = build.libraries();
    let (last, others) = outputs.split_last().unwrap();
    others.iter().for_each(succeeds);
    assert!(
        !last.status.success() && said(last).contains("c/c.go:3:"),
        "{}",
        said(last)
    );
}

#[test]
fn what_the_mount_lost_since_is_made_again() {
    let world = World::new();
    let mount = tempfile::tempdir().unwrap();
    for (number, damage) in [(0, "removed"), (1, "flipped"), (2, "cut")] {
        world.edit("b", number + 10);
        world.edit("c", number + 10);
        let build = Build::begun(&world, mount.path());
        succeeds(&build.batch(&["runtime"]).0);
        let files = snapshot(mount.path())
            .into_keys()
            .map(|path| mount.path().join(path))
            .filter(|path| path.is_file());
        for file in files.skip(usize::try_from(number).unwrap()).step_by(2) {
            let bytes = fs::read(&file).unwrap();
            match damage {
                "removed" => fs::remove_file(&file).unwrap(),
                "cut" => fs::write(&file, &bytes[..bytes.len() / 2]).unwrap(),
                _ => fs::write(
                    &file,
                    bytes.iter().map(|byte| byte ^ 1).collect::<Vec<u8>>(),
                )
                .unwrap(),
            }
        }
        let (_, _, binary) = steps(&build);
        assert!(binary == world.plain(), "{damage}");
    }
}
