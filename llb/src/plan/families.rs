//! Families: images that hold nearly the same packages. Owns who belongs together, and the cut of
//! packages by the families that wait for them.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use fixedbitset::FixedBitSet;

use super::order::in_order;
use super::partition::{self, Node, Part};
use super::third_party::ThirdParty;

/// What a package costs apart from the size of its sources, in bytes: the start of the compiler.
const PACKAGE: u64 = 30_000;

/// What a package of std weighs on average, in bytes. Their sizes are not in a resolution.
const STD_PACKAGE: u64 = 50_000;

/// The most families. An image beyond it joins the family that fits best.
const MAX_FAMILIES: usize = 32;

/// An image, as far as a cut is concerned.
#[derive(Debug, Clone)]
pub(super) struct Holder {
    /// The packages that it holds, of those that are cut.
    pub(super) packages: FixedBitSet,
    /// What these weigh.
    pub(super) weight: u64,
    /// What it may wait for without holding it, by weight.
    pub(super) budget: u64,
    /// Whether all that it holds counts, for all images, not only what is heavy.
    pub(super) is_strict: bool,
}

/// What is known of the packages before it is decided what is heavy.
pub(super) struct Cutter {
    /// The packages to cut.
    wanted: FixedBitSet,
    /// The weight of each package.
    weights: Vec<u64>,
    /// The wanted packages that each wanted package imports.
    imports: BTreeMap<usize, Vec<usize>>,
    /// What a package is never cut from while the same families wait for it, by number.
    groups: Vec<usize>,
    /// The weight of the module of each package: of what of it is wanted.
    modules: Vec<u64>,
    /// The wanted packages, each after those it imports.
    order: Vec<usize>,
}

impl Cutter {
    /// Cuts third-party packages, and keeps those of a module together. But packages that other
    /// modules reach are cut from those that the repository alone imports.
    pub(super) fn new(third_party: &ThirdParty<'_>, wanted: FixedBitSet) -> Self {
        let packages = &third_party.resolution().packages;
        let weights: Vec<u64> = packages.iter().map(|one| one.size + PACKAGE).collect();
        let mut of_module: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        let mut imports: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for ix in wanted.ones() {
            let package = third_party.get(ix);
            let module = package.module.unwrap_or_default();
            of_module.entry(module).or_default().push(ix);
            let of = package.imports.iter();
            let of = of.filter_map(|path| third_party.position(path));
            imports.insert(ix, of.filter(|&import| wanted.contains(import)).collect());
        }
        let mut modules = vec![0; packages.len()];
        let mut groups = vec![0; packages.len()];
        for (module, of) in &of_module {
            let weight = of.iter().map(|&ix| weights[ix]).sum();
            for &ix in of {
                modules[ix] = weight;
                groups[ix] += 2 * module;
            }
            for ix in third_party.closure(of.iter().copied()) {
                if packages[ix].module != Some(*module) {
                    groups[ix] |= 1;
                }
            }
        }
        let needs = |ix: usize| imports.get(&ix).into_iter().flatten().copied();
        let mut order = in_order(packages.len(), needs);
        order.retain(|&ix| wanted.contains(ix));
        Self {
            order,
            wanted,
            weights,
            imports,
            groups,
            modules,
        }
    }

    /// What all wanted packages weigh.
    pub(super) fn total(&self) -> u64 {
        self.weight_of(&self.wanted)
    }

    fn weight_of(&self, packages: &FixedBitSet) -> u64 {
        packages.ones().map(|ix| self.weights[ix]).sum()
    }

    /// An image that holds these packages, among others, and can afford to wait for others of the
    /// weight `budget`.
    pub(super) fn holder(&self, held: &BTreeSet<usize>, budget: u64) -> Holder {
        let mut packages: FixedBitSet = held.iter().copied().collect();
        packages.grow(self.weights.len());
        packages.intersect_with(&self.wanted);
        Holder {
            weight: self.weight_of(&packages),
            packages,
            budget,
            is_strict: false,
        }
    }

    /// All wanted packages, cut by module alone.
    pub(super) fn uncut(&self) -> Vec<Part> {
        self.parts(|_| [0].into_iter().collect())
    }

    /// Parts, each of packages that the same families wait for. `light` is what modules weigh less
    /// than whose holders do not count.
    pub(super) fn parts_by_families(&self, holders: &[Holder], light: u64) -> Vec<Part> {
        let mut counted = FixedBitSet::with_capacity(self.weights.len());
        counted.extend(self.wanted.ones().filter(|&ix| self.modules[ix] >= light));
        for holder in holders.iter().filter(|holder| holder.is_strict) {
            counted.union_with(&holder.packages);
        }
        let families = self.families(holders, &counted);
        let mut waiting: BTreeMap<usize, FixedBitSet> = BTreeMap::new();
        for &ix in &self.order {
            let of = self.waiting(ix, &families, &waiting);
            waiting.insert(ix, of);
        }
        self.parts(|ix| waiting.get(&ix).cloned().unwrap_or_default())
    }

