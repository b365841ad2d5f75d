//! Parts to steps: which are compiled together.
//!
//! Parts are folded, two at a time, as long as that lowers what people wait for ([`super::price`]),
//! and further, at the least loss, down to a bounded number.
//!
//! No image waits for more than a share of its own work that it does not hold. If it would, it is
//! built *apart*: parts that it needs are folded with such parts alone, or with what is little. There
//! may be twice as many steps then, but not more.
//!
//! Images stay exact, however much is folded: a step keeps the results of its parts apart, and what
//! reads them mounts only what it needs.

use std::collections::BTreeMap;

use fixedbitset::FixedBitSet;

use super::order::{closed, in_order, is_between};
use super::partition::Part;
use super::price::{Folding, Prices};

/// With how many folds each fold is compared while there are more than [`FEW`]: with those that look
/// nearest. Comparing all with all would take minutes for thousands of parts.
const NEAR: usize = 16;

/// Up to this number of folds, each is compared with all others.
const FEW: usize = 64;

/// A fold that adds no more than this share of what an image may wait for is little.
const LITTLE: u64 = 16;

/// Parts that are compiled in one step.
#[derive(Debug, Clone)]
struct Fold {
    /// The parts.
    parts: FixedBitSet,
    /// The parts whose edits make it run again: its own, and those it needs.
    edits: FixedBitSet,
    /// The images that need it.
    images: FixedBitSet,
    /// What it imports, directly or not, of third-party packages.
    outside: FixedBitSet,
    size: u64,
    /// The weight of `edits`.
    edited: u64,
    /// What it adds for each image that is built apart and does not need it: its size, and that of
    /// the third-party packages that it imports and the image does not hold.
    added: BTreeMap<usize, u64>,
    cost: u128,
}

/// Two folds that may become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Pair {
    /// What it would cost more.
    loss: i128,
    first: usize,
    second: usize,
}

/// Folds `parts` into steps, each after those it needs, each a list of its parts in order.
pub(super) fn fold(parts: &[Part], folding: Folding<'_>) -> Vec<Vec<usize>> {
    let mut apart = FixedBitSet::with_capacity(folding.held.len());
    loop {
        let mut folder = Folder::new(parts, folding, apart);
        folder.fold();
        if folder.left > 2 * folding.bound {
            // With more steps than that, their price matters more than what images wait for.
            folder.apart.clear();
            folder.look_around();
            folder.fold();
            return folder.ordered();
        }
        let poor = folder.who_cannot_afford();
        if poor.is_subset(&folder.apart) {
            return folder.ordered();
        }
        apart = &folder.apart | &poor;
    }
}

struct Folder<'a> {
    parts: &'a [Part],
    folding: Folding<'a>,
    /// The images that are built apart.
    apart: FixedBitSet,
    /// What is left of them; a fold that went into another is gone.
    folds: Vec<Option<Fold>>,
    /// How many are left.
    left: usize,
    prices: Prices<'a>,
    /// For each fold, the pairs with those that are near it, the best first.
    near: Vec<Vec<Pair>>,
    /// For each fold, the folds that it needs, directly or not.
    below: Vec<FixedBitSet>,
}

impl<'a> Folder<'a> {
    fn new(parts: &'a [Part], folding: Folding<'a>, apart: FixedBitSet) -> Self {
        let mut folder = Self {
            parts,
            folding,
            apart,
            folds: Vec::new(),
            left: parts.len(),
            prices: Prices::new(parts, folding),
            near: vec![Vec::new(); parts.len()],
            below: Vec::new(),
        };
        for (ix, part) in parts.iter().enumerate() {
            let mut own = FixedBitSet::with_capacity(parts.len());
            own.insert(ix);
            let mut edits = part.needs.clone();
            edits.grow(parts.len());
            edits.insert(ix);
            let (images, outside) = (part.reach.clone(), part.outside.clone());
            let fold = Fold {
                parts: own,
                edits,
                images,
                outside,
                size: part.size,
                edited: 0,
                added: BTreeMap::new(),
                cost: 0,
            };
            folder.folds.push(Some(folder.kept(folder.priced(fold))));
            let mut below = part.needs.clone();
            below.grow(parts.len());
            folder.below.push(below);
        }
        folder.look_around();
        folder
    }

