//! The edits of a repository, found in it: one for each scenario, and where a build would remember
//! it, another for each run.

use gowork_llb::gomod::ImportPath;

use super::edit::{Edit, WORD};
use super::scenario::Scenario;
use super::scratch::{Outside, Scratch, below};
use super::source_text::{edit_body, longest_body};
use super::subject::{Image, Own, Subject};
use crate::progress::note;
use anyhow::Result;
use std::collections::{BTreeMap, BTreeSet};

/// Packages of std that few programs import and that bring little along.
const SELDOM: [&str; 12] = [
    "container/ring",
    "index/suffixarray",
    "encoding/ascii85",
    "hash/adler32",
    "text/tabwriter",
    "hash/crc64",
    "image/color",
    "go/token",
    "encoding/base32",
    "container/list",
    "mime/quotedprintable",
    "encoding/csv",
];
/// How many modules, and versions of one, are tried for a bump.
const TRIED: usize = 12;

/// Edits by scenario. A scenario that a repository has nothing for is missing.
pub(super) struct Edits {
    by_scenario: BTreeMap<Scenario, Vec<Edit>>,
}

impl Edits {
    /// Finds the edits for `runs` runs of each of `scenarios`.
    ///
    /// # Errors
    /// If a file cannot be read, or the go command cannot list the repository.
    pub(super) fn find(
        scratch: &Scratch<'_>,
        subject: &Subject,
        scenarios: &[Scenario],
        runs: usize,
    ) -> Result<Self> {
        let mut by_scenario = BTreeMap::new();
        let needs_go = [
            Scenario::StdImport,
            Scenario::ThirdPartyImport,
            Scenario::Bump,
        ];
        let outside: Vec<Outside> = if scenarios.iter().any(|scenario| needs_go.contains(scenario))
        {
            subject
                .images
                .iter()
                .map(|image| scratch.outside(image))
                .collect::<Result<_>>()?
        } else {
            Vec::new()
        };
        let finder = Finder {
            scratch,
            subject,
            outside,
            runs,
        };
        for &scenario in scenarios {
            let edits = finder.of(scenario)?;
            if edits.is_empty() {
                note(&format!(
                    "{}: {} has nothing for it",
                    scenario.title(),
                    subject.name
                ));
            } else {
                by_scenario.insert(scenario, edits);
            }
        }
        Ok(Self { by_scenario })
    }

    /// For each package, a statement more in its longest function. A package without a function has
    /// no edit.
    ///
    /// # Errors
    /// If a file cannot be read.
    pub(super) fn of_bodies<'a>(
        scratch: &Scratch<'_>,
        packages: impl IntoIterator<Item = &'a Own>,
    ) -> Result<Vec<Edit>> {
        let packages = packages.into_iter();
        let edits = packages.filter_map(|package| body(scratch, package).transpose());
        edits.collect()
    }

    /// The edit of a run. `None` if earlier runs have made every edit.
    pub(super) fn of(&self, scenario: Scenario, run: usize) -> Option<&Edit> {
        let edits = self.by_scenario.get(&scenario)?;
        // One edit that takes a word of the run's own will do for all.
        if matches!(
            scenario,
            Scenario::StdImport | Scenario::ThirdPartyImport | Scenario::Bump
        ) {
            edits.get(run)
        } else {
            edits.first()
        }
    }

    /// What is edited, for people.
    pub(super) fn described(&self) -> Vec<(Scenario, String)> {
        let what = |edits: &Vec<Edit>| {
            let mut said: Vec<&str> = edits.iter().map(|edit| edit.what.as_str()).collect();
            said.dedup();
            said.join(", then ")
        };
        self.by_scenario
            .iter()
            .map(|(scenario, edits)| (*scenario, what(edits)))
            .filter(|(_, what)| !what.is_empty())
            .collect()
    }
}

struct Finder<'a> {
    scratch: &'a Scratch<'a>,
    subject: &'a Subject,
    /// By image.
    outside: Vec<Outside>,
    runs: usize,
}

