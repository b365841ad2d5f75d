//! Asks the go command of this machine what the resolve step would ask in a build: which
//! third-party and std packages there are.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};
use gowork_llb::diag::without_credentials;
use gowork_llb::packages::Scan;
use gowork_llb::plan::{Build, BuildIx, BuildModule, Outline};
use gowork_llb::resolution::{self, Resolution, ResolvedModule, ResolvedPackage};
use gowork_llb::workspace::Workspace;
use serde::Deserialize;

/// Fields of `go list -json` that are read.
const FIELDS: &str = "Dir,ImportPath,Standard,Module,GoFiles,CgoFiles,CFiles,CXXFiles,MFiles,HFiles,FFiles,SFiles,SwigFiles,\
                      SwigCXXFiles,SysoFiles,EmbedFiles,Imports,ImportMap,Error";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Package {
    #[serde(default)]
    dir: PathBuf,
    import_path: String,
    #[serde(default)]
    standard: bool,
    module: Option<Module>,
    error: Option<Problem>,
    #[serde(default)]
    imports: Vec<String>,
    #[serde(default)]
    import_map: BTreeMap<String, String>,
    /// The lists of files by class.
    #[serde(flatten)]
    files: BTreeMap<String, serde_json::Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Module {
    path: String,
    #[serde(default)]
    version: String,
    #[serde(default)]
    main: bool,
    #[serde(default)]
    dir: PathBuf,
    #[serde(default)]
    sum: String,
    #[serde(default)]
    go_version: String,
    replace: Option<Box<Module>>,
}

impl Package {
    /// The go command's words about what is wrong with it.
    fn problem(&self) -> Option<&str> {
        self.error.as_ref().map(|error| error.err.trim())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Problem {
    err: String,
}

impl Module {
    fn is_local(&self) -> bool {
        self.main
            || self
                .replace
                .as_ref()
                .is_some_and(|to| to.version.is_empty())
    }
}

/// What go chooses for each build of the outline, and the outline with what that leads to in the
/// repository. The go command downloads what it needs, and completes go.work.sum as it always does.
pub(crate) fn resolutions(
    root: &Path,
    mut outline: Outline,
    scan: &Scan,
    workspace: &Workspace,
) -> anyhow::Result<(Outline, BTreeMap<BuildIx, Resolution>)> {
    let root = root.canonicalize()?;
    loop {
        let builds = outline.builds.iter().enumerate();
        let resolved =
            builds.map(|(ix, build)| Ok((BuildIx(ix), resolution(&root, &outline, build)?)));
        let resolutions = resolved.collect::<anyhow::Result<_>>()?;
        let Some((completed, diagnostics)) = outline.completed(scan, workspace, &resolutions)
        else {
            return Ok((outline, resolutions));
        };
        if let Some(error) = diagnostics.iter().find(|diagnostic| diagnostic.is_error()) {
            bail!("{error}");
        }
        let is_asked = |(before, after): (&Build, &Build)| before.request == after.request;
        let all_asked = outline.builds.iter().zip(&completed.builds).all(is_asked);
        outline = completed;
        if all_asked {
            return Ok((outline, resolutions));
        }
    }
}

fn resolution(root: &Path, outline: &Outline, build: &Build) -> anyhow::Result<Resolution> {
    let tags = format!("-tags={}", build.request.tags.join(","));
    let fields = format!("-json={FIELDS}");
    // Own packages need not be there: a commit's mod files are enough.
    let mut args = vec!["list", "-e", "-deps", &fields, &tags, "--", "runtime"];
    args.extend(build.request.packages.iter().map(String::as_str));
    let listed = go(root, outline, build, &args)?;
    let packages = serde_json::Deserializer::from_slice(&listed)
        .into_iter()
        .collect::<Result<Vec<Package>, _>>();
    let packages = packages.context("output of go list")?;
    let errors: Vec<&str> = packages
        .iter()
        .filter(|package| !is_own(build, package))
        .filter_map(Package::problem)
        .collect();
    if !errors.is_empty() {
        bail!("go list says:\n{}", without_credentials(&errors.join("\n")));
    }
    let version = String::from_utf8_lossy(&go(root, outline, build, &["env", "GOVERSION"])?)
        .trim()
        .to_owned();
    let replaced = replaced(root, outline, build)?;
    Ok(Resolution {
        replaced,
        ..from_list(root, build, &packages, version)
    })
}

/// The versions selected of the modules that directories stand in for.
fn replaced(
    root: &Path,
    outline: &Outline,
    build: &Build,
) -> anyhow::Result<BTreeMap<String, String>> {
    let mut args = vec!["list", "-e", "-m", "-f", "{{.Path}} {{.Version}}", "--"];
    let flags = args.len();
    args.extend(
        build
            .modules
            .iter()
            .filter(|module| !module.main)
            .map(|module| module.path.as_str()),
    );
    if args.len() == flags || build.vendored {
        return Ok(BTreeMap::new());
    }
    let listed =
        String::from_utf8(go(root, outline, build, &args)?).context("output of go list -m")?;
    let line = |line: &str| {
        line.split_once(' ')
            .map(|(path, version)| (path.to_owned(), version.to_owned()))
    };
    Ok(listed
        .lines()
        .filter_map(line)
        .filter(|(_, version)| !version.is_empty())
        .collect())
}

fn go(root: &Path, outline: &Outline, build: &Build, args: &[&str]) -> anyhow::Result<Vec<u8>> {
    let dir = root.join(build.dir.as_str());
    let work = if build.workspace {
        dir.join("go.work").into_os_string()
    } else {
        "off".into()
    };
    let mut command = Command::new("go");
    command
        .args(args)
        .current_dir(&dir)
        .env("GOWORK", work)
        .env("GOTOOLCHAIN", &outline.toolchain);
    command.env(
        "GOFLAGS",
        if build.vendored {
            "-mod=vendor"
        } else {
            "-mod=readonly"
        },
    );
    command.envs(&build.request.env).envs(&outline.module_env);
    let output = command
        .output()
        .context("--resolve needs the go command: cannot run go")?;
    if !output.status.success() {
        // The go command itself leaves out passwords, but tokens that stand in the place of a user
        // it shows.
        let said = without_credentials(&String::from_utf8_lossy(&output.stderr));
        bail!("go {} says:\n{}", args[0], said.trim());
    }
    Ok(output.stdout)
}

fn from_list(root: &Path, build: &Build, listed: &[Package], go_version: String) -> Resolution {
    let wanted = |package: &&Package| !is_own(build, package);
    let packages: BTreeMap<&str, &Package> = listed
        .iter()
        .filter(wanted)
        .map(|p| (p.import_path.as_str(), p))
        .collect();
    let modules: BTreeMap<&str, &Module> = packages
        .values()
        .filter_map(|package| package.module.as_ref())
        .map(|module| (module.path.as_str(), module))
        .collect();
    let index: BTreeMap<&str, usize> = modules
        .keys()
        .enumerate()
        .map(|(number, path)| (*path, number))
        .collect();
    let below = |dir: &Path| {
        dir.strip_prefix(root)
            .ok()
            .map(|dir| dir.to_string_lossy().into_owned())
    };
    let resolved = |package: &Package| {
        let module = package
            .module
            .as_ref()
            .and_then(|module| index.get(module.path.as_str()).copied());
        let files = if package.standard {
            BTreeSet::new()
        } else {
            files(package)
        };
        let dir = if package.standard {
            None
        } else {
            below(&package.dir)
        };
        let sizes = files
            .iter()
            .filter_map(|file| Some(std::fs::metadata(package.dir.join(file)).ok()?.len()));
        ResolvedPackage {
            path: package.import_path.clone(),
            module,
            imports: imports(package),
            dir: dir.unwrap_or_default(),
            size: sizes.sum(),
            reads_module: reads_module(package),
            files: files.into_iter().collect(),
        }
    };
    Resolution {
        runtime_files: Vec::new(),
        version: resolution::VERSION,
        go_version,
        packages: packages.values().map(|package| resolved(package)).collect(),
        modules: modules
            .values()
            .map(|module| resolved_module(module, below))
            .collect(),
        replaced: BTreeMap::new(),
    }
}

/// Whether a package is one of the repository, and was not asked for as a third-party one. Of those
/// nothing is wanted.
fn is_own(build: &Build, package: &Package) -> bool {
    let is_local = || match &package.module {
        Some(module) if build.vendored => module.main,
        Some(module) => module.is_local(),
        None => {
            let has = |module: &BuildModule| has_prefix(&package.import_path, &module.path);
            !package.standard && build.modules.iter().any(has)
        }
    };
    build
        .request
        .packages
        .binary_search(&package.import_path)
        .is_err()
        && is_local()
}

fn has_prefix(path: &str, prefix: &str) -> bool {
    path.strip_prefix(prefix)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn files(package: &Package) -> BTreeSet<String> {
    let lists = package.files.values().filter_map(|list| list.as_array());
    lists
        .flatten()
        .filter_map(|file| file.as_str().map(ToOwned::to_owned))
        .collect()
}

/// Whether compiling it may read more of its module than its own files, as the resolve step finds
/// it.
fn reads_module(package: &Package) -> bool {
    let of_class = |class: &str| {
        package
            .files
            .get(class)
            .and_then(|files| files.as_array())
            .into_iter()
            .flatten()
    };
    let includes = |file: &serde_json::Value| {
        let text = file
            .as_str()
            .and_then(|file| std::fs::read(package.dir.join(file)).ok())
            .unwrap_or_default();
        String::from_utf8_lossy(&text)
            .lines()
            .any(|line| line.trim_start().starts_with("#include") && line.contains('/'))
    };
    !package.standard && (of_class("CgoFiles").next().is_some() || of_class("SFiles").any(includes))
}

fn imports(package: &Package) -> Vec<String> {
    let named = package
        .imports
        .iter()
        .filter(|path| *path != "C")
        .map(|path| package.import_map.get(path).unwrap_or(path));
    let mut all: BTreeSet<String> = named.cloned().collect();
    let uses_cgo = package
        .files
        .get("CgoFiles")
        .is_some_and(|files| files.as_array().is_some_and(|files| !files.is_empty()));
    if uses_cgo {
        all.extend(
            gowork_llb::gosrc::cgo::implied_imports(&package.import_path)
                .iter()
                .map(|&path| path.to_owned()),
        );
    }
    all.into_iter().collect()
}

fn resolved_module(module: &Module, below: impl Fn(&Path) -> Option<String>) -> ResolvedModule {
    let replaced_by = match module.replace.as_deref() {
        None => String::new(),
        Some(to) if to.version.is_empty() => below(&to.dir).unwrap_or_else(|| to.path.clone()),
        Some(to) => format!("{}@{}", to.path, to.version),
    };
    let version = if module.is_local() {
        String::new()
    } else {
        module.version.clone()
    };
    let (go, sum) = (
        module.go_version.clone(),
        module.replace.as_deref().unwrap_or(module).sum.clone(),
    );
    ResolvedModule {
        path: module.path.clone(),
        version,
        replaced_by,
        go,
        sum,
    }
}
