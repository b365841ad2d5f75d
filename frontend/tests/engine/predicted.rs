//! What the library predicts of a repository's next build: the plan, made with what the go command
//! of this machine chooses, and the key of every step.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::fs;
use std::path::Path;
use std::ptr;

use gowork_frontend::steps::resolve::{ResolveArgs, resolve};
use gowork_llb::Repository;
use gowork_llb::config::Config;
use gowork_llb::keys::{self, KeyInput};
use gowork_llb::plan::{self, Build, BuildIx, Outline, Plan, PlanInput, StepKind, Target};
use gowork_llb::resolution::Resolution;
use gowork_llb::tree::{LocalTree, SourceTree, TreePath};

/// The keys of a repository's steps, by what BuildKit shows of them: their titles.
#[derive(Debug)]
pub(crate) struct Predicted {
    keys: BTreeMap<String, String>,
    /// Import paths of what each link compiles if it finds no results of it.
    pub(crate) links: BTreeMap<String, BTreeSet<String>>,
}

impl Predicted {
    /// What is to be said of the repository at `root`, configured by its Dockerfile.
    pub(crate) fn of(root: &Path) -> Self {
        let tree = LocalTree::new(root);
        let text = fs::read_to_string(root.join("Dockerfile")).expect("the Dockerfile is read");
        let (config, written) = Config::parse("Dockerfile", &text);
        let (config, expanded) = config.expand(&BTreeMap::new());
        let found = [written, expanded].concat();
        let repository = Repository::configured(&tree, root.to_owned(), config, found);
        let mut made = repository.outlines(&[Target::linux(go_arch())]);
        assert!(made.diagnostics.is_empty(), "{:?}", made.diagnostics);
        let outline = made.outlines.pop().expect("an outline");
        // Every round in which the go command is asked, with its answers.
        let mut rounds: Vec<(Outline, Resolutions)> = Vec::new();
        let (scan, workspace) = (repository.scan(), repository.workspace());
        let resolved = outline.resolve(scan, workspace, |outline, build| {
            let ix = outline
                .builds
                .iter()
                .position(|other| ptr::eq(other, build));
            let ix = BuildIx(ix.expect("a build of the outline"));
            if ix == BuildIx(0) {
                rounds.push((outline.clone(), Resolutions::new()));
            }
            let answer = resolution(root, build);
            let round = rounds.last_mut().expect("the first build begins a round");
            round.1.insert(ix, answer.clone());
            Ok::<_, Infallible>(answer)
        });
        let Ok(resolved) = resolved;
        assert!(
            resolved.diagnostics.is_empty(),
            "{:?}",
            resolved.diagnostics
        );
        let mut keys = BTreeMap::new();
        for (outline, resolutions) in &rounds {
            // Of a round only the questions run.
            let (plan, digests) = planned(&tree, &repository, outline, resolutions);
            for (step, digest) in plan.steps.iter().zip(digests) {
                if matches!(step.kind, StepKind::Resolve(_)) {
                    keys.insert(step.title.clone(), digest);
                }
            }
        }
        let (plan, digests) = planned(&tree, &repository, &resolved.outline, &resolved.resolutions);
        assert_eq!(plan::verify(&plan), Vec::<String>::new());
        let known: BTreeSet<String> = keys.values().cloned().collect();
        let mut links = BTreeMap::new();
        for (step, digest) in plan.steps.iter().zip(digests) {
            if let StepKind::Link(link) = &step.kind {
                let paths = link.compiles.iter().map(ToString::to_string);
                links.insert(step.title.clone(), paths.collect());
            }
            // The same question under another title is the same step.
            if !known.contains(&digest) {
                keys.insert(step.title.clone(), digest);
            }
        }
        Self { keys, links }
    }

    /// The steps that run where those with the keys `seen` have run. Two builds may have the same
    /// step: it runs once, and is here under its first title.
    pub(crate) fn runs_beside(&self, seen: &BTreeSet<String>) -> BTreeSet<String> {
        self.keys
            .iter()
            .filter(|(_, key)| !seen.contains(*key))
            .map(|(title, _)| self.first_title(title).to_owned())
            .collect()
    }

    /// The first of the titles that a step has.
    pub(crate) fn first_title<'t>(&'t self, title: &'t str) -> &'t str {
        let Some(key) = self.keys.get(title) else {
            return title;
        };
        let mut same = self.keys.iter().filter(|(_, other)| *other == key);
        same.next().map_or(title, |(first, _)| first)
    }

    /// The keys of all steps.
    pub(crate) fn keys(&self) -> impl Iterator<Item = String> {
        self.keys.values().cloned()
    }
}

type Resolutions = BTreeMap<BuildIx, Resolution>;

/// The plan with these answers, and the digest of each step's key.
fn planned(
    tree: &dyn SourceTree,
    repository: &Repository,
    outline: &Outline,
    resolutions: &Resolutions,
) -> (Plan, Vec<String>) {
    let plan = plan::plan(PlanInput {
        outline,
        resolutions: Some(resolutions),
    });
    let contents = keys::Contents::read(tree, &keys::paths(&plan, tree));
    let step_keys = keys::step_keys(KeyInput {
        plan: &plan,
        workspace: repository.workspace(),
        mod_files: &repository.scan().mod_files,
        resolutions: Some(resolutions),
        contents: &contents,
    });
    let digests = step_keys.into_iter().map(|key| key.digest()).collect();
    (plan, digests)
}

fn go_arch() -> &'static str {
    if cfg!(target_arch = "aarch64") {
        "arm64"
    } else {
        "amd64"
    }
}

/// A module cache that all predictions share, also those of later runs: nobody would remove one of
/// each run.
fn module_cache() -> String {
    concat!(env!("CARGO_TARGET_TMPDIR"), "/modules").to_owned()
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
    request.env.insert("GOMODCACHE".to_owned(), module_cache());
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
        licenses: None,
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