impl Finder<'_> {
    fn of(&self, scenario: Scenario) -> Result<Vec<Edit>> {
        let subject = self.subject;
        match scenario {
            Scenario::Cold | Scenario::NoChange => Ok(vec![Edit::default()]),
            Scenario::Readme => self.appended("README.md", &format!("\n{WORD}\n")),
            Scenario::Test => self.test(),
            Scenario::Main | Scenario::OneImage => self.body(&subject.edited().main),
            Scenario::Shared => self.body(&subject.shared),
            Scenario::Signature => self.signature(),
            Scenario::StdImport => self.std_imports(),
            Scenario::ThirdPartyImport => self.third_party_imports(),
            Scenario::Bump => self.bumps(),
            Scenario::Service => self.service(),
        }
    }

    fn appended(&self, file: &str, addition: &str) -> Result<Vec<Edit>> {
        let text = if self.scratch.has(file) {
            self.scratch.text(file)?
        } else {
            String::new()
        };
        Ok(vec![Edit::of(file, text + addition)])
    }

    fn test(&self) -> Result<Vec<Edit>> {
        let shared = &self.subject.shared;
        let tests = shared
            .files
            .iter()
            .map(|file| file.replace(".go", "_test.go"));
        match tests.into_iter().find(|file| self.scratch.has(file)) {
            Some(file) => self.appended(&file, &format!("\nvar _ = {WORD:?}\n")),
            None => {
                let text = format!("package {}\n\nvar _ = {WORD:?}\n", shared.name);
                Ok(vec![Edit::of(&below(&shared.dir, "bench_test.go"), text)])
            }
        }
    }

    /// The longest function of the package gets a statement.
    fn body(&self, package: &Own) -> Result<Vec<Edit>> {
        Ok(body(self.scratch, package)?.into_iter().collect())
    }

    fn signature(&self) -> Result<Vec<Edit>> {
        let function = format!(
            "\n// Benchmarked is new.\nfunc Benchmarked() string {{\n\treturn {WORD:?}\n}}\n"
        );
        let longest = longest(self.scratch, &self.subject.shared)?;
        Ok(longest
            .map(|(file, text)| Edit::of(file, text + &function))
            .into_iter()
            .collect())
    }

    fn std_imports(&self) -> Result<Vec<Edit>> {
        let unknown = SELDOM.iter().filter(|path| {
            !self
                .outside
                .iter()
                .any(|outside| outside.std.contains(**path))
        });
        let edits = unknown.take(self.runs).map(|path| {
            let mut edit = importing(self.subject.edited(), path);
            edit.what = format!("{path} in {}", self.subject.edited().name);
            edit
        });
        Ok(edits.collect())
    }

    /// The image with the fewest third-party packages gets another that others have.
    fn third_party_imports(&self) -> Result<Vec<Edit>> {
        let few = (0..self.outside.len())
            .min_by_key(|&ix| (self.outside[ix].third_party.len(), ix))
            .unwrap_or_default();
        let (image, has) = (&self.subject.images[few], &self.outside[few].third_party);
        let imported: BTreeSet<&str> = self
            .subject
            .images
            .iter()
            .flat_map(|other| &other.main.imports)
            .map(ImportPath::as_str)
            .collect();
        let others: BTreeMap<_, _> = self
            .outside
            .iter()
            .flat_map(|outside| &outside.third_party)
            .collect();
        let is_open = |path: &str| {
            !path
                .split('/')
                .any(|element| element == "internal" || element == "vendor")
        };
        let mut candidates: Vec<_> = others
            .into_iter()
            .filter(|(path, _)| !has.contains_key(*path) && is_open(path))
            .collect();
        // What mains import themselves is made to be imported.
        candidates.sort_by_key(|(path, _)| (!imported.contains(path.as_str()), (*path).clone()));
        let mut edits: Vec<Edit> = Vec::new();
        for (path, (module, version)) in candidates {
            if edits.len() == self.runs {
                break;
            }
            let written = importing(image, path);
            if let Ok(mut edit) = self.scratch.edit(
                &written.files,
                std::slice::from_ref(&image.module),
                &format!("{module}@{version}"),
            ) {
                edit.what = format!("{path} in {}", image.name);
                edits.push(edit);
            }
        }
        Ok(edits)
    }

    /// Of the modules that packages are imported from, the one that most images reach packages of
    /// and that has other versions: newer ones, else older. A version that changes nothing in the
    /// images does not count.
    fn bumps(&self) -> Result<Vec<Edit>> {
        let is_imported = |module: &str| {
            self.taken_of(module)
                .1
                .iter()
                .any(|package| self.subject.imported.contains(package.as_str()))
        };
        let mut modules: Vec<_> = self
            .subject
            .required
            .iter()
            .filter(|(module, _)| is_imported(module))
            .collect();
        modules
            .sort_by_key(|(module, _)| (std::cmp::Reverse(self.reach(module)), (*module).clone()));
        for (module, asking) in modules.into_iter().take(TRIED) {
            let (has, packages) = self.taken_of(module);
            let mut edits = Vec::new();
            for version in self
                .scratch
                .other_versions(module)
                .unwrap_or_default()
                .into_iter()
                .take(TRIED)
            {
                if edits.len() == self.runs {
                    break;
                }
                if !self
                    .scratch
                    .differ(module, [&has, &version], &packages)
                    .unwrap_or_default()
                {
                    continue;
                }
                if let Ok(mut edit) = self
                    .scratch
                    .edit(&[], asking, &format!("{module}@{version}"))
                {
                    edit.what = format!("{module} {has} to {version}");
                    edits.push(edit);
                }
            }
            if !edits.is_empty() {
                return Ok(edits);
            }
        }
        Ok(Vec::new())
    }

    /// How many images have packages of a module.
    fn reach(&self, module: &str) -> usize {
        let has = |outside: &&Outside| outside.third_party.values().any(|(path, _)| path == module);
        self.outside.iter().filter(has).count()
    }

    /// The version of a module, and its packages that images are made of.
    fn taken_of(&self, module: &str) -> (String, BTreeSet<String>) {
        let all = self
            .outside
            .iter()
            .flat_map(|outside| &outside.third_party)
            .filter(|(_, (path, _))| path == module);
        let (mut version, mut packages) = (String::new(), BTreeSet::new());
        for (package, (_, chosen)) in all {
            version.clone_from(chosen);
            packages.insert(package.clone());
        }
        (version, packages)
    }

    /// A main beside the edited one, that imports what that imports.
    fn service(&self) -> Result<Vec<Edit>> {
        let like = self.subject.edited();
        let parent = if like.main.dir == like.module {
            like.main.dir.clone()
        } else {
            parent_of(&like.main.dir)
        };
        let inside = if like.main.dir == like.module {
            like.main.path.to_string()
        } else {
            parent_of(&like.main.path)
        };
        let (dir, path) = (below(&parent, WORD), ImportPath::in_module(&inside, WORD));
        let imports = like
            .main
            .imports
            .iter()
            .filter(|import| **import != "C" && may_import(&path, import));
        let imports: String = imports.map(|import| format!("\t_ {import:?}\n")).collect();
        let text = format!(
            "package main\n\nimport (\n{imports})\n\nfunc main() {{\n\tprintln({WORD:?})\n}}\n"
        );
        let mut edit = Edit::of(&below(&dir, "main.go"), text);
        let main = Own {
            path,
            dir,
            ..like.main.clone()
        };
        edit.service = Some(Image {
            name: WORD.to_owned(),
            binary: WORD.to_owned(),
            main,
            module: like.module.clone(),
        });
        edit.what = format!("like {}", like.name);
        Ok(vec![edit])
    }
}

