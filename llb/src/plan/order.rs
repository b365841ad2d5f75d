//! What needs what, by number: orders, and all that one thing needs.

use fixedbitset::FixedBitSet;

/// Every index after those it points at. There are no circles.
pub(super) fn in_order(direct: &[FixedBitSet]) -> Vec<usize> {
    let mut order = Vec::new();
    let mut seen = FixedBitSet::with_capacity(direct.len());
    for start in 0..direct.len() {
        let mut open = vec![(start, false)];
        while let Some((at, done)) = open.pop() {
            if done {
                order.push(at);
            } else if !seen.put(at) {
                open.push((at, true));
                open.extend(
                    direct[at]
                        .ones()
                        .filter(|&other| !seen.contains(other))
                        .map(|other| (other, false)),
                );
            }
        }
    }
    order
}

/// All that each needs, given what it needs directly.
pub(super) fn closed(direct: &[FixedBitSet]) -> Vec<FixedBitSet> {
    let mut closed = vec![FixedBitSet::with_capacity(direct.len()); direct.len()];
    for ix in in_order(direct) {
        let mut all = direct[ix].clone();
        for other in direct[ix].ones() {
            all.union_with(&closed[other]);
        }
        closed[ix] = all;
    }
    closed
}

/// Whether a third one needs one of the two and is needed by the other: merged, the two would need
/// themselves through it. `below` has all that each needs.
pub(super) fn is_between(below: &[FixedBitSet], first: usize, second: usize) -> bool {
    let through = |user: usize, used: usize| {
        below[user]
            .ones()
            .any(|other| other != used && below[other].contains(used))
    };
    through(first, second) || through(second, first)
}
