//! What our plan makes of a repository: image keys and link keys, with what the go command says for
//! the resolve step.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use gowork_llb::config::Config;
use gowork_llb::diag::Diagnostic;
use gowork_llb::keys::{self, Contents, Key, KeyInput};
use gowork_llb::packages;
use gowork_llb::plan::{self, Build, BuildIx, PlanInput, Target};
use gowork_llb::resolution::{self, Resolution};
use gowork_llb::tree::LocalTree;
use gowork_llb::workspace;

use crate::proxy::Proxy;

/// One image as we plan it.
#[derive(Debug, Clone)]
pub(crate) struct Planned {
    pub(crate) image_key: Key,
    pub(crate) link: Key,
    /// The parts of compile steps that the link reads, by the packages in them.
    pub(crate) parts: BTreeSet<Vec<String>>,
}

/// Resolutions that are known, by everything that is asked: mod files and requests.
pub(crate) type Known = BTreeMap<String, BTreeMap<BuildIx, Resolution>>;

/// Every image of the tree in `dir`; or what we say against it.
pub(crate) fn planned(
    config: &str,
    proxy: &Proxy,
    dir: &Path,
    known: &mut Known,
) -> Result<BTreeMap<String, Planned>, String> {
    let tree = LocalTree::new(dir);
    let scan = packages::scan(&tree);
    let loaded = workspace::load(&scan.mod_files);
    let (config, mut diagnostics) = Config::parse("gowork.toml", config);
    let (config, more) = config.expand(&BTreeMap::new());
    let target = Target {
        os: "linux".to_owned(),
        arch: "amd64".to_owned(),
        variant: String::new(),
    };
    let (mut outline, found) = plan::outline(&scan, &loaded.workspace, &config, &target);
    diagnostics.extend(more.into_iter().chain(loaded.diagnostics).chain(found));
    if let Some(error) = diagnostics.iter().find(|diagnostic| diagnostic.is_error()) {
        return Err(error.to_string());
    }
    let asked = format!(
        "{:?} {:?}",
        scan.mod_files,
        outline
            .builds
            .iter()
            .map(|build| &build.request)
            .collect::<Vec<_>>()
    );
    if !known.contains_key(&asked) {
        let resolved = outline
            .clone()
            .resolve(&scan, &loaded.workspace, |_, build| ask(dir, build, proxy));
        let resolved = resolved.map_err(|error| error.to_string())?;
        let mut found = resolved.diagnostics.iter();
        if let Some(error) = found.find(|diagnostic| diagnostic.is_error()) {
            return Err(error.to_string());
        }
        known.insert(asked.clone(), resolved.resolutions);
    }
    let resolutions = known[&asked].clone();
    // The answers are those of the last question, and lead to all that the first one does.
    while let Some((completed, found)) = outline.completed(&scan, &loaded.workspace, &resolutions) {
        assert!(!found.iter().any(Diagnostic::is_error), "{found:?}");
        outline = completed;
    }
    let plan = plan::plan(PlanInput {
        outline: &outline,
        resolutions: Some(&resolutions),
    });
    let wrong = plan::verify(&plan);
    assert!(wrong.is_empty(), "{wrong:?}");
    let contents = Contents::read(&tree, &keys::paths(&plan, &tree));
    let input = KeyInput {
        plan: &plan,
        workspace: &loaded.workspace,
        mod_files: &scan.mod_files,
        resolutions: Some(&resolutions),
        contents: &contents,
    };
    let mut image_keys = keys::image_keys(input);
    let links = keys::step_keys(input);
    let image = |image: &plan::Image| {
        let image_key = image_keys.remove(&image.name).unwrap();
        let results = plan.step(image.link).inputs.results.iter();
        let parts = results
            .map(|result| {
                plan.step(result.step).kind.parts()[result.part]
                    .packages
                    .iter()
                    .map(ToString::to_string)
                    .collect()
            })
            .collect();
        (
            image.name.to_string(),
            Planned {
                image_key,
                link: links[image.link.0].clone(),
                parts,
            },
        )
    };
    Ok(plan.images.iter().map(image).collect())
}

/// What the go command says about one build of the tree in `dir`.
fn ask(dir: &Path, build: &Build, proxy: &Proxy) -> anyhow::Result<Resolution> {
    let dir = dir.canonicalize()?;
    resolution::ask(&build.question(&dir), &LocalTree::new("/"), |args| {
        let mut go = Command::new("go");
        go.args(args)
            .current_dir(build.request.go_dir(&dir))
            .envs(build.request.go_env(&dir))
            .envs(proxy.env());
        let output = go.output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        anyhow::ensure!(output.status.success(), "go {args:?} says:\n{said}");
        Ok(output.stdout)
    })
}
