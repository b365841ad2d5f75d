//! What images wait for, given the steps. Owns the cost of a cut, and which steps are joined.
//!
//! A step has a price of its own, [`STEP`], for every image that needs it, and once more for a
//! build of all images. If two steps are joined, that is saved. But images that need only one of
//! them, or nothing of what the other needs, wait for all that.

use std::cmp::Reverse;

use fixedbitset::FixedBitSet;

use super::families::Holder;
use super::order::{closed, in_order};
use super::partition::Part;
use super::price::STEP;

/// Steps that weigh less are joined with others if that costs less than it saves.
const TINY: u64 = STEP;

/// Steps of parts, each after those it needs, and who waits for them.
pub(super) struct Waits<'a> {
    parts: &'a [Part],
    holders: &'a [Holder],
    /// For each image, the parts that it holds packages of.
    held: Vec<FixedBitSet>,
    steps: Vec<Vec<usize>>,
    weights: Vec<u64>,
    /// The steps that each step needs, directly or not.
    below: Vec<FixedBitSet>,
    /// For each step, the images that wait for it.
    waiting: Vec<FixedBitSet>,
    /// What each image waits for without holding it.
    unheld: Vec<u64>,
}

impl<'a> Waits<'a> {
    /// Finds out which images wait for which step.
    pub(super) fn new(parts: &'a [Part], steps: Vec<Vec<usize>>, holders: &'a [Holder]) -> Self {
        let held = holders.iter().map(|holder| held(parts, holder)).collect();
        Self::of(parts, steps, (holders, held))
    }

