//! What stages copy from stages that compile.

use std::collections::BTreeMap;
use std::ops::Range;

use super::fate::{Fate, Source};
use super::file::{Copy, Kind, Step};
use super::layout::Copied;
use super::scope::base;
use super::walked::Product;
use super::writer::Writer;

impl Writer<'_> {
    /// What a stage copies from stages that compile.
    pub(super) fn copies(&mut self, ix: usize) {
        let stage = &self.file.stages[ix];
        for (step_ix, step) in stage.steps.iter().enumerate() {
            let Kind::Copy(copy) = &step.kind else {
                if let Kind::Run(_) = &step.kind {
                    self.mounts(step);
                }
                continue;
            };
            match self.fates.sources.get(&(ix, step_ix)) {
                Some(sources) => self.copy(ix, step, (copy, sources)),
                None => self.renumber(copy),
            }
        }
    }

    /// A stage that is named by its number may have another one now.
    fn renumber(&mut self, copy: &Copy) {
        let Some((from, at)) = &copy.from else {
            return;
        };
        let Ok(number) = from.parse::<usize>() else {
            return;
        };
        let dropped = self.fates.stages.iter().take(number);
        let dropped = dropped.filter(|fate| **fate == Fate::Dropped).count();
        if dropped > 0 {
            self.edits
                .push((at.clone(), format!("--from={}", number - dropped)));
        }
    }

    /// Mounts of stages that are gone.
    fn mounts(&mut self, step: &Step) {
        let text = &self.file.text[step.span.clone()];
        for (ix, stage) in self.file.stages.iter().enumerate() {
            let Some(name) = &stage.name else { continue };
            if self.fates.stages[ix] != Fate::Dropped {
                continue;
            }
            for (path, product) in &self.walker.walked[ix].products {
                let old = format!("from={name},source={path}");
                if let Some(at) = text.find(&old) {
                    let at = step.span.start + at;
                    let new = format!("from=gowork,source=/{}", self.images.of(product));
                    self.edits.push((at..at + old.len(), new));
                }
            }
        }
    }

    fn copy(&mut self, ix: usize, step: &Step, (copy, sources): (&Copy, &[Source])) {
        if sources.iter().all(|source| *source == Source::Stage) {
            return self.renumber(copy);
        }
        let mut args = BTreeMap::new();
        for source in sources {
            for product in source.products() {
                args.extend(self.undeclared(ix, product));
            }
        }
        let declared: String = args.into_values().collect();
        if !declared.is_empty() {
            let at = step.span.start;
            self.edits.push((at..at, declared));
        }
        if let Some(edits) = self.in_place(ix, (copy, sources)) {
            self.edits.extend(edits);
            return;
        }
        let new = self.anew(ix, step, (copy, sources));
        self.edits.push((step.span.clone(), new));
    }

    /// Declarations of the build-args that name a binary and that a stage lacks.
    fn undeclared(&self, ix: usize, product: &Product) -> Vec<(String, String)> {
        let declared = &self.walker.walked[ix].args;
        let made = &self.walker.walked[product.made_in.0].args;
        let mut lines = Vec::new();
        for arg in &product.args {
            let chosen = self.walker.chosen.get(arg).cloned();
            if declared.contains_key(arg) && chosen.is_none() {
                continue;
            }
            let default = chosen.or_else(|| made.get(arg).cloned().flatten());
            let default = default.map(|text| format!("={text}")).unwrap_or_default();
            lines.push((arg.clone(), format!("ARG {arg}{default}\n")));
        }
        lines
    }

    /// The edits where one instruction can stay one: only the flag and the paths change.
    fn in_place(
        &self,
        ix: usize,
        (copy, sources): (&Copy, &[Source]),
    ) -> Option<Vec<(Range<usize>, String)>> {
        let (_, flag) = copy.from.as_ref()?;
        let mut edits = Vec::new();
        let is_context = matches!(sources.first()?, Source::Context(_));
        for (source, (written, at)) in sources.iter().zip(&copy.sources) {
            let new = match source {
                Source::Context(path) if is_context => context_path(path),
                Source::Binary(product) if !is_context => {
                    let image = self.images.of(product);
                    let name = base(written);
                    if image != name && sources.len() > 1 {
                        return None;
                    }
                    if image != name {
                        edits.extend(self.named_dest(ix, copy, name));
                    }
                    format!("/{image}")
                }
                _ => return None,
            };
            if new != *written {
                edits.push((at.clone(), new));
            }
        }
        let text = self.file.text;
        if is_context {
            let end = flag.end + usize::from(text[flag.end..].starts_with([' ', '\t']));
            edits.push((flag.start..end, String::new()));
        } else {
            edits.push((flag.clone(), "--from=gowork".to_owned()));
        }
        Some(edits)
    }

    /// The destination with the binary's name, where it is a directory.
    fn named_dest(&self, ix: usize, copy: &Copy, name: &str) -> Option<(Range<usize>, String)> {
        if !self.is_dir(ix, &copy.dest) {
            return None;
        }
        let dest = match copy.dest.as_str() {
            "." | "./" => format!("./{name}"),
            dest => format!("{}/{name}", dest.trim_end_matches('/')),
        };
        Some((copy.dest_at.clone(), dest))
    }

    fn is_dir(&self, ix: usize, dest: &str) -> bool {
        const USUAL: [&str; 9] = [
            "/",
            "/bin",
            "/sbin",
            "/usr/bin",
            "/usr/sbin",
            "/usr/local/bin",
            "/root",
            "/etc",
            "/usr/local/sbin",
        ];
        let walked = &self.walker.walked[ix];
        let path = walked.scope.path(&walked.scope.text(dest));
        dest.ends_with('/')
            || [".", ".."].contains(&base(dest))
            || USUAL.contains(&path.as_str())
            || walked.dirs.contains(&path)
    }

    /// One instruction for each kind of source.
    fn anew(&self, ix: usize, step: &Step, (copy, sources): (&Copy, &[Source])) -> String {
        let text = self.file.text;
        let head_end = copy
            .sources
            .first()
            .map_or(step.span.start, |(_, at)| at.start);
        let flags: Vec<&str> = text[step.span.start..head_end]
            .split_whitespace()
            .filter(|word| word.starts_with("--") && !word.starts_with("--from"))
            .collect();
        let flags: String = flags.iter().map(|flag| format!("{flag} ")).collect();
        let dir = self.is_dir(ix, &copy.dest) || copy.sources.len() > 1;
        let from = copy.from.as_ref().map_or("", |(from, _)| from.as_str());
        let mut same: Vec<String> = Vec::new();
        let mut lines = Vec::new();
        let mut whole = 0;
        for (source, (written, _)) in sources.iter().zip(&copy.sources) {
            match source {
                Source::Stage => {
                    lines.push(format!(
                        "COPY --from={from} {flags}{written} {}\n",
                        copy.dest
                    ));
                }
                Source::Context(path) => {
                    lines.push(format!(
                        "COPY {flags}{} {}\n",
                        context_path(path),
                        copy.dest
                    ));
                }
                Source::File(path, mode) => {
                    let flags = with_mode(&flags, Some(mode));
                    lines.push(format!("COPY {flags}{path} {}\n", copy.dest));
                }
                Source::Binary(product) => {
                    let (image, name) = (self.images.of(product), base(written));
                    if image == name && dir {
                        same.push(format!("/{image}"));
                        continue;
                    }
                    let dest = if dir {
                        format!("{}/{name}", copy.dest.trim_end_matches('/'))
                    } else {
                        copy.dest.clone()
                    };
                    lines.push(format!("COPY --from=gowork {flags}/{image} {dest}\n"));
                }
                Source::Directory(binaries, files) => {
                    let to = copy.dest.trim_end_matches('/');
                    for Copied { rest, path, mode } in files {
                        let flags = with_mode(&flags, mode.as_deref());
                        let path = context_path(path);
                        lines.push(format!("COPY {flags}{path} {to}/{rest}\n"));
                        // A binary takes the place of a file of the same name.
                        if rest.is_empty() {
                            whole = lines.len();
                        }
                    }
                    for (rest, product) in binaries {
                        let image = self.images.of(product);
                        if *rest == image {
                            same.push(format!("/{image}"));
                        } else {
                            lines.push(format!("COPY --from=gowork {flags}/{image} {to}/{rest}\n"));
                        }
                    }
                }
            }
        }
        if !same.is_empty() {
            let dest = if copy.dest.ends_with('/') || copy.dest == "." {
                copy.dest.clone()
            } else {
                format!("{}/", copy.dest)
            };
            lines.insert(
                whole,
                format!("COPY --from=gowork {flags}{} {dest}\n", same.join(" ")),
            );
        }
        lines.concat()
    }
}

/// The flags of an instruction, with a mode where they have none.
fn with_mode(flags: &str, mode: Option<&str>) -> String {
    match mode {
        Some(mode) if !flags.contains("--chmod") => format!("--chmod={mode} {flags}"),
        _ => flags.to_owned(),
    }
}

fn context_path(path: &str) -> String {
    if path.is_empty() {
        ".".to_owned()
    } else {
        path.to_owned()
    }
}
