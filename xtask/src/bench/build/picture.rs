//! The figures that matter most as a picture: two bars for each scenario, the best hand-written
//! Dockerfile and ours. SVG, for light and dark pages.

use super::figures::{Cell, Figures, goals};
use super::report::seconds;
use super::scenario::{Scenario, Stage};
use super::side::Side;
use clap::ValueEnum;
use std::fmt::Write as _;

/// Pixels.
const WIDTH: f64 = 820.0;
const LEFT: f64 = 290.0;
const LONGEST: f64 = 390.0;
const BAR: f64 = 13.0;
const ROW: f64 = 40.0;
const HEADING: f64 = 34.0;

/// Text and bars are legible on white and on black; where the page is dark, they are lighter.
const STYLE: &str = "text{font:13px system-ui,sans-serif;fill:#24292f}.head{font-weight:600}.small{font-size:12px}\
    .hand{fill:#8c959f}.ours{fill:#0969da}\
    @media(prefers-color-scheme:dark){text{fill:#e6edf3}.hand{fill:#7d8590}.ours{fill:#4493f8}}";

/// A scenario of the picture.
struct Row {
    title: &'static str,
    hand: f64,
    ours: f64,
    times: f64,
}

/// The picture of a repository, of the side of ours that stands first. Rows are what there is a
/// goal for.
pub(super) fn svg(title: &str, figures: &Figures, sides: &[Side]) -> String {
    let ours = [Side::Both, Side::Layer, Side::Mount]
        .into_iter()
        .find(|side| sides.contains(side));
    let rows_of = |stage: &Stage| {
        ours.map(|side| rows(figures, *stage, side))
            .unwrap_or_default()
    };
    let stages: Vec<(Stage, Vec<Row>)> = Stage::value_variants()
        .iter()
        .map(|stage| (*stage, rows_of(stage)))
        .collect();
    let most = stages
        .iter()
        .flat_map(|(_, rows)| rows)
        .map(|row| row.hand.max(row.ours))
        .fold(0.1, f64::max);
    let mut body = String::new();
    let mut y = legend(&mut body);
    for (stage, rows) in stages.iter().filter(|(_, rows)| !rows.is_empty()) {
        let _ = writeln!(
            body,
            r#"<text class="head" x="12" y="{:.0}">{stage}</text>"#,
            y + 22.0
        );
        y += HEADING;
        for row in rows {
            draw(&mut body, row, y, LONGEST / most);
            y += ROW;
        }
    }
    drawing(&body, y, title)
}

fn rows(figures: &Figures, stage: Stage, side: Side) -> Vec<Row> {
    let row = |scenario: &Scenario| {
        goals(stage, *scenario)
            .into_iter()
            .find(|goal| goal.to == Side::Hand)?;
        // As it was measured in this very state: where nothing changed, an imported cache helps a
        // hand-written Dockerfile too.
        let of = |side| {
            figures.median(Cell {
                stage,
                scenario: *scenario,
                side,
            })
        };
        let (hand, ours) = (of(Side::Hand)?, of(side)?);
        Some(Row {
            title: scenario.title(),
            hand,
            ours,
            times: hand / ours,
        })
    };
    Scenario::value_variants().iter().filter_map(row).collect()
}

/// What the colours mean; returns where the rest begins.
fn legend(body: &mut String) -> f64 {
    for (x, class, text) in [
        (
            12.0,
            "hand",
            "hand-written Dockerfile, one RUN with bind and cache mounts",
        ),
        (430.0, "ours", "gowork"),
    ] {
        let _ = writeln!(
            body,
            r#"<rect class="{class}" x="{x}" y="34" width="12" height="12" rx="2"/>"#
        );
        let _ = writeln!(
            body,
            r#"<text class="small" x="{}" y="45">{text}</text>"#,
            x + 18.0
        );
    }
    56.0
}

fn draw(body: &mut String, row: &Row, y: f64, scale: f64) {
    let _ = writeln!(
        body,
        r#"<text x="24" y="{:.0}">{}</text>"#,
        y + 19.0,
        row.title
    );
    let bars = [
        ("hand", row.hand, 0.0, String::new()),
        ("ours", row.ours, BAR + 2.0, format!(", {:.1}×", row.times)),
    ];
    for (class, value, below, remark) in bars {
        let (top, width) = (y + below, (value * scale).max(1.5));
        let _ = writeln!(
            body,
            r#"<rect class="{class}" x="{LEFT}" y="{top:.0}" width="{width:.1}" height="{BAR}" rx="2"/>"#
        );
        let _ = writeln!(
            body,
            r#"<text class="small" x="{:.1}" y="{:.0}">{} s{remark}</text>"#,
            LEFT + width + 6.0,
            top + 11.0,
            seconds(value)
        );
    }
}

fn drawing(body: &str, height: f64, title: &str) -> String {
    let height = height + 8.0;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height:.0}\" width=\"{WIDTH}\" height=\"{height:.0}\" role=\"img\">\n\
         <title>Seconds that builds of {title} take</title>\n<style>{STYLE}</style>\n\
         <text class=\"head\" x=\"12\" y=\"22\">{title}: seconds to build, less is better</text>\n{body}</svg>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::svg;
    use crate::bench::build::figures::{Cell, Figures};
    use crate::bench::build::scenario::{Scenario, Stage};
    use crate::bench::build::side::Side;

    #[test]
    fn what_was_measured_of_both_sides_is_a_row() {
        let mut figures = Figures::default();
        let mut add = |stage, scenario, side, seconds| {
            figures.add(
                Cell {
                    stage,
                    scenario,
                    side,
                },
                seconds,
            )
        };
        add(Stage::Cold, Scenario::Cold, Side::Hand, 50.0);
        add(Stage::Cold, Scenario::Cold, Side::Layer, 52.0);
        add(Stage::Warm, Scenario::Main, Side::Hand, 5.2);
        add(Stage::Warm, Scenario::Shared, Side::Layer, 8.0);
        add(Stage::Imported, Scenario::Main, Side::Layer, 5.0);
        add(Stage::Imported, Scenario::NoChange, Side::Hand, 1.0);
        add(Stage::Imported, Scenario::NoChange, Side::Layer, 2.0);
        let picture = svg("etcd", &figures, &[Side::Hand, Side::Layer]);
        let texts: Vec<&str> = picture
            .lines()
            .filter_map(|line| line.strip_suffix("</text>")?.rsplit_once('>'))
            .map(|(_, text)| text)
            .collect();
        let rows = [
            ["empty engine", "cold", "50.0 s", "52.0 s, 1.0×"].as_slice(),
            &[
                "empty engine, imported cache",
                "no change",
                "1.00 s",
                "2.00 s, 0.5×",
            ],
            &["one main edited", "50.0 s", "5.00 s, 10.0×"],
        ];
        assert_eq!(texts[3..], rows.concat());
    }
}