    /// The same with what is known of images, which is the same for all steps.
    fn of(
        parts: &'a [Part],
        steps: Vec<Vec<usize>>,
        (holders, held): (&'a [Holder], Vec<FixedBitSet>),
    ) -> Self {
        let weight = |step: &Vec<usize>| step.iter().map(|&part| parts[part].size).sum();
        let mut waits = Self {
            weights: steps.iter().map(weight).collect(),
            waiting: vec![FixedBitSet::with_capacity(holders.len()); steps.len()],
            unheld: Vec::new(),
            below: closed(&direct(parts, &steps)),
            parts,
            holders,
            held,
            steps,
        };
        waits.look();
        waits
    }

    fn look(&mut self) {
        let step_of = step_of(self.parts, &self.steps);
        for (image, holder) in self.holders.iter().enumerate() {
            let mut needed = FixedBitSet::with_capacity(self.steps.len());
            for step in self.held[image].ones().map(|part| step_of[part]) {
                if !needed.put(step) {
                    needed.union_with(&self.below[step]);
                }
            }
            let mut weight: u64 = 0;
            for step in needed.ones() {
                self.waiting[step].insert(image);
                weight += self.weights[step];
            }
            self.unheld.push(weight.saturating_sub(holder.weight));
        }
    }

    /// The images that wait for most beyond what they can afford, of those whose holdings do not all
    /// count yet: the worst one, and those that are half as badly off or worse.
    pub(super) fn poorest(&self) -> Vec<usize> {
        let beyond = |(unheld, holder): (&u64, &Holder)| {
            let is_lax = !holder.is_strict;
            is_lax.then(|| unheld.saturating_sub(holder.budget))
        };
        let images = self.unheld.iter().zip(self.holders);
        let beyond: Vec<u64> = images.map(|one| beyond(one).unwrap_or_default()).collect();
        let most = beyond.iter().copied().max().unwrap_or_default();
        let is_poor = |image: &usize| beyond[*image] > 0 && 2 * beyond[*image] >= most;
        (0..beyond.len()).filter(is_poor).collect()
    }

    /// The steps, each with its parts by number.
    pub(super) fn steps(&self) -> &[Vec<usize>] {
        &self.steps
    }

    /// The same with tiny steps joined with others: the lightest first, each with the step with
    /// which it gains most.
    pub(super) fn joined(self) -> Self {
        self.joined_while(true, |waits, step| waits.weights[step] < TINY)
    }

    /// The same with no more steps than `most`, at the least loss, whatever images can afford.
    pub(super) fn bounded(self, most: usize) -> Self {
        self.joined_while(false, |waits, _| waits.steps.len() > most)
    }

    fn joined_while(mut self, must_gain: bool, is_wanted: impl Fn(&Self, usize) -> bool) -> Self {
        // Steps that can be joined with no other, by their first part.
        let mut settled = FixedBitSet::with_capacity(self.parts.len());
        loop {
            let open =
                |step: &usize| !settled.contains(self.steps[*step][0]) && is_wanted(&self, *step);
            let lightest = (0..self.steps.len()).filter(open);
            let Some(step) = lightest.min_by_key(|&step| self.weights[step]) else {
                return self;
            };
            let Some(other) = self.best_for(step, must_gain) else {
                settled.insert(self.steps[step][0]);
                continue;
            };
            let (first, second) = (step.min(other), step.max(other));
            let more = self.steps.remove(second);
            self.steps[first].extend(more);
            self.steps[first].sort_unstable();
            settled.remove(self.steps[first][0]);
            let steps = ordered(self.parts, std::mem::take(&mut self.steps));
            self = Self::of(self.parts, steps, (self.holders, self.held));
        }
    }

    /// The step with which this one gains most, or loses least if it need not gain.
    fn best_for(&self, step: usize, must_gain: bool) -> Option<usize> {
        let others = (0..self.steps.len()).filter(|&other| other != step);
        let gains = others.filter_map(|other| {
            let gain = self.gain(step.min(other), step.max(other), must_gain)?;
            Some((gain, Reverse(other)))
        });
        gains.max().map(|(_, Reverse(other))| other)
    }

    /// What is gained if two steps are joined, in bytes of source that need not be waited for. None
    /// if a third step lies between them; and, if they must gain, if they do not, or if an image
    /// cannot afford it.
    fn gain(&self, first: usize, second: usize, must_gain: bool) -> Option<i128> {
        let needs_first = |step: usize| step != first && self.below[step].contains(first);
        if self.below[second].ones().any(needs_first) {
            return None;
        }
        let waiting = &self.waiting[first] | &self.waiting[second];
        let both = (&self.waiting[first] & &self.waiting[second]).count_ones(..);
        let saved = STEP * (both as u64 + self.holders.len() as u64);
        let mut joined = &self.below[first] | &self.below[second];
        joined.insert(first);
        joined.insert(second);
        let mut more = vec![0; self.holders.len()];
        let mut price: u64 = 0;
        for step in joined.ones() {
            let is_new = step != first && step != second;
            for image in waiting.difference(&self.waiting[step]) {
                more[image] += self.weights[step];
                price += self.weights[step] + if is_new { STEP } else { 0 };
                let is_poor = self.unheld[image] + more[image] > self.holders[image].budget;
                if must_gain && (price >= saved || is_poor) {
                    return None;
                }
            }
        }
        Some(i128::from(saved) - i128::from(price))
    }
}

/// The parts that an image holds packages of.
fn held(parts: &[Part], holder: &Holder) -> FixedBitSet {
    let holds = |part: &Part| {
        part.nodes
            .iter()
            .any(|&node| holder.packages.contains(node))
    };
    let held = parts.iter().enumerate().filter(|(_, part)| holds(part));
    held.map(|(ix, _)| ix).collect()
}

/// The step of each part.
fn step_of(parts: &[Part], steps: &[Vec<usize>]) -> Vec<usize> {
    let mut step_of = vec![0; parts.len()];
    for (step, of) in steps.iter().enumerate() {
        of.iter().for_each(|&part| step_of[part] = step);
    }
    step_of
}

/// For each step, the others whose parts its parts need.
fn direct(parts: &[Part], steps: &[Vec<usize>]) -> Vec<FixedBitSet> {
    let step_of = step_of(parts, steps);
    let direct = |(step, of): (usize, &Vec<usize>)| {
        let mut needed = FixedBitSet::with_capacity(steps.len());
        let others = of.iter().flat_map(|&part| parts[part].needs.ones());
        needed.extend(others.map(|part| step_of[part]));
        needed.set(step, false);
        needed
    };
    steps.iter().enumerate().map(direct).collect()
}

/// Steps in an order in which each follows those it needs.
fn ordered(parts: &[Part], steps: Vec<Vec<usize>>) -> Vec<Vec<usize>> {
    let direct = direct(parts, &steps);
    let order = in_order(direct.len(), |step| direct[step].ones());
    order.into_iter().map(|step| steps[step].clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The poorest of images that wait for so much that they do not hold, and can afford so much.
    fn poorest(images: &[(u64, u64)]) -> Vec<usize> {
        let holder = |(_, budget): &(u64, u64)| Holder {
            packages: FixedBitSet::new(),
            weight: 0,
            budget: *budget,
            is_strict: false,
        };
        let holders: Vec<Holder> = images.iter().map(holder).collect();
        let mut waits = Waits::new(&[], Vec::new(), &holders);
        waits.unheld = images.iter().map(|(unheld, _)| *unheld).collect();
        waits.poorest()
    }

    #[test]
    fn only_images_that_cannot_afford_to_wait_are_poor() {
        assert!(poorest(&[(10, 10), (9, 10)]).is_empty());
        assert_eq!(poorest(&[(11, 10), (10, 10), (0, 10)]), [0]);
        assert_eq!(poorest(&[(50, 10), (30, 10), (29, 10)]), [0, 1]);
    }
}
