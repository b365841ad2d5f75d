//! Where boxes and bends are.

use std::collections::BTreeMap;

use rust_sugiyama::configure::Config;
use rust_sugiyama::from_vertices_and_edges;

use super::layers::Layered;

/// Between columns, and between boxes of a column. A bend takes as much room as that.
const GAP: (f64, f64) = (56.0, 10.0);

/// A drawing with places.
pub(super) struct Placed {
    /// The middle of each box.
    pub(super) boxes: Vec<(f64, f64)>,
    pub(super) arrows: Vec<Arrow>,
    /// The right and the lower edge of all of it; the others are at 0.
    pub(super) size: (f64, f64),
}

/// An arrow from box to box. It goes up and down between columns only, where no boxes are.
pub(super) struct Arrow {
    pub(super) from: usize,
    pub(super) to: usize,
    /// The columns that it passes, with those of its ends: where it enters and leaves each, and how
    /// far down.
    pub(super) passes: Vec<Pass>,
}

/// A level piece of an arrow, as wide as a column.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pass {
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) row: f64,
}

/// Places boxes of these sizes, and the bends of arrows.
pub(super) fn places(layered: &Layered, sizes: &[(f64, f64)]) -> Placed {
    let down = rows(layered, sizes);
    let across = columns(layered, sizes);
    let pass = |&place: &usize| {
        let (left, right) = across[layered.columns[place]];
        Pass {
            left,
            right,
            row: down[place],
        }
    };
    let arrows = layered.arrows.iter().filter_map(|arrow| {
        Some(Arrow {
            from: *arrow.first()?,
            to: *arrow.last()?,
            passes: arrow.iter().map(pass).collect(),
        })
    });
    let middle = |place: usize| {
        let at = pass(&place);
        (f64::midpoint(at.left, at.right), at.row)
    };
    let boxes: Vec<(f64, f64)> = (0..layered.boxes).map(middle).collect();
    let edge = |side: fn(&(f64, f64)) -> f64| {
        let ends = boxes.iter().zip(sizes);
        ends.map(|(middle, size)| side(middle) + side(size) / 2.0)
            .fold(0.0, f64::max)
    };
    let bends = down.iter().copied().fold(0.0, f64::max);
    Placed {
        size: (edge(|it| it.0), edge(|it| it.1).max(bends)),
        arrows: arrows.collect(),
        boxes,
    }
}

/// The left and the right edge of each column.
fn columns(layered: &Layered, sizes: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut widths: BTreeMap<usize, f64> = BTreeMap::new();
    for (place, column) in layered.columns.iter().enumerate() {
        let width = sizes.get(place).map_or(0.0, |size| size.0);
        let widest = widths.entry(*column).or_default();
        *widest = widest.max(width);
    }
    let mut left = 0.0;
    let edges = |width: f64| {
        let edges = (left, left + width);
        left += width + GAP.0;
        edges
    };
    widths.into_values().map(edges).collect()
}

/// How far down the middle of each place is, those of one drawing below those of another if nothing
/// connects them.
fn rows(layered: &Layered, sizes: &[(f64, f64)]) -> Vec<f64> {
    // The crate draws from top to bottom: what is high here is wide there.
    let wide = |place: usize| sizes.get(place).map_or(1.0, |size| size.1);
    let number = |place: usize| u32::try_from(place).unwrap_or(u32::MAX);
    let vertices: Vec<(u32, (f64, f64))> = (0..layered.columns.len())
        .map(|place| (number(place), (wide(place), 1.0)))
        .collect();
    let steps = layered.arrows.iter().flat_map(|arrow| arrow.windows(2));
    let edges: Vec<(u32, u32)> = steps
        .map(|step| {
            let (from, to) = (step[0], step[1]);
            let is_forwards = layered.columns[from] < layered.columns[to];
            let (from, to) = if is_forwards { (from, to) } else { (to, from) };
            (number(from), number(to))
        })
        .collect();
    let config = Config {
        vertex_spacing: GAP.1,
        ..Config::default()
    };
    let mut parts: Vec<Vec<(usize, f64)>> = from_vertices_and_edges(&vertices, &edges, &config)
        .into_iter()
        .map(|(places, ..)| places.into_iter().map(|(ix, (x, _))| (ix, x)).collect())
        .collect();
    // The crate lists them in any order.
    parts
        .iter_mut()
        .for_each(|part| part.sort_by_key(|at| at.0));
    parts.sort_by_key(|part| part.first().map(|at| at.0));
    let mut rows = vec![0.0; layered.columns.len()];
    let mut top = 0.0;
    for part in parts {
        let upper = |&(place, row): &(usize, f64)| row - wide(place) / 2.0;
        let lower = |&(place, row): &(usize, f64)| row + wide(place) / 2.0;
        let first = part.iter().map(upper).fold(f64::INFINITY, f64::min);
        let last = part.iter().map(lower).fold(f64::NEG_INFINITY, f64::max);
        for (place, row) in &part {
            rows[*place] = top + row - first;
        }
        top += last - first + 2.0 * GAP.1;
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::super::layers::layered;
    use super::*;

    /// Whether two boxes lie on each other.
    fn overlap(one: ((f64, f64), (f64, f64)), other: ((f64, f64), (f64, f64))) -> bool {
        let near = |a: f64, b: f64, sizes: f64| (a - b).abs() < sizes / 2.0;
        let ((middle, size), (middle_2, size_2)) = (one, other);
        near(middle.0, middle_2.0, size.0 + size_2.0)
            && near(middle.1, middle_2.1, size.1 + size_2.1)
    }

    /// An arrow of each box to a few before it.
    fn edges(count: usize) -> Vec<(usize, usize)> {
        let edge = |to: usize| [(to * 7 % (to + 1), to + 1), (to / 3, to + 1)];
        let all: std::collections::BTreeSet<_> = (0..count - 1).flat_map(edge).collect();
        all.into_iter().collect()
    }

    #[test]
    fn boxes_do_not_overlap_and_arrows_point_to_the_right() {
        for count in [2, 9, 60] {
            let layered = layered(count, &edges(count), 3000).expect("few");
            let sizes: Vec<(f64, f64)> = (0..count)
                .map(|ix| (40.0 + (ix % 5) as f64 * 30.0, 20.0 + (ix % 3) as f64 * 15.0))
                .collect();
            let placed = places(&layered, &sizes);
            for one in 0..count {
                for other in 0..one {
                    let boxes = [one, other].map(|ix| (placed.boxes[ix], sizes[ix]));
                    assert!(!overlap(boxes[0], boxes[1]), "{one} and {other}: {boxes:?}");
                }
            }
            for arrow in &placed.arrows {
                assert!(placed.boxes[arrow.from].0 < placed.boxes[arrow.to].0);
            }
        }
    }

    #[test]
    fn drawings_that_nothing_connects_lie_below_each_other() {
        let layered = layered(4, &[(0, 1), (2, 3)], 100).expect("few");
        let placed = places(&layered, &[(50.0, 20.0); 4]);
        let rows: Vec<f64> = placed.boxes.iter().map(|at| at.1).collect();
        assert_eq!(rows, [10.0, 10.0, 50.0, 50.0]);
        assert_eq!(placed.size, (156.0, 60.0));
    }
}
