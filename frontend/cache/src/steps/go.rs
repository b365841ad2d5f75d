//! Running the go command, so that it can be stopped.

use std::fs;
use std::io::{self, Read, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, ExitCode, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::steps::failure::Said;

/// How often somebody is asked whether it is to be stopped.
const PAUSE: Duration = Duration::from_millis(50);

/// How a go command ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// Its exit status.
    pub(crate) status: ExitStatus,
    /// Its standard output.
    pub(crate) output: String,
    /// What it printed on standard error.
    pub(crate) said: Said,
    /// Whether it was stopped: then a failure is none of its own.
    pub(crate) is_stopped: bool,
}

/// Runs the go command until it and its cache program are gone; its errors are passed on as they
/// come. `go list` does not wait for the program to complete the layer (cmd/go/internal/work,
/// `Builder.Do`), but that holds the same standard error open for as long as it runs.
///
/// It is stopped once `is_to_stop` says so, with all that it has started: what is being compiled is
/// lost, what was compiled is in the cache. It is not interrupted: that ends it just as fast, but
/// leaves its compilers running, and does nothing where interrupts are ignored, as in background
/// jobs of a shell.
pub(crate) fn run(go: &mut Command, is_to_stop: impl Fn() -> bool + Sync) -> io::Result<Ended> {
    let mut child = go
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let errors = child.stderr.take();
    let pid = Pid::from_child(&child);
    let (over, is_over) = mpsc::channel::<()>();
    thread::scope(|scope| {
        let passed_on = scope.spawn(|| errors.map_or(Ok(Said::default()), pass_on));
        let is_to_stop = &is_to_stop;
        let stopped = scope.spawn(move || {
            while is_over.recv_timeout(PAUSE) == Err(RecvTimeoutError::Timeout) {
                if is_to_stop() {
                    return end(pid);
                }
            }
            false
        });
        let ended = child.wait_with_output();
        drop(over);
        let panicked = |_| io::Error::other("a thread ended");
        let is_stopped = stopped.join().map_err(panicked)?;
        let mut said = passed_on.join().map_err(panicked)??;
        let ended = ended?;
        if let Some(signal) = ended.status.signal() {
            said.push(
                format!(
                    "go: {}\n",
                    if signal == Signal::KILL.as_raw() {
                        "signal: killed".to_owned()
                    } else {
                        format!("signal {signal}")
                    }
                )
                .as_bytes(),
            );
        }
        Ok(Ended {
            status: ended.status,
            output: String::from_utf8_lossy(&ended.stdout).into_owned(),
            said,
            is_stopped,
        })
    })
}

/// Passes errors on as they come.
fn pass_on(mut errors: impl Read) -> io::Result<Said> {
    let mut said = Said::default();
    let mut buffer = [0; 8 << 10];
    loop {
        let length = match errors.read(&mut buffer) {
            Ok(0) => return Ok(said),
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        io::stderr().write_all(&buffer[..length])?;
        said.push(&buffer[..length]);
    }
}

/// Ends a process, and those that it has started. Says whether it was there.
fn end(process: Pid) -> bool {
    let tasks = fs::read_dir(format!("/proc/{}/task", process.as_raw_nonzero()))
        .into_iter()
        .flatten()
        .flatten();
    let children = tasks.filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    let children: Vec<i32> = children
        .flat_map(|pids| {
            pids.split(' ')
                .filter_map(|pid| pid.trim().parse().ok())
                .collect::<Vec<_>>()
        })
        .collect();
    let ended = kill_process(process, Signal::KILL).is_ok();
    for child in children.into_iter().filter_map(Pid::from_raw) {
        let _ = kill_process(child, Signal::KILL);
    }
    ended
}

/// The exit code for this program if the go command ended so.
pub(crate) fn exit_code(status: ExitStatus) -> ExitCode {
    ExitCode::from(
        status
            .code()
            .and_then(|code| u8::try_from(code).ok())
            .unwrap_or(1),
    )
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn what_is_stopped_ends_with_all_that_it_has_started() {
        let dir = tempfile::tempdir().unwrap();
        let begun = dir.path().join("begun");
        let script = format!(
            "trap '' INT TERM; sleep 600 & touch {}; wait",
            begun.display()
        );
        let started = Instant::now();
        // The sleep holds standard error open.
        let ended = run(Command::new("sh").args(["-c", &script]), || begun.exists()).unwrap();
        assert!(ended.is_stopped && !ended.status.success());
        assert!(started.elapsed() < Duration::from_secs(300));
        let ended = run(Command::new("sh").args(["-c", "echo done"]), || false).unwrap();
        assert!(!ended.is_stopped && ended.status.success() && ended.output == "done\n");
    }
}
