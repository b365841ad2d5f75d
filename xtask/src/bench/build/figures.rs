//! What was measured, and whether it reaches our goals.

use super::scenario::{Scenario, Stage};
use super::side::Side;
use std::collections::BTreeMap;

/// One place of the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Cell {
    /// What the engine has.
    pub(super) stage: Stage,
    /// What was edited.
    pub(super) scenario: Scenario,
    /// Who built.
    pub(super) side: Side,
}

/// Seconds of every measured build.
#[derive(Debug, Default)]
pub(super) struct Figures {
    seconds: BTreeMap<Cell, Vec<f64>>,
    /// Why it has no figures.
    pub(super) failures: BTreeMap<Cell, String>,
}

/// Who we compare with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Goal {
    /// The hand-written side.
    pub(super) to: Side,
    /// Whether that side builds with what is warm, or from nothing.
    pub(super) from: Stage,
    /// How many times its seconds must be ours, at least.
    pub(super) times: f64,
}

impl Figures {
    /// Takes a measurement.
    pub(super) fn add(&mut self, cell: Cell, seconds: f64) {
        self.seconds.entry(cell).or_default().push(seconds);
    }

    /// The measurements of a cell, in order.
    pub(super) fn of(&self, cell: Cell) -> &[f64] {
        self.seconds
            .get(&cell)
            .map(Vec::as_slice)
            .unwrap_or_default()
    }

    /// Every cell with its measurements.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Cell, &[f64])> {
        self.seconds
            .iter()
            .map(|(cell, seconds)| (*cell, seconds.as_slice()))
    }

    /// The median of a cell. On an empty engine, a side whose cache does not travel builds an
    /// edited tree from nothing, whatever was edited: that is measured once.
    pub(super) fn median(&self, cell: Cell) -> Option<f64> {
        if self.is_from_nothing(cell) {
            self.built_from_nothing(cell.scenario, cell.side)
        } else {
            median(self.of(cell))
        }
    }

    /// Whether the figure of a cell is the one of a build from nothing.
    pub(super) fn is_from_nothing(&self, cell: Cell) -> bool {
        cell.stage == Stage::Imported && self.of(cell).is_empty() && !cell.side.travels()
    }

    /// A build from nothing, of what the scenario builds.
    fn built_from_nothing(&self, scenario: Scenario, side: Side) -> Option<f64> {
        let scenario = if scenario.builds_one() {
            scenario
        } else {
            Scenario::Cold
        };
        median(self.of(Cell {
            stage: Stage::Cold,
            scenario,
            side,
        }))
    }

    /// How many times our seconds the other side's are.
    pub(super) fn times(&self, cell: Cell, goal: Goal) -> Option<f64> {
        let ours = self.median(cell)?;
        let other = match goal.from {
            Stage::Warm => self.median(Cell {
                stage: cell.stage,
                side: goal.to,
                ..cell
            })?,
            Stage::Cold | Stage::Imported => self.built_from_nothing(cell.scenario, goal.to)?,
        };
        (ours > 0.0).then(|| other / ours)
    }
}

/// A goal for a scenario: how many times as fast as another side.
pub(super) fn goals(stage: Stage, scenario: Scenario) -> Vec<Goal> {
    let hand = |from, times| {
        vec![Goal {
            to: Side::Hand,
            from,
            times,
        }]
    };
    match (stage, scenario) {
        (Stage::Cold, Scenario::Cold) => vec![
            Goal {
                to: Side::Hand,
                from: Stage::Cold,
                times: 1.0 / 1.1,
            },
            Goal {
                to: Side::HandStages,
                from: Stage::Cold,
                times: 2.0,
            },
        ],
        (Stage::Cold, Scenario::OneImage) => hand(Stage::Cold, 1.0 / 1.15),
        (Stage::Warm, Scenario::NoChange | Scenario::Readme) => hand(Stage::Warm, 1.0),
        (Stage::Warm, Scenario::Main) => hand(Stage::Warm, 2.0),
        (Stage::Warm, Scenario::Shared | Scenario::Signature) => hand(Stage::Warm, 1.0 / 1.2),
        (Stage::Imported, Scenario::NoChange) => hand(Stage::Cold, 20.0),
        (Stage::Imported, Scenario::Main) => hand(Stage::Cold, 10.0),
        (Stage::Imported, Scenario::OneImage) => hand(Stage::Cold, 7.0),
        (Stage::Imported, Scenario::Shared | Scenario::Bump) => hand(Stage::Cold, 3.0),
        _ => Vec::new(),
    }
}

/// The middle one; of an even number the mean of the two in the middle.
pub(super) fn median(seconds: &[f64]) -> Option<f64> {
    let mut sorted = seconds.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        length if length % 2 == 1 => Some(sorted[middle]),
        _ => Some((sorted[middle - 1] + sorted[middle]) / 2.0),
    }
}

#[cfg(test)]
mod tests {
    use super::{Cell, Figures, Goal, goals, median};
    use crate::bench::build::scenario::{Scenario, Stage};
    use crate::bench::build::side::Side;

    #[test]
    fn a_median_is_in_the_middle() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0]), Some(2.5));
    }

    #[test]
    fn what_does_not_travel_is_compared_from_nothing() {
        let mut figures = Figures::default();
        let cell = |stage, scenario, side| Cell {
            stage,
            scenario,
            side,
        };
        figures.add(cell(Stage::Cold, Scenario::Cold, Side::Hand), 50.0);
        figures.add(cell(Stage::Cold, Scenario::OneImage, Side::Hand), 30.0);
        figures.add(cell(Stage::Imported, Scenario::NoChange, Side::Hand), 1.0);
        figures.add(cell(Stage::Imported, Scenario::Main, Side::Layer), 5.0);
        figures.add(cell(Stage::Imported, Scenario::OneImage, Side::Layer), 3.0);
        let of = |scenario, side| figures.median(cell(Stage::Imported, scenario, side));
        assert_eq!(
            (
                of(Scenario::Main, Side::Hand),
                of(Scenario::OneImage, Side::Hand)
            ),
            (Some(50.0), Some(30.0))
        );
        // Its RUN step is found if nothing was edited.
        assert_eq!(of(Scenario::NoChange, Side::Hand), Some(1.0));
        let ten = |scenario| {
            let goal = goals(Stage::Imported, scenario)[0];
            figures.times(cell(Stage::Imported, scenario, Side::Layer), goal)
        };
        assert_eq!(
            (ten(Scenario::Main), ten(Scenario::OneImage)),
            (Some(10.0), Some(10.0))
        );
        let warm = Goal {
            to: Side::Hand,
            from: Stage::Warm,
            times: 1.0,
        };
        assert_eq!(
            figures.times(cell(Stage::Warm, Scenario::Main, Side::Layer), warm),
            None
        );
    }
}
