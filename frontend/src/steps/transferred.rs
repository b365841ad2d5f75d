//! The tree that a metadata-only transfer leaves: some files with their contents, all others by name.
//!
//! BuildKit writes one record a file into `.fsutil-metadata` at the root: a little-endian u32 length, then a fsutil Stat message
//! (tonistiigi/fsutil, receive.go). Files that match the transfer's exceptions lie beside it as they are.

use std::collections::BTreeMap;

use buildkit_proto::fsutil::types::Stat;
use gowork_llb::tree::{self, Entry, EntryKind, Head, LocalTree, SourceTree, TreeError, TreePath};
use prost::Message;

/// Where the records are.
pub const METADATA_FILE: &str = ".fsutil-metadata";

/// Go's os.ModeDir, ModeSymlink and the mask of all type bits (io/fs, FileMode), as fsutil sends modes.
const MODE_DIR: u32 = 1 << 31;
const MODE_SYMLINK: u32 = 1 << 27;
const MODE_TYPE: u32 = MODE_DIR | MODE_SYMLINK | 1 << 26 | 1 << 25 | 1 << 24 | 1 << 21 | 1 << 19;

/// Records that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the build context's list of files is damaged at byte {at}: {message}")]
pub struct MetadataError {
    at: usize,
    message: String,
}

/// A tree whose names come from the records and whose contents come from disk, for those that were sent.
pub struct TransferredTree {
    contents: LocalTree,
    dirs: BTreeMap<TreePath, Vec<Entry>>,
    links: BTreeMap<TreePath, String>,
}

enum Node {
    File,
    Dir,
    Link(String),
    Other,
}

impl TransferredTree {
    /// The tree that `records` list, with the contents below `contents`.
    ///
    /// # Errors
    /// Where a record is cut off or no Stat message.
    pub fn new(contents: LocalTree, records: &[u8]) -> Result<Self, MetadataError> {
        let nodes = read(records)?;
        let links = nodes.iter().filter_map(|(path, node)| match node {
            Node::Link(target) => Some((path.clone(), target.clone())),
            Node::File | Node::Dir | Node::Other => None,
        });
        let mut tree = Self { contents, dirs: BTreeMap::new(), links: links.collect() };
        let mut dirs: BTreeMap<TreePath, Vec<Entry>> = BTreeMap::from([(TreePath::ROOT, Vec::new())]);
        for (path, node) in &nodes {
            let kind = match node {
                Node::File => EntryKind::File,
                Node::Dir => EntryKind::Dir,
                Node::Other => EntryKind::Other,
                Node::Link(_) => match nodes.get(&tree.target(path)) {
                    Some(Node::File) => EntryKind::LinkToFile,
                    Some(Node::Dir) => EntryKind::LinkToDir,
                    Some(Node::Other) => EntryKind::Other,
                    Some(Node::Link(_)) | None => EntryKind::BrokenLink,
                },
            };
            if kind == EntryKind::Dir {
                dirs.entry(path.clone()).or_default();
            }
            if let Some(parent) = path.parent() {
                dirs.entry(parent).or_default().push(Entry { name: path.name().to_owned(), kind });
            }
        }
        for entries in dirs.values_mut() {
            entries.sort_by(|a, b| a.name.cmp(&b.name));
        }
        tree.dirs = dirs;
        Ok(tree)
    }

    /// Where a path leads. Contents were sent by the names that files have, which links on the way to them need not have.
    fn target(&self, path: &TreePath) -> TreePath {
        tree::followed(self, path).pop().unwrap_or_else(|| path.clone())
    }
}

impl SourceTree for TransferredTree {
    fn list(&self, dirs: &[TreePath]) -> Vec<Result<Vec<Entry>, TreeError>> {
        dirs.iter().map(|dir| self.dirs.get(&self.target(dir)).cloned().ok_or_else(|| TreeError::NotFound(dir.clone()))).collect()
    }

    fn link(&self, path: &TreePath) -> Option<String> {
        self.links.get(path).cloned()
    }

    fn read(&self, files: &[TreePath]) -> Vec<Result<Vec<u8>, TreeError>> {
        self.contents.read(&files.iter().map(|file| self.target(file)).collect::<Vec<_>>())
    }

