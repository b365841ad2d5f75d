//! Drawings as pictures, without Graphviz: SVG, from left to right.
//!
//! [`layers`] gives each box a column, and each arrow a way through the columns between. The crate
//! `rust-sugiyama` puts them in an order with few crossings, and says where they are.

mod layers;
mod place;
mod svg;

use anyhow::{Result, bail};
use gowork_llb::lower::graph::Graph;

/// Boxes, and places where arrows pass other boxes, that are drawn at most: beyond that nobody finds
/// anything in a picture, and it takes minutes.
const MAX_PLACES: usize = 3000;

/// Draws `graph`.
///
/// # Errors
/// If there is too much to draw.
pub(crate) fn svg(graph: &Graph) -> Result<String> {
    let edges: Vec<(usize, usize)> = graph.edges().collect();
    let layered = layers::layered(graph.nodes().len(), &edges, MAX_PLACES);
    let Some(layered) = layered else {
        bail!(
            "the picture would have more than {MAX_PLACES} boxes and bends; draw one image: gowork graph IMAGE --format svg"
        );
    };
    let boxes: Vec<svg::Box> = graph.nodes().iter().map(svg::Box::of).collect();
    let sizes: Vec<(f64, f64)> = boxes.iter().map(svg::Box::size).collect();
    let placed = place::places(&layered, &sizes);
    Ok(svg::picture(&boxes, &placed))
}
