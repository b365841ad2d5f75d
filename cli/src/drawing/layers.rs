//! A column for each box, and for each arrow a place in each column that it passes.

use std::collections::BTreeSet;

/// Boxes and bends, and the arrows between neighbours.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Layered {
    /// The number of boxes: places from there on are bends of arrows.
    pub(super) boxes: usize,
    /// The column of each place.
    pub(super) columns: Vec<usize>,
    /// Each arrow as the places that it connects, from its start to its end.
    pub(super) arrows: Vec<Vec<usize>>,
}

/// Gives each of `boxes` a column. It lies to the right of all that points to it, except in a circle.
/// Returns `None` for more than `most` boxes and bends.
pub(super) fn layered(boxes: usize, edges: &[(usize, usize)], most: usize) -> Option<Layered> {
    if boxes > most {
        return None;
    }
    let order = order(boxes, edges);
    let mut position = vec![0; boxes];
    for (at, &node) in order.iter().enumerate() {
        position[node] = at;
    }
    // What points backwards closes a circle. It is laid out as if it pointed forwards.
    let forwards = |&(from, to): &(usize, usize)| {
        if position[from] < position[to] {
            (from, to)
        } else {
            (to, from)
        }
    };
    let mut columns = vec![0; boxes];
    let drawn = || edges.iter().filter(|(from, to)| from != to);
    let ahead: BTreeSet<(usize, usize)> = drawn().map(forwards).collect();
    let mut sorted: Vec<(usize, usize)> = ahead.into_iter().collect();
    sorted.sort_by_key(|&(from, to)| (position[from], position[to]));
    for (from, to) in sorted {
        columns[to] = columns[to].max(columns[from] + 1);
    }
    let mut arrows = Vec::new();
    for edge in drawn() {
        let (from, to) = forwards(edge);
        let mut arrow = vec![from];
        for column in columns[from] + 1..columns[to] {
            arrow.push(columns.len());
            columns.push(column);
            if columns.len() > most {
                return None;
            }
        }
        arrow.push(to);
        if (from, to) != *edge {
            arrow.reverse();
        }
        arrows.push(arrow);
    }
    Some(Layered {
        boxes,
        columns,
        arrows,
    })
}

/// The boxes, each before those that it points to, unless they point back to it.
fn order(boxes: usize, edges: &[(usize, usize)]) -> Vec<usize> {
    let mut next = vec![Vec::new(); boxes];
    let mut is_pointed_to = vec![false; boxes];
    for &(from, to) in edges {
        next[from].push(to);
        is_pointed_to[to] |= from != to;
    }
    let mut left = Vec::with_capacity(boxes);
    let mut is_seen = vec![false; boxes];
    let starts = (0..boxes).filter(|&node| !is_pointed_to[node]);
    for start in starts.chain(0..boxes).collect::<Vec<_>>() {
        if std::mem::replace(&mut is_seen[start], true) {
            continue;
        }
        // Each with the number of its arrows that were followed.
        let mut open = vec![(start, 0)];
        while let Some((node, followed)) = open.last_mut() {
            match next[*node].get(*followed) {
                Some(&to) => {
                    *followed += 1;
                    if !std::mem::replace(&mut is_seen[to], true) {
                        open.push((to, 0));
                    }
                }
                None => {
                    left.push(*node);
                    open.pop();
                }
            }
        }
    }
    left.reverse();
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_arrow_has_a_bend_in_each_column() {
        let layered = layered(3, &[(0, 1), (0, 2), (1, 2)], 10).expect("few");
        assert_eq!(layered.columns, [0, 1, 2, 1]);
        assert_eq!(layered.arrows, [vec![0, 1], vec![0, 3, 2], vec![1, 2]]);
    }

    #[test]
    fn circles_are_drawn_too() {
        let layered = layered(3, &[(0, 1), (1, 2), (2, 0), (1, 1)], 10).expect("few");
        assert_eq!(layered.columns, [0, 1, 2, 1]);
        assert_eq!(layered.arrows, [vec![0, 1], vec![1, 2], vec![2, 3, 0]]);
    }

    #[test]
    fn what_is_too_much_is_refused() {
        assert_eq!(layered(11, &[], 10), None);
        let chain: Vec<(usize, usize)> = (1..10).map(|to| (to - 1, to)).collect();
        assert!(layered(10, &chain, 10).is_some());
        let with_long = [chain, vec![(0, 9)]].concat();
        assert_eq!(layered(10, &with_long, 10), None);
    }
}
