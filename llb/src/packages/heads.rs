//! The heads of source files: how they are read, and how much of them.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::diag::Position;
use crate::gosrc::{Problem, ProblemKind, SourceFile};
use crate::limits;
use crate::tree::{Head, SourceTree, TreeError, TreePath};

/// Bytes of a file that are read at first: the heads of nearly all files, licence included, are
/// shorter.
const HEAD_BYTES: usize = 4096;

/// Bytes from which on files are read whole one after another, not one on each thread: memory has
/// to hold them.
const LARGE: u64 = 1 << 20;
static ONE_LARGE: Mutex<()> = Mutex::new(());

/// How a file was read so far.
enum Start {
    Enough(Box<SourceFile>, u64),
    /// All of it must be read. Its size.
    TooShort(u64),
}

/// The heads of files, with the files' sizes. Of most files the first bytes are enough. What the
/// heads name is counted in `facts`, and left out when these are too many: then the scan has no
/// use.
pub(super) fn read(
    tree: &dyn SourceTree,
    files: &[(&TreePath, String)],
    facts: &AtomicUsize,
) -> Vec<(SourceFile, u64)> {
    let paths: Vec<TreePath> = files.iter().map(|(dir, name)| dir.child(name)).collect();
    let mut starts: Vec<Start> = Vec::with_capacity(paths.len());
    tree.heads(&paths, HEAD_BYTES, &mut |head| {
        starts.extend(paths.get(starts.len()).map(|path| start_of(path, head)))
    });
    let read = paths.iter().zip(starts).map(|(path, start)| {
        let (file, size) = match start {
            Start::Enough(file, size) => (*file, size),
            Start::TooShort(size) => (whole(tree, path, size), size),
        };
        let of_file = file.fact_count();
        let before = facts.fetch_add(of_file, Ordering::Relaxed);
        if before + of_file > limits::FACTS {
            (SourceFile::unread(path.name()), size)
        } else {
            (file, size)
        }
    });
    read.collect()
}

/// What the first bytes of a file say.
fn start_of(path: &TreePath, start: Result<Head<'_>, TreeError>) -> Start {
    match start {
        Ok(start) if start.is_whole() => Start::Enough(
            Box::new(SourceFile::parse(path.name(), start.bytes)),
            start.size,
        ),
        Ok(start) => match SourceFile::parse_start(path.name(), start.bytes) {
            Some(file) => Start::Enough(Box::new(file), start.size),
            None => Start::TooShort(start.size),
        },
        Err(_) => Start::Enough(Box::new(unreadable(path.name())), 0),
    }
}

fn whole(tree: &dyn SourceTree, path: &TreePath, size: u64) -> SourceFile {
    // A thread that panicked leaves nothing behind that could be wrong.
    let _one = (size > LARGE).then(|| {
        ONE_LARGE
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    });
    match tree.read(std::slice::from_ref(path)).pop() {
        Some(Ok(text)) => SourceFile::parse(path.name(), &text),
        Some(Err(TreeError::TooLarge { size, .. })) => {
            let message = format!(
                "{size} bytes, which would all have to be looked at; gowork reads {} of a file",
                limits::FILE
            );
            let mut file = None;
            tree.heads(std::slice::from_ref(path), HEAD_BYTES, &mut |start| {
                let start = start.map(|start| start.bytes).unwrap_or_default();
                file = Some(SourceFile::not_read(path.name(), start, message.clone()));
            });
            file.unwrap_or_else(|| unreadable(path.name()))
        }
        Some(Err(_)) | None => unreadable(path.name()),
    }
}

/// A file that cannot be read is a problem of that file, reported when a build takes it.
fn unreadable(name: &str) -> SourceFile {
    if name.contains(char::REPLACEMENT_CHARACTER) {
        let message = "cannot be read: its name is not UTF-8, and no build step can be given such a file; rename it";
        return SourceFile::not_read(name, &[], message.to_owned());
    }
    let problem = Problem {
        message: "cannot be read".to_owned(),
        at: Position::default(),
        kind: ProblemKind::Unreadable,
    };
    SourceFile {
        problem: Some(problem),
        ..SourceFile::unread(name)
    }
}
