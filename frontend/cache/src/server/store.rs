//! Where results are looked for, in which order, and where they are kept. Owns the order and the
//! counts; not how a place keeps its entries.

use std::io;
use std::sync::Once;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::hit::Hit;
use crate::id::Id;
use crate::layer::image::ResultsImage;
use crate::layer::read::Layer;
use crate::layer::write::LayerWriter;
use crate::mount::CacheMount;
use crate::server::protocol::Put;
use crate::server::usage_log::UsageLog;

/// Where puts go.
pub enum Sink {
    /// A layer. A cache mount gets a copy, if there is one.
    Layer(LayerWriter, Option<CacheMount>),
    /// A cache mount alone, and a log of what is used of it.
    Mount(UsageLog, CacheMount),
}

/// All places where results are, and the counts of what was asked.
pub struct Store<'a> {
    /// What the first request waits for.
    before: Option<&'a (dyn Fn() + Sync)>,
    begun: Once,
    layers: Vec<Layer>,
    sink: Sink,
    /// Read after the mount.
    image: Option<ResultsImage>,
    hits: AtomicU64,
    misses: AtomicU64,
    puts: AtomicU64,
    taken: AtomicU64,
    fetched: AtomicU64,
}

impl<'a> Store<'a> {
    /// A store that looks in the layer being written first, then in `layers` in their order, then
    /// in the mount.
    pub fn new(layers: Vec<Layer>, sink: Sink) -> Self {
        Self {
            before: None,
            begun: Once::new(),
            layers,
            sink,
            image: None,
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
            puts: AtomicU64::new(0),
            taken: AtomicU64::new(0),
            fetched: AtomicU64::new(0),
        }
    }

    /// The same store, which looks in `image` too, after the mount.
    #[must_use]
    pub fn reading(self, image: Option<ResultsImage>) -> Self {
        Self { image, ..self }
    }

    /// The same store, which calls `before` and waits for it at its first get.
    #[must_use]
    pub fn after(self, before: &'a (dyn Fn() + Sync)) -> Self {
        Self {
            before: Some(before),
            ..self
        }
    }

    /// The output of `action`, wherever it is.
    pub fn get(&self, action: &Id) -> Option<Hit> {
        if let Some(before) = self.before {
            self.begun.call_once(before);
        }
        let hit = self.find(action);
        let counter = match hit {
            Some(_) => &self.hits,
            None => &self.misses,
        };
        counter.fetch_add(1, Ordering::Relaxed);
        hit
    }

    fn find(&self, action: &Id) -> Option<Hit> {
        if let Sink::Layer(writer, _) = &self.sink
            && let Some(hit) = writer.find(action)
        {
            return Some(hit);
        }
        self.find_in_layers(action)
            .or_else(|| self.take_from_mount(action))
    }

    fn find_in_layers(&self, action: &Id) -> Option<Hit> {
        self.layers.iter().find_map(|layer| layer.find(action))
    }

    fn mount(&self) -> Option<&CacheMount> {
        match &self.sink {
            Sink::Layer(_, mount) => mount.as_ref(),
            Sink::Mount(_, mount) => Some(mount),
        }
    }

    /// A result of the mount, or else of the results image. It is copied into the layer being
    /// written: then the layer is complete without the mount, and no change of the mount can do harm.
    fn take_from_mount(&self, action: &Id) -> Option<Hit> {
        let mount = self.mount()?;
        let found = mount.find(action);
        let (output, bytes) = found.or_else(|| self.fetch(mount, action))?;
        let hit = match &self.sink {
            // If it cannot be written, the put that follows the miss reports why.
            Sink::Layer(writer, _) => writer.keep_output(action, &output, &bytes).ok()?,
            Sink::Mount(log, mount) => log.note(action, &output, &bytes, mount),
        };
        self.taken.fetch_add(1, Ordering::Relaxed);
        Some(hit)
    }

    /// A result of the results image. It is put into the mount, where all steps find it.
    fn fetch(&self, mount: &CacheMount, action: &Id) -> Option<(Id, Vec<u8>)> {
        let (output, bytes) = self.image.as_ref()?.find(action)?;
        mount.keep(action, &output, &bytes);
        // Checked where it lies: a damaged file of the same length may have been there.
        let found = mount.find(action)?;
        self.fetched.fetch_add(1, Ordering::Relaxed);
        Some(found)
    }

    /// Keeps an output, unless a layer already has exactly this one.
    ///
    /// # Errors
    /// If the body is not what its ID says, or cannot be written to the layer. An error of the
    /// mount counts only if no layer is written.
    pub fn put(&self, put: &Put) -> Result<Hit, String> {
        if let Some(hit) = self.find_in_layers(&put.action)
            && hit.output == put.output
        {
            return Ok(hit);
        }
        self.puts.fetch_add(1, Ordering::Relaxed);
        let body = put.decode()?;
        match &self.sink {
            Sink::Layer(writer, mount) => {
                let hit = writer
                    .keep_output(&put.action, &put.output, &body)
                    .map_err(|error| error.to_string())?;
                if let Some(mount) = mount {
                    mount.keep(&put.action, &put.output, &body);
                }
                Ok(hit)
            }
            Sink::Mount(log, mount) => {
                mount.keep(&put.action, &put.output, &body);
                match mount.complaint() {
                    Some(error) => Err(error),
                    None => Ok(log.note(&put.action, &put.output, &body, mount)),
                }
            }
        }
    }

    /// Completes the layer being written. Call it once, after all requests are answered.
    ///
    /// # Errors
    /// If the layer cannot be written.
    pub fn finish(&self) -> io::Result<()> {
        if let Sink::Layer(writer, _) = &self.sink {
            writer.finish()?;
        }
        if let Some(mount) = self.mount() {
            // The go command has all that it needs, and the next process may sweep as well.
            let _ = mount.sweep();
        }
        Ok(())
    }

    /// Why the mount keeps nothing more; `None` if it keeps what it is given.
    pub fn complaint(&self) -> Option<String> {
        self.mount()?.complaint()
    }

    /// How many results the results image had, in one line.
    pub fn fetched(&self) -> String {
        let fetched = self.fetched.load(Ordering::Relaxed);
        format!("taken from the results image: {fetched}")
    }

    /// The counts, in one line.
    pub fn stats(&self) -> String {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let (hits, misses) = (count(&self.hits), count(&self.misses));
        let (puts, taken) = (count(&self.puts), count(&self.taken));
        format!("{hits} hits, {misses} misses, {puts} puts, {taken} taken from the mount")
    }
}
