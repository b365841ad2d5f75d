//! The tree that a metadata-only transfer leaves: some files with their contents, all others by
//! name.
//!
//! BuildKit writes one record a file into `.fsutil-metadata` at the root: a little-endian u32
//! length, then a fsutil Stat message (tonistiigi/fsutil, receive.go). Files that match the
//! transfer's exceptions lie beside it as they are.

use std::collections::{BTreeMap, BTreeSet};

use gowork_llb::tree::{self, Entry, EntryKind, Head, LocalTree, SourceTree, TreeError, TreePath};
use prost::Message;

/// Where the records are.
pub const METADATA_FILE: &str = ".fsutil-metadata";

/// Go's os.ModeDir, ModeSymlink and the mask of all type bits (io/fs, FileMode), as fsutil sends
/// modes.
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

/// A transfer: names in records, and some contents on disk.
pub struct Transfer {
    /// What was sent of contents.
    pub contents: LocalTree,
    /// The records.
    pub records: Vec<u8>,
}

/// A tree whose names come from the records and whose contents come from disk, for those that were
/// sent.
pub struct TransferredTree {
    contents: LocalTree,
    /// What was laid over these contents, and the paths in it.
    laid: Option<(LocalTree, BTreeSet<TreePath>)>,
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
    /// The tree of a transfer.
    ///
    /// # Errors
    /// Where a record is cut off or no Stat message.
    pub fn new(transfer: Transfer) -> Result<Self, MetadataError> {
        let nodes = nodes(&transfer.records)?;
        Ok(Self::of_nodes(transfer.contents, None, &nodes))
    }

    /// The tree of a transfer, with another one laid over it. What both have is the upper one's,
    /// but for directories.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn overlaid(below: Transfer, above: Transfer) -> Result<Self, MetadataError> {
        let mut nodes = self::nodes(&below.records)?;
        let mut paths = BTreeSet::new();
        for (path, node) in self::nodes(&above.records)? {
            for dir in std::iter::successors(path.parent(), TreePath::parent) {
                if !dir.is_root() {
                    nodes.entry(dir).or_insert(Node::Dir);
                }
            }
            paths.insert(path.clone());
            nodes.insert(path, node);
        }
        let laid = Some((above.contents, paths));
        Ok(Self::of_nodes(below.contents, laid, &nodes))
    }

    fn of_nodes(
        contents: LocalTree,
        laid: Option<(LocalTree, BTreeSet<TreePath>)>,
        nodes: &BTreeMap<TreePath, Node>,
    ) -> Self {
        let links = nodes.iter().filter_map(|(path, node)| match node {
            Node::Link(target) => Some((path.clone(), target.clone())),
            Node::File | Node::Dir | Node::Other => None,
        });
        let mut tree = Self {
            contents,
            laid,
            dirs: BTreeMap::new(),
            links: links.collect(),
        };
        let mut dirs: BTreeMap<TreePath, Vec<Entry>> =
            BTreeMap::from([(TreePath::ROOT, Vec::new())]);
        for (path, node) in nodes {
            let kind = tree.kind(path, node, nodes);
            if kind == EntryKind::Dir {
                dirs.entry(path.clone()).or_default();
            }
            if let Some(parent) = path.parent() {
                dirs.entry(parent).or_default().push(Entry {
                    name: path.name().to_owned(),
                    kind,
                });
            }
        }
        for entries in dirs.values_mut() {
            entries.sort_by(|a, b| a.name.cmp(&b.name));
        }
        tree.dirs = dirs;
        tree
    }

    /// Paths in their order, in runs that lie in one and the same place on disk.
    fn runs<'p>(&self, paths: &'p [TreePath]) -> Vec<(&LocalTree, &'p [TreePath])> {
        let Some((above, laid)) = &self.laid else {
            return vec![(&self.contents, paths)];
        };
        let is_laid = |path: &TreePath| laid.contains(path);
        let runs = paths.chunk_by(|path, next| is_laid(path) == is_laid(next));
        runs.map(|run| {
            let is_laid = run.first().is_some_and(is_laid);
            (if is_laid { above } else { &self.contents }, run)
        })
        .collect()
    }

    /// What `node` at `path` is, with its link followed.
    fn kind(&self, path: &TreePath, node: &Node, nodes: &BTreeMap<TreePath, Node>) -> EntryKind {
        match node {
            Node::File => EntryKind::File,
            Node::Dir => EntryKind::Dir,
            Node::Other => EntryKind::Other,
            Node::Link(_) => match nodes.get(&self.target(path)) {
                Some(Node::File) => EntryKind::LinkToFile,
                Some(Node::Dir) => EntryKind::LinkToDir,
                Some(Node::Other) => EntryKind::Other,
                Some(Node::Link(_)) | None => EntryKind::BrokenLink,
            },
        }
    }

    /// Where the paths lead.
    fn targets(&self, paths: &[TreePath]) -> Vec<TreePath> {
        paths.iter().map(|path| self.target(path)).collect()
    }

    /// Where a path leads. Contents were sent by the names that files have, which links on the way
    /// to them need not have.
    fn target(&self, path: &TreePath) -> TreePath {
        tree::followed(self, path)
            .pop()
            .unwrap_or_else(|| path.clone())
    }
}

