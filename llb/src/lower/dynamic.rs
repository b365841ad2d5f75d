//! Images from scratch whose programs need a C library: their linker binds them to one, and scratch
//! has none.

use std::collections::BTreeMap;

use super::named_images::listed;
use crate::config::{ImageName, SCRATCH};
use crate::diag::{Diagnostic, Rule, Span};
use crate::packages;
use crate::plan::Outline;

/// A warning for each `import "C"` that has images from scratch bound to a C library. A build stops
/// for them once it has linked the program; this is known before. `-static` among the flags of the
/// linker makes programs that need no library.
pub(super) fn check(outline: &Outline) -> Vec<Diagnostic> {
    let mut found: BTreeMap<Span, Vec<ImageName>> = BTreeMap::new();
    let on_scratch = outline
        .images
        .iter()
        .filter(|image| image.config.runtime.base.value == SCRATCH);
    for image in on_scratch {
        let own = (image.build, image.main, &image.config.ldflags);
        let others = image.binaries.iter();
        let others = others.map(|other| (other.build, other.main, &other.ldflags));
        for (build, main, ldflags) in std::iter::once(own).chain(others) {
            if is_static(ldflags) {
                continue;
            }
            let build = &outline.builds[build.0];
            let reached = packages::sure_closure(&build.packages, [main]);
            let imports = reached
                .iter()
                .flat_map(|ix| &build.packages.get(ix).imports);
            if let Some(import) = imports.into_iter().find(|import| import.path == "C") {
                let place = Span::at(import.file.as_str(), import.at);
                let images = found.entry(place).or_default();
                images.push(image.config.name.clone());
                images.dedup();
            }
        }
    }
    let warning = |(place, images): (Span, Vec<ImageName>)| {
        let message = format!(
            "{} from scratch: C code binds the program to a C library, which scratch does not have",
            listed(&images)
        );
        Diagnostic::warning(Rule::CgoOnScratch, message)
            .at(place)
            .help("set `base` to the distribution and release of the builder, or link with ldflags = \"-s -w -linkmode external -extldflags -static\"")
    };
    found.into_iter().map(warning).collect()
}

/// Whether these flags of the linker make a program that needs no library.
fn is_static(ldflags: &str) -> bool {
    let mut words = ldflags.split([' ', '\t', '\n', '\'', '"', '=']);
    words.any(|word| matches!(word, "-static" | "-static-pie" | "--static"))
}
