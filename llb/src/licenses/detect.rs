//! Which licences a text is made of.

use super::table::{KnownText, known};
use super::words::groups;

/// Percent of a licence's groups that a text must have.
const ENOUGH: usize = 88;

/// Places without a match that still belong to the licence around them: a name that somebody has
/// put in.
const GAP: usize = 16;

/// A detector. It holds the known licences: make one, and use it for all files.
#[derive(Debug)]
pub struct Detector {
    known: Vec<KnownText>,
}

impl Default for Detector {
    fn default() -> Self {
        Self { known: known() }
    }
}

/// A licence in a text.
struct Found<'k> {
    text: &'k KnownText,
    /// Where the text has its groups, in order.
    places: Vec<usize>,
    /// How many of its groups are there.
    matched: usize,
}

impl Found<'_> {
    /// How much of the text it explains: roughly the groups of the whole licence that are there.
    /// Those that are missing count against it, so of two that are alike, the exact one is it.
    fn weight(&self) -> usize {
        let kept = self.text.groups.len();
        let missing = kept - self.matched;
        self.matched.saturating_sub(2 * missing) * self.text.size / kept
    }
}

impl Detector {
    /// The SPDX ids of the licences that a text has one after another, each once, in the order in
    /// which they stand there. Other words between them do not matter. Returns an empty list if no
    /// known licence is in it.
    ///
    /// The text of a GNU licence does not say whether later versions are allowed as well: its id is
    /// that of this version only.
    pub fn detect(&self, text: &str) -> Vec<&'static str> {
        let mut text = Text::new(text);
        let mut found: Vec<(usize, &'static str)> = Vec::new();
        while let Some(best) = self.best(&text) {
            let start = best.places.first().copied().unwrap_or_default();
            if found.iter().all(|(_, id)| *id != best.text.id) {
                found.push((start, best.text.id));
            }
            text.take(&best);
        }
        found.sort_unstable();
        found.into_iter().map(|(_, id)| id).collect()
    }

    /// The licence that explains most of what is left of the text.
    fn best<'k>(&'k self, text: &Text) -> Option<Found<'k>> {
        let mut best: Option<Found<'k>> = None;
        for known in &self.known {
            let Some(found) = text.find(known) else {
                continue;
            };
            // Of equal ones the first of the table.
            if best
                .as_ref()
                .is_none_or(|best| found.weight() > best.weight())
            {
                best = Some(found);
            }
        }
        best
    }
}

/// A text in which licences are looked for.
struct Text {
    /// The groups and where they are, sorted. Without those that belong to a licence that was
    /// found.
    groups: Vec<(u32, usize)>,
}

impl Text {
    fn new(text: &str) -> Self {
        let mut groups: Vec<(u32, usize)> = groups(text).into_iter().zip(0..).collect();
        groups.sort_unstable();
        Self { groups }
    }

    /// Where this licence is. None if too much of it is missing.
    fn find<'k>(&self, known: &'k KnownText) -> Option<Found<'k>> {
        let total = known.groups.len();
        let may_miss = total - total * ENOUGH / 100;
        let (mut places, mut missing) = (Vec::new(), 0);
        for group in &known.groups {
            let from = self.groups.partition_point(|(other, _)| other < group);
            let before = places.len();
            let same = self.groups[from..]
                .iter()
                .take_while(|(other, _)| other == group);
            places.extend(same.map(|(_, place)| *place));
            if places.len() == before {
                missing += 1;
                if missing > may_miss {
                    return None;
                }
            }
        }
        places.sort_unstable();
        (total > missing).then_some(Found {
            text: known,
            places,
            matched: total - missing,
        })
    }

    /// Takes out what belongs to a licence, so that no other one is found in it. What licences have
    /// in common stays in the others.
    fn take(&mut self, found: &Found<'_>) {
        let gap = GAP * found.text.size.div_ceil(found.text.groups.len());
        let runs: Vec<&[usize]> = found
            .places
            .chunk_by(|place, next| next - place <= gap)
            .collect();
        let longest = runs.iter().map(|run| run.len()).max().unwrap_or_default();
        for run in runs {
            if let ([first, .., last] | [first @ last], true) = (run, run.len() * 2 >= longest) {
                self.groups
                    .retain(|(_, place)| !(first..=last).contains(&place));
            }
        }
    }
}
