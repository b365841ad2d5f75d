//! Third-party packages to steps: which are compiled together. Owns the rule.
//!
//! Two wishes pull apart. An image should wait for nothing that it does not hold. And if you import
//! a package that other images have, nothing else should be compiled: so it must not matter who
//! holds what. Third-party packages differ in weight by orders of magnitude, so:
//!
//! - **Light modules are shared by all.** It does not matter who holds them, so a new import of one
//!   moves nothing. A light package that needs heavy ones goes with these: only images that hold
//!   all of them wait for it.
//! - **Heavy modules are cut by who holds them**, package by package. Images that hold nearly the
//!   same are a *family*, and count as one ([`super::families`]): so most imports move nothing
//!   here, either. What the same families hold is compiled together, [`HEAVY`] parts by themselves.
//!   When a package changes hands, the steps that it leaves and enters run again. They weigh little
//!   more than it does.
//!
//! The limit is what an image can afford: it may wait for packages of others that weigh a sixteenth
//! of its own work. If it would wait for more, all that it holds counts, not only what is heavy.
//!
//! Steps that are not worth a container of their own are joined with others ([`super::waits`]).
//! `cargo xtask bench waits` prints what each image of a repository waits for.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use fixedbitset::FixedBitSet;
use sha2::{Digest as _, Sha256};

use super::families::{Cutter, Holder};
use super::partition::Part;
use super::price::STEP;
use super::third_party::ThirdParty;
use super::waits::Waits;

/// Modules that weigh less are light.
const LIGHT: u64 = STEP / 2;

/// A part of this weight is a step of its own.
const HEAVY: u64 = 5 * STEP;

/// What no other module needs shares steps of about this weight.
const SHARED: u64 = 2 * STEP;

/// A part that is lighter than this share of the whole is not heavy: so there are not many.
const HEAVY_SHARE: u64 = 16;

/// An image may wait for third-party packages of others that weigh this share of its work.
const DEPS_SHARE: u64 = 16;

/// How many steps there are at most, if there are fewer images; otherwise one for each image. Beyond
/// that the price of steps counts more than what images wait for.
const MAX_STEPS: usize = 24;

/// Cuts third-party packages into parts, and these into steps, each after those it needs. `images`
/// has what each image reaches of std and third-party code, and its work. `one`, if a single step
/// will do.
pub(super) fn steps(
    third_party: &ThirdParty<'_>,
    wanted: &BTreeSet<usize>,
    images: &[(&BTreeSet<usize>, u64)],
    one: bool,
) -> Vec<Vec<BTreeSet<usize>>> {
    let cutter = Cutter::new(third_party, third_party.bits(wanted));
    let total = cutter.total();
    if one || total < STEP {
        return in_one(&cutter);
    }
    let holders = images
        .iter()
        .map(|(reached, work)| cutter.holder(reached, work / DEPS_SHARE));
    let mut holders: Vec<Holder> = holders.collect();
    let heavy = HEAVY.max(total / HEAVY_SHARE);
    loop {
        let parts = cutter.parts_by_families(&holders, LIGHT);
        let steps = to_steps(&parts, heavy, |part| place(third_party, part));
        let waits = Waits::new(&parts, steps, &holders).joined();
        let poorest = waits.poorest();
        if !poorest.is_empty() {
            for image in poorest {
                holders[image].is_strict = true;
            }
            continue;
        }
        let waits = waits.bounded(MAX_STEPS.max(images.len()));
        let packages = |&part: &usize| parts[part].nodes.clone();
        let steps = waits.steps().iter();
        return steps
            .map(|step| step.iter().map(packages).collect())
            .collect();
    }
}

/// One step, if there is anything to compile.
fn in_one(cutter: &Cutter) -> Vec<Vec<BTreeSet<usize>>> {
    let parts: Vec<BTreeSet<usize>> = cutter.uncut().into_iter().map(|part| part.nodes).collect();
    if parts.is_empty() {
        Vec::new()
    } else {
        vec![parts]
    }
}

