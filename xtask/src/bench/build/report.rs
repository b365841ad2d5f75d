//! What was measured, as tables for people and as data for programs.

use super::figures::{Cell, Figures, Goal, goals};
use super::measure::Bench;
use super::scenario::{Scenario, Stage};
use super::side::Side;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// All of one repository as Markdown.
pub(super) fn markdown(bench: &Bench<'_>) -> String {
    let subject = bench.subject;
    let mut text = format!(
        "{}: {} images, {} packages, {} modules. Medians in seconds",
        subject.name,
        subject.images.len(),
        subject.packages,
        subject.modules.len()
    );
    let _ = writeln!(
        text,
        ", {} processors, {}.\n",
        processors(),
        counted(bench.plan.runs, "run")
    );
    for stage in [Stage::Cold, Stage::Warm, Stage::Imported] {
        text.push_str(&table(bench, stage));
    }
    text.push_str(&footnotes(bench));
    text
}

fn table(bench: &Bench<'_>, stage: Stage) -> String {
    let sides: Vec<Side> = bench.places.iter().map(|place| place.side).collect();
    let figures = &bench.figures;
    let rows: Vec<Scenario> = bench
        .plan
        .scenarios
        .iter()
        .copied()
        .filter(|scenario| stage.has(*scenario))
        .collect();
    if rows.is_empty() || !bench.plan.stages.contains(&stage) {
        return String::new();
    }
    let mut text = format!("| {stage} |");
    sides
        .iter()
        .for_each(|side| text.push_str(&format!(" {} |", side.word())));
    text.push_str(" goal | reached by |\n|---|");
    text.push_str(&"---|".repeat(sides.len() + 2));
    text.push('\n');
    for scenario in rows {
        let title = if (stage, scenario) == (Stage::Cold, Scenario::OneImage) {
            "cold, one image"
        } else {
            scenario.title()
        };
        let _ = write!(text, "| {title} |");
        for &side in &sides {
            let _ = write!(
                text,
                " {} |",
                shown(
                    figures,
                    Cell {
                        stage,
                        scenario,
                        side
                    }
                )
            );
        }
        let _ = writeln!(text, " {} |", verdict(figures, stage, scenario, &sides));
    }
    text + "\n"
}

/// The figure of a cell; of ours with how many times faster it is than the best hand-written one.
fn shown(figures: &Figures, cell: Cell) -> String {
    if figures.failures.contains_key(&cell) {
        return "failed".to_owned();
    }
    let Some(median) = figures.median(cell) else {
        return String::new();
    };
    let mut text = if figures.is_from_nothing(cell) {
        format!("({})", seconds(median))
    } else {
        seconds(median)
    };
    let from = if cell.stage == Stage::Warm {
        Stage::Warm
    } else {
        Stage::Cold
    };
    if let Some(times) = figures
        .times(
            cell,
            Goal {
                to: Side::Hand,
                from,
                times: 1.0,
            },
        )
        .filter(|_| cell.side.is_ours())
    {
        let _ = write!(text, " ({times:.2}×)");
    }
    text
}

/// Two columns: the goal, and the sides of ours that reach it.
fn verdict(figures: &Figures, stage: Stage, scenario: Scenario, sides: &[Side]) -> String {
    let (mut wanted, mut reached) = (Vec::new(), Vec::new());
    for goal in goals(stage, scenario) {
        wanted.push(format!("{:.2}× {}", goal.times, goal.to.word()));
        let reaches = |side: &&Side| {
            figures
                .times(
                    Cell {
                        stage,
                        scenario,
                        side: **side,
                    },
                    goal,
                )
                .is_some_and(|times| times >= goal.times)
        };
        let reaching: Vec<String> = sides
            .iter()
            .filter(|side| side.is_ours())
            .filter(reaches)
            .map(|side| side.word())
            .collect();
        reached.push(if reaching.is_empty() {
            "none".to_owned()
        } else {
            reaching.join(", ")
        });
    }
    format!("{} | {}", wanted.join("; "), reached.join("; "))
}

fn footnotes(bench: &Bench<'_>) -> String {
    let mut text = String::new();
    let edited: Vec<String> = bench
        .edits
        .described()
        .iter()
        .map(|(scenario, what)| format!("{}: {what}", scenario.title()))
        .collect();
    if !edited.is_empty() {
        let _ = writeln!(text, "{}.\n", edited.join("; "));
    }
    let sizes: Vec<String> = bench
        .exported
        .iter()
        .map(|(side, bytes)| format!("{} {:.0} MB", side.word(), megabytes(*bytes)))
        .collect();
    if !sizes.is_empty() {
        let _ = writeln!(text, "Exported caches: {}.\n", sizes.join(", "));
    }
    let mut failures: BTreeMap<(Side, &str), Vec<String>> = BTreeMap::new();
    for (cell, error) in &bench.figures.failures {
        let line = error
            .lines()
            .find(|line| line.contains("rror"))
            .or(error.lines().next())
            .unwrap_or_default();
        failures.entry((cell.side, line)).or_default().push(format!(
            "{}, {}",
            cell.stage,
            cell.scenario.title()
        ));
    }
    for ((side, error), cells) in failures {
        let _ = writeln!(
            text,
            "{} failed ({}): {error}\n",
            side.word(),
            cells.join("; ")
        );
    }
    text
}

/// The same as data, with every single measurement.
pub(super) fn data(bench: &Bench<'_>) -> Value {
    let measured = |(cell, seconds): (Cell, &[f64])| {
        json!({
            "engine": cell.stage.word(),
            "scenario": cell.scenario.word(),
            "side": cell.side.word(),
            "median": super::figures::median(seconds),
            "seconds": seconds,
        })
    };
    let subject = bench.subject;
    json!({
        "repository": subject.name,
        "images": subject.images.iter().map(|image| &image.name).collect::<Vec<_>>(),
        "packages": subject.packages,
        "modules": subject.modules.len(),
        "processors": processors(),
        "go": crate::golang::VERSION,
        "edited": bench.edits.described().iter().map(|(scenario, what)| (scenario.word(), what.clone())).collect::<BTreeMap<_, _>>(),
        "exported": bench.exported.iter().map(|(side, bytes)| (side.word(), *bytes)).collect::<BTreeMap<_, _>>(),
        "measurements": bench.figures.iter().map(measured).collect::<Vec<_>>(),
    })
}

pub(super) fn seconds(value: f64) -> String {
    if value < 10.0 {
        format!("{value:.2}")
    } else {
        format!("{value:.1}")
    }
}

fn counted(count: usize, word: &str) -> String {
    if count == 1 {
        format!("1 {word}")
    } else {
        format!("{count} {word}s")
    }
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

#[allow(clippy::cast_precision_loss, reason = "for people")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