    fn fold(&mut self) {
        while let Some(best) = self.best() {
            if best.loss >= 0 && self.left <= self.folding.bound {
                break;
            }
            self.merge(best.first, best.second);
            self.left -= 1;
            if self.left == FEW {
                self.look_around();
            }
        }
    }

    /// The images that wait for more than they may: packages of the repository in steps that they
    /// need, and third-party packages that these import.
    fn who_cannot_afford(&self) -> FixedBitSet {
        let below = closed(&self.direct());
        let waits = |image: usize| {
            let mut needed = FixedBitSet::with_capacity(self.folds.len());
            for (ix, fold) in self.folds.iter().enumerate() {
                let holds = |part: usize| self.parts[part].reach.contains(image);
                if fold.iter().any(|fold| fold.parts.ones().any(holds)) {
                    needed.insert(ix);
                    needed.union_with(&below[ix]);
                }
            }
            let mut outside = FixedBitSet::new();
            let mut own = 0;
            for fold in needed.ones().filter_map(|ix| self.folds[ix].as_ref()) {
                outside.union_with(&fold.outside);
                let others = fold.parts.ones().map(|part| &self.parts[part]);
                let others = others.filter(|part| !part.reach.contains(image));
                own += others.map(|part| part.size).sum::<u64>();
            }
            own + self.prices.unheld(image, &outside)
        };
        let budgets = self.folding.budgets.iter().enumerate();
        let poor = budgets.filter(|(image, budget)| waits(*image) > **budget);
        poor.map(|(image, _)| image).collect()
    }

    /// Whether two folds may be one: images that are built apart need both or none, or the other one
    /// is [`LITTLE`] for them.
    fn may_merge(&self, first: &Fold, second: &Fold) -> bool {
        let differ = &first.images ^ &second.images;
        differ.intersection(&self.apart).all(|image| {
            let other = if first.images.contains(image) {
                second
            } else {
                first
            };
            let added = other.added.get(&image).copied().unwrap_or_default();
            added <= self.folding.budgets[image] / LITTLE
        })
    }

    fn priced(&self, fold: Fold) -> Fold {
        let edited = fold.edits.ones().map(|part| self.parts[part].weight).sum();
        let images = fold.images.count_ones(..);
        let cost = self.prices.of_step(fold.size, edited, images)
            + self.prices.of_unheld(&fold.images, &fold.outside);
        Fold {
            edited,
            cost,
            ..fold
        }
    }

    /// A fold that is no mere comparison: with what it adds for images. Many more are compared than
    /// kept, and this takes a look at each image.
    fn kept(&self, fold: Fold) -> Fold {
        let added = |image| (image, fold.size + self.prices.unheld(image, &fold.outside));
        Fold {
            added: self.apart.ones().map(added).collect(),
            ..fold
        }
    }

    /// How much dearer two folds at least are if they are one, third-party packages left aside. It
    /// takes no look at the parts.
    fn distance(&self, a: &Fold, b: &Fold) -> i128 {
        let images = a.images.union_count(&b.images);
        let both = self
            .prices
            .of_step(a.size + b.size, a.edited.max(b.edited), images);
        let apart = [a, b].map(|fold| {
            let images = fold.images.count_ones(..);
            self.prices.of_step(fold.size, fold.edited, images)
        });
        signed(both) - signed(apart[0] + apart[1])
    }

    fn merged(&self, a: &Fold, b: &Fold) -> Fold {
        self.priced(Fold {
            parts: &a.parts | &b.parts,
            edits: &a.edits | &b.edits,
            images: &a.images | &b.images,
            outside: &a.outside | &b.outside,
            size: a.size + b.size,
            edited: 0,
            added: BTreeMap::new(),
            cost: 0,
        })
    }

