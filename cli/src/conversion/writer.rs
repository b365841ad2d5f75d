//! The edits of a Dockerfile while they are collected.

use std::ops::Range;

use super::fate::Fates;
use super::file::File;
use super::images::Images;
use super::walker::Walker;

/// Writes a Dockerfile anew.
pub(super) struct Writer<'w> {
    pub(super) walker: &'w Walker<'w>,
    pub(super) file: &'w File<'w>,
    pub(super) fates: &'w Fates,
    pub(super) images: &'w Images,
    /// Places and what stands there now.
    pub(super) edits: Vec<(Range<usize>, String)>,
}
