//! Directories to packages to the import graph; queries answer "what is this main made of".
//!
//! [`scan`] reads a tree once, for all platforms; [`load`] evaluates its result for one root and
//! one build context. A scan is plain data with a versioned JSON form, so that it can be made where
//! the tree is and used elsewhere. Nothing here knows containers.

mod check;
mod embeds;
mod excluded;
mod files;
mod find;
mod git_ignored;
mod graph;
mod heads;
mod included;
mod load;
mod lookup;
mod mains;
mod mod_texts;
mod opened;
mod opening;
mod owners;
mod patterns;
mod query;
mod returning;
mod scan;
mod scanned;
mod std_packages;
mod walk;

pub(crate) use graph::Tool;
pub use graph::{Import, Package, PackageIx, Packages, Way};
pub use load::{Loaded, load};
pub(crate) use load::{Wanted, load_with};
pub use mains::{Main, Matched, mains, mains_without_func, matched};
pub(crate) use mains::{Unknown, unknown_mains};
pub use opened::{OPENED_VERSION, OpenQuestion, Opened, OpenedCall, OpenedFile, OpenedPath};
pub use opening::opened;
pub(crate) use patterns::literal_pattern;
pub use patterns::{SCAN_PATTERNS, is_scanned, more_patterns};
pub use query::{Hop, PackageSet, chain, closure, sure_closure};
pub(crate) use returning::{Returning, importable};
pub use scan::scan;
pub use scanned::{GitIgnored, Refused, SCAN_VERSION, Scan, ScannedDir};