/// Parts to steps, each after those it needs. `place` is a number from the whole range of `u32` that
/// says which light parts share a step.
fn to_steps(parts: &[Part], heavy: u64, place: impl Fn(&Part) -> u32) -> Vec<Vec<usize>> {
    let mut is_needed = FixedBitSet::with_capacity(parts.len());
    for part in parts {
        is_needed.union_with(&part.needs);
    }
    let alone = alone(parts, heavy, &is_needed);
    let mut steps = Vec::new();
    for level in levels(parts, &alone) {
        let (alone, light): (Vec<usize>, Vec<usize>) =
            level.into_iter().partition(|&ix| alone.contains(ix));
        let (mut base, top): (Vec<usize>, Vec<usize>) =
            light.into_iter().partition(|&ix| is_needed.contains(ix));
        let mut shared = shared_out(parts, top, &place);
        if let [all] = shared.as_mut_slice() {
            // One step for both.
            base.append(all);
        }
        steps.push(base);
        steps.append(&mut shared);
        steps.extend(alone.into_iter().map(|ix| vec![ix]));
    }
    steps.retain(|step| !step.is_empty());
    steps
}

/// The parts that are steps of their own: the heavy ones. But what all families wait for cannot
/// change hands, so it is no step of its own if other parts need it.
fn alone(parts: &[Part], heavy: u64, is_needed: &FixedBitSet) -> FixedBitSet {
    let most = parts.iter().map(|part| part.reach.count_ones(..)).max();
    let is_alone = |ix: &usize| {
        let part = &parts[*ix];
        let all_wait = Some(part.reach.count_ones(..)) == most;
        part.size >= heavy && !(all_wait && is_needed.contains(*ix))
    };
    (0..parts.len()).filter(is_alone).collect()
}

/// The parts, level by level: those that the same families wait for, with as many of the parts that
/// are `alone` below, one upon another. A level needs only levels before it, and of its own the
/// parts that are not alone.
fn levels(parts: &[Part], alone: &FixedBitSet) -> Vec<Vec<usize>> {
    // What more families wait for comes first: the rest needs it.
    type Level = (Reverse<usize>, Vec<usize>, usize);
    let mut levels: BTreeMap<Level, Vec<usize>> = BTreeMap::new();
    // How many such parts one upon another a part is made of, itself included.
    let mut heights = vec![0; parts.len()];
    for (ix, part) in parts.iter().enumerate() {
        let alike = |other: &usize| parts[*other].reach == part.reach;
        let below = part.needs.ones().filter(alike).map(|other| heights[other]);
        let below = below.max().unwrap_or(0);
        heights[ix] = below + usize::from(alone.contains(ix));
        let families: Vec<usize> = part.reach.ones().collect();
        let level = (Reverse(families.len()), families, below);
        levels.entry(level).or_default().push(ix);
    }
    levels.into_values().collect()
}

/// Light parts that nothing needs, in steps of about the weight [`SHARED`]: another version of one
/// leaves most of the others alone.
fn shared_out(parts: &[Part], top: Vec<usize>, place: impl Fn(&Part) -> u32) -> Vec<Vec<usize>> {
    let size: u64 = top.iter().map(|&ix| parts[ix].size).sum();
    let count = (size / SHARED).max(1).ilog2();
    let mut shared: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for ix in top {
        let number = place(&parts[ix]).checked_shr(u32::BITS - count);
        let step = shared.entry(number.unwrap_or_default());
        step.or_default().push(ix);
    }
    shared.into_values().collect()
}

/// A number that follows from the path of a part's module alone.
fn place(third_party: &ThirdParty<'_>, part: &Part) -> u32 {
    let package = part.nodes.first().map(|&ix| third_party.get(ix));
    let module = package.and_then(|package| third_party.module(package));
    let path = module.map_or("", |module| module.path.as_str());
    let digest = Sha256::digest(path);
    digest
        .first_chunk()
        .map_or(0, |bytes| u32::from_be_bytes(*bytes))
}
