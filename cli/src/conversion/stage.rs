//! What the instructions of each stage do: which compile mains of the repository, which prepare
//! that, and which do something else.

use std::collections::{BTreeMap, BTreeSet};

use super::compile::C_VARIABLES;
use super::file::{Copy, File, Kind, Step};
use super::repo::Repo;
use super::scope::{Scope, base};
use super::walked::{Command, Role, Walked};
use super::walker::{Make, Walker};

impl<'a> Walker<'a> {
    /// Reads every stage of a file.
    pub(crate) fn walk(file: &'a File<'a>, repo: &'a Repo, make: Option<&'a Make<'a>>) -> Self {
        let mut walker = Self {
            file,
            repo,
            make,
            left: Vec::new(),
            compiles: Vec::new(),
            walked: Vec::new(),
            steps: 0,
            notes: Vec::new(),
            renamed: BTreeMap::new(),
            chosen: BTreeMap::new(),
        };
        for ix in 0..file.stages.len() {
            let walked = walker.stage(ix);
            walker.walked.push(walked);
        }
        walker
    }

    fn stage(&mut self, ix: usize) -> Walked {
        let stage = &self.file.stages[ix];
        let mut walked = match stage.parent {
            Some(parent) => Walked {
                roles: Vec::new(),
                scripts: BTreeSet::new(),
                mounted: None,
                ..self.walked[parent].clone()
            },
            None => Walked {
                scope: Scope::new(),
                has_c: !stage.image.contains("alpine"),
                ..Walked::default()
            },
        };
        for step in &stage.steps {
            let role = self.step(ix, step, &mut walked);
            walked.roles.push(role);
        }
        walked
    }

    fn step(&mut self, stage: usize, step: &Step, walked: &mut Walked) -> (Role, Vec<Command>) {
        match &step.kind {
            Kind::Arg(args) => {
                for (name, default) in args {
                    let global = self.file.globals.iter().find(|(known, _)| known == name);
                    let default = default
                        .clone()
                        .or_else(|| global.and_then(|(_, default)| default.clone()));
                    walked.scope.declare(name, default.as_deref());
                    walked.args.insert(name.clone(), default);
                }
            }
            Kind::Env(pairs) => {
                for (name, word) in pairs {
                    let value = walked.scope.expand(&word.pieces);
                    walked.scope.set(name, value);
                    // The builder needs these variables for the C compiler, as it needs packages.
                    walked.has_packages |= C_VARIABLES.contains(&name.as_str());
                }
            }
            Kind::Workdir(dir) => {
                let dir = walked.scope.text(dir);
                walked.scope.dir = walked.scope.path(&dir);
                walked.dirs.insert(walked.scope.dir.clone());
            }
            Kind::Copy(copy) => self.copy(copy, step, walked),
            Kind::Run(run) => return self.run(stage, run, walked),
            Kind::Start | Kind::Other => {}
        }
        (Role::Neutral, Vec::new())
    }

    fn copy(&mut self, copy: &Copy, step: &Step, walked: &mut Walked) {
        let scope = &walked.scope;
        let dest = scope.text(&copy.dest);
        let path = scope.path(&dest);
        let written = dest.to_string();
        let into = written.ends_with('/')
            || copy.sources.len() > 1
            || [".", ".."].contains(&base(&written))
            || walked.dirs.contains(&path);
        let sources: Vec<String> = copy
            .sources
            .iter()
            .map(|(source, _)| scope.text(source).to_string())
            .collect();
        let Some((from, _)) = &copy.from else {
            let is_remote = |source: &String| source.contains("://") || source.ends_with(".git");
            if sources.iter().any(is_remote) {
                if sources.iter().any(|source| self.is_own(source)) {
                    walked.layout.bind("", &path);
                }
                return;
            }
            walked.layout.copy(&sources, &path, into, self.repo);
            return;
        };
        for source in &sources {
            let names_file = base(source).contains('.') && (into || base(&path).contains('.'));
            if let Some(product) = self.product_from(from, source) {
                let path = if into {
                    super::scope::join(&path, base(source))
                } else {
                    path.clone()
                };
                walked.products.insert(path, product);
                continue;
            }
            walked.layout.copy_from(from, source, &path);
            self.needs(walked, (from, source, &path), names_file, step.span.start);
        }
    }
}
