//! Paths that stand for all below them.

use std::collections::BTreeSet;

use gowork_llb::tree::TreePath;

/// Those of the paths that do not lie below another one, in order.
pub(super) fn topmost<'p>(paths: &BTreeSet<&'p TreePath>) -> impl Iterator<Item = &'p TreePath> {
    let is_top = |path: &&&'p TreePath| {
        let mut above = std::iter::successors(path.parent(), TreePath::parent);
        !above.any(|above| paths.contains(&above))
    };
    paths.iter().filter(is_top).copied()
}
