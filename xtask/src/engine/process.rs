//! A background program of ours: started with its output in a log, found again by its pid file,
//! stopped by its own pid.

use anyhow::{Context, Result, bail};
use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How long a program may take to end after SIGTERM before it gets SIGKILL. A buildkitd with a
/// build in progress waits for it, longer than anybody who stops an engine wants to.
const PATIENCE: Duration = Duration::from_secs(8);
/// How often a state that is waited for is looked at.
const INTERVAL: Duration = Duration::from_millis(50);
/// Lines of the log that an error shows.
const SHOWN_LINES: usize = 20;

/// A background program that keeps `pid` and `log` in a directory of its own.
#[derive(Debug)]
pub(crate) struct Daemon {
    directory: PathBuf,
    /// The configuration file, which stands in the program's command line: a process with our pid
    /// whose command line lacks it is somebody else's, started after ours died.
    configuration: PathBuf,
}

impl Daemon {
    /// The program that keeps its files in `directory` and is started with the path `configuration`
    /// in its command line.
    pub(crate) fn new(directory: &Path, configuration: &Path) -> Self {
        Self {
            directory: directory.to_path_buf(),
            configuration: configuration.to_path_buf(),
        }
    }

    /// The pid, if the program runs.
    pub(crate) fn running(&self) -> Option<u32> {
        let pid = std::fs::read_to_string(self.pid_file())
            .ok()?
            .trim()
            .parse()
            .ok()?;
        // A zombie's command line is empty, so a program that has ended does not count, reaped or
        // not.
        let command_line = std::fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        let wanted = self.configuration.as_os_str().as_encoded_bytes();
        command_line
            .split(|&byte| byte == 0)
            .any(|argument| argument == wanted)
            .then_some(pid)
    }

    /// Starts `command` and waits until `ready` says so.
    ///
    /// # Errors
    /// If it cannot be started, ends early or is not ready within `limit`; the error shows the end
    /// of its log.
    pub(crate) fn start(
        &self,
        command: &mut Command,
        limit: Duration,
        ready: impl Fn() -> bool,
    ) -> Result<()> {
        let log = File::create(self.log())
            .with_context(|| format!("cannot create {}", self.log().display()))?;
        // A process group of its own: an interrupt at the terminal is for the xtask, not for what
        // outlives it.
        command
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .current_dir("/")
            .process_group(0);
        let program = command.get_program().to_string_lossy().into_owned();
        let mut child = command
            .spawn()
            .with_context(|| format!("cannot start {program}"))?;
        std::fs::write(self.pid_file(), format!("{}\n", child.id()))?;
        let started = Instant::now();
        // The command line appears a moment after the process.
        while self.running().is_none() || !ready() {
            if let Some(status) = child.try_wait()? {
                self.forget()?;
                bail!(
                    "{program} ended early ({status}); the end of {}:\n{}",
                    self.log().display(),
                    self.log_tail()
                );
            }
            if started.elapsed() > limit {
                self.stop()?;
                bail!(
                    "{program} is not ready after {} s; the end of {}:\n{}",
                    limit.as_secs(),
                    self.log().display(),
                    self.log_tail()
                );
            }
            std::thread::sleep(INTERVAL);
        }
        Ok(())
    }

    /// Stops the program if it runs; says whether it did.
    ///
    /// # Errors
    /// If it survives SIGKILL, or may not be signalled.
    pub(crate) fn stop(&self) -> Result<bool> {
        let Some(pid) = self.running() else {
            self.forget()?;
            return Ok(false);
        };
        for signal in ["TERM", "KILL"] {
            send(signal, pid)?;
            let sent = Instant::now();
            while sent.elapsed() < PATIENCE {
                if self.running().is_none() {
                    self.forget()?;
                    return Ok(true);
                }
                std::thread::sleep(INTERVAL);
            }
        }
        bail!("process {pid} does not end; see {}", self.log().display())
    }

    /// Where the program's output goes.
    pub(crate) fn log(&self) -> PathBuf {
        self.directory.join("log")
    }