/// A statement more in the longest function of a package.
fn body(scratch: &Scratch<'_>, package: &Own) -> Result<Option<Edit>> {
    let longest = longest(scratch, package)?;
    Ok(longest.and_then(|(file, text)| Some(Edit::of(file, edit_body(&text, WORD)?))))
}

/// The file of a package with the longest function, and its text.
fn longest<'a>(scratch: &Scratch<'_>, package: &'a Own) -> Result<Option<(&'a String, String)>> {
    let texts = package
        .files
        .iter()
        .map(|file| Ok((file, scratch.text(file)?)))
        .collect::<Result<Vec<_>>>()?;
    Ok(texts.into_iter().max_by_key(|(_, text)| longest_body(text)))
}

/// A new file of the image's main that imports `path`.
fn importing(image: &Image, path: &str) -> Edit {
    let text = format!(
        "package main\n\nimport _ {path:?}\n\nvar _ = func() string {{ return {WORD:?} }}\n"
    );
    Edit::of(&below(&image.main.dir, "bench_import.go"), text)
}

fn parent_of(path: &str) -> String {
    path.rsplit_once('/')
        .map_or_else(|| ".".to_owned(), |(parent, _)| parent.to_owned())
}

/// Whether the package at `path` may import another: what is internal is for those below its
/// parent.
fn may_import(path: &ImportPath, import: &ImportPath) -> bool {
    match import.internal_to() {
        Some(parent) => path.starts_with(&format!("{parent}/")),
        None => true,
    }
}

#[cfg(test)]
mod tests {
    use super::ImportPath;

    #[test]
    fn internal_packages_are_for_their_parents() {
        let may_import = |path: &str, import: &str| {
            super::may_import(&ImportPath::new(path), &ImportPath::new(import))
        };
        assert!(may_import("a/cmd/x", "a/internal/b") && may_import("a/cmd/x", "fmt"));
        assert!(
            !may_import("a/cmd/x", "a/cmd/y/internal/b")
                && !may_import("a/cmd/x", "net/internal/b")
        );
    }
}
