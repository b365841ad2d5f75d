//! Which files the build takes for a package: of its directory, and what it embeds and includes.

use std::collections::BTreeSet;

use super::git_ignored;
use super::included::{self, Asks};
use super::load::{Loader, at};
use super::scanned::ScannedDir;
use crate::diag::{Diagnostic, Rule, Span};
use crate::gosrc::cgo::CgoFlags;
use crate::gosrc::{BuildContext, Cgo, PackageFiles, SourceFile};
use crate::tree::TreePath;

impl Loader<'_> {
    /// The files that the build takes from a directory.
    pub(super) fn files(
        &mut self,
        dir: &TreePath,
        scanned: &ScannedDir,
        selected: &PackageFiles,
    ) -> BTreeSet<TreePath> {
        let always = [
            &selected.go_files,
            &selected.cgo_files,
            &selected.h_files,
            &selected.f_files,
            &selected.s_files,
            &selected.syso_files,
        ];
        let mut files: BTreeSet<TreePath> = always
            .into_iter()
            .flatten()
            .chain(c_sources(selected, self.context))
            .map(|name| dir.child(name))
            .collect();
        for (pattern, places) in &selected.embed_patterns {
            match scanned.embeds.get(pattern) {
                Some(Ok(embedded)) => {
                    files.extend(embedded.iter().filter_map(|file| dir.join(file).ok()))
                }
                Some(Err(message)) => {
                    let error = Diagnostic::error(format!("pattern {pattern}: {message}"))
                        .help(git_ignored::help(scanned.git_ignored.get(pattern)));
                    self.findings.push(at(dir, places, error));
                }
                None => {}
            }
        }
        files
    }

    /// The files that the package's C sources, preambles, assembly and `#cgo` lines name.
    pub(super) fn included(
        &mut self,
        dir: &TreePath,
        scanned: &ScannedDir,
        selected: &PackageFiles,
    ) -> BTreeSet<TreePath> {
        let always = [&selected.cgo_files, &selected.s_files, &selected.f_files];
        let names: BTreeSet<&String> = always
            .into_iter()
            .flatten()
            .chain(c_sources(selected, self.context))
            .collect();
        let sources: Vec<&SourceFile> = scanned
            .files
            .iter()
            .filter(|file| names.contains(&file.name))
            .collect();
        let mut flags = Vec::new();
        for file in &sources {
            let cgo = file.header.cgo.as_ref();
            // Wrong lines are reported where files are selected.
            let of_file = cgo
                .and_then(|cgo| cgo.flags(self.context).ok())
                .unwrap_or_default();
            self.findings.extend(
                of_file
                    .iter()
                    .filter_map(|flags| outside(&dir.child(&file.name), flags, cgo?)),
            );
            flags.extend(of_file);
        }
        // A scan that takes too long is refused as a whole.
        included::inputs(
            &Asks {
                dir,
                sources,
                flags,
            },
            &mut self.scan,
        )
        .unwrap_or_default()
    }
}

/// C sources, and those that SWIG makes C of. Without cgo the go command forgets them
/// (cmd/go/internal/load, where `CgoEnabled` is false).
fn c_sources<'s>(
    selected: &'s PackageFiles,
    context: &BuildContext,
) -> impl Iterator<Item = &'s String> {
    let classes = if context.cgo {
        vec![
            &selected.c_files,
            &selected.cxx_files,
            &selected.m_files,
            &selected.swig_files,
            &selected.swig_cxx_files,
        ]
    } else {
        Vec::new()
    };
    classes.into_iter().flatten()
}

/// A warning about a directory that a `#cgo` line of `file` names and that no step can have.
fn outside(file: &TreePath, flags: &CgoFlags, cgo: &Cgo) -> Option<Diagnostic> {
    let dir = file.parent()?;
    let (_, lost) = included::named_dirs(flags)
        .into_iter()
        .find(|(_, named)| included::place(&dir, named).is_err())?;
    let index = cgo
        .directives
        .iter()
        .position(|line| line.contains(&lost))
        .unwrap_or_default();
    let warning = Diagnostic::warning(
        Rule::CgoPathOutside,
        format!("#cgo {}: {lost} lies outside the build context", flags.verb),
    );
    let warning = warning.help(
        "build with a context directory that holds it, or have its files in the builder image",
    );
    Some(warning.at(Span::at(
        file.as_str(),
        cgo.directives_at.get(index).copied().unwrap_or_default(),
    )))
}