    fn log_tail(&self) -> String {
        let log = std::fs::read(self.log()).unwrap_or_default();
        crate::command::last_lines(&String::from_utf8_lossy(&log), SHOWN_LINES)
    }

    fn pid_file(&self) -> PathBuf {
        self.directory.join("pid")
    }

    fn forget(&self) -> Result<()> {
        match std::fs::remove_file(self.pid_file()) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }
}

/// Sends a signal to one process. The standard library has no call for it, the shell has.
///
/// # Errors
/// If the shell cannot be started. A process that is gone is no error.
pub(crate) fn send(signal: &str, pid: u32) -> Result<()> {
    let mut kill = crate::command::command(
        "sh",
        ["-c", &format!("kill -s {signal} {pid} 2>/dev/null || true")],
    );
    crate::command::run(&mut kill)
}

/// Seconds of processors that a process has used, with those that it started and waited for: user
/// and system time (proc_pid_stat(5), fields 14 to 17). `process` is a pid or `self`.
///
/// # Errors
/// If it does not run.
pub(crate) fn processor_seconds(process: &str) -> Result<f64> {
    let path = format!("/proc/{process}/stat");
    let stat = std::fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
    // The second field, the program's name, may have blanks.
    let (_, fields) = stat.rsplit_once(')').context("no name in it")?;
    let ticks = fields.split_whitespace().skip(11).take(4);
    let ticks: u64 = ticks.map(str::parse::<u64>).sum::<Result<_, _>>()?;
    Ok(ticks as f64 / rustix::param::clock_ticks_per_second() as f64)
}

#[cfg(test)]
mod tests {
    use super::{Daemon, processor_seconds};
    use std::process::Command;
    use std::time::Duration;

    fn sleeper(directory: &std::path::Path) -> (Daemon, Command) {
        let configuration = directory.join("configuration");
        let mut command = Command::new("sh");
        command
            .args(["-c", "sleep 60; true", "name"])
            .arg(&configuration);
        (Daemon::new(directory, &configuration), command)
    }

    #[test]
    fn runs_until_stopped() {
        let directory = tempfile::tempdir().expect("temporary directory");
        let (daemon, mut command) = sleeper(directory.path());
        assert_eq!(daemon.running(), None);
        daemon
            .start(&mut command, Duration::from_secs(5), || true)
            .expect("start");
        assert!(daemon.running().is_some());
        assert!(daemon.stop().expect("stop"));
        assert_eq!(daemon.running(), None);
        assert!(!daemon.stop().expect("stop again"));
    }

    #[test]
    fn a_pid_that_went_to_another_program_is_not_ours() {
        let directory = tempfile::tempdir().expect("temporary directory");
        let (daemon, _) = sleeper(directory.path());
        std::fs::write(
            directory.path().join("pid"),
            format!("{}\n", std::process::id()),
        )
        .expect("write");
        assert_eq!(daemon.running(), None);
        assert!(!daemon.stop().expect("stop"));
    }

    #[test]
    fn a_process_has_used_what_it_waited_for() {
        let before = processor_seconds("self").expect("it runs");
        let mut busy = Command::new("sh");
        busy.args(["-c", "n=0; while [ $n -lt 300000 ]; do n=$((n + 1)); done"]);
        assert!(busy.status().expect("a shell").success());
        assert!(processor_seconds("self").expect("it runs") > before);
        processor_seconds("0").expect_err("no process has this number");
    }

    #[test]
    fn an_early_end_shows_the_log() {
        let directory = tempfile::tempdir().expect("temporary directory");
        let daemon = Daemon::new(directory.path(), &directory.path().join("configuration"));
        let mut command = Command::new("sh");
        command.args(["-c", "echo no such device >&2; exit 3"]);
        let error = daemon
            .start(&mut command, Duration::from_secs(5), || false)
            .expect_err("it ended");
        assert!(error.to_string().contains("no such device"), "{error}");
    }
}
