//! Phase: which images have the binaries that the stages of a Dockerfile take.

use std::collections::{BTreeMap, BTreeSet};

use gowork_llb::config::ImageName;
use gowork_llb::diag::{self, Diagnostic};
use gowork_llb::ops::Platform;

use super::outline::Outlined;
use super::stages::{Take, Taken, What, are_matched};
use crate::builder::docker::CONTEXT;
use crate::builder::job::Wanted;

impl Taken {
    /// The images whose binaries are taken, for each platform.
    ///
    /// # Errors
    /// At every instruction that takes what no image has.
    pub(in crate::builder) fn images(
        &self,
        outlined: &Outlined,
    ) -> Result<BTreeMap<Platform, Wanted>, Vec<Diagnostic>> {
        let mut wanted = BTreeMap::new();
        let mut errors: Vec<Diagnostic> = Vec::new();
        for (platform, outline) in &outlined.by_platform {
            let known = outline.names();
            let known: BTreeSet<ImageName> = known.chain(outlined.broken.iter().cloned()).collect();
            let files: BTreeMap<String, ImageName> = known
                .into_iter()
                .map(|name| (outline.target.file_name(&name), name))
                .collect();
            let mut names = BTreeSet::new();
            for take in self.of(platform) {
                match take.images(&files) {
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

impl Take {
    /// The images whose binaries are taken. `files` are the names of all images by the file names
    /// of their binaries.
    fn images(&self, files: &BTreeMap<String, ImageName>) -> Result<Vec<ImageName>, Diagnostic> {
        let mut found = Vec::new();
        for (file, image) in files {
            if self.what.has(file) && !are_matched(&self.except, file) {
                found.push(image.clone());
            }
        }
        if found.is_empty() {
            return Err(self.nothing(files));
        }
        Ok(found)
    }

    fn nothing(&self, files: &BTreeMap<String, ImageName>) -> Diagnostic {
        let words = self.what.in_words();
        let near = match &self.what {
            What::Path(path) => diag::nearest(path, files.keys().map(String::as_str)),
            _ => None,
        };
        let near = near.map_or(String::new(), |near| format!("; did you mean /{near}?"));
        let list: Vec<String> = files.keys().map(|file| format!("/{file}")).collect();
        let error = Diagnostic::error(match &self.what {
            What::Path(_) => format!("{CONTEXT} has no {words}{near}"),
            _ if list.is_empty() => format!("{CONTEXT} has no binaries"),
            What::Everything => format!("--exclude leaves out all binaries of {CONTEXT}"),
            What::Glob(_) | What::Patterns(_) => format!("no binary of {CONTEXT} matches {words}"),
        });
        let error = error.help(match list.as_slice() {
            [] => "the repository has no main package with an image".to_owned(),
            list => format!("the binaries are {}", list.join(", ")),
        });
        error.at(self.span.clone())
    }
}
