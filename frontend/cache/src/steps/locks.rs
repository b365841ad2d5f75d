//! Files in a cache mount that steps and batches lock, so that each knows what the others are doing
//! right now. Owns these files.
//!
//! A claim holds for as long as its file is locked. If a process is killed, its locks are gone, so
//! a file that no process holds means nothing. Claims name a step by the name that its plan gave
//! it. Two builds of one repository may use one name for two steps; then a step waits in vain, or
//! does not wait. Claims only decide who waits: no result is trusted because of them.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::mount;

/// What is claimed about a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// The step itself runs.
    Running,
    /// A batch is about to make its results, so the step waits.
    Batched,
    /// The running step should stop soon: a batch uses what it made, and makes the rest.
    Stop,
}

impl Claim {
    fn word(self) -> &'static str {
        match self {
            Claim::Running => "running",
            Claim::Batched => "batched",
            Claim::Stop => "stop",
        }
    }
}

/// The claims about all steps that use a mount.
pub struct Locks {
    dir: PathBuf,
}

/// A claim that holds until this is dropped.
pub struct Held {
    path: PathBuf,
    _file: File,
}

impl Drop for Held {
    fn drop(&mut self) {
        // Processes that wait for the lock have the file open.
        let _ = fs::remove_file(&self.path);
    }
}

/// A step that runs until this is dropped.
pub struct RunningStep {
    locks: Locks,
    name: String,
    _held: Held,
}

impl RunningStep {
    /// Whether a batch asks it to stop.
    pub fn should_stop(&self) -> bool {
        self.locks.is_claimed(Claim::Stop, &self.name)
    }
}

impl Locks {
    /// The claims about steps that use the mount at `dir`.
    pub fn new(dir: &Path) -> Locks {
        Locks {
            dir: mount::locks_dir(dir),
        }
    }

    /// Waits until no batch makes the results of the step `name`, and then claims that it runs.
    /// Returns `None` if that cannot be claimed; the step then runs without.
    pub fn run(self, name: &str) -> Option<RunningStep> {
        let _ = self.wait(Claim::Batched, name);
        let held = self.claim(Claim::Running, name)?;
        Some(RunningStep {
            locks: self,
            name: name.to_owned(),
            _held: held,
        })
    }

    /// Claims something about the step `name`. Returns `None` if the mount cannot be written to, or
    /// another process claims the same.
    pub fn claim(&self, claim: Claim, name: &str) -> Option<Held> {
        let path = self.path(claim, name)?;
        fs::create_dir_all(&self.dir).ok()?;
        let file = File::options().create(true).append(true).open(&path).ok()?;
        file.try_lock().ok()?;
        Some(Held { path, _file: file })
    }

    /// Whether this is claimed about the step `name`.
    pub fn is_claimed(&self, claim: Claim, name: &str) -> bool {
        // This takes the lock for a moment. A claim in that moment fails, and others do not learn of it.
        self.open(claim, name)
            .is_some_and(|file| file.try_lock_shared().is_err())
    }

    /// Waits until this is not claimed about the step `name` any more.
    ///
    /// # Errors
    /// If the file system has no locks.
    pub fn wait(&self, claim: Claim, name: &str) -> io::Result<()> {
        match self.open(claim, name) {
            Some(file) => file.lock_shared(),
            None => Ok(()),
        }
    }

    /// Waits until all these steps are over. Asks those in `stop` to stop.
    pub fn wait_for_steps(&self, steps: &[String], stop: &[String]) {
        let mut asked = Vec::new();
        for name in stop {
            asked.extend(self.claim(Claim::Stop, name));
        }
        for name in stop.iter().chain(steps) {
            // Without locks nothing is known of other steps, and nothing to wait for.
            let _ = self.wait(Claim::Running, name);
        }
    }

    fn open(&self, claim: Claim, name: &str) -> Option<File> {
        File::open(self.path(claim, name)?).ok()
    }

    /// The file of a claim; `None` if the name cannot be part of a file name.
    fn path(&self, claim: Claim, name: &str) -> Option<PathBuf> {
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return None;
        }
        Some(self.dir.join(format!("{}-{name}", claim.word())))
    }
}

#[cfg(test)]
mod tests {
    use std::thread;
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_claim_holds_until_it_is_dropped() {
        let dir = tempfile::tempdir().unwrap();
        let locks = Locks::new(dir.path());
        assert!(!locks.is_claimed(Claim::Running, "a"));
        let held = locks.claim(Claim::Running, "a").unwrap();
        assert!(
            locks.is_claimed(Claim::Running, "a")
                && !locks.is_claimed(Claim::Running, "b")
                && !locks.is_claimed(Claim::Batched, "a")
        );
        assert!(
            locks.claim(Claim::Running, "a").is_none(),
            "it is claimed already"
        );
        drop(held);
        assert!(!locks.is_claimed(Claim::Running, "a"));
        assert!(locks.claim(Claim::Running, "../a").is_none());
        // A file that a killed process has left.
        fs::write(locks.path(Claim::Running, "a").unwrap(), "").unwrap();
        assert!(
            !locks.is_claimed(Claim::Running, "a") && locks.claim(Claim::Running, "a").is_some()
        );
    }

    #[test]
    fn a_running_step_learns_that_it_should_stop() {
        let dir = tempfile::tempdir().unwrap();
        let running = Locks::new(dir.path()).run("a").unwrap();
        assert!(!running.should_stop());
        thread::scope(|scope| {
            let stopping = scope.spawn(|| {
                Locks::new(dir.path()).wait_for_steps(&[], &["b".to_owned(), "a".to_owned()])
            });
            while !running.should_stop() {
                thread::yield_now();
            }
            assert!(!stopping.is_finished());
            drop(running);
            stopping.join().unwrap();
        });
        assert!(
            !Locks::new(dir.path()).run("a").unwrap().should_stop(),
            "no batch asks any more"
        );
    }

    #[test]
    fn waiting_ends_with_the_claim() {
        let dir = tempfile::tempdir().unwrap();
        let locks = Locks::new(dir.path());
        locks.wait(Claim::Batched, "a").unwrap();
        let held = locks.claim(Claim::Batched, "a").unwrap();
        thread::scope(|scope| {
            let waiting = scope.spawn(|| locks.wait(Claim::Batched, "a"));
            thread::sleep(Duration::from_millis(50));
            assert!(!waiting.is_finished());
            drop(held);
            waiting.join().unwrap().unwrap();
        });
    }
}
