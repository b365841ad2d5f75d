//! The resolve step: `gowork-frontend resolve --request FILE --source DIR --out DIR [--modcache
//! DIR] [--licenses DIR] [--report]`.
//!
//! Asks the go command which modules and packages third-party imports lead to. It is the only step
//! with network and secrets. The source tree holds mod files, and no sources but those of a vendor
//! directory. It must be writable, since the go command adds the sums that a workspace lacks. In
//! the output directory:
//!
//! | path | holds |
//! |---|---|
//! | `resolution.json` | what `go` chose: [`Resolution`] |
//! | `modcache/`, or the directory that is named | a module cache for offline builds, with only the files of the reached packages; absent if vendored |
//! | `licenses/`, or the directory that is named | the licence files and notices of the modules that provide packages, and of the standard library |
//! | `go.work.sum` | in workspaces: the committed sums and those that were missing; may be empty |
//! | `rootfs/` | the file system of images from `scratch`: users, `/tmp`, the builder image's certificates and time zones |
//! | `report.json` | with `--report`: what went wrong, [`ResolveReport`]; the exit code is then 0 and the rest may be absent |
//!
//! The same mod files, request and toolchain give the same bytes, modes and times, whatever else
//! the raw module cache holds. Optional secrets, in `/run/secrets`: `ca`, certificates of a proxy
//! (or at the path in `GOWORK_CA`); `netrc`, `GIT_AUTH_TOKEN` and `GIT_AUTH_TOKEN.HOST`, which become
//! one file in a temporary directory; `gitconfig`; `known_hosts`; and an SSH agent. They are never
//! printed, and no result has them.

mod ask;
mod command;
mod compiler;
mod failure;
mod layer;
mod license_files;
mod prune;
mod secrets;
mod verify;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use gowork_llb::resolution::go_list::{ListedModule, Listing};
use gowork_llb::resolution::module_graph::ModuleGraph;
use gowork_llb::resolution::{self, Chosen, Resolution, ResolveReport, ResolveRequest};
use gowork_llb::tree::LocalTree;

pub use command::NO_GO;
pub use failure::Failure;

use command::Go;
use verify::Verified;

const USAGE: &str = "usage: gowork-frontend resolve --request FILE --source DIR --out DIR [--modcache DIR] [--licenses DIR] [--report]";

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
    /// Directory for the licence files; `licenses` below `out` if none.
    pub licenses: Option<PathBuf>,
    /// Whether errors are an answer.
    pub report: bool,
}

impl ResolveArgs {
    /// Reads the words after `resolve`.
    ///
    /// # Errors
    /// If one is missing or unknown.
    pub fn parse(words: &[String]) -> Result<Self, Failure> {
        let [mut request, mut source, mut out] = [const { None }; 3];
        let [mut modcache, mut licenses] = [const { None }; 2];
        let mut report = false;
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match word.as_str() {
                "--request" => request = words.next(),
                "--source" => source = words.next(),
                "--out" => out = words.next(),
                "--modcache" => modcache = words.next(),
                "--licenses" => licenses = words.next(),
                "--report" => report = true,
                _ => return Err(Failure::new(format!("unknown argument {word:?}\n{USAGE}"))),
            }
        }
        let (Some(request), Some(source), Some(out)) = (request, source, out) else {
            return Err(Failure::new(USAGE));
        };
        Ok(Self {
            request: request.into(),
            source: source.into(),
            out: out.into(),
            modcache: modcache.map(PathBuf::from),
            licenses: licenses.map(PathBuf::from),
            report,
        })
    }
}

/// Runs the step with the arguments after `resolve`.
///
/// # Errors
/// As [`ResolveArgs::parse`] and [`resolve`].
pub fn run(words: &[String]) -> Result<(), Failure> {
    resolve(&ResolveArgs::parse(words)?)
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
        graph,
        verified,
    } = ask(&go, request)?;
    compiler::check(&go, request, &listing)?;
    let disk = LocalTree::new("/");
    let chosen = Chosen {
        go_version: go.variable("GOVERSION"),
        replaced: graph.replaced(),
    };
    let repository = ask::repository(&go, request, &graph);
    let mut resolution: Resolution = listing.resolution(&repository, chosen, &disk)?;
    if !request.vendored {
        let modcache = args.modcache.clone();
        let modcache = modcache.unwrap_or_else(|| out.join("modcache"));
        prune::write(&go, &verified, &listing, &graph, &modcache)?;
    }
    let mut versions = BTreeSet::new();
    // Vendored modules have their licences in the repository.
    if !request.vendored {
        let modules = listing.packages.iter().filter_map(|it| it.module.as_ref());
        versions.extend(modules.filter_map(ListedModule::cached));
    }
    let licenses = args.licenses.clone();
    let licenses = licenses.unwrap_or_else(|| out.join("licenses"));
    license_files::write(&go, &verified, &versions, &licenses)?;
    if request.workspace {
        let sums = std::fs::read(go.dir.join("go.work.sum")).unwrap_or_default();
        layer::write(&out.join("go.work.sum"), &sums)?;
    }
    resolution.runtime_files = layer::write_rootfs(&go, &out.join("rootfs"))?;
    layer::write_json(&out.join(resolution::RESOLUTION_FILE), &resolution)?;
    layer::settle_dir(out)
}

/// What the go command says, and the verified contents of the modules that provide packages.
struct Asked {
    listing: Listing,
    graph: ModuleGraph,
    verified: Verified,
}

/// Asks the go command. If modules in the shared cache are not what go.sum says, they are
/// downloaded again, once.
fn ask(go: &Go, request: &ResolveRequest) -> Result<Asked, Failure> {
    let mut again = false;
    loop {
        let listing = ask::packages(go, request)?;
        let graph = ask::module_graph(go, request, &listing)?;
        let errors = listing.errors(&ask::repository(go, request, &graph));
        if !errors.is_empty() {
            return Err(Failure::of_go(errors, go));
        }
        let verified = if request.vendored {
            Ok(Verified::default())
        } else {
            verify::contents(go, &listing, &graph)?
        };
        match verified {
            Ok(verified) => {
                return Ok(Asked {
                    listing,
                    graph,
                    verified,
                });
            }
            Err(damaged) if again => return Err(verify::failure(&damaged)),
            Err(damaged) => verify::discard(go, &damaged)?,
        }
        again = true;
    }
}
