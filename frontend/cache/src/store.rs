//! Where results are looked for, and in which order. Owns the list of tiers and the counts; not how a tier keeps its entries.

use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::id::Id;
use crate::own::Own;
use crate::protocol::Put;

/// An output at hand, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// SHA-256 of the content.
    pub output: Id,
    /// Bytes of the content.
    pub size: u64,
    /// The file that holds it, absolute; it stays until the program ends.
    pub path: PathBuf,
}

/// One place that may know an action's output.
pub trait Tier: Send + Sync {
    /// The output of `action`, its content checked. Whatever is missing or broken is none.
    fn find(&self, action: &Id) -> Option<Hit>;
}

/// All tiers in their order, and the layer that takes the puts.
pub struct Store {
    tiers: Vec<Box<dyn Tier>>,
    own: Own,
    hits: AtomicU64,
    misses: AtomicU64,
    puts: AtomicU64,
}

impl Store {
    /// A store that looks in what was put first, then in `tiers` in their order.
    pub fn new(tiers: Vec<Box<dyn Tier>>, own: Own) -> Store {
        Store { tiers, own, hits: AtomicU64::new(0), misses: AtomicU64::new(0), puts: AtomicU64::new(0) }
    }

    /// The output of `action`, wherever it is.
    pub fn get(&self, action: &Id) -> Option<Hit> {
        let hit = self.own.find(action).or_else(|| self.tiers.iter().find_map(|tier| tier.find(action)));
        let counter = if hit.is_some() { &self.hits } else { &self.misses };
        counter.fetch_add(1, Ordering::Relaxed);
        hit
    }

    /// Keeps an output in the own layer, unless a tier already has just that.
    ///
    /// # Errors
    /// If the body is not what its ID says, or cannot be written.
    pub fn put(&self, put: &Put) -> Result<Hit, String> {
        let known = self.tiers.iter().find_map(|tier| tier.find(&put.action)).filter(|hit| hit.output == put.output);
        if let Some(hit) = known {
            return Ok(hit);
        }
        self.puts.fetch_add(1, Ordering::Relaxed);
        self.own.put(put)
    }

    /// Completes the own layer; to be called once all requests are answered.
    ///
    /// # Errors
    /// If the layer cannot be written.
    pub fn finish(&self) -> io::Result<()> {
        self.own.finish()
    }

    /// What happened, in one line.
    pub fn stats(&self) -> String {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        format!("{} hits, {} misses, {} puts", count(&self.hits), count(&self.misses), count(&self.puts))
    }
}
