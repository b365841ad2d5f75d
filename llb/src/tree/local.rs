//! A directory on disk as a tree: the library's one door to the file system.
#![expect(
    clippy::disallowed_methods,
    reason = "the one file of the library that touches the disk"
)]

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::{Entry, EntryKind, Head, SourceTree, TreeError, TreePath};
use crate::batches;
use crate::limits;

/// A directory on disk. Batches run in parallel, but for those of heads: who reads many of them
/// reads several batches at once.
#[derive(Debug, Clone)]
pub struct LocalTree {
    root: PathBuf,
}

impl LocalTree {
    /// Where the directory is: absolute, without symlinks.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(crate) fn real_root(&self) -> std::io::Result<PathBuf> {
        self.root.canonicalize()
    }

    /// The tree below `root`. Nothing is read yet.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The root, opened once a batch: what is below it is found from there.
    fn open_root(&self) -> Option<File> {
        // Where opening fails, so will all that follows, with its own words.
        File::open(&self.root).ok()
    }

    /// Opens `path`, links followed: inside the tree, or it is not found.
    fn open(&self, root: Option<&File>, path: &TreePath) -> std::io::Result<File> {
        // Links are rare, and following every path by itself is not free: only a path with one in
        // it is looked at again.
        match root.and_then(|root| open_without_links(root, path)) {
            Some(opened) => opened,
            None => File::open(self.resolve(path)?),
        }
    }

    /// Where `path` lies on disk, links followed: inside the tree, or it is not found.
    fn resolve(&self, path: &TreePath) -> std::io::Result<PathBuf> {
        let target = std::fs::canonicalize(self.root.join(path.as_str()))?;
        if target.starts_with(std::fs::canonicalize(&self.root)?) {
            Ok(target)
        } else {
            Err(std::io::ErrorKind::NotFound.into())
        }
    }

    #[cfg(unix)]
    fn entries(&self, root: Option<&File>, dir: &TreePath) -> std::io::Result<Vec<Entry>> {
        let mut entries = Vec::new();
        for entry in rustix::fs::Dir::new(self.open(root, dir)?)? {
            let entry = entry?;
            let name = super::shown_name(entry.file_name().to_bytes()).into_owned();
            if name == "." || name == ".." {
                continue;
            }
            let kind = match entry.file_type() {
                rustix::fs::FileType::RegularFile => EntryKind::File,
                rustix::fs::FileType::Directory => EntryKind::Dir,
                rustix::fs::FileType::Symlink => {
                    self.link_kind(&self.root.join(dir.as_str()).join(&name))
                }
                // Some file systems do not tell.
                rustix::fs::FileType::Unknown => {
                    self.kind(&self.root.join(dir.as_str()).join(&name))?
                }
                _ => EntryKind::Other,
            };
            entries.push(Entry { name, kind });
        }
        entries.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    #[cfg(not(unix))]
    fn entries(&self, _: Option<&File>, dir: &TreePath) -> std::io::Result<Vec<Entry>> {
        self.entries_by_std(dir)
    }

    /// The entries of a directory on systems where a directory is no file that can be opened.
    #[cfg(any(not(unix), test))]
    fn entries_by_std(&self, dir: &TreePath) -> std::io::Result<Vec<Entry>> {
        let mut entries = Vec::new();
        for entry in std::fs::read_dir(self.resolve(dir)?)? {
            let name = entry?.file_name();
            let kind = self.kind(&self.root.join(dir.as_str()).join(&name))?;
            let name = super::shown_name(name.as_encoded_bytes()).into_owned();
            entries.push(Entry { name, kind });
        }
        entries.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    fn kind(&self, path: &Path) -> std::io::Result<EntryKind> {
        let file_type = std::fs::symlink_metadata(path)?.file_type();
        Ok(match () {
            () if file_type.is_file() => EntryKind::File,
            () if file_type.is_dir() => EntryKind::Dir,
            () if file_type.is_symlink() => self.link_kind(path),
            () => EntryKind::Other,
        })
    }

    fn link_kind(&self, link: &Path) -> EntryKind {
        let inside = std::fs::canonicalize(&self.root)
            .and_then(|root| Ok(std::fs::canonicalize(link)?.starts_with(root)));
        match (inside, std::fs::metadata(link)) {
            (Ok(true), Ok(target)) if target.is_file() => EntryKind::LinkToFile,
            (Ok(true), Ok(target)) if target.is_dir() => EntryKind::LinkToDir,
            (Ok(true), Ok(_)) => EntryKind::Other,
            _ => EntryKind::BrokenLink,
        }
    }
}

fn tree_error(path: &TreePath, error: &std::io::Error) -> TreeError {
    match error.kind() {
        std::io::ErrorKind::NotFound => TreeError::NotFound(path.clone()),
        _ => TreeError::Io {
            path: path.clone(),
            message: error.to_string(),
        },
    }
}

/// Opens `path` below `root`, unless there is a link on the way or the system cannot tell.
#[cfg(target_os = "linux")]
fn open_without_links(root: &File, path: &TreePath) -> Option<std::io::Result<File>> {
    use rustix::fs::{Mode, OFlags, ResolveFlags, openat2};
    use rustix::io::Errno;
    let path = if path.is_root() { "." } else { path.as_str() };
    let how = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
    match openat2(
        root,
        path,
        OFlags::RDONLY | OFlags::CLOEXEC,
        Mode::empty(),
        how,
    ) {
        Ok(file) => Some(Ok(file.into())),
        Err(Errno::NOENT) => Some(Err(std::io::ErrorKind::NotFound.into())),
        // A link (LOOP); an old kernel (NOSYS), or a sandbox that forbids what it does not know
        // (PERM). The slow way has the words for the rest.
        Err(_) => None,
    }
}

#[cfg(not(target_os = "linux"))]
fn open_without_links(_: &File, _: &TreePath) -> Option<std::io::Result<File>> {
    None
}

/// Reads the first `length` bytes of a file into `bytes`; the file's size, asked for only where the
/// file may be longer.
fn read_head(file: &mut File, length: usize, bytes: &mut Vec<u8>) -> std::io::Result<u64> {
    bytes.reserve(length);
    let read = file.take(length as u64).read_to_end(bytes)?;
    // Some file systems do not tell sizes.
    Ok(if read < length {
        read as u64
    } else {
        file.metadata()?.len().max(read as u64)
    })
}

/// All of a file, unless it is too large: of such a one only the first bytes are read, and its size
/// is the error.
fn whole(mut file: File) -> std::io::Result<Result<Vec<u8>, u64>> {
    let mut bytes = Vec::new();
    let size = file.metadata()?.len();
    if size > limits::FILE {
        return Ok(Err(size));
    }
    // Only regular files have a known size.
    file.by_ref()
        .take(limits::FILE + 1)
        .read_to_end(&mut bytes)?;
    let size = bytes.len() as u64;
    Ok(if size > limits::FILE {
        Err(size)
    } else {
        Ok(bytes)
    })
}

impl SourceTree for LocalTree {
    fn list(&self, dirs: &[TreePath]) -> Vec<Result<Vec<Entry>, TreeError>> {
        let root = self.open_root();
        batches::map(dirs, |dir| {
            self.entries(root.as_ref(), dir)
                .map_err(|error| tree_error(dir, &error))
        })
    }

    fn link(&self, path: &TreePath) -> Option<String> {
        std::fs::read_link(self.root.join(path.as_str()))
            .ok()?
            .into_os_string()
            .into_string()
            .ok()
    }

    fn read(&self, files: &[TreePath]) -> Vec<Result<Vec<u8>, TreeError>> {
        let root = self.open_root();
        let read = |file: &TreePath| match self.open(root.as_ref(), file).and_then(whole) {
            Ok(whole) => whole.map_err(|size| TreeError::TooLarge {
                path: file.clone(),
                size,
            }),
            Err(error) => Err(tree_error(file, &error)),
        };
        batches::map(files, read)
    }

    fn heads(
        &self,
        files: &[TreePath],
        length: usize,
        take: &mut dyn FnMut(Result<Head<'_>, TreeError>),
    ) {
        let root = self.open_root();
        let mut bytes = Vec::new();
        for file in files {
            bytes.clear();
            let read = self
                .open(root.as_ref(), file)
                .and_then(|mut opened| read_head(&mut opened, length, &mut bytes));
            take(
                read.map(|size| Head {
                    bytes: &bytes,
                    size,
                })
                .map_err(|error| tree_error(file, &error)),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{LocalTree, TreePath};

    /// What other systems do gives on this one what its own way gives.
    #[cfg(unix)]
    #[test]
    fn both_ways_to_list_a_directory_agree() {
        let place = tempfile::tempdir().unwrap();
        let root = place.path().join("root");
        std::fs::create_dir_all(root.join("dir/below")).unwrap();
        std::fs::write(root.join("dir/file.go"), "").unwrap();
        std::fs::write(place.path().join("outside"), "").unwrap();
        for (target, link) in [
            ("file.go", "to-file"),
            ("below", "to-dir"),
            ("../../outside", "to-outside"),
            ("nothing", "broken"),
        ] {
            std::os::unix::fs::symlink(target, root.join("dir").join(link)).unwrap();
        }
        let tree = LocalTree::new(&root);
        let dir = TreePath::new("dir").unwrap();
        let own = tree.entries(tree.open_root().as_ref(), &dir).unwrap();
        assert_eq!(own.len(), 6);
        assert_eq!(tree.entries_by_std(&dir).unwrap(), own);
    }
}
