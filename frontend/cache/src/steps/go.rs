//! Running the go command, so that it can be stopped.

use std::fs;
use std::io::{self, Read, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, ExitCode, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::steps::failure::Excerpt;

/// How often `run` asks whether to stop.
const PAUSE: Duration = Duration::from_millis(50);

/// How a go command ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// Its exit status.
    pub(crate) status: ExitStatus,
    /// Its standard output.
    pub(crate) output: String,
    /// What it printed on standard error.
    pub(crate) errors: Excerpt,
    /// Whether it was stopped. Then its exit status says nothing.
    pub(crate) is_stopped: bool,
}

/// Runs the go command until it and its cache program are gone. Its errors are passed on as they
/// come. `go list` does not wait for the program to complete the layer (cmd/go/internal/work,
/// `Builder.Do`), but the program holds the same standard error open for as long as it runs.
///
/// When `should_stop` says so, the go command is killed with everything that it started: what is
/// being compiled is lost, what was compiled is in the cache. It is not interrupted: that is not
/// slower, but leaves its compilers running, and does nothing where interrupts are ignored, as in
/// background jobs of a shell.
pub(crate) fn run(go: &mut Command, should_stop: impl Fn() -> bool + Sync) -> io::Result<Ended> {
    let mut child = go
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let errors = child.stderr.take();
    let pid = Pid::from_child(&child);
    let (over, is_over) = mpsc::channel::<()>();
    thread::scope(|scope| {
        let passing_on = scope.spawn(|| match errors {
            Some(errors) => pass_on(errors),
            None => Ok(Excerpt::default()),
        });
        let should_stop = &should_stop;
        let stopping = scope.spawn(move || kill_when(should_stop, pid, is_over));
        let ended = child.wait_with_output();
        drop(over);
        let panicked = |_| io::Error::other("a thread ended");
        let is_stopped = stopping.join().map_err(panicked)?;
        let mut errors = passing_on.join().map_err(panicked)??;
        let ended = ended?;
        if let Some(signal) = ended.status.signal() {
            errors.push(signal_text(signal).as_bytes());
        }
        Ok(Ended {
            status: ended.status,
            output: String::from_utf8_lossy(&ended.stdout).into_owned(),
            errors,
            is_stopped,
        })
    })
}

/// Kills the process when `should_stop` says so. Returns whether that happened before the process
/// was over.
fn kill_when(should_stop: impl Fn() -> bool, process: Pid, is_over: Receiver<()>) -> bool {
    while is_over.recv_timeout(PAUSE) == Err(RecvTimeoutError::Timeout) {
        if should_stop() {
            return kill(process);
        }
    }
    false
}

/// What a shell would print about a process that a signal ended.
fn signal_text(signal: i32) -> String {
    if signal == Signal::KILL.as_raw() {
        "go: signal: killed\n".to_owned()
    } else {
        format!("go: signal {signal}\n")
    }
}

/// Copies errors to standard error as they come.
fn pass_on(mut errors: impl Read) -> io::Result<Excerpt> {
    let mut excerpt = Excerpt::default();
    let mut buffer = [0; 8 << 10];
    loop {
        let length = match errors.read(&mut buffer) {
            Ok(0) => return Ok(excerpt),
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        io::stderr().write_all(&buffer[..length])?;
        excerpt.push(&buffer[..length]);
    }
}

/// Kills a process, and those that it started. Returns whether it still ran.
fn kill(process: Pid) -> bool {
    // Before it is killed: then its children get another parent.
    let children = children(process);
    let is_killed = kill_process(process, Signal::KILL).is_ok();
    for child in children {
        let _ = kill_process(child, Signal::KILL);
    }
    is_killed
}

/// The processes that a process started; each of its threads has a list of its own.
fn children(process: Pid) -> Vec<Pid> {
    let mut children = Vec::new();
    let tasks = fs::read_dir(format!("/proc/{}/task", process.as_raw_nonzero()));
    for task in tasks.into_iter().flatten().flatten() {
        let list = fs::read_to_string(task.path().join("children")).unwrap_or_default();
        for word in list.split_whitespace() {
            children.extend(word.parse().ok().and_then(Pid::from_raw));
        }
    }
    children
}

/// The exit code for this program if the go command ended so.
pub(crate) fn exit_code(status: ExitStatus) -> ExitCode {
    match status.code().map(u8::try_from) {
        Some(Ok(code)) => ExitCode::from(code),
        _ => ExitCode::FAILURE,
    }
}

/// The packages that can be named on a command line. Those that std vendors for itself cannot; they
/// come with the packages that import them.
pub(crate) fn nameable<'a>(
    packages: impl Iterator<Item = &'a String>,
) -> impl Iterator<Item = &'a String> {
    packages.filter(|path| !path.starts_with("vendor/"))
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn a_stopped_command_ends_with_all_that_it_started() {
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
