//! What needs what, by number: orders, and all that one thing needs.

use fixedbitset::FixedBitSet;

/// The numbers below `count`, each after those that it needs. What needs itself, through others,
/// comes in any order.
pub(super) fn in_order<I: IntoIterator<Item = usize>>(
    count: usize,
    needs: impl Fn(usize) -> I,
) -> Vec<usize> {
    let mut order = Vec::new();
    let mut seen = FixedBitSet::with_capacity(count);
    for start in 0..count {
        let mut open = vec![(start, false)];
        while let Some((at, done)) = open.pop() {
            if done {
                order.push(at);
            } else if !seen.put(at) {
                open.push((at, true));
                let others = needs(at).into_iter();
                open.extend(
                    others
                        .filter(|&other| !seen.contains(other))
                        .map(|other| (other, false)),
                );
            }
        }
    }
    order
}

/// All that each needs, given what it needs directly. Nothing needs itself.
pub(super) fn closed(direct: &[FixedBitSet]) -> Vec<FixedBitSet> {
    let mut closed = vec![FixedBitSet::with_capacity(direct.len()); direct.len()];
    for ix in in_order(direct.len(), |ix| direct[ix].ones()) {
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
