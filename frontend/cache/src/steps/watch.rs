//! `gowork-cache watch FILE DIR`: waits until some of the steps that the file names run, and leaves
//! their positions in the file [`RUNNING`] in `DIR`. A step whose layer is in BuildKit's cache never
//! runs, so this tells the frontend which results no layer holds.

use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use gowork_step::{Names, RUNNING, Running, Version, to_json};

use crate::args;
use crate::steps::description::read_json;
use crate::steps::locks::{Claim, Locks};

/// How long it waits for the first step. If a builder runs one step at a time, no other can begin
/// while this one waits.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often it looks.
const PAUSE: Duration = Duration::from_millis(20);
/// How long it waits for more steps: those that can run begin at about the same time.
const SETTLE: Duration = Duration::from_millis(150);

/// Waits, and writes the positions.
///
/// # Errors
/// If it is called in a wrong way, or cannot write.
pub fn watch(words: &[String]) -> Result<ExitCode, String> {
    let [file, dir] = words else {
        return Err("usage: gowork-cache watch FILE DIR".to_owned());
    };
    let Names { names, .. } = read_json(file)?;
    let (_, args) = args::from_environment()?;
    let locks = Locks::new(&args.mount.ok_or("there is no --mount")?);
    let running = Running {
        version: Version,
        positions: wait_for_running(&locks, &names, PATIENCE),
    };
    fs::write(Path::new(dir).join(RUNNING), to_json(&running))
        .map_err(|error| format!("write to {dir}: {error}"))?;
    Ok(ExitCode::SUCCESS)
}

/// Positions of the steps that run, in order; empty if none runs before `patience` is over.
fn wait_for_running(locks: &Locks, names: &[String], patience: Duration) -> Vec<usize> {
    let began = Instant::now();
    loop {
        let mut found = running(locks, names);
        if !found.is_empty() {
            thread::sleep(SETTLE);
            // A step that was there at the first look counts, even if it is over by now.
            found.extend(running(locks, names));
            found.sort_unstable();
            found.dedup();
            return found;
        }
        if began.elapsed() > patience {
            return found;
        }
        thread::sleep(PAUSE);
    }
}

/// Positions of the steps that run right now.
fn running(locks: &Locks, names: &[String]) -> Vec<usize> {
    let mut found = Vec::new();
    for (position, name) in names.iter().enumerate() {
        if locks.is_claimed(Claim::Running, name) {
            found.push(position);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn running_steps_are_found_by_position() {
        let dir = tempfile::tempdir().unwrap();
        let locks = Locks::new(dir.path());
        let names = ["a", "b", "c"].map(ToOwned::to_owned);
        assert_eq!(
            wait_for_running(&locks, &names, Duration::ZERO),
            [0usize; 0]
        );
        let _held = [
            locks.claim(Claim::Running, "c"),
            locks.claim(Claim::Running, "other"),
            locks.claim(Claim::Batched, "a"),
        ];
        let late = thread::scope(|scope| {
            let watching = scope.spawn(|| wait_for_running(&locks, &names, Duration::ZERO));
            thread::sleep(SETTLE / 3);
            let _late = locks.claim(Claim::Running, "a");
            watching.join().unwrap()
        });
        assert_eq!(late, [0, 2]);
    }
}
