//! Progress on stderr: one line per phase, with the seconds it took.
//!
//! A phase's line stays open until the phase ends, so whatever runs meanwhile has its output
//! captured (see [`crate::command`]) and shown only if it fails.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// Whether a phase's line has no end yet.
static OPEN: AtomicBool = AtomicBool::new(false);

/// A phase of work whose line has been begun.
pub(crate) struct Phase {
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
        OPEN.store(true, Ordering::Relaxed);
        Self {
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
        if OPEN.swap(false, Ordering::Relaxed) {
            eprintln!("{seconds:.1} s{comma}{remark}");
        } else {
            eprintln!("... {seconds:.1} s{comma}{remark}");
        }
    }
}

/// Ends an open line, because something else is about to be printed.
pub(crate) fn interrupted() {
    if OPEN.swap(false, Ordering::Relaxed) {
        eprintln!();
    }
}

/// Prints a line of its own.
pub(crate) fn note(text: &str) {
    interrupted();
    eprintln!("{text}");
}
