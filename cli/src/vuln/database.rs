//! The database: files of a directory, or one file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::osv::{Entry, OfModule};
use crate::bounded;
use crate::exit::Usage;

/// How many files a database may have. That of Go has some thousands.
const FILES: usize = 100_000;
/// How many bytes they may have together.
const BYTES: usize = 1 << 30;
/// How many entries they may have together.
const ENTRIES: usize = 200_000;

/// Entries, without those that were withdrawn.
#[derive(Debug, Default)]
pub(crate) struct Database {
    entries: Vec<Entry>,
    /// By the module's path: which entry, and what it says of the module.
    modules: BTreeMap<String, Vec<(usize, OfModule)>>,
}

impl Database {
    /// Reads a directory with an `ID` directory, as vuln.go.dev has it, or with JSON files in it; or
    /// one JSON file, which holds an entry or an array of entries.
    ///
    /// # Errors
    /// If a file cannot be read or is no entry, and if the database is empty or too large.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let mut database = Self::default();
        let mut bytes = 0;
        for file in files(path)? {
            let content = bounded::read(&file).with_context(|| shown(&file))?;
            bytes += content.len();
            if bytes > BYTES {
                let wrong = format!("--vuln {}: more than {BYTES} bytes", path.display());
                return Err(Usage(wrong).into());
            }
            database.add(&content).with_context(|| shown(&file))?;
        }
        Ok(database)
    }

    /// How many entries are compared.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    fn add(&mut self, content: &[u8]) -> anyhow::Result<()> {
        let is_list = content.trim_ascii_start().starts_with(b"[");
        let entries: Vec<Entry> = if is_list {
            serde_json::from_slice(content)
        } else {
            serde_json::from_slice(content).map(|entry| vec![entry])
        }
        .context("not an entry in the OSV format")?;
        for mut entry in entries {
            let of_modules = entry.of_modules().map_err(anyhow::Error::msg)?;
            if entry.is_withdrawn() || of_modules.is_empty() {
                continue;
            }
            if self.entries.len() == ENTRIES {
                anyhow::bail!("the database has more than {ENTRIES} entries");
            }
            for of_module in of_modules {
                let known = self.modules.entry(of_module.module.clone()).or_default();
                known.push((self.entries.len(), of_module));
            }
            self.entries.push(entry);
        }
        Ok(())
    }

    /// What entries say of a module.
    pub(super) fn of(&self, module: &str) -> impl Iterator<Item = (&Entry, &OfModule)> {
        let all = self.modules.get(module).map_or(&[][..], Vec::as_slice);
        all.iter().map(|(ix, of)| (&self.entries[*ix], of))
    }
}

/// The files of the database, by name.
fn files(path: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let wrong =
        |what: &str| anyhow::Error::from(Usage(format!("--vuln {}: {what}", path.display())));
    let kind = std::fs::metadata(path).with_context(|| shown(path))?;
    if kind.is_file() {
        return Ok(vec![path.to_path_buf()]);
    }
    if !kind.is_dir() {
        return Err(wrong("neither a file nor a directory"));
    }
    let ids = path.join("ID");
    let dir = if ids.is_dir() {
        ids
    } else {
        path.to_path_buf()
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(&dir).with_context(|| shown(&dir))? {
        let file = entry.with_context(|| shown(&dir))?.path();
        if file.extension().is_some_and(|end| end == "json") && file.is_file() {
            files.push(file);
        }
        if files.len() > FILES {
            return Err(wrong(&format!("more than {FILES} files")));
        }
    }
    // An empty database would say that all is well.
    if files.is_empty() {
        return Err(wrong(
            "no entries: it needs files ID/*.json, as vuln.go.dev has them, or *.json",
        ));
    }
    files.sort();
    Ok(files)
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}
