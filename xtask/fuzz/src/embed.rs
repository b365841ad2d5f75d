//! Embed patterns over small trees: the same files as a matcher that looks at every path by itself.

use std::collections::BTreeSet;

use gowork_llb::gosrc::embed::{self, NodeKind};
use gowork_llb::gosrc::glob;

/// Names of files and directories, and whether no module can hold them.
const NAMES: [(&str, bool); 16] = [
    ("a", false),
    ("b", false),
    ("a.txt", false),
    ("d", false),
    (".h", false),
    ("_u", false),
    ("go.mod", false),
    ("x[1]", false),
    ("é", false),
    ("ab", false),
    ("testdata", false),
    ("-", false),
    ("con.txt", true),
    ("*", true),
    ("dot.", true),
    (".git", true),
];

const KINDS: [NodeKind; 8] = [
    NodeKind::File,
    NodeKind::File,
    NodeKind::File,
    NodeKind::Dir,
    NodeKind::Dir,
    NodeKind::Dir,
    NodeKind::Symlink,
    NodeKind::Other,
];

/// A node of a tree: its path, and what it is. Parents come before their children.
type Tree = Vec<(String, NodeKind)>;

/// Checks the pattern after the first zero byte in the tree that the bytes before it describe, two
/// bytes a node.
pub fn check(data: &[u8]) {
    let end = data
        .iter()
        .position(|byte| *byte == 0)
        .unwrap_or(data.len());
    let (nodes, pattern) = (
        &data[..end.min(40)],
        data.get(end + 1..).unwrap_or_default(),
    );
    let Ok(pattern) = std::str::from_utf8(pattern) else {
        return;
    };
    if pattern.len() > 40 {
        return;
    }
    let tree = tree(nodes);
    for name in NAMES.iter().map(|(name, _)| *name) {
        let element = pattern.split('/').next().unwrap_or_default();
        assert_eq!(
            glob::matches(element, name).ok(),
            naive::matches(element, name),
            "{element:?} and {name:?}"
        );
    }
    let list = |dir: &str| children(&tree, dir);
    let found = embed::resolve(pattern, &list);
    let expected = naive::resolve(pattern, &tree);
    match (&found, &expected) {
        (Ok(files), Some(expected)) => {
            assert_eq!(
                files,
                &expected.iter().cloned().collect::<Vec<_>>(),
                "{pattern:?} in {tree:?}"
            )
        }
        (Err(error), None) => assert_eq!(error.pattern, pattern),
        _ => panic!("{pattern:?} in {tree:?}: {found:?}, expected {expected:?}"),
    }
    assert_eq!(
        embed::resolve_all([pattern, pattern], &list),
        found,
        "a pattern twice is the pattern"
    );
}

/// The tree of a description; a name that is taken, or whose parent is no directory, is left out.
fn tree(description: &[u8]) -> Tree {
    let mut tree = Tree::new();
    for pair in description.chunks_exact(2) {
        let (place, what) = (usize::from(pair[0] >> 4), pair[0] & 15);
        let dirs: Vec<&str> = std::iter::once("")
            .chain(
                tree.iter()
                    .filter(|(_, kind)| *kind == NodeKind::Dir)
                    .map(|(path, _)| path.as_str()),
            )
            .collect();
        let parent = dirs[place % dirs.len()];
        let name = NAMES[usize::from(what)].0;
        let path = if parent.is_empty() {
            name.to_owned()
        } else {
            format!("{parent}/{name}")
        };
        if tree.iter().all(|(other, _)| *other != path) {
            tree.push((path, KINDS[usize::from(pair[1]) % KINDS.len()]));
        }
    }
    tree
}

fn children(tree: &Tree, dir: &str) -> Option<embed::Listing> {
    let is_dir = dir.is_empty()
        || tree
            .iter()
            .any(|(path, kind)| path == dir && *kind == NodeKind::Dir);
    let inside = tree.iter().filter_map(|(path, kind)| {
        let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
        (parent == dir).then(|| (name.to_owned(), *kind))
    });
    let mut inside: Vec<(String, NodeKind)> = inside.collect();
    inside.sort_by(|a, b| a.0.cmp(&b.0));
    is_dir.then(|| inside.into())
}

mod naive {
    //! Every path by itself, every way to match.

    use super::{BTreeSet, NAMES, NodeKind, Tree};

    /// The files of a pattern; `None` where it is an error.
    pub(super) fn resolve(pattern: &str, tree: &Tree) -> Option<BTreeSet<String>> {
        let (all, glob) = pattern
            .strip_prefix("all:")
            .map_or((false, pattern), |glob| (true, glob));
        let elements: Vec<&str> = glob.split('/').collect();
        for element in &elements {
            if ["", ".", ".."].contains(element) || matches(element, "").is_none() {
                return None;
            }
        }
        let mut files = BTreeSet::new();
        for (path, kind) in tree {
            let names: Vec<&str> = path.split('/').collect();
            let fits = names.len() == elements.len()
                && elements
                    .iter()
                    .zip(&names)
                    .all(|(e, n)| matches(e, n) == Some(true));
            if fits {
                files.extend(take(path, *kind, all, tree)?);
            }
        }
        (!files.is_empty()).then_some(files)
    }

