//! The walk through the stages: what it has found so far.

use std::collections::BTreeMap;

use gowork_llb::diag::{Diagnostic, Rule};

use super::file::File;
use super::repo::Repo;
use super::scope::{Scope, join};
use super::value::Value;
use super::walked::{Compile, Overlay, Product, Walked};

/// Gives what `make` would run: its directory in the context, its arguments, and the variables that
/// are set.
pub(crate) type Make<'a> = dyn Fn(&str, &[Value], &Scope) -> Option<String> + 'a;

/// Reads the stages of a file.
pub(crate) struct Walker<'a> {
    pub(super) file: &'a File<'a>,
    pub(super) repo: &'a Repo,
    pub(super) make: Option<&'a Make<'a>>,
    /// What cannot be carried over.
    pub(crate) left: Vec<Diagnostic>,
    /// What was compiled.
    pub(crate) compiles: Vec<Compile>,
    /// The stages.
    pub(crate) walked: Vec<Walked>,
    /// How many commands were read.
    pub(super) steps: usize,
    /// What is different on purpose.
    pub(crate) notes: Vec<String>,
    /// Names that images must have, with the directories of their mains.
    pub(crate) renamed: BTreeMap<String, String>,
    /// Build-args whose defaults are the names of images now, with these.
    pub(crate) chosen: BTreeMap<String, String>,
}

/// A `RUN` while it is read.
pub(super) struct Running<'w> {
    pub(super) stage: usize,
    /// Where a command that has no place of its own stands.
    pub(super) at: usize,
    pub(super) walked: &'w mut Walked,
    pub(super) scope: Scope,
    pub(super) depth: usize,
    /// How many commands such as `env` and `sh -c` stand before this one.
    pub(super) nested: usize,
}

impl Walker<'_> {
    /// Notes that sources need a path of another stage, if it lies among them.
    pub(super) fn needs(
        &mut self,
        walked: &mut Walked,
        (from, source, path): (&str, &str, &str),
        is_file: bool,
        at: usize,
    ) {
        let Some(to) = walked.layout.would_be(path).filter(|to| !to.is_empty()) else {
            return;
        };
        if !walked.layout.has_sources() {
            return;
        }
        walked.overlays.push(Overlay {
            from: from.to_owned(),
            source: join("/", source),
            to,
            is_file,
            at,
        });
    }

    /// The binary that another stage has at a path.
    pub(super) fn product_from(&self, from: &str, path: &str) -> Option<Product> {
        let stage = self.file.stage(from, self.walked.len())?;
        let walked = self.walked.get(stage)?;
        walked.products.get(&join("/", path)).cloned()
    }

    /// Whether a URL is that of the repository itself: its last elements are those of a module's
    /// path.
    pub(super) fn is_own(&self, url: &str) -> bool {
        let path = url.split(['#', '?']).next().unwrap_or_default();
        let path = path.trim_end_matches('/').trim_end_matches(".git");
        let mut elements = path.rsplit(['/', ':']);
        let (Some(name), Some(owner)) = (elements.next(), elements.next()) else {
            return false;
        };
        let own = format!("/{owner}/{name}");
        self.repo
            .modules()
            .any(|module| format!("/{module}/").contains(&format!("{own}/")))
    }

    /// Notes what cannot be carried over.
    pub(super) fn leave(&mut self, at: usize, what: impl Into<String>, help: impl Into<String>) {
        let found = Diagnostic::warning(Rule::NotCarriedOver, what.into())
            .at(self.file.place(at))
            .help(help.into());
        if !self.left.contains(&found) {
            self.left.push(found);
        }
    }

    /// Notes what is carried over in another form, once.
    pub(super) fn note(&mut self, note: String) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }
}

impl<'w> Running<'w> {
    /// The same place, with changes of variables that are forgotten.
    pub(super) fn aside<'r>(&'r mut self) -> Running<'r>
    where
        'w: 'r,
    {
        Running {
            stage: self.stage,
            at: self.at,
            scope: self.scope.clone(),
            depth: self.depth,
            nested: self.nested,
            walked: self.walked,
        }
    }
}