impl SourceTree for TransferredTree {
    fn list(&self, dirs: &[TreePath]) -> Vec<Result<Vec<Entry>, TreeError>> {
        dirs.iter()
            .map(|dir| {
                self.dirs
                    .get(&self.target(dir))
                    .cloned()
                    .ok_or_else(|| TreeError::NotFound(dir.clone()))
            })
            .collect()
    }

    fn link(&self, path: &TreePath) -> Option<String> {
        self.links.get(path).cloned()
    }

    fn read(&self, files: &[TreePath]) -> Vec<Result<Vec<u8>, TreeError>> {
        let targets = self.targets(files);
        let runs = self.runs(&targets).into_iter();
        runs.flat_map(|(tree, run)| tree.read(run)).collect()
    }

    fn heads(
        &self,
        files: &[TreePath],
        length: usize,
        take: &mut dyn FnMut(Result<Head<'_>, TreeError>),
    ) {
        let targets = self.targets(files);
        for (tree, run) in self.runs(&targets) {
            tree.heads(run, length, take);
        }
    }
}

/// All that a scan takes from `records`: every name, with its kind and where a link leads, in their
/// order. Times and sizes are left out.
///
/// # Errors
/// Where a record is cut off or no Stat message.
pub fn names(records: &[u8]) -> Result<Vec<u8>, MetadataError> {
    let mut names = Vec::new();
    for record in read(records) {
        let Record { path, mode, link } = record?;
        names.extend((mode & MODE_TYPE).to_le_bytes());
        // Names may hold any byte but these zeros.
        for part in [path, link] {
            names.extend(part);
            names.push(0);
        }
    }
    Ok(names)
}

/// One record of a file or directory. `mode` has Go's bits, `link` is what a symlink says.
pub fn record(path: &TreePath, mode: u32, link: &str) -> Vec<u8> {
    let record = Record {
        path: path.as_str().as_bytes().to_vec(),
        mode,
        link: link.as_bytes().to_vec(),
    };
    let bytes = record.encode_to_vec();
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    [length.to_le_bytes().to_vec(), bytes].concat()
}

/// Whether Go's mode bits are those of a directory.
pub fn is_directory(mode: u32) -> bool {
    mode & MODE_TYPE == MODE_DIR
}

/// The fields of a fsutil Stat message that a scan needs. Its strings are bytes here, because names
/// of files are, although the message's definition says otherwise.
#[derive(Clone, PartialEq, Message)]
struct Record {
    #[prost(bytes = "vec", tag = "1")]
    path: Vec<u8>,
    #[prost(uint32, tag = "2")]
    mode: u32,
    #[prost(bytes = "vec", tag = "7")]
    link: Vec<u8>,
}

/// The records, one by one.
fn read(records: &[u8]) -> impl Iterator<Item = Result<Record, MetadataError>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        if at >= records.len() {
            return None;
        }
        let start = at;
        let error = |message: &str| {
            Some(Err(MetadataError {
                at: start,
                message: message.to_owned(),
            }))
        };
        // After an error nothing comes.
        at = records.len();
        let Some(length) = records
            .get(start..start + 4)
            .and_then(|bytes| bytes.try_into().ok())
        else {
            return error("a length is cut off");
        };
        let end = (start + 4).saturating_add(u32::from_le_bytes(length) as usize);
        let Some(record) = records.get(start + 4..end) else {
            return error("a record is cut off");
        };
        match Record::decode(record) {
            Ok(record) => {
                at = end;
                Some(Ok(record))
            }
            Err(problem) => error(&problem.to_string()),
        }
    })
}