    fn take(path: &str, kind: NodeKind, all: bool, tree: &Tree) -> Option<BTreeSet<String>> {
        let above = path.match_indices('/').map(|(at, _)| &path[..at]);
        let own = (kind == NodeKind::Dir).then_some(path);
        if above.chain(own).any(|dir| has_module(dir, tree)) || path.split('/').any(is_bad) {
            return None;
        }
        match kind {
            NodeKind::File => Some(BTreeSet::from([path.to_owned()])),
            NodeKind::Dir => below(path, all, tree),
            _ => None,
        }
    }

    /// The files that a directory stands for.
    fn below(root: &str, all: bool, tree: &Tree) -> Option<BTreeSet<String>> {
        let mut files = BTreeSet::new();
        for (path, kind) in tree.iter().filter(|(_, kind)| *kind != NodeKind::Dir) {
            let Some(rest) = path
                .strip_prefix(root)
                .and_then(|rest| rest.strip_prefix('/'))
            else {
                continue;
            };
            let dirs: Vec<&str> = rest
                .match_indices('/')
                .map(|(at, _)| &path[..root.len() + 1 + at])
                .collect();
            let names: Vec<&str> = rest.split('/').collect();
            let (name, dir_names) = names.split_last()?;
            let walked = dir_names
                .iter()
                .all(|name| !is_bad(name) && (all || !is_hidden(name)));
            if !walked || dirs.iter().any(|dir| has_module(dir, tree)) {
                continue;
            }
            if is_bad(name) {
                if !is_hidden(name) {
                    return None;
                }
            } else if *kind == NodeKind::File && (all || !is_hidden(name)) {
                files.insert(path.clone());
            }
        }
        (!files.is_empty()).then_some(files)
    }

    fn has_module(dir: &str, tree: &Tree) -> bool {
        tree.iter()
            .any(|(path, _)| path.strip_prefix(dir) == Some("/go.mod"))
    }

    fn is_hidden(name: &str) -> bool {
        name.starts_with('.') || name.starts_with('_')
    }

    fn is_bad(name: &str) -> bool {
        NAMES.iter().any(|(other, bad)| *other == name && *bad)
    }

    /// Whether an element matches a name; `None` if it is not well formed, wherever matching would
    /// have ended.
    pub(super) fn matches(element: &str, name: &str) -> Option<bool> {
        let mut rest = element;
        let mut pieces = Vec::new();
        while let Some(c) = rest.chars().next() {
            let piece;
            (piece, rest) = match c {
                '[' => class(rest)?,
                '\\' => {
                    let escaped = rest[1..].chars().next()?;
                    rest.split_at(1 + escaped.len_utf8())
                }
                _ => rest.split_at(c.len_utf8()),
            };
            pieces.push(piece);
        }
        // Several stars are one, and would take time without end here.
        pieces.dedup_by(|second, first| *second == "*" && *first == "*");
        Some(fits(&pieces, name.as_bytes()))
    }

    /// A class at the start of `text`, brackets included, and what follows.
    fn class(text: &str) -> Option<(&str, &str)> {
        let mut at = if text[1..].starts_with('^') { 2 } else { 1 };
        let mut ranges = 0;
        while !(text[at..].starts_with(']') && ranges > 0) {
            at = class_char(text, at)?;
            if text[at..].starts_with('-') {
                at = class_char(text, at + 1)?;
            }
            ranges += 1;
        }
        Some(text.split_at(at + 1))
    }

    fn class_char(text: &str, at: usize) -> Option<usize> {
        let from = if text[at..].starts_with('\\') {
            at + 1
        } else {
            at
        };
        let c = text[from..].chars().next()?;
        let end = from + c.len_utf8();
        ((from > at || !matches!(c, '-' | ']')) && end < text.len()).then_some(end)
    }

    fn fits(pieces: &[&str], name: &[u8]) -> bool {
        let Some((piece, rest)) = pieces.split_first() else {
            return name.is_empty();
        };
        if *piece == "*" {
            return (0..=name.len()).any(|taken| fits(rest, &name[taken..]));
        }
        if *piece == "?" || piece.starts_with('[') {
            let Some((c, length)) = first(name) else {
                return false;
            };
            return (*piece == "?" || in_class(piece, c)) && fits(rest, &name[length..]);
        }
        let literal = piece.strip_prefix('\\').unwrap_or(piece).as_bytes();
        name.strip_prefix(literal)
            .is_some_and(|name| fits(rest, name))
    }

    /// The first character, or one byte that begins none.
    fn first(name: &[u8]) -> Option<(char, usize)> {
        let valid = name.utf8_chunks().next()?.valid().chars().next();
        Some(valid.map_or((char::REPLACEMENT_CHARACTER, 1), |c| (c, c.len_utf8())))
    }

    fn in_class(class: &str, c: char) -> bool {
        let inner = &class[1..class.len() - 1];
        let (negated, inner) = inner
            .strip_prefix('^')
            .map_or((false, inner), |inner| (true, inner));
        let mut chars = inner.chars().peekable();
        let mut found = false;
        while let Some(mut low) = chars.next() {
            if low == '\\' {
                low = chars.next().unwrap_or(low);
            }
            let mut high = low;
            if chars.next_if_eq(&'-').is_some() {
                high = chars.next().unwrap_or(low);
                if high == '\\' {
                    high = chars.next().unwrap_or(high);
                }
            }
            found |= low <= c && c <= high;
        }
        found != negated
    }
}
