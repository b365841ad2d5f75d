//! Where results are looked for, and in which order. Owns the list of tiers and the counts; not how
//! a tier keeps its entries.

use std::io;
use std::path::PathBuf;
use std::sync::Once;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::id::Id;
use crate::layer::write::Own;
use crate::mount::CacheMount;
use crate::server::protocol::Put;
use crate::server::usage_log::Names;

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

/// What takes the puts.
pub enum Kept {
    /// A layer, and a cache mount beside it, if there is one.
    Layer(Own, Option<CacheMount>),
    /// A cache mount alone, and a list of what is used of it.
    Named(Names, CacheMount),
}

/// All tiers in their order, and what takes the puts.
pub struct Store<'a> {
    /// What the first request waits for.
    before: Option<&'a (dyn Fn() + Sync)>,
    begun: Once,
    tiers: Vec<Box<dyn Tier>>,
    kept: Kept,
    hits: AtomicU64,
    misses: AtomicU64,
    puts: AtomicU64,
    taken: AtomicU64,
}

impl<'a> Store<'a> {
    /// A store that looks in its own layer first, then in `tiers` in their order, then in the
    /// mount.
    pub fn new(tiers: Vec<Box<dyn Tier>>, kept: Kept) -> Self {
        let [hits, misses, puts, taken] = [const { AtomicU64::new(0) }; 4];
        Self {
            before: None,
            begun: Once::new(),
            tiers,
            kept,
            hits,
            misses,
            puts,
            taken,
        }
    }

    /// The same, which calls `before` and waits for it when it is first asked for something.
    #[must_use]
    pub fn after(self, before: &'a (dyn Fn() + Sync)) -> Self {
        Self {
            before: Some(before),
            ..self
        }
    }

    /// The output of `action`, wherever it is.
    pub fn get(&self, action: &Id) -> Option<Hit> {
        self.begun
            .call_once(|| self.before.iter().for_each(|before| before()));
        let in_layers = || self.tiers.iter().find_map(|tier| tier.find(action));
        let own = match &self.kept {
            Kept::Layer(own, _) => own.find(action),
            Kept::Named(..) => None,
        };
        let hit = own.or_else(in_layers).or_else(|| self.take(action));
        let counter = if hit.is_some() {
            &self.hits
        } else {
            &self.misses
        };
        counter.fetch_add(1, Ordering::Relaxed);
        hit
    }

    fn mount(&self) -> Option<&CacheMount> {
        match &self.kept {
            Kept::Layer(_, mount) => mount.as_ref(),
            Kept::Named(_, mount) => Some(mount),
        }
    }

    /// What the mount has, copied into the own layer: so that this is complete without the mount,
    /// and no change of the mount can do harm.
    fn take(&self, action: &Id) -> Option<Hit> {
        let (output, bytes) = self.mount()?.find(action)?;
        let hit = match &self.kept {
            // Where it cannot be written, the put that follows a miss says so.
            Kept::Layer(own, _) => own.keep_output(action, &output, &bytes).ok()?,
            Kept::Named(names, mount) => names.note(action, &output, &bytes, mount),
        };
        self.taken.fetch_add(1, Ordering::Relaxed);
        Some(hit)
    }

    /// Keeps an output in the own layer and in the mount, unless a tier already has just that.
    ///
    /// # Errors
    /// If the body is not what its ID says, or cannot be written to the layer; or to the mount,
    /// where that alone is to have it.
    pub fn put(&self, put: &Put) -> Result<Hit, String> {
        let known = self
            .tiers
            .iter()
            .find_map(|tier| tier.find(&put.action))
            .filter(|hit| hit.output == put.output);
        if let Some(hit) = known {
            return Ok(hit);
        }
        self.puts.fetch_add(1, Ordering::Relaxed);
        let body = put.decode()?;
        let keep = |mount: &CacheMount| mount.keep(&put.action, &put.output, &body);
        match &self.kept {
            Kept::Layer(own, mount) => {
                let hit = own
                    .keep_output(&put.action, &put.output, &body)
                    .map_err(|error| error.to_string())?;
                mount.iter().for_each(keep);
                Ok(hit)
            }
            Kept::Named(names, mount) => {
                keep(mount);
                mount.complaint().map_or_else(
                    || Ok(names.note(&put.action, &put.output, &body, mount)),
                    Err,
                )
            }
        }
    }

    /// Completes the own layer; to be called once all requests are answered.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn finish(&self) -> io::Result<()> {
        if let Kept::Layer(own, _) = &self.kept {
            own.finish()?;
        }
        // The go command has all that it needs, and whoever comes next may sweep as well.
        let _ = self.mount().map(CacheMount::sweep);
        Ok(())
    }

    /// Why the mount keeps nothing more, if so.
    pub fn complaint(&self) -> Option<String> {
        self.mount()?.complaint()
    }

    /// What happened, in one line.
    pub fn stats(&self) -> String {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let (hits, misses, puts, taken) = (
            count(&self.hits),
            count(&self.misses),
            count(&self.puts),
            count(&self.taken),
        );
        format!("{hits} hits, {misses} misses, {puts} puts, {taken} taken from the mount")
    }
}
