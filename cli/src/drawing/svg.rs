//! Placed boxes and arrows as SVG.

use std::fmt::Write as _;

use gowork_llb::lower::graph::{Kind, Node};

use super::place::{Arrow, Placed};

/// The size of letters, and what a line of text takes.
const FONT: f64 = 12.0;
const LINE: f64 = 16.0;
/// About the width of a letter: no font is at hand to measure.
const LETTER: f64 = 6.7;
/// Between the text and the edge of its box.
const PADDING: (f64, f64) = (10.0, 5.0);
/// Around everything.
const MARGIN: f64 = 16.0;
/// The most letters of a line. The whole text is shown under the pointer.
const MAX_LETTERS: usize = 64;

/// A box with its text.
pub(super) struct Box {
    /// What it is a part of, in small letters above the others.
    above: Option<String>,
    lines: Vec<String>,
    kind: Kind,
    /// All of it, for those who point at it.
    whole: String,
}

impl Box {
    pub(super) fn of(node: &Node) -> Self {
        let all = node.cluster.iter().chain(&node.label);
        Self {
            above: node.cluster.as_deref().map(short),
            lines: node.label.iter().map(|line| short(line)).collect(),
            kind: node.kind,
            whole: all.cloned().collect::<Vec<_>>().join("\n"),
        }
    }

    /// Width and height.
    pub(super) fn size(&self) -> (f64, f64) {
        let lines = self.above.iter().chain(&self.lines);
        let letters = lines.map(|line| line.chars().count()).max();
        let count = self.lines.len() + usize::from(self.above.is_some());
        (
            letters.unwrap_or_default() as f64 * LETTER + 2.0 * PADDING.0,
            count as f64 * LINE + 2.0 * PADDING.1,
        )
    }
}

/// A text without its middle, if it is long.
fn short(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    if letters.len() <= MAX_LETTERS {
        return text.to_owned();
    }
    let half = MAX_LETTERS / 2;
    let start: String = letters[..half].iter().collect();
    let end: String = letters[letters.len() - half + 1..].iter().collect();
    format!("{start}…{end}")
}

/// The whole picture.
pub(super) fn picture(boxes: &[Box], placed: &Placed) -> String {
    let (width, height) = (placed.size.0 + 2.0 * MARGIN, placed.size.1 + 2.0 * MARGIN);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" viewBox=\"0 0 {width:.0} {height:.0}\" font-family=\"Helvetica, Arial, sans-serif\" font-size=\"{FONT}\">\n"
    );
    out.push_str("<style>path{fill:none;stroke:#9ca3af}path:hover{stroke:#1d4ed8;stroke-width:2}.above{fill:#6b7280;font-size:10px}</style>\n");
    out.push_str("<defs><marker id=\"end\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\"><path d=\"M0 0L8 4L0 8Z\" style=\"fill:#9ca3af;stroke:none\"/></marker></defs>\n");
    let _ = writeln!(
        out,
        "<rect width=\"{width:.0}\" height=\"{height:.0}\" fill=\"#ffffff\"/>"
    );
    for arrow in &placed.arrows {
        let _ = writeln!(
            out,
            "<path marker-end=\"url(#end)\" d=\"{}\"/>",
            way(arrow, boxes, placed)
        );
    }
    for (one, at) in boxes.iter().zip(&placed.boxes) {
        write_box(&mut out, one, *at);
    }
    out.push_str("</svg>\n");
    out
}

fn write_box(out: &mut String, one: &Box, (x, y): (f64, f64)) {
    let (width, height) = one.size();
    let (fill, line) = one.kind.colours();
    let (left, top) = (MARGIN + x - width / 2.0, MARGIN + y - height / 2.0);
    let _ = writeln!(
        out,
        "<g><title>{}</title><rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"6\" fill=\"{fill}\" stroke=\"{line}\"/>",
        escaped(&one.whole)
    );
    let above = one.above.iter().map(|line| (" class=\"above\"", line));
    let lines = above.chain(one.lines.iter().map(|line| ("", line)));
    for (number, (class, line)) in lines.enumerate() {
        let base = top + PADDING.1 + LINE * (number as f64 + 0.75);
        let _ = writeln!(
            out,
            "<text{class} x=\"{:.1}\" y=\"{base:.1}\" text-anchor=\"middle\" fill=\"#111827\">{}</text>",
            MARGIN + x,
            escaped(line)
        );
    }
    out.push_str("</g>\n");
}

/// From the side of one box to the side of the other. Curves lie between columns.
fn way(arrow: &Arrow, boxes: &[Box], placed: &Placed) -> String {
    let (from, to) = (placed.boxes[arrow.from], placed.boxes[arrow.to]);
    // An arrow of a circle may point to the left.
    let side = if from.0 < to.0 { 0.5 } else { -0.5 };
    let mut way = String::new();
    let point = |out: &mut String, letter: &str, (x, y): (f64, f64)| {
        let _ = write!(out, "{letter}{:.1} {:.1}", MARGIN + x, MARGIN + y);
    };
    let start = from.0 + side * boxes[arrow.from].size().0;
    point(&mut way, "M", (start, from.1));
    let mut last: Option<(f64, f64)> = None;
    for (number, pass) in arrow.passes.iter().enumerate() {
        let (enter, leave) = if side > 0.0 {
            (pass.left, pass.right)
        } else {
            (pass.right, pass.left)
        };
        if let Some((x, y)) = last {
            let middle = f64::midpoint(x, enter);
            point(&mut way, "C", (middle, y));
            point(&mut way, " ", (middle, pass.row));
            point(&mut way, " ", (enter, pass.row));
        }
        last = Some((leave, pass.row));
        if number + 1 < arrow.passes.len() {
            point(&mut way, "L", (leave, pass.row));
        }
    }
    point(
        &mut way,
        "L",
        (to.0 - side * boxes[arrow.to].size().0, to.1),
    );
    way
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_a_long_text_is_left_out() {
        assert_eq!(short("example.com/m"), "example.com/m");
        let long = short(&"abcdefghij".repeat(10));
        assert_eq!(long.chars().count(), MAX_LETTERS);
        assert!(long.starts_with("abc") && long.ends_with("hij"));
    }

    #[test]
    fn text_is_no_markup() {
        assert_eq!(escaped("a <b> & c"), "a &lt;b&gt; &amp; c");
    }
}
