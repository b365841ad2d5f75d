//! Progress on stderr: one line per phase, with the seconds it took.
//!
//! A phase's line stays open until the phase ends, so whatever runs meanwhile has its output
//! captured (see [`crate::command`]) and shown only if it fails. If another phase begins meanwhile,
//! the first one has a line more when it ends.

use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

/// The number of the phase whose line has no end yet, or 0.
static OPEN: AtomicUsize = AtomicUsize::new(0);
/// How many phases have begun.
static BEGUN: AtomicUsize = AtomicUsize::new(0);

/// A phase of work whose line has been begun.
pub(crate) struct Phase {
    number: usize,
    what: String,
    started: Instant,
}

impl Phase {
    /// Begins the line `what ... `. Say in `what` how long it takes where that is more than a few
    /// seconds.
    pub(crate) fn start(what: &str) -> Self {
        interrupted();
        eprint!("{what} ... ");
        // A progress line that cannot be flushed is shown late; nothing depends on it.
        let _ = std::io::stderr().flush();
        let number = BEGUN.fetch_add(1, Ordering::Relaxed) + 1;
        OPEN.store(number, Ordering::Relaxed);
        Self {
            number,
            what: what.to_owned(),
            started: Instant::now(),
        }
    }

    /// Ends the line with the seconds passed.
    pub(crate) fn done(self) {
        self.done_with("");
    }

    /// Ends the line with the seconds passed and a remark.
    pub(crate) fn done_with(self, remark: &str) {
        let seconds = self.started.elapsed().as_secs_f64();
        let comma = if remark.is_empty() { "" } else { ", " };
        if OPEN.load(Ordering::Relaxed) == self.number {
            OPEN.store(0, Ordering::Relaxed);
            eprintln!("{seconds:.1} s{comma}{remark}");
        } else {
            interrupted();
            eprintln!("{} ... {seconds:.1} s{comma}{remark}", self.what);
        }
    }
}

/// Ends an open line, because something else is about to be printed.
pub(crate) fn interrupted() {
    if OPEN.swap(0, Ordering::Relaxed) != 0 {
        eprintln!();
    }
}

/// Prints a line of its own.
pub(crate) fn note(text: &str) {
    interrupted();
    eprintln!("{text}");
}
