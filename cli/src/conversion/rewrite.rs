//! The new text of a Dockerfile: what is not about Go stays byte for byte.

use super::fate::{Fate, Fates};
use super::file::{Kind, Run, Step, line_end};
use super::images::Images;
use super::release::{self, Raised};
use super::walked::{Command, Role};
use super::walker::Walker;
use super::writer::Writer;

/// The line that gives a Dockerfile to gowork.
pub(crate) const SYNTAX: &str = "# syntax=docker.io/gowork/gowork:1\n";

/// Lines of comments above a stage that may be about the whole file.
const HEAD: usize = 3;

/// Writes the file without its Go.
pub(crate) fn rewrite(walker: &Walker<'_>, fates: &Fates, images: &Images) -> String {
    let mut writer = Writer {
        walker,
        file: walker.file,
        fates,
        images,
        edits: Vec::new(),
    };
    writer.syntax();
    writer.raise_builder();
    for ix in 0..writer.file.stages.len() {
        match fates.stages[ix] {
            Fate::Dropped => writer.drop_stage(ix),
            Fate::Cut => {
                if fates.builder == Some((ix, true)) {
                    writer.builder_stage(ix);
                }
                writer.cut_stage(ix);
                writer.copies(ix);
            }
            Fate::Kept => writer.copies(ix),
        }
    }
    writer.finish()
}

