//! The work tree as git sees it: what is as in the index, what is not, what git does not know.

use std::collections::{BTreeMap, BTreeSet};

use gowork_llb::keys::Contents;
use gowork_llb::tree::TreePath;

use super::{Blob, Git, records};

/// What git says of the work tree. Names are relative to the directory that git runs in.
#[derive(Debug)]
pub(crate) struct WorkState {
    git: Git,
    index: BTreeMap<TreePath, Blob>,
    /// Of the index, what may have other contents on disk.
    dirty: BTreeSet<TreePath>,
    /// What the index lacks and no ignore rule names.
    untracked: BTreeSet<TreePath>,
}

impl WorkState {
    /// Asks git.
    pub(crate) fn read(git: &Git) -> anyhow::Result<Self> {
        let paths = |answer: &[u8]| -> BTreeSet<TreePath> {
            records(answer)
                .filter_map(|path| TreePath::new(&path).ok())
                .collect()
        };
        // A file that was only touched counts as dirty here, since the index is not refreshed; it
        // then hashes to what it was.
        let mut dirty = paths(&git.run(
            &[
                "diff-files",
                "-z",
                "--name-only",
                "--relative",
                "--ignore-submodules=none",
            ],
            &[],
        )?);
        let untracked =
            paths(&git.run(&["ls-files", "-z", "--others", "--exclude-standard"], &[])?);
        let mut index = BTreeMap::new();
        for record in records(&git.run(&["ls-files", "-z", "--stage"], &[])?) {
            let Some((meta, path)) = record.split_once('\t') else {
                continue;
            };
            let (words, Ok(path)) = (meta.split(' ').collect::<Vec<_>>(), TreePath::new(path))
            else {
                continue;
            };
            let [mode, oid, stage] = words.as_slice() else {
                continue;
            };
            if *stage != "0" {
                dirty.insert(path.clone());
            }
            index.insert(
                path,
                Blob {
                    oid: (*oid).to_owned(),
                    mode: (*mode).to_owned(),
                },
            );
        }
        Ok(Self {
            git: git.clone(),
            index,
            dirty,
            untracked,
        })
    }

    /// Whether git ignores the file of the work tree.
    pub(super) fn ignores(&self, path: &TreePath) -> bool {
        !self.index.contains_key(path)
            && !self.untracked.contains(path)
            && self.submodule(path).is_none()
    }

    /// The name of a file's contents, if they are as in the index.
    pub(super) fn clean(&self, path: &TreePath) -> Option<&Blob> {
        self.index
            .get(path)
            .filter(|blob| blob.mode != "120000" && !self.dirty.contains(path))
    }

    /// The submodule that holds `path`, and whether it is as in the index.
    fn submodule(&self, path: &TreePath) -> Option<(&Blob, bool)> {
        let above = std::iter::successors(path.parent(), TreePath::parent);
        let mut found = above.filter_map(|dir| {
            self.index
                .get(&dir)
                .map(|blob| (blob, !self.dirty.contains(&dir)))
        });
        found.find(|(blob, _)| blob.mode == "160000")
    }

    /// What the contents of each of `files` are called: as in a commit, filters applied. For those
    /// of `with_mode` whether they may be executed goes in.
    pub(crate) fn contents(
        &self,
        files: &BTreeSet<TreePath>,
        with_mode: &dyn Fn(&TreePath) -> bool,
    ) -> anyhow::Result<Contents> {
        let mut contents = Contents::new();
        let mut odd = Vec::new();
        for path in files {
            let on_disk = self.git.dir.join(path.as_str());
            match (self.clean(path), self.submodule(path)) {
                (Some(blob), _) => contents.insert(
                    path.clone(),
                    digest(&blob.oid, with_mode(path) && blob.mode == "100755"),
                ),
                (None, Some((blob, true))) if on_disk.is_file() => {
                    contents.insert(path.clone(), blob.oid.clone())
                }
                _ if on_disk.is_file() && !path.as_str().contains('\n') => odd.push(path),
                _ => {}
            }
        }
        // These names are taken from the top, wherever git runs.
        let names = odd
            .iter()
            .map(|path| format!("{}{path}\n", self.git.prefix))
            .collect::<String>();
        let hashed = if odd.is_empty() {
            Vec::new()
        } else {
            self.git
                .run(&["hash-object", "--stdin-paths"], names.as_bytes())?
        };
        for (path, oid) in odd
            .into_iter()
            .zip(String::from_utf8_lossy(&hashed).lines())
        {
            let executable = with_mode(path) && is_executable(&self.git.dir.join(path.as_str()));
            contents.insert(path.clone(), digest(oid, executable));
        }
        Ok(contents)
    }
}

/// What stands for contents and mode.
pub(super) fn digest(oid: &str, executable: bool) -> String {
    if executable {
        format!("{oid} executable")
    } else {
        oid.to_owned()
    }
}

#[cfg(unix)]
fn is_executable(path: &std::path::Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    path.metadata()
        .is_ok_and(|meta| meta.permissions().mode() & 0o100 != 0)
}

#[cfg(not(unix))]
fn is_executable(_: &std::path::Path) -> bool {
    false
}
