//! Parts to steps: which are compiled together. Owns the cost model.
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
//! Steps are folded, two at a time, as long as that lowers the sum, and further, at the least loss,
//! down to a bounded number.
//!
//! Images stay exact, however much is folded: a step keeps the results of its parts apart, and what
//! reads them mounts only what it needs.

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
}

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
    cost: u128,
}

/// Folds `parts` into steps, each after those it needs, each a list of its parts in order.
pub(super) fn fold(parts: &[Part], folding: Folding<'_>) -> Vec<Vec<usize>> {
    let mut folder = Folder::new(parts, folding);
    let mut left = parts.len();
    while let Some((loss, first, second)) = folder.best() {
        if loss >= 0 && left <= folding.bound {
            break;
        }
        folder.merge(first, second);
        left -= 1;
    }
    folder.ordered()
}

struct Folder<'a> {
    parts: &'a [Part],
    folding: Folding<'a>,
    weight: u64,
    /// What is left of them; a fold that went into another is gone.
    folds: Vec<Option<Fold>>,
    /// What it would cost to merge a fold with a later one.
    losses: Vec<Vec<i128>>,
    /// For each fold, the folds that it needs, directly or not.
    below: Vec<FixedBitSet>,
}

impl<'a> Folder<'a> {
    fn new(parts: &'a [Part], folding: Folding<'a>) -> Self {
        let weight = parts.iter().map(|part| part.weight).sum::<u64>().max(1);
        let losses = vec![vec![0; parts.len()]; parts.len()];
        let mut folder = Self {
            parts,
            folding,
            weight,
            folds: Vec::new(),
            losses,
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
                cost: 0,
            };
            folder.folds.push(Some(folder.priced(fold)));
            let mut below = part.needs.clone();
            below.grow(parts.len());
            folder.below.push(below);
        }
        (0..parts.len()).for_each(|fold| folder.update_losses(fold));
        folder
    }

    fn priced(&self, fold: Fold) -> Fold {
        let of_edits: u64 = fold.edits.ones().map(|part| self.parts[part].weight).sum();
        let all = self.folding.held.len().max(1) as u128;
        let share = 1000 * u128::from(of_edits) * (all + fold.images.count_ones(..) as u128);
        let cold = 2 * u128::from(self.folding.cold) * u128::from(self.weight) * all;
        let unheld = u128::from(self.unheld(&fold))
            * u128::from(self.folding.cold)
            * u128::from(self.weight);
        let cost = u128::from(STEP + fold.size) * (share + cold) + unheld;
        Fold { cost, ..fold }
    }

    /// The size of the third-party packages that images wait for without holding them, summed over
    /// the images.
    fn unheld(&self, fold: &Fold) -> u64 {
        let of = |image: usize| {
            fold.outside
                .difference(&self.folding.held[image])
                .map(|package| self.folding.sizes[package])
        };
        fold.images.ones().flat_map(of).sum()
    }

    fn merged(&self, a: &Fold, b: &Fold) -> Fold {
        self.priced(Fold {
            parts: &a.parts | &b.parts,
            edits: &a.edits | &b.edits,
            images: &a.images | &b.images,
            outside: &a.outside | &b.outside,
            size: a.size + b.size,
            cost: 0,
        })
    }

    fn merge(&mut self, first: usize, second: usize) {
        if let (Some(a), Some(b)) = (&self.folds[first], &self.folds[second]) {
            let merged = self.merged(a, b);
            self.folds[first] = Some(merged);
            self.folds[second] = None;
            self.update_below(first, second);
            self.update_losses(first);
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

    fn update_losses(&mut self, changed: usize) {
        let Some(fold) = &self.folds[changed] else {
            return;
        };
        let signed = |cost: u128| i128::try_from(cost).unwrap_or(i128::MAX / 4);
        for (other, of) in self
            .folds
            .iter()
            .enumerate()
            .filter_map(|(other, of)| Some((other, of.as_ref()?)))
        {
            let (first, second) = (changed.min(other), changed.max(other));
            let loss = signed(self.merged(fold, of).cost) - signed(fold.cost) - signed(of.cost);
            self.losses[first][second] = loss;
        }
    }

    /// The two folds that cost least more, or even less, when they are one: what more, and which.
    fn best(&self) -> Option<(i128, usize, usize)> {
        let left: Vec<usize> = (0..self.folds.len())
            .filter(|&fold| self.folds[fold].is_some())
            .collect();
        let mut best: Option<(i128, usize, usize)> = None;
        for (at, &first) in left.iter().enumerate() {
            for &second in &left[at + 1..] {
                let loss = self.losses[first][second];
                if best.is_none_or(|(least, ..)| loss < least)
                    && !is_between(&self.below, first, second)
                {
                    best = Some((loss, first, second));
                }
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
        let order = in_order(&self.direct());
        order
            .into_iter()
            .filter_map(|fold| Some(self.folds[fold].as_ref()?.parts.ones().collect()))
            .collect()
    }
}

/// Every index after those it points at. The graph has no circles.
fn in_order(direct: &[FixedBitSet]) -> Vec<usize> {
    let mut order = Vec::new();
    let mut seen = FixedBitSet::with_capacity(direct.len());
    for start in 0..direct.len() {
        let mut open = vec![(start, false)];
        while let Some((at, done)) = open.pop() {
            if done {
                order.push(at);
            } else if !seen.put(at) {
                open.push((at, true));
                open.extend(
                    direct[at]
                        .ones()
                        .filter(|&other| !seen.contains(other))
                        .map(|other| (other, false)),
                );
            }
        }
    }
    order
}

/// Whether a third fold needs one of the two and is needed by the other: merged, the two would need
/// themselves through it.
fn is_between(below: &[FixedBitSet], first: usize, second: usize) -> bool {
    let through = |user: usize, used: usize| {
        below[user]
            .ones()
            .any(|other| other != used && below[other].contains(used))
    };
    through(first, second) || through(second, first)
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
