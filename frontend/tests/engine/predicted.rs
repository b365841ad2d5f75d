//! What the library predicts of a repository's next build: the plan, made with what the go command
//! of this machine chooses, and the key of every step.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use gowork_frontend::steps::resolve::{ResolveArgs, resolve};
use gowork_llb::config::Config;
use gowork_llb::keys::{self, KeyInput};
use gowork_llb::packages;
use gowork_llb::plan::{self, Build, BuildIx, Plan, PlanInput, StepKind, Target};
use gowork_llb::resolution::Resolution;
use gowork_llb::tree::{LocalTree, SourceTree, TreePath};
use gowork_llb::workspace;
use tempfile::TempDir;

/// The keys of a repository's steps, by what BuildKit shows of them: their titles.
#[derive(Debug)]
pub(crate) struct Predicted {
    keys: BTreeMap<String, String>,
    /// Import path of each link's main.
    pub(crate) mains: BTreeMap<String, String>,
}

impl Predicted {
    /// What is to be said of the repository at `root`, configured by its Dockerfile.
    pub(crate) fn of(root: &Path) -> Self {
        let tree = LocalTree::new(root);
        let text = fs::read_to_string(root.join("Dockerfile")).expect("the Dockerfile is read");
        let (config, written) = Config::parse("Dockerfile", &text);
        let (config, expanded) = config.expand(&BTreeMap::new());
        let scan = packages::scan(&tree);
        let loaded =
            workspace::load_chosen(&scan.mod_files, &plan::roots(&config, &scan.mod_files));
        let target = Target {
            os: "linux".to_owned(),
            arch: go_arch().to_owned(),
            variant: String::new(),
        };
        let (mut outline, diagnostics) = plan::outline(&scan, &loaded.workspace, &config, &target);
        let said: Vec<_> = [written, expanded, loaded.diagnostics, diagnostics].concat();
        assert!(said.is_empty(), "{said:?}");
        let mut keys = BTreeMap::new();
        let (plan, resolutions) = loop {
            let builds = outline.builds.iter().enumerate();
            let resolutions: Resolutions = builds
                .map(|(ix, build)| (BuildIx(ix), resolution(root, build)))
                .collect();
            let plan = plan::plan(PlanInput {
                outline: &outline,
                resolutions: Some(&resolutions),
            });
            let Some((completed, wrong)) =
                outline.completed(&scan, &loaded.workspace, &resolutions)
            else {
                break (plan, resolutions);
            };
            assert!(wrong.is_empty(), "{wrong:?}");
            // Of this round only the question runs.
            let digests = digests(
                &tree,
                &loaded.workspace,
                &scan.mod_files,
                &plan,
                &resolutions,
            );
            let asked = plan
                .steps
                .iter()
                .zip(digests)
                .filter(|(step, _)| matches!(step.kind, StepKind::Resolve(_)));
            keys.extend(asked.map(|(step, digest)| (step.title.clone(), digest)));
            outline = completed;
        };
        assert_eq!(plan::verify(&plan), Vec::<String>::new());
        let mains = plan.steps.iter().filter_map(|step| match &step.kind {
            StepKind::Link(link) => Some((step.title.clone(), link.package.clone())),
            _ => None,
        });
        let mains = mains.collect();
        let digests = digests(
            &tree,
            &loaded.workspace,
            &scan.mod_files,
            &plan,
            &resolutions,
        );
        let known: BTreeSet<String> = keys.values().cloned().collect();
        let titles = plan.steps.iter().map(|step| step.title.clone());
        // The same question under another title is the same step.
        keys.extend(
            titles
                .zip(digests)
                .filter(|(_, digest)| !known.contains(digest)),
        );
        Self { mains, keys }
    }

    /// The steps that run where those with the keys `seen` have run.
    pub(crate) fn runs_beside(&self, seen: &BTreeSet<String>) -> BTreeSet<String> {
        self.keys
            .iter()
            .filter(|(_, key)| !seen.contains(*key))
            .map(|(title, _)| title.clone())
            .collect()
    }

    /// The keys of all steps.
    pub(crate) fn keys(&self) -> impl Iterator<Item = String> {
        self.keys.values().cloned()
    }
}

type Resolutions = BTreeMap<BuildIx, Resolution>;

/// The digest of each step's key.
fn digests(
    tree: &dyn SourceTree,
    workspace: &workspace::Workspace,
    mod_files: &workspace::ModTexts,
    plan: &Plan,
    resolutions: &Resolutions,
) -> Vec<String> {
    let contents = keys::Contents::read(tree, &keys::paths(plan));
    let input = KeyInput {
        plan,
        workspace,
        mod_files,
        resolutions: Some(resolutions),
        contents: &contents,
    };
    keys::step_keys(input)
        .into_iter()
        .map(|key| key.digest())
        .collect()
}

fn go_arch() -> &'static str {
    if cfg!(target_arch = "aarch64") {
        "arm64"
    } else {
        "amd64"
    }
}

/// A module cache that all predictions share.
fn module_cache() -> &'static Path {
    static CACHE: OnceLock<TempDir> = OnceLock::new();
    CACHE
        .get_or_init(|| tempfile::tempdir().expect("a directory for modules"))
        .path()
}

/// What the resolve step says, run here over the files that it sees in a build.
fn resolution(root: &Path, build: &Build) -> Resolution {
    let dir = tempfile::tempdir().expect("a directory to resolve in");
    let source = dir.path().join("source");
    fs::create_dir_all(source.join(build.dir.as_str())).expect("a directory is made");
    let vendor: Vec<TreePath> = build
        .vendored
        .then(|| build.dir.child("vendor"))
        .into_iter()
        .collect();
    for path in build.mod_files.iter().chain(&vendor) {
        copy(&root.join(path.as_str()), &source.join(path.as_str()));
    }
    let mut request = build.request.clone();
    request.env.insert(
        "GOMODCACHE".to_owned(),
        module_cache().to_str().expect("a path in UTF-8").to_owned(),
    );
    let mode = if build.vendored {
        "-mod=vendor"
    } else {
        "-mod=readonly"
    };
    request
        .env
        .insert("GOFLAGS".to_owned(), format!("{mode} -modcacherw"));
    let file = dir.path().join("request.json");
    fs::write(&file, serde_json::to_vec(&request).expect("JSON")).expect("the request is written");
    let out = dir.path().join("out");
    resolve(&ResolveArgs {
        request: file,
        source,
        out: out.clone(),
        modcache: None,
        report: false,
    })
    .unwrap_or_else(|failure| panic!("{failure}"));
    serde_json::from_slice(&fs::read(out.join("resolution.json")).expect("a resolution"))
        .expect("JSON")
}

fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        for entry in fs::read_dir(from)
            .expect("a directory")
            .map(|entry| entry.expect("an entry"))
        {
            copy(&entry.path(), &to.join(entry.file_name()));
        }
    } else {
        fs::create_dir_all(to.parent().expect("a file is in a directory"))
            .expect("a directory is made");
        fs::copy(from, to).unwrap_or_else(|error| panic!("{}: {error}", from.display()));
    }
}
