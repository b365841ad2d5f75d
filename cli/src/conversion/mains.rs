//! The mains that the packages of a `go build` are.

use std::collections::BTreeSet;

use super::layout;
use super::scope::{base, join};
use super::value::{Part, Value};
use super::walker::{Running, Walker};

/// A main that a command compiles.
pub(super) struct Made {
    /// Its directory in the context.
    pub(super) dir: String,
    /// What `go build` calls its binary.
    pub(super) binary: String,
    /// The name of its image, with build-args as `${NAME}`.
    pub(super) image: String,
    /// The build-args in it.
    pub(super) args: BTreeSet<String>,
    /// The value of cgo, where a build-arg decides about it: an image for each.
    pub(super) cgo: Option<bool>,
}

impl Walker<'_> {
    /// The mains that a package argument means.
    pub(super) fn mains(&mut self, package: &Value, dir: &str, running: &Running<'_>) -> Vec<Made> {
        if let [Part::Arg { name, default }] = package.0.as_slice() {
            return self.any((name, default.as_deref().unwrap_or_default()), dir, running);
        }
        let mut written = package.to_string();
        let is_file = written.ends_with(".go");
        let file = base(&written).to_owned();
        if is_file {
            written = written
                .rsplit_once('/')
                .map_or(".", |(above, _)| above)
                .to_owned();
            if written.is_empty() {
                written = "/".to_owned();
            }
        }
        let (written, wild) = match written.strip_suffix("...") {
            Some(above) => (above.trim_end_matches('/').to_owned(), true),
            None => (written, false),
        };
        if !is_file && ["tool", "all", "std", "cmd"].contains(&written.as_str()) {
            return Vec::new();
        }
        let is_own = self.repo.dir_of(&written).is_some();
        let is_path =
            is_file || written.starts_with(['.', '/', '$']) || written.is_empty() || !is_own;
        let first = written.split('/').next().unwrap_or_default();
        if is_path && !is_file && !written.starts_with(['.', '/']) && first.contains('.') {
            // A package of another module.
            return Vec::new();
        }
        let found = if is_path {
            let path = join(dir, &written);
            running.walked.layout.in_context(&path, self.repo)
        } else {
            self.repo.dir_of(&written)
        };
        let Some(found) = found else {
            self.leave(
                running.at,
                format!(
                    "go build {package}: {} is not copied from the build context",
                    join(dir, &written)
                ),
                "name the build context with -C",
            );
            return Vec::new();
        };
        if wild {
            return self.below(&found);
        }
        if found.contains("${") {
            return self.by_arg(&found, running);
        }
        self.made(&found, is_file.then_some(file.as_str()))
            .into_iter()
            .collect()
    }

    /// The main that a build-arg names by its path: any. It gets the name of an image instead.
    fn any(&mut self, (arg, default): (&str, &str), dir: &str, running: &Running<'_>) -> Vec<Made> {
        let first = self.repo.mains().first();
        let mut example = first.map_or(String::new(), |(name, main)| {
            format!("./{} is {name}", main.dir)
        });
        if !default.is_empty() {
            let made = self.mains(&Value::text(default), dir, running);
            let [main] = made.as_slice() else {
                self.leave(
                    running.at,
                    format!(
                        "the build-arg {arg} names the package to compile; {default:?} is taken"
                    ),
                    format!(
                        "write COPY --from=gowork /${{{arg}}} and give it the name of an image"
                    ),
                );
                return made;
            };
            example = format!("{default} is {}", main.image);
            self.chosen.insert(arg.to_owned(), main.image.clone());
        }
        let note = format!(
            "the build-arg {arg} named the package to compile by its path; it takes the name of an image now, as gowork list shows them: {example}"
        );
        self.note(note);
        let mains = self.repo.mains().iter();
        mains
            .map(|(_, main)| Made {
                dir: main.dir.as_str().to_owned(),
                binary: main.path.binary_name().to_owned(),
                image: format!("${{{arg}}}"),
                args: BTreeSet::from([arg.to_owned()]),
                cgo: None,
            })
            .collect()
    }

    /// Every main below a directory.
    fn below(&self, dir: &str) -> Vec<Made> {
        let mut made = Vec::new();
        for (_, main) in self.repo.mains() {
            let is_below = dir.is_empty() || layout::below(main.dir.as_str(), dir).is_some();
            if is_below {
                made.extend(self.made(main.dir.as_str(), None));
            }
        }
        made
    }

    fn made(&self, dir: &str, file: Option<&str>) -> Option<Made> {
        let module = self.repo.module_of(dir)?;
        let main = self
            .repo
            .mains()
            .iter()
            .find(|(_, main)| main.dir.as_str() == dir);
        let (image, binary) = match main {
            Some((name, main)) => (name.to_string(), main.path.binary_name().to_owned()),
            None if self.repo.has_main_package(dir) => {
                let name = base(if dir.is_empty() { &module.path } else { dir });
                (name.to_lowercase(), name.to_owned())
            }
            None => return None,
        };
        // `go build main.go` calls the binary as the first file.
        let binary = match file.filter(|file| !file.contains('*')) {
            Some(file) => file.trim_end_matches(".go").to_owned(),
            None => binary,
        };
        Some(Made {
            dir: dir.to_owned(),
            binary,
            image,
            args: BTreeSet::new(),
            cgo: None,
        })
    }

    /// The mains of a directory with a build-arg in it. Their images must be called by it.
    fn by_arg(&mut self, dir: &str, running: &Running<'_>) -> Vec<Made> {
        let Some((before, rest)) = dir.split_once("${") else {
            return Vec::new();
        };
        let (arg, after) = rest.split_once('}').unwrap_or((rest, ""));
        let element = before.rsplit('/').next().unwrap_or_default();
        let suffix = after.split('/').next().unwrap_or_default();
        let mut values = Vec::new();
        for (name, main) in self.repo.mains() {
            let found = main.dir.as_str().strip_prefix(before);
            let Some(value) = found.and_then(|rest| rest.strip_suffix(after)) else {
                continue;
            };
            if value.is_empty() || value.contains('/') {
                continue;
            }
            values.push((
                format!("{element}{value}{suffix}"),
                name.clone(),
                main.dir.clone(),
            ));
        }
        if values.is_empty() {
            self.leave(
                running.at,
                format!("no main package is at {dir}"),
                "name the build context with -C",
            );
            return Vec::new();
        }
        let image = format!("{element}${{{arg}}}{suffix}");
        let mut made = Vec::new();
        for (wanted, name, dir) in values {
            if name.as_str() != wanted {
                self.renamed
                    .insert(wanted.to_lowercase(), dir.as_str().to_owned());
            }
            made.push(Made {
                dir: dir.as_str().to_owned(),
                binary: wanted.clone(),
                image: image.clone(),
                args: BTreeSet::from([arg.to_owned()]),
                cgo: None,
            });
        }
        made
    }
}
