//! The licences that are known, as a table of hashes.
//!
//! Whole texts would be ten times as large. Of a long licence only every n-th group of words is
//! kept, by its hash, so the same ones are found in every text.

use std::collections::BTreeSet;

use super::words::groups;

/// Made by the test `licenses::table` of texts that the crate `spdx` has.
static KNOWN: &[u8] = include_bytes!("known.bin");

/// Groups of a licence that are all kept. Short licences differ in few words.
const SHORT: usize = 320;

/// How many are kept of a longer one, roughly.
const KEPT: usize = 128;

/// A text that is known: of a licence, or the notice that stands for one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KnownText {
    /// The SPDX id.
    pub(super) id: &'static str,
    /// How many different groups the text has.
    pub(super) size: usize,
    /// Hashes of those that are kept, sorted. Never empty.
    pub(super) groups: Vec<u32>,
}

/// All known texts, in the order of the table.
pub(super) fn known() -> Vec<KnownText> {
    let (mut rest, mut texts) = (KNOWN, Vec::new());
    while let Some((text, after)) = read(rest) {
        texts.push(text);
        rest = after;
    }
    texts
}

/// The ids of the table, each once, sorted.
pub fn known_ids() -> Vec<&'static str> {
    let ids: BTreeSet<&str> = known().into_iter().map(|text| text.id).collect();
    ids.into_iter().collect()
}

/// `LEN ID SIZE COUNT GROUPS`: bytes, then words of 16 and 32 bits with the small end first.
fn read(from: &'static [u8]) -> Option<(KnownText, &'static [u8])> {
    let (length, rest) = from.split_first()?;
    let (id, rest) = rest.split_at_checked(usize::from(*length))?;
    let (size, rest) = rest.split_first_chunk::<2>()?;
    let (count, rest) = rest.split_first_chunk::<2>()?;
    let (groups, rest) = rest.split_at_checked(usize::from(u16::from_le_bytes(*count)) * 4)?;
    let (groups, _) = groups.as_chunks::<4>();
    let text = KnownText {
        id: str::from_utf8(id).ok()?,
        size: usize::from(u16::from_le_bytes(*size)),
        groups: groups
            .iter()
            .map(|four| u32::from_le_bytes(*four))
            .collect(),
    };
    Some((text, rest))
}

/// The table of these texts, each with the SPDX id of its licence. For the test that keeps the
/// library's own.
#[doc(hidden)]
pub fn table<'t>(texts: impl IntoIterator<Item = (&'t str, &'t str)>) -> Vec<u8> {
    let mut table = Vec::new();
    for (id, text) in texts {
        let all: BTreeSet<u32> = groups(text).into_iter().collect();
        let every = match all.len() {
            ..=SHORT => 1,
            long => long.div_ceil(KEPT) as u32,
        };
        let kept: Vec<u32> = all
            .iter()
            .copied()
            .filter(|hash| hash % every == 0)
            .collect();
        table.push(id.len() as u8);
        table.extend(id.as_bytes());
        table.extend((all.len() as u16).to_le_bytes());
        table.extend((kept.len() as u16).to_le_bytes());
        table.extend(kept.iter().flat_map(|hash| hash.to_le_bytes()));
    }
    table
}
