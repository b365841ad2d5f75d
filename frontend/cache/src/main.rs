//! The program `gowork-cache`: the command line, and which tiers it asks for. The library's first
//! page says what a layer is.

use std::io::{self, BufReader};
use std::path::Path;
use std::process::ExitCode;
use std::thread;

use gowork_cache::args::{self, Args, Results};
use gowork_cache::layer::read::Layer;
use gowork_cache::layer::write::Own;
use gowork_cache::mount::CacheMount;
use gowork_cache::server::serve::serve;
use gowork_cache::server::store::{Kept, Store, Tier};
use gowork_cache::server::usage_log::Names;
use gowork_cache::steps::locks::Turns;
use gowork_cache::steps::{batch, compile, failure, link, watch};
use gowork_step::words::{BATCH, COMPILE, FAILURE, LINK, WATCH};

fn main() -> ExitCode {
    let words = std::env::args_os().skip(1).map(|word| {
        word.into_string()
            .unwrap_or_else(|word| word.to_string_lossy().into())
    });
    let words: Vec<String> = words.collect();
    if let Some((word, rest)) = words.split_first()
        && let Some(done) = step(word, rest)
    {
        return done.unwrap_or_else(|error| {
            eprintln!("gowork-cache: {error}");
            ExitCode::from(127)
        });
    }
    let args = match args::parse(words) {
        Ok(args) => args,
        Err(error) => {
            eprintln!("gowork-cache: {error}\n{}", args::USAGE);
            return ExitCode::from(2);
        }
    };
    match run(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("gowork-cache: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What a step of a build calls it for; none if this is a go command asking for a cache.
fn step(word: &str, rest: &[String]) -> Option<Result<ExitCode, String>> {
    match word {
        COMPILE => Some(compile::compile(rest)),
        LINK => Some(link::link(rest)),
        BATCH => Some(batch::batch(rest)),
        WATCH => Some(watch::watch(rest)),
        FAILURE => Some(failure::failure(rest)),
        _ => None,
    }
}

fn run(args: &Args) -> Result<(), String> {
    let mut tiers: Vec<Box<dyn Tier>> = Vec::new();
    let mount = args
        .mount
        .as_deref()
        .map(|dir| CacheMount::new(dir, args.limit));
    let kept = match &args.results {
        Results::Keep(dir) => {
            // What an earlier go command of the same step left there. Usually nothing.
            tiers.extend(
                Layer::open(dir)
                    .ok()
                    .map(|layer| Box::new(layer) as Box<dyn Tier>),
            );
            let own = Own::keep(dir)
                .map_err(|error| format!("make the layer {}: {error}", dir.display()))?;
            Kept::Layer(own, mount)
        }
        Results::Discard(dir) => {
            let own = Own::discard(dir)
                .map_err(|error| format!("make scratch space in {}: {error}", dir.display()))?;
            Kept::Layer(own, mount)
        }
        Results::Names(dir) => {
            let names = Names::new(dir)
                .map_err(|error| format!("make a list in {}: {error}", dir.display()))?;
            Kept::Named(names, mount.ok_or("--names needs a mount")?)
        }
    };
    tiers.extend(args.parents.iter().filter_map(|dir| parent(dir)));
    let turns = args.mount.as_deref().map(Turns::new);
    // Only now: while the go command loads packages, they may as well run.
    let wait = || {
        turns
            .iter()
            .for_each(|turns| turns.outwait(&args.after, &args.stop))
    };
    let store = Store::new(tiers, kept).after(&wait);
    let threads = thread::available_parallelism()
        .map_or(2, usize::from)
        .clamp(2, 8);
    let served = serve(
        &mut BufReader::with_capacity(256 << 10, io::stdin()),
        io::stdout(),
        &store,
        threads,
    );
    if let Some(error) = store.complaint() {
        eprintln!("gowork-cache: not all results are kept in the cache mount: {error}");
    }
    if args.stats {
        eprintln!("gowork-cache: {}", store.stats());
    }
    served
}

/// A layer to read; a broken one is as good as none, and worth a word.
fn parent(dir: &Path) -> Option<Box<dyn Tier>> {
    match Layer::open(dir) {
        Ok(layer) => Some(Box::new(layer)),
        Err(error) => {
            eprintln!(
                "gowork-cache: nothing is read from {}: {error}",
                dir.display()
            );
            None
        }
    }
}