    fn merge(&mut self, first: usize, second: usize) {
        if let (Some(a), Some(b)) = (&self.folds[first], &self.folds[second]) {
            let merged = self.kept(self.merged(a, b));
            self.folds[first] = Some(merged);
            self.folds[second] = None;
            self.update_below(first, second);
            self.update_near(first, second);
        }
    }

    /// Whatever needs one of two folds that are now the first needs all that they need.
    fn update_below(&mut self, first: usize, second: usize) {
        let mut merged = &self.below[first] | &self.below[second];
        merged.remove(first);
        merged.remove(second);
        for below in self
            .below
            .iter_mut()
            .filter(|below| below.contains(first) || below.contains(second))
        {
            below.union_with(&merged);
            below.insert(first);
            below.remove(second);
        }
        self.below[first] = merged;
        self.below[second].clear();
    }

    fn look_around(&mut self) {
        self.near = (0..self.folds.len()).map(|fold| self.near(fold)).collect();
    }

    /// The second of two folds is part of the first now.
    fn update_near(&mut self, first: usize, second: usize) {
        self.near[second].clear();
        self.near[first] = self.near(first);
        for fold in 0..self.folds.len() {
            if fold == first || self.folds[fold].is_none() {
                continue;
            }
            let gone = |pair: &Pair| [first, second].iter().any(|&of| pair.has(of));
            self.near[fold].retain(|pair| !gone(pair));
            if self.near[fold].is_empty() {
                self.near[fold] = self.near(fold);
            }
        }
    }

    /// The pairs of a fold with those that are near it, the best first.
    fn near(&self, ix: usize) -> Vec<Pair> {
        let Some(fold) = &self.folds[ix] else {
            return Vec::new();
        };
        let others = self.folds.iter().enumerate();
        let others = others.filter_map(|(other, of)| Some((other, of.as_ref()?)));
        let mut others: Vec<(usize, &Fold)> = others
            .filter(|(other, of)| *other != ix && self.may_merge(fold, of))
            .collect();
        if others.len() >= FEW {
            others.sort_by_cached_key(|(other, of)| (self.distance(fold, of), *other));
            others.truncate(NEAR);
        }
        let pair = |(other, of): (usize, &Fold)| Pair {
            loss: signed(self.merged(fold, of).cost) - signed(fold.cost) - signed(of.cost),
            first: ix.min(other),
            second: ix.max(other),
        };
        let mut pairs: Vec<Pair> = others.into_iter().map(pair).collect();
        pairs.sort_unstable();
        pairs
    }

    /// The two folds that cost least more, or even less, when they are one.
    fn best(&self) -> Option<Pair> {
        let mut best: Option<Pair> = None;
        for pairs in &self.near {
            let may_be = |pair: &&Pair| !is_between(&self.below, pair.first, pair.second);
            // They are in order: beyond the best of all, none is better.
            let better = |pair: &&Pair| best.is_none_or(|best| **pair < best);
            if let Some(pair) = pairs.iter().take_while(better).find(may_be) {
                best = Some(*pair);
            }
        }
        best
    }

    /// For each fold, the folds whose packages it imports.
    fn direct(&self) -> Vec<FixedBitSet> {
        let mut fold_of = vec![0; self.parts.len()];
        for (ix, fold) in self.folds.iter().enumerate() {
            fold.iter()
                .flat_map(|fold| fold.parts.ones())
                .for_each(|part| fold_of[part] = ix);
        }
        let direct = |(ix, fold): (usize, &Option<Fold>)| {
            let mut others = FixedBitSet::with_capacity(self.folds.len());
            others.extend(
                fold.iter()
                    .flat_map(|fold| fold.edits.ones())
                    .map(|part| fold_of[part]),
            );
            others.remove(ix);
            others
        };
        self.folds.iter().enumerate().map(direct).collect()
    }

    fn ordered(&self) -> Vec<Vec<usize>> {
        let direct = self.direct();
        let order = in_order(direct.len(), |fold| direct[fold].ones());
        order
            .into_iter()
            .filter_map(|fold| Some(self.folds[fold].as_ref()?.parts.ones().collect()))
            .collect()
    }
}

