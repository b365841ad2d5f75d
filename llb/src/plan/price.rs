//! What a step costs: the cost model of [`super::fold`].
//!
//! A step has a price of its own: a container, the start of the go command, loading and hashing all
//! that it imports. Where that is much, as in etcd's 475 packages, it was measured as about a
//! second of processor time, as much as compiling 400 kB of Go source takes. On the other hand a
//! step runs as a whole: an edit of one package of it waits for all. The price of a step `s` in
//! what people wait for is
//!
//! ```text
//! (STEP + size(s)) * ( edits(s) * (all images + images(s)) / 2 all images  +  cold )  +  unheld(s) * cold / 2 all images
//! ```
//!
//! where `edits(s)` is the share of edits that make it run again: those in its packages, in
//! proportion to their weight, and in what they import; and `images(s)` the number of images that
//! need it, for half of the builds are of one image and half of all. `cold` is the share of builds
//! that find nothing; when one image is built so, it waits for what `s` imports of third-party
//! packages, also for such as it does not hold: `unheld(s)` is their size, summed over the images.

use fixedbitset::FixedBitSet;

use super::partition::Part;

/// The price of a step, in bytes of source that could be compiled instead.
pub(super) const STEP: u64 = 400_000;

/// How far to fold.
#[derive(Debug, Clone, Copy)]
pub(super) struct Folding<'a> {
    /// For each image, which third-party packages it holds.
    pub(super) held: &'a [FixedBitSet],
    /// The size of each third-party package.
    pub(super) sizes: &'a [u64],
    /// How many steps there may be at most.
    pub(super) bound: usize,
    /// Share of builds that find no results at all, per mille.
    pub(super) cold: u64,
    /// For each image, the bytes of source of other images that it may wait for.
    pub(super) budgets: &'a [u64],
}

/// Prices of steps. They compare with each other only.
pub(super) struct Prices<'a> {
    folding: Folding<'a>,
    /// The weight of all parts.
    weight: u64,
    /// For each third-party package, the images that do not hold it.
    lacking: Vec<FixedBitSet>,
}

impl<'a> Prices<'a> {
    pub(super) fn new(parts: &[Part], folding: Folding<'a>) -> Self {
        let lacking = |package: usize| {
            let mut images = FixedBitSet::with_capacity(folding.held.len());
            let lacks = |image: &usize| !folding.held[*image].contains(package);
            images.extend((0..folding.held.len()).filter(lacks));
            images
        };
        Self {
            folding,
            weight: parts.iter().map(|part| part.weight).sum::<u64>().max(1),
            lacking: (0..folding.sizes.len()).map(lacking).collect(),
        }
    }

    /// What a step of this size costs that this number of images needs, and that runs again after
    /// edits of this weight.
    pub(super) fn of_step(&self, size: u64, edited: u64, images: usize) -> u128 {
        let all = self.folding.held.len().max(1) as u128;
        let share = 1000 * u128::from(edited) * (all + images as u128);
        let cold = 2 * u128::from(self.folding.cold) * u128::from(self.weight) * all;
        u128::from(STEP + size) * (share + cold)
    }

    /// The bytes of the third-party packages, of those that are `outside`, that an image does not
    /// hold.
    pub(super) fn unheld(&self, image: usize, outside: &FixedBitSet) -> u64 {
        let mut others = outside.clone();
        others.difference_with(&self.folding.held[image]);
        others.ones().map(|ix| self.folding.sizes[ix]).sum()
    }

    /// The price of the third-party packages, of those that are `outside`, that `images` wait for
    /// without holding them.
    pub(super) fn of_unheld(&self, images: &FixedBitSet, outside: &FixedBitSet) -> u128 {
        let of = |package: usize| {
            let lacking = self.lacking[package].intersection_count(images);
            self.folding.sizes[package] * lacking as u64
        };
        let unheld: u64 = outside.ones().map(of).sum();
        u128::from(unheld) * u128::from(self.folding.cold) * u128::from(self.weight)
    }
}