    /// The families, with what they hold of the packages that count.
    fn families(&self, holders: &[Holder], counted: &FixedBitSet) -> Vec<Family> {
        let mut members: Vec<Family> = Vec::new();
        for holder in holders {
            let packages = &holder.packages & counted;
            let weight = self.weight_of(&packages);
            if weight > 0 {
                members.push(Family {
                    packages,
                    weight,
                    limit: weight + holder.budget / 2,
                    is_strict: holder.is_strict,
                });
            }
        }
        members.sort_by_key(|member| Reverse(member.weight));
        let mut families: Vec<Family> = Vec::new();
        for member in members {
            let fits = families.iter().map(|family| self.fit(family, &member));
            let best = fits
                .enumerate()
                .max_by_key(|(at, fit)| (*fit, Reverse(*at)));
            let is_full = families.len() >= MAX_FAMILIES;
            match best {
                Some((at, (is_affordable, _))) if is_affordable || is_full => {
                    let family = &mut families[at];
                    family.packages.union_with(&member.packages);
                    family.weight = self.weight_of(&family.packages);
                    family.limit = family.limit.min(member.limit);
                }
                _ => families.push(member),
            }
        }
        families
    }

    /// Whether all could afford it if `member` joined the family; and what they have in common,
    /// less what they have not.
    fn fit(&self, family: &Family, member: &Family) -> (bool, i128) {
        let new = member.packages.difference(&family.packages);
        let new: u64 = new.map(|ix| self.weights[ix]).sum();
        let all = family.weight + new;
        let common = i128::from(member.weight - new);
        let alone = i128::from(all) - common;
        // Other members may need packages that do not count, and whatever is compiled with these.
        let is_affordable =
            family.is_strict == member.is_strict && all <= family.limit.min(member.limit);
        (is_affordable, common - alone)
    }

    /// The families that wait for a package: those that hold it. If it counts for none, those that
    /// hold all that counts of what it needs. One bit more is always set.
    fn waiting(
        &self,
        ix: usize,
        families: &[Family],
        known: &BTreeMap<usize, FixedBitSet>,
    ) -> FixedBitSet {
        let mut waiting = FixedBitSet::with_capacity(families.len() + 1);
        let all = families.iter().enumerate();
        let holding = all
            .clone()
            .filter(|(_, family)| family.packages.contains(ix));
        waiting.extend(holding.map(|(number, _)| number));
        if waiting.is_clear() {
            // All that strict images hold counts, so they do not hold this.
            let lax = all.filter(|(_, family)| !family.is_strict);
            waiting.extend(lax.map(|(number, _)| number));
        }
        waiting.insert(families.len());
        for import in self.imports(ix) {
            if let Some(of_import) = known.get(import) {
                waiting.intersect_with(of_import);
            }
        }
        waiting
    }

    fn imports(&self, ix: usize) -> &[usize] {
        self.imports.get(&ix).map_or(&[], Vec::as_slice)
    }

    fn parts(&self, waiting: impl Fn(usize) -> FixedBitSet) -> Vec<Part> {
        let node = |ix: usize| {
            let is_wanted = self.wanted.contains(ix);
            Node {
                module: self.groups[ix],
                reach: if is_wanted {
                    waiting(ix)
                } else {
                    FixedBitSet::new()
                },
                imports: self.imports(ix).to_vec(),
                outside: FixedBitSet::new(),
                size: self.weights[ix],
                weight: 0,
            }
        };
        let nodes: Vec<Node> = (0..self.weights.len()).map(node).collect();
        partition::parts(&nodes)
    }
}

/// Images that hold nearly the same of what counts; an image at first.
struct Family {
    /// What one of them holds or more.
    packages: FixedBitSet,
    /// What this weighs.
    weight: u64,
    /// What it may weigh: more is too much for one of them.
    limit: u64,
    /// Whether all that its images hold counts.
    is_strict: bool,
}

/// The work that an image is, by weight: what it `reached` of std and third-party code, and its
/// `own` bytes.
pub(super) fn work(third_party: &ThirdParty<'_>, reached: &BTreeSet<usize>, own: u64) -> u64 {
    let weight = |&ix: &usize| {
        if third_party.is_std(ix) {
            STD_PACKAGE
        } else {
            third_party.get(ix).size + PACKAGE
        }
    };
    own + reached.iter().map(weight).sum::<u64>()
}
