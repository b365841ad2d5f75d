//! The command line: whether the program runs as a step of a build or as the cache of a go command,
//! and where such a cache has its results from and keeps them.

use std::io::{self, BufReader};
use std::path::Path;
use std::process::ExitCode;
use std::thread;

use gowork_step::words::{BATCH, COMPILE, FAILURE, LINK, WATCH};

use crate::args::{self, Args, Results};
use crate::layer::image::ResultsImage;
use crate::layer::read::Layer;
use crate::layer::write::LayerWriter;
use crate::mount::CacheMount;
use crate::server::serve::serve;
use crate::server::store::{Sink, Store};
use crate::server::usage_log::UsageLog;
use crate::steps::locks::Locks;
use crate::steps::{batch, compile, failure, git, link, watch};

/// Runs the program, called by this name, with these words after it.
pub fn run(name: &str, words: Vec<String>) -> ExitCode {
    if Path::new(name).ends_with("git") {
        return git::git(&words);
    }
    if let Some((word, rest)) = words.split_first()
        && let Some(done) = run_step(word, rest)
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
    match serve_go_command(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("gowork-cache: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Runs as a step of a build. Returns `None` if `word` is not the name of such a step: then a go
/// command calls this program as its cache.
fn run_step(word: &str, rest: &[String]) -> Option<Result<ExitCode, String>> {
    match word {
        COMPILE => Some(compile::compile(rest)),
        LINK => Some(link::link(rest)),
        BATCH => Some(batch::batch(rest)),
        WATCH => Some(watch::watch(rest)),
        FAILURE => Some(failure::failure(rest)),
        _ => None,
    }
}

fn serve_go_command(args: &Args) -> Result<(), String> {
    let mut layers = Vec::new();
    if let Results::Layer(dir) = &args.results {
        // What an earlier go command of the same step left there. Usually nothing.
        layers.extend(Layer::open(dir));
    }
    layers.extend(args.parents.iter().filter_map(|dir| open_parent(dir)));
    let locks = args.mount.as_deref().map(Locks::new);
    // At the first request, not before: while the go command loads packages, these steps may run.
    let wait_for_steps = || {
        if let Some(locks) = &locks {
            locks.wait_for_steps(&args.after, &args.stop);
        }
    };
    let image = args.image.as_deref().map(ResultsImage::open);
    let store = Store::new(layers, sink(args)?)
        .reading(image)
        .after(&wait_for_steps);
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
    if args.image.is_some() {
        eprintln!("gowork-cache: {}", store.fetched());
    }
    if args.stats {
        eprintln!("gowork-cache: {}", store.stats());
    }
    served
}

/// Where results go.
fn sink(args: &Args) -> Result<Sink, String> {
    let mount_dir = args.mount.as_deref();
    let mount = mount_dir.map(|dir| CacheMount::new(dir, args.limit));
    match &args.results {
        Results::Layer(dir) => {
            let writer = LayerWriter::keep(dir)
                .map_err(|error| format!("make the layer {}: {error}", dir.display()))?;
            Ok(Sink::Layer(writer, mount))
        }
        Results::Scratch(dir) => {
            let writer = LayerWriter::discard(dir)
                .map_err(|error| format!("make scratch space in {}: {error}", dir.display()))?;
            Ok(Sink::Layer(writer, mount))
        }
        Results::Mount(dir) => {
            let log = UsageLog::new(dir)
                .map_err(|error| format!("make a usage log in {}: {error}", dir.display()))?;
            Ok(Sink::Mount(log, mount.ok_or("--usage-log needs --mount")?))
        }
    }
}

/// A layer to read. A broken one is reported, and then counts as empty.
fn open_parent(dir: &Path) -> Option<Layer> {
    match Layer::open(dir) {
        Ok(layer) => Some(layer),
        Err(error) => {
            eprintln!(
                "gowork-cache: nothing is read from {}: {error}",
                dir.display()
            );
            None
        }
    }
}
