//! Whose turn it is: files in a cache mount by which steps and what goes ahead of them tell each
//! other what they are doing right now. Owns these files.
//!
//! A file is locked by who does what it says, for as long as that takes; who is killed has let go
//! of it. So a file that nobody holds says nothing. A step is known here by a name that its plan
//! gave it, by which two builds of one repository may mean two different things: then somebody
//! waits in vain, or does not wait. Nobody believes a result for what is said here.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::mount;

/// What is said of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// The step itself runs.
    Runs,
    /// Somebody else is about to make its results: the step had better wait.
    Ahead,
    /// The step that runs is to stop soon: somebody else makes the rest of its results, and has use
    /// for those that are there.
    Stop,
}

/// The turns of all steps that use a mount.
pub struct Turns {
    dir: PathBuf,
}

/// Says something of a step until it is dropped.
pub struct Held {
    path: PathBuf,
    _file: File,
}

impl Drop for Held {
    fn drop(&mut self) {
        // Whoever waits for it has it open.
        let _ = fs::remove_file(&self.path);
    }
}

/// A step that runs until this is dropped.
pub struct Begun {
    turns: Turns,
    name: String,
    _held: Held,
}

impl Begun {
    /// Whether somebody asks it to stop.
    pub fn is_to_stop(&self) -> bool {
        self.turns.is_said(Turn::Stop, &self.name)
    }
}

impl Turns {
    /// Those of the mount at `dir`.
    pub fn new(dir: &Path) -> Turns {
        Turns {
            dir: mount::turns_dir(dir),
        }
    }

    /// Has the step `name` run when nobody makes its results ahead of it any more.
    pub fn begin(self, name: &str) -> Option<Begun> {
        let _ = self.wait(Turn::Ahead, name);
        let held = self.say(Turn::Runs, name)?;
        Some(Begun {
            turns: self,
            name: name.to_owned(),
            _held: held,
        })
    }

    /// Says it of the step `name`. None if that cannot be said, or another process says it already.
    pub fn say(&self, turn: Turn, name: &str) -> Option<Held> {
        let path = self.path(turn, name)?;
        fs::create_dir_all(&self.dir).ok()?;
        let file = File::options().create(true).append(true).open(&path).ok()?;
        file.try_lock().ok()?;
        Some(Held { path, _file: file })
    }

    /// Whether it is said of the step `name`.
    pub fn is_said(&self, turn: Turn, name: &str) -> bool {
        // Only for a moment, in which nobody else can say it: then the others do not hear of it.
        self.open(turn, name)
            .is_some_and(|file| file.try_lock_shared().is_err())
    }

    /// Waits until it is not said of the step `name` any more.
    ///
    /// # Errors
    /// If the file system has no locks.
    pub fn wait(&self, turn: Turn, name: &str) -> io::Result<()> {
        self.open(turn, name)
            .map_or(Ok(()), |file| file.lock_shared())
    }

    /// Waits until steps are over. Those to `stop` are asked to.
    pub fn outwait(&self, others: &[String], stop: &[String]) {
        let _asked: Vec<Held> = stop
            .iter()
            .filter_map(|name| self.say(Turn::Stop, name))
            .collect();
        for name in stop.iter().chain(others) {
            let _ = self.wait(Turn::Runs, name);
        }
    }

    fn open(&self, turn: Turn, name: &str) -> Option<File> {
        File::open(self.path(turn, name)?).ok()
    }

    /// None for a name that is none of a file.
    fn path(&self, turn: Turn, name: &str) -> Option<PathBuf> {
        let word = match turn {
            Turn::Runs => "runs",
            Turn::Ahead => "ahead",
            Turn::Stop => "stop",
        };
        let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
        is_name.then(|| self.dir.join(format!("{word}-{name}")))
    }
}

#[cfg(test)]
mod tests {
    use std::thread;
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_turn_is_said_until_it_is_over() {
        let dir = tempfile::tempdir().unwrap();
        let turns = Turns::new(dir.path());
        assert!(!turns.is_said(Turn::Runs, "a"));
        let held = turns.say(Turn::Runs, "a").unwrap();
        assert!(
            turns.is_said(Turn::Runs, "a")
                && !turns.is_said(Turn::Runs, "b")
                && !turns.is_said(Turn::Ahead, "a")
        );
        assert!(turns.say(Turn::Runs, "a").is_none(), "somebody says it");
        drop(held);
        assert!(!turns.is_said(Turn::Runs, "a"));
        assert!(turns.say(Turn::Runs, "../a").is_none());
        // What a process that was killed has left.
        fs::write(turns.path(Turn::Runs, "a").unwrap(), "").unwrap();
        assert!(!turns.is_said(Turn::Runs, "a") && turns.say(Turn::Runs, "a").is_some());
    }

    #[test]
    fn who_runs_hears_that_it_is_to_stop() {
        let dir = tempfile::tempdir().unwrap();
        let begun = Turns::new(dir.path()).begin("a").unwrap();
        assert!(!begun.is_to_stop());
        thread::scope(|scope| {
            let stopping = scope
                .spawn(|| Turns::new(dir.path()).outwait(&[], &["b".to_owned(), "a".to_owned()]));
            while !begun.is_to_stop() {
                thread::yield_now();
            }
            assert!(!stopping.is_finished());
            drop(begun);
            stopping.join().unwrap();
        });
        assert!(
            !Turns::new(dir.path()).begin("a").unwrap().is_to_stop(),
            "nobody asks any more"
        );
    }

    #[test]
    fn who_waits_goes_on_when_it_is_over() {
        let dir = tempfile::tempdir().unwrap();
        let turns = Turns::new(dir.path());
        turns.wait(Turn::Ahead, "a").unwrap();
        let held = turns.say(Turn::Ahead, "a").unwrap();
        thread::scope(|scope| {
            let waiting = scope.spawn(|| turns.wait(Turn::Ahead, "a"));
            thread::sleep(Duration::from_millis(50));
            assert!(!waiting.is_finished());
            drop(held);
            waiting.join().unwrap().unwrap();
        });
    }
}