impl Writer<'_> {
    fn syntax(&mut self) {
        match &self.file.syntax {
            Some((_, at)) => self.edits.push((at.clone(), SYNTAX.to_owned())),
            None => self.edits.push((0..0, SYNTAX.to_owned())),
        }
    }

    /// Lets the stage that the builder starts from have a Go that gowork takes. A copy of it that is
    /// written for the builder alone has that already.
    fn raise_builder(&mut self) {
        let Some(raised) = self.raised() else { return };
        if self.fates.builder == Some((raised.stage, true)) {
            return;
        }
        let stage = &self.file.stages[raised.stage];
        if let Some(at) = self.file.text[stage.from.clone()].find(&stage.image) {
            let at = stage.from.start + at;
            self.edits.push((at..at + stage.image.len(), raised.image));
        }
    }

    fn raised(&self) -> Option<Raised> {
        release::raised(self.walker, self.fates)
    }

    /// Applies the edits. Of two that overlap, the one that begins first counts.
    fn finish(mut self) -> String {
        self.edits.sort_by_key(|(at, _)| (at.start, at.end));
        let mut text = String::with_capacity(self.file.text.len());
        let mut done = 0;
        for (at, new) in self.edits {
            if at.start < done {
                continue;
            }
            text.push_str(&self.file.text[done..at.start]);
            text.push_str(&new);
            done = at.end;
        }
        text.push_str(&self.file.text[done..]);
        text
    }

    /// Writes a stage for the builder's image: what the stage starts from, and what it installs.
    fn builder_stage(&mut self, ix: usize) {
        let stage = &self.file.stages[ix];
        let text = self.file.text;
        let Some(name) = self.fates.builder_name(self.file) else {
            return;
        };
        let platform = stage.platform.as_ref();
        let platform = platform.map(|platform| format!("--platform={platform} "));
        let raised = self.raised().filter(|raised| raised.stage == ix);
        let image = raised.map_or_else(|| stage.image.clone(), |raised| raised.image);
        let mut out = format!("FROM {}{image} AS {name}\n", platform.unwrap_or_default());
        for (step, (role, commands)) in stage.steps.iter().zip(&self.walker.walked[ix].roles) {
            match &step.kind {
                Kind::Arg(_) | Kind::Env(_) => out.push_str(&text[step.span.clone()]),
                Kind::Run(run) => {
                    let installs = commands.iter().any(|(_, role)| *role == Role::Packages);
                    if installs {
                        out.push_str(&self.cut_run(step, run, (*role, commands)));
                    }
                }
                _ => {}
            }
        }
        let at = self.above(stage.from.start);
        self.edits.push((at..at, format!("{out}\n")));
    }

    /// Drops a stage with the comments right above it, and the blank lines behind it.
    fn drop_stage(&mut self, ix: usize) {
        let text = self.file.text;
        let mut span = self.file.stages[ix].span();
        span.start = self.above(span.start);
        while span.end < text.len() {
            let end = line_end(text, span.end);
            if !text[span.end..end].trim().is_empty() {
                break;
            }
            span.end = end;
        }
        self.edits.push((span, String::new()));
    }

    /// Where the comments begin that stand right above a place.
    fn above(&self, start: usize) -> usize {
        let text = self.file.text;
        let mut at = start;
        let mut lines = 0;
        while let Some(line) = text[..at].strip_suffix('\n') {
            let from = line.rfind('\n').map_or(0, |end| end + 1);
            let line = line[from..].trim();
            let is_directive = self
                .file
                .syntax
                .as_ref()
                .is_some_and(|(_, syntax)| syntax.contains(&from))
                || ["# escape", "#escape", "# check", "#check"]
                    .iter()
                    .any(|directive| line.starts_with(directive));
            if !line.starts_with('#') || is_directive {
                break;
            }
            at = from;
            lines += 1;
        }
        // What stands at the top of the file may be about all of it.
        if at == 0 && lines > HEAD { start } else { at }
    }

    /// Takes the compiles out of a stage, and puts the binaries in their places.
    fn cut_stage(&mut self, ix: usize) {
        let stage = &self.file.stages[ix];
        let walked = &self.walker.walked[ix];
        let keeps_binaries = self.keeps_binaries(ix);
        let runs =
            |step: &Step, role: Role| matches!(step.kind, Kind::Run(_)) && role > Role::Compile;
        let last_run = (stage.steps.iter().zip(&walked.roles))
            .rposition(|(step, (role, _))| runs(step, *role) && *role != Role::Packages);
        for (step_ix, (step, (role, commands))) in stage.steps.iter().zip(&walked.roles).enumerate()
        {
            match &step.kind {
                Kind::Run(run) => {
                    let binaries = if keeps_binaries {
                        self.binaries_of(ix, step_ix)
                    } else {
                        Vec::new()
                    };
                    let new = self.cut_run(step, run, (*role, commands));
                    // What needs Go's modules still needs them.
                    let needs_modules = *role == Role::Prepare && last_run.is_some();
                    let is_about_go = commands
                        .iter()
                        .any(|(_, role)| [Role::Prepare, Role::Compile].contains(role))
                        || (*role == Role::Opaque && !binaries.is_empty());
                    if !is_about_go || needs_modules {
                        continue;
                    }
                    if walked.scripts.contains(&step_ix) && self.is_taken(ix) {
                        // The binaries take the place of those that it makes beside the rest.
                        self.edits
                            .push((step.span.end..step.span.end, binaries.concat()));
                        continue;
                    }
                    let text: String = binaries.concat() + &new;
                    let mut span = step.span.clone();
                    if text.is_empty() {
                        span.start = self.above(span.start);
                    }
                    self.edits.push((span, text));
                }
                Kind::Copy(copy) if copy.from.is_none() && !keeps_binaries => {
                    let is_needed = last_run.is_some_and(|last| step_ix < last);
                    if !is_needed && !self.is_copied_on(ix) {
                        let start = self.above(step.span.start);
                        self.edits.push((start..step.span.end, String::new()));
                    }
                }
                _ => {}
            }
        }
    }

    /// Whether something is copied from a stage that only it has.
    fn is_taken(&self, ix: usize) -> bool {
        !self.fates.taken(self.walker, ix).is_empty()
    }

    /// Whether something is copied from a stage that lies among what the stage copied.
    fn is_copied_on(&self, ix: usize) -> bool {
        let layout = &self.walker.walked[ix].layout;
        let paths = self.fates.taken(self.walker, ix);
        paths
            .iter()
            .any(|(path, _)| layout.would_be(path).is_some())
    }

    /// Whether the binaries themselves are needed in a stage.
    fn keeps_binaries(&self, ix: usize) -> bool {
        let changed = self.walker.walked[ix]
            .roles
            .iter()
            .any(|(role, _)| *role == Role::Product);
        let is_last = ix + 1 == self.file.stages.len();
        let is_parent = self.file.stages.iter().enumerate().any(|(other, stage)| {
            stage.parent == Some(ix) && self.fates.stages[other] != Fate::Dropped
        });
        let is_alone =
            !self.fates.overlaid.contains(&ix) && self.fates.builder != Some((ix, false));
        let starts = self.file.stages[ix]
            .steps
            .iter()
            .any(|step| matches!(step.kind, Kind::Start));
        let is_inside = self.fates.taken_with_binaries(self.walker, ix).is_some();
        is_alone && (changed || is_last || is_parent || starts || is_inside)
    }

    /// Instructions that put the binaries of an instruction where it put them.
    fn binaries_of(&self, stage: usize, step: usize) -> Vec<String> {
        let products = self.walker.walked[stage].products.iter();
        let made = products.filter(|(_, product)| product.made_in == (stage, step));
        made.map(|(path, product)| {
            format!("COPY --from=gowork /{} {path}\n", self.images.of(product))
        })
        .collect()
    }

    /// A `RUN` without the commands that gowork does; nothing if no other is left.
    fn cut_run(&self, step: &Step, run: &Run, (role, commands): (Role, &[Command])) -> String {
        let goes = |role: Role| role == Role::Compile;
        let stays = |role: Role| role > Role::Compile;
        if [Role::Prepare, Role::Compile].contains(&role)
            || run.exec.is_some()
            || !commands.iter().any(|(_, role)| stays(*role))
        {
            return String::new();
        }
        let text = &self.file.text[step.span.clone()];
        let offset = step.span.start;
        let mut out = String::new();
        let mut done = 0;
        for (ix, (span, role)) in commands.iter().enumerate() {
            if !goes(*role) {
                continue;
            }
            // With the operator behind it; behind the last command, with the one before it.
            let (from, to) = match commands.get(ix + 1) {
                Some((next, _)) => (span.start, next.start),
                None => {
                    let before = commands[..ix].iter().rev().find(|(_, role)| !goes(*role));
                    (before.map_or(span.start, |(span, _)| span.end), span.end)
                }
            };
            let (from, to) = (from - offset, to - offset);
            if from < done {
                continue;
            }
            out.push_str(&text[done..from]);
            done = to;
        }
        out.push_str(&text[done..]);
        out
    }
}
