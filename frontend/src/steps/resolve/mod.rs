//! The resolve step: `gowork-frontend resolve --request FILE --source DIR --out DIR [--modcache
//! DIR] [--report]`.
//!
//! Asks the go command which modules and packages third-party imports lead to; the only step with
//! network and secrets. The source tree holds mod files, and no more sources than a vendor
//! directory; it must be writable, since a workspace whose sums are incomplete gets them added. In
//! the output directory:
//!
//! | path | holds |
//! |---|---|
//! | `resolution.json` | what `go` chose: [`Resolution`] |
//! | `modcache/`, or the directory that is named | a module cache for offline builds, with the files of the reached packages only; absent if vendored |
//! | `go.work.sum` | in workspaces: the committed sums and those that were missing; may be empty |
//! | `rootfs/` | the file system of images that start from nothing: users, `/tmp`, the builder image's certificates and time zones |
//! | `report.json` | with `--report`: what went wrong, [`ResolveReport`]; the exit code is then 0 and the rest may be absent |
//!
//! The same mod files, request and toolchain give the same bytes, modes and times, whatever else
//! the raw module cache holds. Optional secrets: certificates of a proxy at `/run/secrets/ca` (or
//! the path in `GOWORK_CA`), `/run/secrets/netrc`, and an SSH agent. Nothing of them is written or
//! printed.

mod command;
mod compiler;
mod failure;
mod graph;
mod layer;
mod listing;
mod prune;
mod secrets;
mod vendored;
mod verify;
mod walk;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use gowork_llb::resolution::{self, Resolution, ResolveReport, ResolveRequest};

pub use command::NO_GO;
pub use failure::Failure;

use command::Go;
use graph::Modules;
use listing::Listing;
use verify::Verified;

const USAGE: &str = "usage: gowork-frontend resolve --request FILE --source DIR --out DIR [--modcache DIR] [--report]";

/// Where a resolve reads and writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolveArgs {
    /// JSON of a [`ResolveRequest`].
    pub request: PathBuf,
    /// Root of the source tree.
    pub source: PathBuf,
    /// Directory for the results; made if it is not there.
    pub out: PathBuf,
    /// Directory for the module cache; `modcache` below `out` if none.
    pub modcache: Option<PathBuf>,
    /// Whether errors are an answer.
    pub report: bool,
}

impl ResolveArgs {
    /// Reads the words after `resolve`.
    ///
    /// # Errors
    /// If one is missing or unknown.
    pub fn parse(words: &[String]) -> Result<Self, Failure> {
        let [mut request, mut source, mut out, mut modcache] = [const { None }; 4];
        let mut report = false;
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match word.as_str() {
                "--request" => request = words.next(),
                "--source" => source = words.next(),
                "--out" => out = words.next(),
                "--modcache" => modcache = words.next(),
                "--report" => report = true,
                _ => return Err(Failure::new(format!("unknown argument {word:?}\n{USAGE}"))),
            }
        }
        let (Some(request), Some(source), Some(out)) = (request, source, out) else {
            return Err(Failure::new(USAGE));
        };
        let modcache = modcache.map(PathBuf::from);
        Ok(Self {
            request: request.into(),
            source: source.into(),
            out: out.into(),
            modcache,
            report,
        })
    }
}

/// Runs the step; for `main`. Errors go to standard error.
pub fn run(words: &[String]) -> ExitCode {
    match ResolveArgs::parse(words).and_then(|args| resolve(&args)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

/// Resolves, and writes the results.
///
/// # Errors
/// What the go command says, with what to do about it; unless a report was asked for. Otherwise
/// files that cannot be read or written.
pub fn resolve(args: &ResolveArgs) -> Result<(), Failure> {
    let request = read_request(&args.request)?;
    let source = std::path::absolute(&args.source)
        .and_then(|path| path.canonicalize())
        .map_err(Failure::file(&args.source))?;
    layer::make_dir(&args.out)?;
    let result = resolve_request(&request, &source, args);
    if !args.report {
        return result;
    }
    let (errors, advice) = result
        .err()
        .map(|failure| (failure.errors, failure.advice))
        .unwrap_or_default();
    layer::write_json(
        &args.out.join(resolution::REPORT_FILE),
        &ResolveReport {
            version: resolution::VERSION,
            errors,
            advice,
        },
    )
}

fn read_request(path: &Path) -> Result<ResolveRequest, Failure> {
    let text = std::fs::read(path).map_err(Failure::file(path))?;
    serde_json::from_slice(&text)
        .map_err(|error| Failure::new(format!("{}: {error}", path.display())))
}

fn resolve_request(
    request: &ResolveRequest,
    source: &Path,
    args: &ResolveArgs,
) -> Result<(), Failure> {
    let out = args.out.as_path();
    let go = Go::new(request, source)?;
    let Asked {
        listing,
        modules,
        verified,
    } = ask(&go, request)?;
    compiler::check(&go, request, &listing)?;
    let mut resolution: Resolution = listing.resolution(request, &modules, &go)?;
    if !request.vendored {
        let pruned = args
            .modcache
            .clone()
            .unwrap_or_else(|| out.join("modcache"));
        prune::write((&go, &verified), &listing, &modules, &pruned)?;
    }
    if request.workspace {
        let sums = std::fs::read(go.dir.join("go.work.sum")).unwrap_or_default();
        layer::write(&out.join("go.work.sum"), &sums)?;
    }
    resolution.runtime_files = layer::write_rootfs(&go, &out.join("rootfs"))?;
    layer::write_json(&out.join(resolution::RESOLUTION_FILE), &resolution)?;
    layer::settle_dir(out)
}

/// What the go command says, and the contents of the modules that it says it of.
struct Asked {
    listing: Listing,
    modules: Modules,
    verified: Verified,
}

/// Asks the go command. Modules in the shared cache that are not what go.sum says are downloaded
/// again, once.
fn ask(go: &Go, request: &ResolveRequest) -> Result<Asked, Failure> {
    let mut again = false;
    loop {
        let listing = Listing::ask(go, request)?;
        let modules = Modules::ask(go, request, &listing)?;
        let errors = listing.errors(request, &modules);
        if !errors.is_empty() {
            return Err(Failure::of_go(errors, go));
        }
        if request.vendored {
            return Ok(Asked {
                listing,
                modules,
                verified: Verified::default(),
            });
        }
        match verify::contents(go, &listing, &modules)? {
            Ok(verified) => {
                return Ok(Asked {
                    listing,
                    modules,
                    verified,
                });
            }
            Err(damaged) if again => return Err(verify::failure(&damaged)),
            Err(damaged) => verify::discard(go, &damaged)?,
        }
        again = true;
    }
}