impl Pair {
    fn has(&self, fold: usize) -> bool {
        self.first == fold || self.second == fold
    }
}

fn signed(cost: u128) -> i128 {
    i128::try_from(cost).unwrap_or(i128::MAX / 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Parts of these sizes, reached by these images, needing these others. Edits fall in
    /// proportion to size.
    fn parts(of: &[(u64, &[usize], &[usize])]) -> Vec<Part> {
        let set = |bits: &[usize]| bits.iter().copied().collect::<FixedBitSet>();
        let part = |(ix, (size, reach, needs)): (usize, &(u64, &[usize], &[usize]))| Part {
            nodes: [ix].into(),
            reach: set(reach),
            needs: set(needs),
            outside: FixedBitSet::new(),
            size: *size,
            weight: *size,
        };
        of.iter().enumerate().map(part).collect()
    }

    fn folded(of: &[(u64, &[usize], &[usize])], bound: usize) -> Vec<Vec<usize>> {
        fold(
            &parts(of),
            Folding {
                held: &[FixedBitSet::new(), FixedBitSet::new()],
                sizes: &[],
                bound,
                cold: 20,
                budgets: &[u64::MAX, u64::MAX],
            },
        )
    }

    #[test]
    fn parts_of_different_images_stay_apart() {
        // An edit of one image's part would run a step of the other's.
        assert_eq!(
            folded(&[(900, &[0], &[]), (800, &[1], &[])], 9),
            [vec![0], vec![1]]
        );
        assert_eq!(
            folded(&[(9_000_000, &[0, 1], &[]), (8_000_000, &[0, 1], &[])], 9),
            [vec![0], vec![1]]
        );
    }

    #[test]
    fn what_always_runs_together_shares_a_step() {
        // An edit of the first runs both; but one of the second runs it alone, and is far more
        // likely.
        assert_eq!(
            folded(&[(90_000, &[0], &[]), (80_000, &[0], &[0])], 9),
            [vec![0, 1]]
        );
        assert_eq!(
            folded(&[(900_000, &[0], &[]), (9_000_000, &[0], &[0])], 9),
            [vec![0], vec![1]]
        );
    }

    #[test]
    fn an_image_waits_only_for_little_that_it_does_not_hold() {
        let set = |bits: &[usize]| bits.iter().copied().collect::<FixedBitSet>();
        // The second image holds package 1 alone; the first part, which both hold, needs that, the
        // second part needs package 0 or 1.
        let folded = |package, size| {
            let mut parts = parts(&[(90_000, &[0, 1], &[]), (8_000, &[0], &[0])]);
            parts
                .iter_mut()
                .zip([1, package])
                .for_each(|(part, package)| part.outside = set(&[package]));
            fold(
                &parts,
                Folding {
                    held: &[set(&[0, 1]), set(&[1])],
                    sizes: &[size, size],
                    bound: 9,
                    cold: 20,
                    budgets: &[u64::MAX, u64::MAX],
                },
            )
        };
        assert_eq!(folded(1, 90_000_000), [vec![0, 1]]);
        assert_eq!(folded(0, 90_000_000), [vec![0], vec![1]]);
        assert_eq!(folded(0, 90_000), [vec![0, 1]]);
    }

    #[test]
    fn beyond_the_bound_the_least_loss_is_taken() {
        let many = [
            (9_000_000, &[0][..], &[][..]),
            (1_000_000, &[1], &[]),
            (900_000, &[1], &[]),
        ];
        assert_eq!(folded(&many, 3).len(), 3);
        assert_eq!(folded(&many, 2), [vec![0], vec![1, 2]]);
        assert_eq!(folded(&many, 1), [vec![0, 1, 2]]);
    }

    #[test]
    fn steps_never_need_each_other_in_circles() {
        // The first and the last would gain, but the second is between them.
        let chain = [
            (10, &[0, 1][..], &[][..]),
            (9_000_000, &[0], &[0]),
            (10, &[0], &[0, 1]),
        ];
        assert_eq!(folded(&chain, 9), [vec![0], vec![1, 2]]);
    }
}
