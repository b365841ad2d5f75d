//! Phase: which images and tools have the binaries that the stages of a Dockerfile take.

use std::collections::{BTreeMap, BTreeSet};

use gowork_llb::config::{Config, ImageName};
use gowork_llb::diag::{self, Diagnostic};
use gowork_llb::ops::Platform;
use gowork_llb::plan::{self, NamedTool, Outline};
use gowork_llb::workspace::Workspace;

use super::outline::Outlined;
use super::stages::{Take, Taken, What, are_matched};
use crate::builder::docker::CONTEXT;
use crate::builder::job::Wanted;

/// Tools of the repository that a name may be meant for.
const NEAR_TOOLS: usize = 1_000;

impl Taken {
    /// The images whose binaries are taken, and the tools, for each platform.
    ///
    /// # Errors
    /// At every instruction that takes what neither an image nor a tool has.
    pub(in crate::builder) fn images(
        &self,
        outlined: &Outlined,
        workspace: &Workspace,
        config: &Config,
    ) -> Result<BTreeMap<Platform, Wanted>, Vec<Diagnostic>> {
        let mut wanted = BTreeMap::new();
        let mut errors: Vec<Diagnostic> = Vec::new();
        for (platform, outline) in &outlined.by_platform {
            let known = Known {
                files: files(outlined, outline),
                tools: plan::named_tools(workspace, config, &outline.target),
            };
            let mut names = BTreeSet::new();
            for take in self.of(platform) {
                match take.images(&known) {
                    Ok(found) => names.extend(found),
                    Err(error) if errors.contains(&error) => {}
                    Err(error) => errors.push(error),
                }
            }
            wanted.insert(platform.clone(), Wanted::Some(names.into_iter().collect()));
        }
        if errors.is_empty() {
            Ok(wanted)
        } else {
            Err(errors)
        }
    }
}

/// What there is to take for a platform.
struct Known {
    /// The names of images by the file names of their binaries. Of tools, those that instructions
    /// name are among them: each of these is made like an image.
    files: BTreeMap<String, ImageName>,
    /// All tools, by the file names of their programs.
    tools: BTreeMap<String, Vec<NamedTool>>,
}

/// The names of images by the file names of their binaries.
fn files(outlined: &Outlined, outline: &Outline) -> BTreeMap<String, ImageName> {
    let known = outline.names();
    let known: BTreeSet<ImageName> = known.chain(outlined.broken.iter().cloned()).collect();
    let mut files = BTreeMap::new();
    for name in known {
        files.insert(outline.target.file_name(&name), name);
    }
    files
}

impl Take {
    /// The images whose binaries are taken.
    fn images(&self, known: &Known) -> Result<Vec<ImageName>, Diagnostic> {
        let mut found = Vec::new();
        for (file, image) in &known.files {
            if self.what.has(file) && !are_matched(&self.except, file) {
                found.push(image.clone());
            }
        }
        if found.is_empty() {
            return Err(self.nothing(known));
        }
        Ok(found)
    }

    fn nothing(&self, known: &Known) -> Diagnostic {
        if let What::Path(path) = &self.what
            && let Some([first, second, ..]) = known.tools.get(path).map(Vec::as_slice)
        {
            return self.several(path, [first, second]);
        }
        let words = self.what.in_words();
        let files = known.files.keys().map(String::as_str);
        let tools = known.tools.keys().map(String::as_str);
        let near = match &self.what {
            What::Path(path) => {
                diag::nearest(path, files.clone().chain(tools.clone().take(NEAR_TOOLS)))
            }
            _ => None,
        };
        let near = near.map_or(String::new(), |near| format!("; did you mean /{near}?"));
        let list = |names: &mut dyn Iterator<Item = &str>| -> Vec<String> {
            names.map(|name| format!("/{name}")).collect()
        };
        let (files, tools) = (list(&mut files.into_iter()), list(&mut tools.into_iter()));
        let error = Diagnostic::error(match &self.what {
            What::Path(_) => format!("{CONTEXT} has no {words}{near}"),
            _ if files.is_empty() => format!("{CONTEXT} has no binaries"),
            What::Everything => format!("--exclude leaves out all binaries of {CONTEXT}"),
            What::Glob(_) | What::Patterns(_) => format!("no binary of {CONTEXT} matches {words}"),
        });
        let mut help = match files.as_slice() {
            [] => "the repository has no main package with an image".to_owned(),
            list => format!("the binaries are {}", list.join(", ")),
        };
        if !tools.is_empty() {
            help.push_str(&format!("; the tools are {}", tools.join(", ")));
        }
        error.help(help).at(self.span.clone())
    }

    /// The error of a name that several tools have.
    fn several(&self, path: &str, [first, second]: [&NamedTool; 2]) -> Diagnostic {
        let in_words = |named: &NamedTool| format!("{} of {}", named.path, named.dir.as_dir());
        let error = Diagnostic::error(format!(
            "several tools are called {path}: {} and {}",
            in_words(first),
            in_words(second)
        ));
        let help = if first.path == second.path {
            "name the go.work or go.mod to build from with `roots` in gowork.toml"
        } else {
            "install one of them with `go install` in a stage"
        };
        error.help(help).at(self.span.clone())
    }
}
