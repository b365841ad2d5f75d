//! `gowork-cache watch FILE DIR`: waits until some of the steps that the file names run, and leaves
//! their positions in the file [`RUNNING`] in `DIR`. So who builds learns what no layer holds: a
//! step whose layer is at hand never runs.

use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use gowork_step::{Names, RUNNING, Running, Version, to_json};

use crate::args;
use crate::steps::locks::{Turn, Turns};
use crate::steps::memo;

/// How long it waits for the first. Where a builder runs one step at a time, none can begin
/// meanwhile.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often it looks.
const PAUSE: Duration = Duration::from_millis(20);
/// How long it waits for others: what can run begins at about the same time.
const SETTLE: Duration = Duration::from_millis(150);

/// Waits and tells.
///
/// # Errors
/// If it is called in a wrong way, or cannot write.
pub fn watch(words: &[String]) -> Result<ExitCode, String> {
    let [file, dir] = words else {
        return Err("usage: gowork-cache watch FILE DIR".to_owned());
    };
    let Names { names, .. } = memo::read_json(file)?;
    let (_, args) = args::from_environment()?;
    let turns = Turns::new(&args.mount.ok_or("there is no --mount")?);
    let running = Running {
        version: Version,
        positions: running(&turns, &names, PATIENCE),
    };
    fs::write(Path::new(dir).join(RUNNING), to_json(&running))
        .map_err(|error| format!("write to {dir}: {error}"))?;
    Ok(ExitCode::SUCCESS)
}

/// Positions of those that run; none if none does in all that time.
fn running(turns: &Turns, names: &[String], patience: Duration) -> Vec<usize> {
    let look = || -> Vec<usize> {
        let runs = |(at, name): (usize, &String)| turns.is_said(Turn::Runs, name).then_some(at);
        names.iter().enumerate().filter_map(runs).collect()
    };
    let began = Instant::now();
    loop {
        let first = look();
        if !first.is_empty() {
            thread::sleep(SETTLE);
            let mut all = look();
            // What ended meanwhile ran as well.
            all.extend(first);
            all.sort_unstable();
            all.dedup();
            return all;
        }
        if began.elapsed() > patience {
            return first;
        }
        thread::sleep(PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_that_run_are_told_by_position() {
        let dir = tempfile::tempdir().unwrap();
        let turns = Turns::new(dir.path());
        let names = ["a", "b", "c"].map(ToOwned::to_owned);
        assert_eq!(running(&turns, &names, Duration::ZERO), [0usize; 0]);
        let _held = [
            turns.say(Turn::Runs, "c"),
            turns.say(Turn::Runs, "other"),
            turns.say(Turn::Ahead, "a"),
        ];
        let late = thread::scope(|scope| {
            let watching = scope.spawn(|| running(&turns, &names, Duration::ZERO));
            thread::sleep(SETTLE / 3);
            let _late = turns.say(Turn::Runs, "a");
            watching.join().unwrap()
        });
        assert_eq!(late, [0, 2]);
    }
}
