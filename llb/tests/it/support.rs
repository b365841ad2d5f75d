//! Trees and plans for tests.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use gowork_llb::config::{Config, ImageName};
use gowork_llb::diag::Diagnostic;
use gowork_llb::gomod::{ImportPath, ModulePath};
use gowork_llb::packages;
use gowork_llb::plan::{self, BuildIx, Outline, Plan, PlanInput, Target};
use gowork_llb::resolution::{self, Resolution, ResolvedModule, ResolvedPackage};
use gowork_llb::tree::{MemTree, SourceTree};
use gowork_llb::workspace;

pub(crate) fn linux() -> Target {
    Target {
        os: "linux".to_owned(),
        arch: "amd64".to_owned(),
        variant: String::new(),
    }
}

/// The outline of a tree under a configuration, with everything that was said on the way.
pub(crate) fn outline(tree: &dyn SourceTree, config: &str) -> (Outline, Vec<Diagnostic>) {
    outline_of(tree, config, None)
}

/// The same, of one image alone.
pub(crate) fn outline_of(
    tree: &dyn SourceTree,
    config: &str,
    image: Option<&str>,
) -> (Outline, Vec<Diagnostic>) {
    outline_taking(tree, config, image, &[])
}

/// The same for a Dockerfile whose stages take tools with these file names.
pub(crate) fn outline_taking(
    tree: &dyn SourceTree,
    config: &str,
    image: Option<&str>,
    tools: &[&str],
) -> (Outline, Vec<Diagnostic>) {
    let scan = packages::scan(tree);
    let (config, mut diagnostics) = Config::parse("Dockerfile", config);
    let (mut config, more) = config.expand(&BTreeMap::new());
    diagnostics.extend(more);
    config.tools.extend(tools.iter().map(ToString::to_string));
    let loaded = workspace::load_chosen(&scan.mod_files, &plan::roots(&config, &scan.mod_files));
    diagnostics.extend(loaded.diagnostics);
    let (outline, more) = match image {
        Some(image) => plan::outline_of(
            &scan,
            &loaded.workspace,
            &config,
            &linux(),
            &[ImageName::new(image)],
        ),
        None => plan::outline(&scan, &loaded.workspace, &config, &linux()),
    };
    diagnostics.extend(more);
    (outline, diagnostics)
}

/// The outline of a txtar that must be sound.
pub(crate) fn sound(archive: &str, config: &str) -> Outline {
    let (outline, diagnostics) = outline(&MemTree::from_txtar(archive), config);
    let said: Vec<String> = diagnostics.iter().map(ToString::to_string).collect();
    assert!(said.is_empty(), "{}", said.join("\n"));
    outline
}

/// A plan with a resolution that has just what the sources ask for: no test of versions needs more.
pub(crate) fn resolved_plan(outline: &Outline) -> Plan {
    let resolutions: BTreeMap<BuildIx, Resolution> = outline
        .builds
        .iter()
        .enumerate()
        .map(|(ix, build)| (BuildIx(ix), resolution_of(&build.request.packages)))
        .collect();
    plan::plan(PlanInput {
        outline,
        resolutions: Some(&resolutions),
    })
}

/// Of what net/http imports, something of the core of std.
fn imports_of(path: &str) -> Vec<ImportPath> {
    let imports: &[&str] = if path == "net/http" { &["fmt"] } else { &[] };
    imports.iter().copied().map(ImportPath::new).collect()
}

fn resolution_of(imports: &[ImportPath]) -> Resolution {
    let package = |path: &ImportPath| ResolvedPackage {
        path: path.clone(),
        module: (!path.looks_standard()).then_some(0),
        imports: imports_of(path),
        dir: String::new(),
        files: Vec::new(),
        size: 1,
        reads_module: false,
    };
    let module = ResolvedModule {
        path: ModulePath::new("third.party"),
        version: "v1.0.0".to_owned(),
        replaced_by: String::new(),
        go: "1.20".to_owned(),
        sum: String::new(),
    };
    let reached: BTreeSet<ImportPath> = imports
        .iter()
        .cloned()
        .chain(imports.iter().flat_map(|path| imports_of(path)))
        .collect();
    Resolution {
        version: resolution::VERSION,
        go_version: "go1.26.8".to_owned(),
        modules: vec![module],
        packages: reached.iter().map(package).collect(),
        replaced: BTreeMap::new(),
        runtime_files: Vec::new(),
    }
}

/// A file of the documentation.
pub(crate) fn docs(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../docs")
        .join(name)
}
