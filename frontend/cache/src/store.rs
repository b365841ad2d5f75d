//! Where results are looked for, and in which order. Owns the list of tiers and the counts; not how a tier keeps its entries.

use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::id::Id;
use crate::mount::CacheMount;
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

/// All tiers in their order, the layer that takes the puts, and a cache mount beside it.
pub struct Store {
    tiers: Vec<Box<dyn Tier>>,
    own: Own,
    mount: Option<CacheMount>,
    hits: AtomicU64,
    misses: AtomicU64,
    puts: AtomicU64,
    taken: AtomicU64,
}

impl Store {
    /// A store that looks in its own layer first, then in `tiers` in their order, then in the mount.
    pub fn new(tiers: Vec<Box<dyn Tier>>, own: Own, mount: Option<CacheMount>) -> Store {
        let [hits, misses, puts, taken] = [const { AtomicU64::new(0) }; 4];
        Store { tiers, own, mount, hits, misses, puts, taken }
    }

    /// The output of `action`, wherever it is.
    pub fn get(&self, action: &Id) -> Option<Hit> {
        let in_layers = || self.tiers.iter().find_map(|tier| tier.find(action));
        let hit = self.own.find(action).or_else(in_layers).or_else(|| self.take(action));
        let counter = if hit.is_some() { &self.hits } else { &self.misses };
        counter.fetch_add(1, Ordering::Relaxed);
        hit
    }

    /// What the mount has, copied into the own layer: so that this is complete without the mount, and no change of the mount can do harm.
    fn take(&self, action: &Id) -> Option<Hit> {
        let (output, bytes) = self.mount.as_ref()?.find(action)?;
        // Where it cannot be written, the put that follows a miss says so.
        let hit = self.own.keep_output(action, &output, &bytes).ok()?;
        self.taken.fetch_add(1, Ordering::Relaxed);
        Some(hit)
    }

    /// Keeps an output in the own layer and in the mount, unless a tier already has just that.
    ///
    /// # Errors
    /// If the body is not what its ID says, or cannot be written to the layer.
    pub fn put(&self, put: &Put) -> Result<Hit, String> {
        let known = self.tiers.iter().find_map(|tier| tier.find(&put.action)).filter(|hit| hit.output == put.output);
        if let Some(hit) = known {
            return Ok(hit);
        }
        self.puts.fetch_add(1, Ordering::Relaxed);
        let body = put.decode()?;
        let hit = self.own.keep_output(&put.action, &put.output, &body).map_err(|error| error.to_string())?;
        if let Some(mount) = &self.mount {
            mount.keep(&put.action, &put.output, &body);
        }
        Ok(hit)
    }

    /// Completes the own layer; to be called once all requests are answered.
    ///
    /// # Errors
    /// If the layer cannot be written.
    pub fn finish(&self) -> io::Result<()> {
        self.own.finish()?;
        // The go command has all that it needs, and whoever comes next may sweep as well.
        let _ = self.mount.as_ref().map(CacheMount::sweep);
        Ok(())
    }

    /// Why the mount keeps nothing more, if so.
    pub fn complaint(&self) -> Option<String> {
        self.mount.as_ref()?.complaint()
    }

    /// What happened, in one line.
    pub fn stats(&self) -> String {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let (hits, misses, puts, taken) = (count(&self.hits), count(&self.misses), count(&self.puts), count(&self.taken));
        format!("{hits} hits, {misses} misses, {puts} puts, {taken} taken from the mount")
    }
}
