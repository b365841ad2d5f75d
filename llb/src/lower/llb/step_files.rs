//! What the cache program reads about a step, in files: too much for a command line that somebody
//! has to read when a step fails. Owns where these files are.
//!
//! They are made by one op for all steps of a build, in a directory for each, so that they are one
//! layer of an exported cache and not dozens. A step reads its own directory alone, whose name is
//! that of its content: to BuildKit the step is the same for as long as that is.

use std::collections::BTreeMap;

use gowork_step::words::STEP;
use gowork_step::{DESCRIPTION, PARTS, STEP_DIR, format_parts, to_json};

use super::Lowering;
use super::progress::weak;
use crate::ops::exec::Mount;
use crate::ops::file::{File, Mkdir, Mkfile};
use crate::ops::{Digest, Output};
use crate::plan::{BuildIx, Part, Step, StepKind, StepName};

/// Files by name.
type Files = BTreeMap<&'static str, Vec<u8>>;

/// The files of all steps of a build.
#[derive(Debug, Clone)]
pub(super) struct StepFiles {
    /// All of them.
    all: Output,
    /// The directory of each step in it, by the step's name.
    dirs: BTreeMap<StepName, String>,
}

impl Lowering<'_> {
    /// The word that names the packages of a compile step.
    pub(super) fn parts_word() -> String {
        format!("{STEP_DIR}/{PARTS}")
    }

    /// The word that names the description of a step, where it has one.
    pub(super) fn description_word(&self, step: &Step) -> Option<String> {
        self.is_described(step)
            .then(|| format!("{STEP}{STEP_DIR}/{DESCRIPTION}"))
    }

    /// The files of a step, as it reads them.
    pub(super) fn step_mount(&mut self, step: &Step) -> Mount {
        if matches!(step.kind, StepKind::Std(_)) {
            // One of these runs before others are known, and has to be the same when they are.
            let title = format!("[internal] step description of {}", step.name);
            let files = files_of(self.files_of_step(step))
                .named(self.title(&title))
                .progress_group(weak(self.row(step)));
            return Mount::read_only(&files.output(), STEP_DIR);
        }
        if !self.step_files.contains_key(&step.build) {
            self.step_files
                .insert(step.build, self.files_of_all_steps(step.build));
        }
        let StepFiles { all, dirs } = &self.step_files[&step.build];
        Mount::read_only(all, STEP_DIR).selector(format!("/{}", dirs[&step.name]))
    }

    /// The files of all steps of a build, in one op.
    fn files_of_all_steps(&self, build: BuildIx) -> StepFiles {
        let steps = self
            .plan
            .steps
            .iter()
            .filter(|step| step.build == build && !matches!(step.kind, StepKind::Std(_)));
        let (mut dirs, mut by_dir) = (BTreeMap::new(), BTreeMap::new());
        for step in steps {
            let files = self.files_of_step(step);
            let dir = name(&files);
            dirs.insert(step.name.clone(), dir.clone());
            by_dir.insert(dir, files);
        }
        let mut made = File::on(&Output::scratch());
        for (dir, files) in by_dir.into_iter().filter(|(_, files)| !files.is_empty()) {
            made = made.mkdir(Mkdir::new(&format!("/{dir}"), 0o755).timestamp(0));
            made = with_files(made, &format!("/{dir}"), files);
        }
        let title = self.of_build("[internal] step descriptions".to_owned(), build);
        let made = made
            .named(self.title(&title))
            .progress_group(self.hidden(&title));
        StepFiles {
            all: made.output(),
            dirs,
        }
    }

    fn files_of_step(&self, step: &Step) -> Files {
        let mut files = Files::new();
        if let Some(described) = self.description(step) {
            files.insert(DESCRIPTION, to_json(&described));
        }
        let parts = step.kind.parts();
        if !parts.is_empty() {
            files.insert(
                PARTS,
                format_parts(parts.iter().map(Part::named)).into_bytes(),
            );
        }
        files
    }
}

/// The name of a directory with these files.
fn name(files: &Files) -> String {
    let digests = files
        .iter()
        .map(|(name, contents)| format!("{name} {}\n", Digest::of(contents).as_str()));
    let all = Digest::of(digests.collect::<String>().as_bytes());
    all.hex().to_owned()
}

/// A directory with a few files in it.
pub(super) fn files_of<'n>(files: impl IntoIterator<Item = (&'n str, Vec<u8>)>) -> File {
    with_files(File::on(&Output::scratch()), "", files)
}

/// Files below `dir`, of the same bytes in any build.
fn with_files<'n>(
    made: File,
    dir: &str,
    files: impl IntoIterator<Item = (&'n str, Vec<u8>)>,
) -> File {
    let add = |made: File, (name, contents)| {
        made.mkfile(Mkfile::new(&format!("{dir}/{name}"), 0o644, contents).timestamp(0))
    };
    files.into_iter().fold(made, add)
}
