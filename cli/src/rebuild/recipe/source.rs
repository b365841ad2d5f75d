//! What a recipe builds from: a directory that the user has, or a repository elsewhere.

use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

use super::{Given, Recipe, TagCommit, git_context};
use crate::rebuild::provenance::{Context, Provenance};

impl Recipe {
    /// Adds the context and the definition file.
    pub(super) fn add_source(
        &mut self,
        provenance: &Provenance,
        given: &Given<'_>,
        tag_commit: &TagCommit<'_>,
    ) {
        match (&provenance.context, given.source) {
            (None, Some(source)) => self.add_directory(provenance, source, given.definition),
            (None, None) => {
                let checkout = match (provenance.revision(), provenance.vcs.get("source")) {
                    (Some((commit, _)), Some(url)) => format!("check out {commit} of {url}, and "),
                    (Some((commit, _)), None) => format!("check out {commit}, and "),
                    (None, _) => String::new(),
                };
                self.problems.push(format!(
                    "it was built from a directory, which provenance does not hold: {checkout}pass --source DIR"
                ));
            }
            (Some(context), Some(_)) => self.problems.push(format!(
                "it was built from {}, so leave --source out",
                context.uri
            )),
            (Some(context), None) => {
                self.add_remote(context, tag_commit);
                let definition = provenance.definition.as_deref().unwrap_or_default();
                if !is_below(Path::new(definition)) {
                    self.problems
                        .push(format!("the definition file {definition:?} is outside"));
                } else if !definition.is_empty() {
                    self.add("--file", definition);
                }
            }
        }
        if provenance.revision().is_some_and(|(_, is_dirty)| is_dirty) {
            self.environment.push(("BUILDX_GIT_CHECK_DIRTY", "1"));
        }
    }

    fn add_directory(&mut self, provenance: &Provenance, source: &Path, named: Option<&Path>) {
        self.context = source.display().to_string();
        if self.context.starts_with('-') {
            self.context = format!("./{}", self.context);
        }
        if let Some(named) = named {
            self.add("--file", &named.display().to_string());
            return;
        }
        let Some(file) = &provenance.definition else {
            return;
        };
        let dir = |name: &str| {
            let dir = provenance.vcs.get(&format!("localdir:{name}"));
            Path::new(dir.map_or("", String::as_str))
        };
        let (context, definition) = (dir("context"), dir("dockerfile"));
        if [context, definition, Path::new(file)]
            .iter()
            .all(|path| is_below(path))
        {
            let path = source.join(relative(definition, context)).join(file);
            self.add("--file", &path.display().to_string());
        } else {
            self.problems.push(format!(
                "the definition file {file:?} is outside of the checkout: pass --config FILE"
            ));
        }
    }

    /// Adds a context that is not a directory of the client.
    fn add_remote(&mut self, context: &Context, tag_commit: &TagCommit<'_>) {
        let uri = without_masked_login(&context.uri);
        if uri.starts_with('-') || uri.contains("://buildkit-session/") {
            self.problems.push(
                "its context was an archive on standard input, which provenance does not hold"
                    .to_owned(),
            );
            return;
        }
        let Some(commit) = &context.commit else {
            self.problems
                .push(format!("provenance has no commit of its context {uri}"));
            return;
        };
        let (remote, fragment) = uri.split_once('#').unwrap_or((&uri, ""));
        if !remote.ends_with(".git") && remote.contains("://") {
            // A file: BuildKit compares nothing, and the image would differ.
            self.notes.push(format!(
                "{uri} is a file that is fetched again; had it changed, the image would differ"
            ));
            self.context = uri;
            return;
        }
        let (name, subdir) = fragment.split_once(':').unwrap_or((fragment, ""));
        let tag = name.strip_prefix("refs/tags/").unwrap_or(name);
        let is_commit = tag.is_empty() || tag.bytes().all(|byte| byte.is_ascii_hexdigit());
        // What git says of a commit may name the tag, so the tag is built if it is this commit
        // still.
        let meant = (!is_commit).then(|| tag_commit(remote, tag)).flatten();
        let built = match meant {
            Some(meant) if meant == *commit => name,
            Some(meant) => {
                self.notes.push(format!(
                    "the tag {tag} of {remote} is {meant} now; the build had {commit}, which is taken"
                ));
                commit
            }
            None => commit,
        };
        self.context = git_context(remote, built, subdir);
    }
}

/// A URL without the login that BuildKit has masked, `xxxxx:xxxxx@`.
fn without_masked_login(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let end = rest.find('/').unwrap_or(rest.len());
    match rest[..end].rfind('@') {
        Some(at) if rest.starts_with("xxxxx") => format!("{scheme}://{}", &rest[at + 1..]),
        _ => url.to_owned(),
    }
}

/// Whether a path stays below the directory that it starts at.
fn is_below(path: &Path) -> bool {
    path.components()
        .all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
        && !path.as_os_str().to_string_lossy().starts_with('-')
}

/// The way from one directory to another, both from the same root.
fn relative(to: &Path, from: &Path) -> PathBuf {
    let parts = |path: &Path| -> Vec<OsString> {
        path.components()
            .filter(|part| matches!(part, Component::Normal(_)))
            .map(|part| part.as_os_str().to_owned())
            .collect()
    };
    let (to, from) = (parts(to), parts(from));
    let shared = to.iter().zip(&from).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n(OsString::from(".."), from.len() - shared);
    up.chain(to[shared..].iter().cloned()).collect()
}
