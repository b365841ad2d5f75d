//! What the go command is asked: the packages that the request's lead to, and the module graph that
//! they come from.

use std::fs;
use std::path::{Path, PathBuf};

use gowork_llb::gomod::{ModFile, ModulePath, WorkFile};
use gowork_llb::resolution::go_list::{self, Listing, Repository};
use gowork_llb::resolution::module_graph::{MainModule, ModuleGraph, Origin};
use gowork_llb::resolution::{ResolveRequest, module_cache};

use super::command::Go;
use super::failure::Failure;

/// Asks for the request's packages and all they import. Downloads what it needs into the raw module
/// cache.
///
/// # Errors
/// If the go command cannot say anything, as with mod files that do not parse. Errors of packages
/// are in the listing.
pub(super) fn packages(go: &Go, request: &ResolveRequest) -> Result<Listing, Failure> {
    Ok(Listing::parse(
        &go.output(&go_list::package_args(request))?,
    )?)
}

/// Asks for the module graph of the packages in `listing`; of a vendored tree only for the main
/// modules.
///
/// # Errors
/// With the go command's words.
pub(super) fn module_graph(
    go: &Go,
    request: &ResolveRequest,
    listing: &Listing,
) -> Result<ModuleGraph, Failure> {
    let mut graph = main_modules(go, request)?;
    // Without the network the graph has errors of its own, which say less.
    if request.vendored || !listing.errors(&repository(go, request, &graph)).is_empty() {
        return Ok(graph);
    }
    read_sums(go, request, &mut graph);
    let Ok(printed) = go.output(&["mod", "graph"]) else {
        // Something in it cannot be had. The listing came without it, and so do offline builds of
        // the same packages: the go command reads only the mod files of modules that provide
        // packages, as long as the mod files of the main modules name all of these ("Lazy module
        // loading" in the Go modules reference).
        graph.select_required();
        return Ok(graph);
    };
    let cache = go.module_cache();
    graph.load(&printed, &|origin| go_mod(origin, &cache));
    if request.workspace {
        download_near_own(go, &graph)?;
    }
    Ok(graph)
}

/// The repository that listings are about.
pub(super) fn repository<'a>(
    go: &'a Go,
    request: &'a ResolveRequest,
    graph: &'a ModuleGraph,
) -> Repository<'a> {
    Repository {
        root: &go.source,
        request,
        own: graph.own(),
    }
}

fn main_modules(go: &Go, request: &ResolveRequest) -> Result<ModuleGraph, Failure> {
    let mut mains = Vec::new();
    for (path, file) in go_list::main_modules(&go.output(&go_list::MAIN_MODULE_ARGS)?) {
        // The go command has read it before, and found nothing wrong with it.
        let (mod_file, _) = ModFile::parse("go.mod", &read(&file)?);
        let dir = file.with_file_name("");
        mains.push(MainModule {
            path: ModulePath::new(path),
            dir,
            mod_file,
        });
    }
    if !request.workspace {
        return Ok(ModuleGraph::new(mains, None));
    }
    let (work, _) = WorkFile::parse("go.work", &read(&go.dir.join("go.work"))?);
    Ok(ModuleGraph::new(mains, Some((&go.dir, work))))
}

fn read_sums(go: &Go, request: &ResolveRequest, graph: &mut ModuleGraph) {
    let mains = graph.mains().iter();
    let mut files: Vec<PathBuf> = mains.map(|main| main.dir.join("go.sum")).collect();
    if request.workspace {
        files.push(go.dir.join("go.work.sum"));
    }
    for text in files.iter().filter_map(|file| fs::read(file).ok()) {
        graph.add_sums(&text);
    }
}

/// Downloads modules that could by their paths provide a package of the repository. The listing had
/// no import of such a package, so the go command has not looked at these yet.
fn download_near_own(go: &Go, graph: &ModuleGraph) -> Result<(), Failure> {
    for version in graph.near_own() {
        if graph.sum(&version).is_none() {
            go.output(&["mod", "download", &version.to_string()])?;
        }
    }
    Ok(())
}

/// The go.mod of a module; empty if it cannot be read.
fn go_mod(origin: &Origin, cache: &Path) -> Vec<u8> {
    let file = match origin {
        Origin::Dir(dir) => dir.join("go.mod"),
        Origin::Cache(version) => match module_cache::download_file(version, "mod") {
            Ok(file) => cache.join(file),
            Err(_) => return Vec::new(),
        },
    };
    fs::read(file).unwrap_or_default()
}

fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(file).map_err(Failure::file(file))
}