/// The nodes of `records`, by path. What is not UTF-8 cannot be a path of a tree: of such names the
/// first is there as [`tree::shown_name`] shows it, and nothing below it.
fn nodes(records: &[u8]) -> Result<BTreeMap<TreePath, Node>, MetadataError> {
    let mut nodes = BTreeMap::new();
    for record in read(records) {
        let Record { path, mode, link } = record?;
        let (dir, name) = match path.iter().rposition(|byte| *byte == b'/') {
            Some(slash) => (&path[..slash], &path[slash + 1..]),
            None => (&[][..], path.as_slice()),
        };
        let Ok(dir) = str::from_utf8(dir) else {
            continue;
        };
        let node = match mode & MODE_TYPE {
            0 => Node::File,
            MODE_DIR => Node::Dir,
            MODE_SYMLINK => Node::Link(String::from_utf8_lossy(&link).into_owned()),
            _ => Node::Other,
        };
        let Ok(path) = TreePath::new(dir).and_then(|dir| dir.join(&tree::shown_name(name))) else {
            continue;
        };
        if !path.is_root() {
            nodes.entry(path).or_insert(node);
        }
    }
    Ok(nodes)
}

#[cfg(test)]
mod tests {
    use buildkit_proto::fsutil::types::Stat;

    use super::*;

    fn record(path: &str, mode: u32, linkname: &str) -> Vec<u8> {
        let stat = Stat {
            path: path.to_owned(),
            mode,
            linkname: linkname.to_owned(),
            ..Stat::default()
        };
        let bytes = stat.encode_to_vec();
        [(bytes.len() as u32).to_le_bytes().to_vec(), bytes].concat()
    }

    fn tree(records: &[Vec<u8>]) -> TransferredTree {
        TransferredTree::new(transfer("/nonexistent", &records.concat())).unwrap()
    }

    fn transfer(contents: impl Into<std::path::PathBuf>, records: &[u8]) -> Transfer {
        Transfer {
            contents: LocalTree::new(contents),
            records: records.to_vec(),
        }
    }

