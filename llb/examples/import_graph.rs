//! A repository to its import graph, with the time that each part of the way takes: what `cargo
//! xtask bench scan` measures.
//!
//! `cargo run --release -p gowork-llb --example import_graph -- DIR [--json]` prints one line of
//! JSON. With `--json` the scan also goes through its JSON form, as it does from the scan step to
//! the frontend.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a program that measures and prints"
)]

mod measured;

use std::time::Instant;

use gowork_llb::gosrc::BuildContext;
use gowork_llb::packages::{self, Scan};
use gowork_llb::tree::LocalTree;
use gowork_llb::workspace;
use measured::peak_memory;
use serde_json::json;

/// A scan takes and gives back many small pieces of memory, on all threads at once.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [dir, flags @ ..] = words.as_slice() else {
        return Err("usage: import_graph DIR [--json]".into());
    };
    let mut clock = Clock(Instant::now());
    let mut scan = packages::scan(&LocalTree::new(dir));
    let scanned = clock.lap();
    let through_json = if flags.iter().any(|flag| flag == "--json") {
        let bytes = serde_json::to_vec(&scan)?;
        let written = clock.lap();
        scan = serde_json::from_slice::<Scan>(&bytes)?;
        json!({ "write": written, "read": clock.lap(), "bytes": bytes.len() })
    } else {
        json!(null)
    };
    let workspace = workspace::load(&scan.mod_files).workspace;
    let context = BuildContext::new("linux", "amd64");
    let (mut own, mut mains) = (0, 0);
    for (root, _) in workspace.roots() {
        mains += packages::mains(&scan, &workspace, root, &context).len();
        let all = packages::matched(&scan, &workspace, root);
        let paths: Vec<_> = all.iter().map(|matched| &matched.path).collect();
        let loaded = packages::load(&scan, &workspace, root, &context, &paths);
        own += loaded
            .packages
            .iter()
            .filter(|(_, package)| !package.files.is_empty())
            .count();
    }
    let loaded = clock.lap();
    let files: usize = scan.dirs.values().map(|dir| dir.files.len()).sum();
    println!(
        "{}",
        json!({
            "files": files, "packages": own, "mains": mains,
            "scan": scanned, "load": loaded, "json": through_json, "peak": peak_memory(),
        })
    );
    // Returning the memory piece by piece is not measured, and takes time.
    std::process::exit(0)
}

struct Clock(Instant);

impl Clock {
    /// Seconds since the last lap.
    fn lap(&mut self) -> f64 {
        let last = std::mem::replace(&mut self.0, Instant::now());
        (self.0 - last).as_secs_f64()
    }
}
