//! A copy of the repository in which the go command may change mod files, so that an edit can take
//! them.

use super::edit::{Edit, WORD};
use super::subject::{Image, Subject};
use crate::command::output;
use crate::state::State;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The copy. What is made of it lives as long as it.
pub(super) struct Scratch<'a> {
    state: &'a State,
    subject: &'a Subject,
    directory: tempfile::TempDir,
}

/// What an image is made of beside its own packages.
#[derive(Clone, Debug, Default)]
pub(super) struct Outside {
    /// Import paths of std.
    pub(super) std: BTreeSet<String>,
    /// Third-party import paths, with module and version.
    pub(super) third_party: BTreeMap<String, (String, String)>,
}

impl<'a> Scratch<'a> {
    /// Makes the copy.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(super) fn new(state: &'a State, subject: &'a Subject, workshop: &Path) -> Result<Self> {
        let directory = tempfile::Builder::new()
            .prefix("scratch-")
            .tempdir_in(workshop)?;
        super::workplace::copy(&subject.source, directory.path())?;
        Ok(Self {
            state,
            subject,
            directory,
        })
    }

    /// Runs the go command in a directory of the copy, for linux and without cgo, and returns what
    /// it prints.
    ///
    /// # Errors
    /// If it fails.
    pub(super) fn go(&self, dir: &str, arguments: &[&str]) -> Result<String> {
        let mut go = crate::golang::go_as_in_builds(self.state)?;
        go.current_dir(self.directory.path().join(dir))
            .args(arguments);
        output(&mut go)
    }

    /// What an image is made of, by `go list`.
    ///
    /// # Errors
    /// If it fails.
    pub(super) fn outside(&self, image: &Image) -> Result<Outside> {
        let main = relative(&image.main.dir);
        let listed = self.go(
            ".",
            &["list", "-deps", "-json=ImportPath,Standard,Module", &main],
        )?;
        let mut outside = Outside::default();
        for package in serde_json::Deserializer::from_str(&listed).into_iter::<Value>() {
            let package = package.context("go list printed no JSON")?;
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let module = &package["Module"];
            if package["Standard"].as_bool().unwrap_or_default() {
                outside.std.insert(text(&package["ImportPath"]));
            } else if module["Main"].as_bool() != Some(true) && module["Replace"].is_null() {
                let version = text(&module["Version"]);
                outside.third_party.insert(
                    text(&package["ImportPath"]),
                    (text(&module["Path"]), version),
                );
            }
        }
        Ok(outside)
    }

    /// Other versions of a module than the one chosen: those after it, the next first, then those
    /// before it; no prereleases.
    ///
    /// # Errors
    /// If the proxy does not tell.
    pub(super) fn other_versions(&self, module: &str) -> Result<Vec<String>> {
        let listed: Value = serde_json::from_str(&self.go(
            ".",
            &["list", "-m", "-versions", "-json=Version,Versions", module],
        )?)?;
        let (current, versions) = (
            listed["Version"].as_str().unwrap_or_default(),
            listed["Versions"].as_array(),
        );
        let versions: Vec<&str> = versions
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let Some(at) = versions.iter().position(|version| *version == current) else {
            return Ok(Vec::new());
        };
        let (before, after) = (versions[..at].iter().rev(), versions[at + 1..].iter());
        Ok(after
            .chain(before)
            .filter(|version| !version.contains('-'))
            .map(|&version| version.to_owned())
            .collect())
    }

    /// Whether sources of a module's packages differ between two versions.
    ///
    /// # Errors
    /// If a version cannot be downloaded, or its files cannot be read.
    pub(super) fn differ(
        &self,
        module: &str,
        versions: [&str; 2],
        packages: &BTreeSet<String>,
    ) -> Result<bool> {
        let mut texts = Vec::new();
        for version in versions {
            let listed = self.go(
                ".",
                &["mod", "download", "-json", &format!("{module}@{version}")],
            )?;
            let listed: Value = serde_json::from_str(&listed)?;
            let root = PathBuf::from(
                listed["Dir"]
                    .as_str()
                    .context("a module without a directory")?,
            );
            let dirs = packages
                .iter()
                .map(|package| root.join(package[module.len()..].trim_start_matches('/')));
            texts.push(dirs.map(|dir| sources(&dir)).collect::<Result<Vec<_>>>()?);
        }
        Ok(texts[0] != texts[1])
    }

    /// Makes an edit: writes `files`, runs `go get` with `asked` in each of `modules`, and takes
    /// along what became of mod files. The copy is then as it was before.
    ///
    /// # Errors
    /// If the go command refuses, or afterwards cannot list what the images are made of.
    pub(super) fn edit(
        &self,
        files: &[(String, String)],
        modules: &[String],
        asked: &str,
    ) -> Result<Edit> {
        let written = Edit {
            files: files.to_vec(),
            ..Edit::default()
        };
        written.apply(self.directory.path())?;
        let result = self.got(modules, asked);
        let edit = result
            .and_then(|()| self.chosen(asked))
            .and_then(|()| self.collected(files));
        written.revert(self.directory.path(), &self.subject.source)?;
        self.restore()?;
        edit
    }

    fn got(&self, modules: &[String], asked: &str) -> Result<()> {
        for module in modules {
            self.go(module, &["get", asked])?;
        }
        // Completes go.work.sum, and shows that the versions go together.
        let mains: Vec<String> = self
            .subject
            .images
            .iter()
            .map(|image| relative(&image.main.dir))
            .collect();
        let mut list = vec!["list", "-deps", "-f", "{{with .Error}}{{.}}{{end}}"];
        list.extend(mains.iter().map(String::as_str));
        self.go(".", &list).map(drop)
    }

    /// Fails unless the go command now chooses this version of this module: others may ask for a
    /// higher one.
    fn chosen(&self, asked: &str) -> Result<()> {
        let module = asked.split('@').next().unwrap_or_default();
        let chosen = self.go(".", &["list", "-m", "-f", "{{.Path}}@{{.Version}}", module])?;
        if chosen != asked {
            bail!("{chosen} is chosen where {asked} is asked for");
        }
        Ok(())
    }

    /// The files, and every mod file that differs from the original.
    fn collected(&self, files: &[(String, String)]) -> Result<Edit> {
        let mut edit = Edit {
            files: files.to_vec(),
            ..Edit::default()
        };
        for name in self.mod_files() {
            let text = |root: &Path| std::fs::read_to_string(root.join(&name)).ok();
            if let Some(changed) = text(self.directory.path())
                .filter(|now| text(&self.subject.source).as_ref() != Some(now))
            {
                edit.files.push((name, changed));
            }
        }
        // Another edit each time, also for what depends on mod files alone.
        let comment = format!("\n// {WORD}\n");
        if let Some((_, text)) = edit
            .files
            .iter_mut()
            .find(|(name, _)| name.ends_with("go.mod"))
        {
            text.push_str(&comment);
        }
        Ok(edit)
    }

    /// Mod files that there are or could be.
    fn mod_files(&self) -> BTreeSet<String> {
        let mut names: BTreeSet<String> = self.subject.mod_files.iter().cloned().collect();
        names.extend(self.subject.workspace.then(|| "go.work.sum".to_owned()));
        names.extend(self.subject.modules.iter().map(|dir| below(dir, "go.sum")));
        names
    }

    fn restore(&self) -> Result<()> {
        for name in self.mod_files() {
            let (from, to) = (
                self.subject.source.join(&name),
                self.directory.path().join(&name),
            );
            if from.exists() {
                std::fs::copy(&from, &to)
                    .with_context(|| format!("cannot write {}", to.display()))?;
            } else if to.exists() {
                std::fs::remove_file(&to)?;
            }
        }
        Ok(())
    }

    /// The text of a file of the repository.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(super) fn text(&self, file: &str) -> Result<String> {
        let path = self.subject.source.join(file);
        std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
    }

    /// Whether there is such a file or directory.
    pub(super) fn has(&self, file: &str) -> bool {
        PathBuf::from(&self.subject.source).join(file).exists()
    }
}

/// The Go files of a directory, tests left out. One that is not there has none.
fn sources(dir: &Path) -> Result<BTreeMap<OsString, Vec<u8>>> {
    let mut texts = BTreeMap::new();
    for entry in std::fs::read_dir(dir).into_iter().flatten() {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.ends_with(".go") && !name.ends_with("_test.go") {
            texts.insert(entry.file_name(), std::fs::read(entry.path())?);
        }
    }
    Ok(texts)
}

/// A file of a directory, where `.` is the top.
pub(super) fn below(dir: &str, name: &str) -> String {
    if dir == "." {
        name.to_owned()
    } else {
        format!("{dir}/{name}")
    }
}

/// A directory as the go command takes it.
pub(super) fn relative(dir: &str) -> String {
    if dir == "." {
        ".".to_owned()
    } else {
        format!("./{dir}")
    }
}