    #[test]
    fn overlays_add_names_and_have_contents_of_their_own() {
        let (below, above) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for (dir, path, text) in [
            (&below, "ui/dist/kept.go", "kept"),
            (&below, "ui/dist/both.go", "below"),
            (&above, "ui/dist/both.go", "above"),
            (&above, "gen/made.go", "made"),
        ] {
            let path = dir.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let records = |paths: &[(&str, u32)]| -> Vec<u8> {
            let records = paths
                .iter()
                .map(|(path, mode)| super::record(&TreePath::new(path).unwrap(), *mode, ""));
            records.flatten().collect()
        };
        let tree = TransferredTree::overlaid(
            transfer(
                below.path(),
                &records(&[
                    ("ui", MODE_DIR),
                    ("ui/dist", MODE_DIR),
                    ("ui/dist/both.go", 0),
                    ("ui/dist/kept.go", 0),
                ]),
            ),
            transfer(
                above.path(),
                &records(&[("ui/dist/both.go", 0), ("gen/made.go", 0)]),
            ),
        )
        .unwrap();
        let path = |path: &str| TreePath::new(path).unwrap();
        let names: Vec<String> = tree
            .list(&[TreePath::ROOT, path("ui/dist"), path("gen")])
            .into_iter()
            .flat_map(|entries| entries.unwrap())
            .map(|entry| entry.name)
            .collect();
        assert_eq!(names, ["gen", "ui", "both.go", "kept.go", "made.go"]);
        let files = ["ui/dist/both.go", "ui/dist/kept.go", "gen/made.go"].map(path);
        let texts: Vec<Vec<u8>> = tree.read(&files).into_iter().map(Result::unwrap).collect();
        assert_eq!(texts, [&b"above"[..], b"kept", b"made"]);
        let mut heads = Vec::new();
        tree.heads(&files, 2, &mut |head| {
            heads.push(head.unwrap().bytes[..2].to_vec())
        });
        assert_eq!(heads, [b"ab", b"ke", b"ma"]);
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
        let listed = tree.list(&[
            TreePath::ROOT,
            TreePath::new("a").unwrap(),
            TreePath::new("b").unwrap(),
        ]);
        let kinds: Vec<(String, EntryKind)> = listed[0]
            .clone()
            .unwrap()
            .into_iter()
            .map(|entry| (entry.name, entry.kind))
            .collect();
        let expected = [
            ("a", EntryKind::Dir),
            ("dir", EntryKind::LinkToDir),
            ("link.go", EntryKind::LinkToFile),
            ("loop", EntryKind::BrokenLink),
            ("out", EntryKind::BrokenLink),
        ];
        assert_eq!(kinds, expected.map(|(name, kind)| (name.to_owned(), kind)));
        assert_eq!(
            listed[1].clone().unwrap(),
            [Entry {
                name: "x.go".to_owned(),
                kind: EntryKind::File
            }]
        );
        assert!(listed[2].is_err());
        // Imports may lead through a link, as on disk.
        assert_eq!(
            tree.list(&[TreePath::new("dir").unwrap()]),
            [listed[1].clone()]
        );
    }

    #[test]
    fn damaged_records_are_errors_with_their_place() {
        let good = record("a", 0o644, "");
        let cut = [good.clone(), record("b", 0o644, "")[..5].to_vec()].concat();
        let error = TransferredTree::new(transfer("/nonexistent", &cut))
            .err()
            .unwrap();
        assert_eq!(error.at, good.len());
        assert!(TransferredTree::new(transfer("/nonexistent", &[255, 0])).is_err());
    }

    /// A record with a name that the message's definition does not allow, as fsutil sends it
    /// nevertheless.
    fn raw(path: &[u8], mode: u32) -> Vec<u8> {
        let bytes = Record {
            path: path.to_vec(),
            mode,
            link: Vec::new(),
        }
        .encode_to_vec();
        [(bytes.len() as u32).to_le_bytes().to_vec(), bytes].concat()
    }

    #[test]
    fn names_are_bytes() {
        let records = [
            record("a", MODE_DIR | 0o755, ""),
            record("a/line\nbreak.go", 0o644, ""),
            raw(b"a/\xff.txt", 0o644),
            raw(b"a/\xffd", MODE_DIR | 0o755),
            raw(b"a/\xffd/x.go", 0o644),
            record("b\\c ", 0o644, ""),
        ];
        let tree = tree(&records);
        let listed = tree.list(&[TreePath::ROOT, TreePath::new("a").unwrap()]);
        let names = |listed: &Result<Vec<Entry>, TreeError>| -> Vec<String> {
            listed
                .as_ref()
                .unwrap()
                .iter()
                .map(|entry| entry.name.clone())
                .collect()
        };
        assert_eq!(names(&listed[0]), ["a", "b\\c "]);
        assert_eq!(
            names(&listed[1]),
            ["line\nbreak.go", "\u{fffd}.txt", "\u{fffd}d"]
        );
        // A name that changes is noticed, whatever it is made of.
        let digests: BTreeMap<Vec<u8>, usize> =
            [&b"\xff"[..], b"\xfe", b"\xef\xbf\xbd", b"a\nf b", b"a"]
                .iter()
                .enumerate()
                .map(|(number, name)| (super::names(&raw(name, 0o644)).unwrap(), number))
                .collect();
        assert_eq!(digests.len(), 5);
    }
}