    fn heads(&self, files: &[TreePath], length: usize, take: &mut dyn FnMut(Result<Head<'_>, TreeError>)) {
        self.contents.heads(&files.iter().map(|file| self.target(file)).collect::<Vec<_>>(), length, take);
    }
}

/// Every name that `records` list, with its kind and where a link leads, one a line: all that a scan takes from them. Times and sizes are left out.
///
/// # Errors
/// Where a record is cut off or no Stat message.
pub fn names(records: &[u8]) -> Result<String, MetadataError> {
    let line = |(path, node): (&TreePath, &Node)| match node {
        Node::File => format!("f {path}\n"),
        Node::Dir => format!("d {path}\n"),
        Node::Link(target) => format!("l {path} {target:?}\n"),
        Node::Other => format!("o {path}\n"),
    };
    Ok(read(records)?.iter().map(line).collect())
}

fn read(records: &[u8]) -> Result<BTreeMap<TreePath, Node>, MetadataError> {
    let mut nodes = BTreeMap::new();
    let mut at = 0;
    while at < records.len() {
        let error = |message: &str| MetadataError { at, message: message.to_owned() };
        let length: [u8; 4] =
            records.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).ok_or_else(|| error("a length is cut off"))?;
        let start = at + 4;
        let end = start.saturating_add(u32::from_le_bytes(length) as usize);
        let record = records.get(start..end).ok_or_else(|| error("a record is cut off"))?;
        let stat = Stat::decode(record).map_err(|problem| error(&problem.to_string()))?;
        at = end;
        let node = match stat.mode & MODE_TYPE {
            0 => Node::File,
            MODE_DIR => Node::Dir,
            MODE_SYMLINK => Node::Link(stat.linkname),
            _ => Node::Other,
        };
        // A path that is not UTF-8 or climbs out is none that Go could build from.
        if let Ok(path) = TreePath::new(&stat.path)
            && !path.is_root()
        {
            nodes.insert(path, node);
        }
    }
    Ok(nodes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(path: &str, mode: u32, linkname: &str) -> Vec<u8> {
        let stat = Stat { path: path.to_owned(), mode, linkname: linkname.to_owned(), ..Stat::default() };
        let bytes = stat.encode_to_vec();
        [(bytes.len() as u32).to_le_bytes().to_vec(), bytes].concat()
    }

    fn tree(records: &[Vec<u8>]) -> TransferredTree {
        TransferredTree::new(LocalTree::new("/nonexistent"), &records.concat()).unwrap()
    }

    #[test]
    fn names_links_and_kinds_come_from_the_records() {
        let tree = tree(&[
            record("a", MODE_DIR | 0o755, ""),
            record("a/x.go", 0o644, ""),
            record("link.go", MODE_SYMLINK | 0o777, "a/x.go"),
            record("dir", MODE_SYMLINK | 0o777, "./a"),
            record("loop", MODE_SYMLINK | 0o777, "loop"),
            record("out", MODE_SYMLINK | 0o777, "../elsewhere"),
        ]);
        let listed = tree.list(&[TreePath::ROOT, TreePath::new("a").unwrap(), TreePath::new("b").unwrap()]);
        let kinds: Vec<(String, EntryKind)> =
            listed[0].clone().unwrap().into_iter().map(|entry| (entry.name, entry.kind)).collect();
        let expected = [
            ("a", EntryKind::Dir),
            ("dir", EntryKind::LinkToDir),
            ("link.go", EntryKind::LinkToFile),
            ("loop", EntryKind::BrokenLink),
            ("out", EntryKind::BrokenLink),
        ];
        assert_eq!(kinds, expected.map(|(name, kind)| (name.to_owned(), kind)));
        assert_eq!(listed[1].clone().unwrap(), [Entry { name: "x.go".to_owned(), kind: EntryKind::File }]);
        assert!(listed[2].is_err());
        // Imports may lead through a link, as on disk.
        assert_eq!(tree.list(&[TreePath::new("dir").unwrap()]), [listed[1].clone()]);
    }

    #[test]
    fn damaged_records_are_errors_with_their_place() {
        let good = record("a", 0o644, "");
        let cut = [good.clone(), record("b", 0o644, "")[..5].to_vec()].concat();
        let error = TransferredTree::new(LocalTree::new("/nonexistent"), &cut).err().unwrap();
        assert_eq!(error.at, good.len());
        assert!(TransferredTree::new(LocalTree::new("/nonexistent"), &[255, 0]).is_err());
    }
}
