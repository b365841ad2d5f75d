//! An edit: texts that files get, with a word in them that no build has seen before; and how it is
//! undone.

use super::subject::Image;
use anyhow::{Context, Result};
use gowork_llb::gomod::ImportPath;
use std::path::Path;

/// Stands in texts and names where a word of the run's own goes.
pub(super) const WORD: &str = "benchword";

/// What is changed of a repository.
#[derive(Clone, Debug, Default)]
pub(super) struct Edit {
    /// Files, relative, with their new texts. [`WORD`] stands in both.
    pub(super) files: Vec<(String, String)>,
    /// An image that there was not before; [`WORD`] stands in its names.
    pub(super) service: Option<Image>,
    /// What is edited, for people.
    pub(super) what: String,
}

impl Edit {
    /// An edit of one file.
    pub(super) fn of(file: &str, text: String) -> Self {
        Self {
            files: vec![(file.to_owned(), text)],
            service: None,
            what: file.to_owned(),
        }
    }

    /// The edit with a word of its own.
    pub(super) fn with(&self, word: &str) -> Self {
        let fill = |text: &str| text.replace(WORD, word);
        let service = self.service.as_ref().map(|image| {
            let mut image = image.clone();
            image.name = fill(&image.name);
            image.binary = fill(&image.binary);
            image.main.dir = fill(&image.main.dir);
            image.main.path = ImportPath::new(fill(&image.main.path));
            image
        });
        Self {
            files: self
                .files
                .iter()
                .map(|(file, text)| (fill(file), fill(text)))
                .collect(),
            service,
            what: self.what.clone(),
        }
    }

    /// Writes the files into a copy of the repository.
    ///
    /// # Errors
    /// If they cannot be written.
    pub(super) fn apply(&self, copy: &Path) -> Result<()> {
        for (file, text) in &self.files {
            let path = copy.join(file);
            if let Some(parent) = path.parent() {
                std::fs::create_dir_all(parent)?;
            }
            std::fs::write(&path, text)
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
        Ok(())
    }

    /// Makes the files of `copy` what they are in `source`.
    ///
    /// # Errors
    /// If they cannot be written.
    pub(super) fn revert(&self, copy: &Path, source: &Path) -> Result<()> {
        for (file, _) in &self.files {
            let (path, original) = (copy.join(file), source.join(file));
            if original.exists() {
                std::fs::copy(&original, &path)
                    .with_context(|| format!("cannot write {}", path.display()))?;
                continue;
            }
            std::fs::remove_file(&path)
                .with_context(|| format!("cannot remove {}", path.display()))?;
            // A directory that the edit made.
            let mut parent = path.parent();
            while let Some(directory) = parent
                .filter(|directory| *directory != copy && std::fs::remove_dir(directory).is_ok())
            {
                parent = directory.parent();
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Edit, WORD};

    #[test]
    fn an_edit_is_undone_without_a_trace() {
        let (source, copy) = (
            tempfile::tempdir().expect("a directory"),
            tempfile::tempdir().expect("a directory"),
        );
        for dir in [source.path(), copy.path()] {
            std::fs::write(dir.join("a.go"), "package a\n").expect("written");
        }
        let files = vec![
            ("a.go".to_owned(), format!("package a // {WORD}\n")),
            (format!("cmd/{WORD}/main.go"), "package main\n".to_owned()),
        ];
        let edit = Edit {
            files,
            ..Edit::default()
        }
        .with("w7");
        edit.apply(copy.path()).expect("applied");
        assert_eq!(
            std::fs::read_to_string(copy.path().join("a.go")).expect("read"),
            "package a // w7\n"
        );
        assert!(copy.path().join("cmd/w7/main.go").is_file());
        edit.revert(copy.path(), source.path()).expect("reverted");
        assert_eq!(
            std::fs::read_to_string(copy.path().join("a.go")).expect("read"),
            "package a\n"
        );
        assert!(!copy.path().join("cmd").exists());
    }
}
