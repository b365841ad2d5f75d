//! What a batch knows of its steps: which results there are, which steps still wait, and which run.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::{Path, PathBuf};

use gowork_step::{Description, LinkDescription, part_dir};

use crate::id::Id;
use crate::layer::format::{self, Entry};
use crate::mount::CacheMount;
use crate::steps::locks::{Claim, Held, Locks};
use crate::steps::memo::{self, Memo};

/// The results of compiled packages, by import path: action and entry.
pub(super) type Compiled = HashMap<String, (Id, Entry)>;

/// What is known of the steps of a batch.
pub(super) struct Progress<'b> {
    mount: &'b CacheMount,
    locks: &'b Locks,
    /// Output of `go version`.
    go: String,
    /// Keeps steps waiting, by their names.
    claims: HashMap<String, Held>,
    /// IDs of the indexes that are known, by the name of the part's directory.
    indexes: HashMap<String, Id>,
    /// Layers to read.
    pub(super) layers: Vec<PathBuf>,
    /// Steps that ran when the batch began.
    pub(super) running: Vec<&'b Description>,
    /// Compile steps whose results are not known yet.
    pub(super) unknown: Vec<&'b Description>,
}

impl<'b> Progress<'b> {
    /// Nothing is known yet.
    pub(super) fn new(mount: &'b CacheMount, locks: &'b Locks) -> io::Result<Self> {
        Ok(Self {
            mount,
            locks,
            go: memo::go_version()?,
            claims: HashMap::new(),
            indexes: HashMap::new(),
            layers: Vec::new(),
            running: Vec::new(),
            unknown: Vec::new(),
        })
    }

    /// Makes a step wait until [`Self::release`], or notes that it runs already.
    pub(super) fn claim(&mut self, step: &'b Description) {
        if let Some(held) = self.locks.claim(Claim::Batched, &step.name) {
            self.claims.insert(step.name.clone(), held);
        }
        if self.locks.is_claimed(Claim::Running, &step.name) {
            self.running.push(step);
        }
    }

    /// Lets a step go on.
    pub(super) fn release(&mut self, step: &Description) {
        self.claims.remove(&step.name);
    }

    /// The packages of all unknown steps.
    pub(super) fn unknown_packages(&self) -> impl Iterator<Item = &'b String> {
        let unknown = self.unknown.clone();
        unknown
            .into_iter()
            .flat_map(|step| step.parts.iter().flatten())
    }

    /// What the mount remembers of a step. Returns `None` if the step reads unknown results.
    fn memo(&self, step: &Description) -> io::Result<Option<Memo<'b>>> {
        let mut reads = Vec::new();
        for name in &step.reads {
            match self.indexes.get(name) {
                Some(id) => reads.push(*id),
                None => return Ok(None),
            }
        }
        let key = memo::key(step, &self.go, &reads)?;
        Ok(Some(Memo::new(self.mount, key)))
    }

    /// Learns the index of each part of a step.
    pub(super) fn learn(&mut self, step: &Description, indexes: &[String]) {
        for (packages, index) in step.parts.iter().zip(indexes) {
            self.indexes
                .insert(part_dir(packages), memo::index_id(index));
        }
    }

    /// Learns what the mount remembers of unknown steps. These steps go on.
    pub(super) fn look_in_mount(&mut self) -> io::Result<()> {
        for step in std::mem::take(&mut self.unknown) {
            let indexes = self.memo(step)?.and_then(|memo| memo.indexes());
            match indexes {
                Some(indexes) if indexes.len() == step.parts.len() => {
                    self.learn(step, &indexes);
                    self.release(step);
                }
                _ => self.unknown.push(step),
            }
        }
        Ok(())
    }

    /// Keeps the results of the unknown steps whose packages are all compiled and which read known
    /// results only. These steps go on.
    pub(super) fn keep_complete_steps(&mut self, compiled: &Compiled) -> io::Result<()> {
        // A step that becomes known may be what the next one reads.
        let mut before = usize::MAX;
        while self.unknown.len() < before {
            before = self.unknown.len();
            for step in std::mem::take(&mut self.unknown) {
                match self.keep_if_complete(step, compiled)? {
                    Some(indexes) => self.learn(step, &indexes),
                    None => self.unknown.push(step),
                }
            }
        }
        Ok(())
    }

    /// Keeps the results of a step if all its packages are compiled. Returns the index of each part
    /// if they are known then.
    fn keep_if_complete(
        &mut self,
        step: &Description,
        compiled: &Compiled,
    ) -> io::Result<Option<Vec<String>>> {
        let mut packages = step.parts.iter().flatten();
        if !packages.all(|package| compiled.contains_key(package)) {
            return Ok(None);
        }
        let Some(memo) = self.memo(step)? else {
            return Ok(None);
        };
        if step.brings_others {
            // Only the step itself can list all its packages. It finds their results in the mount.
            self.release(step);
            return Ok(memo.indexes());
        }
        let indexes = indexes(step, compiled);
        memo.keep_indexes(&indexes);
        // Not before: the step goes on at once, and would run a go command of its own.
        self.release(step);
        Ok(Some(indexes))
    }

    /// Waits for the steps that list their packages themselves.
    pub(super) fn wait_for_lists(&mut self, compiled: &Compiled) -> io::Result<()> {
        for step in &self.unknown {
            if step.brings_others {
                self.locks.wait(Claim::Running, &step.name)?;
            }
        }
        self.keep_complete_steps(compiled)
    }

    /// Whether the mount has the binary of a link.
    pub(super) fn has_binary(&self, link: &LinkDescription) -> io::Result<bool> {
        let memo = self.memo(&link.step)?;
        Ok(memo.is_some_and(|memo| memo.binary().is_some()))
    }

    /// Keeps the binary that was installed at `path`, if it is one of these links', and the link
    /// reads known results only. Then the link goes on.
    pub(super) fn keep_binary(
        &mut self,
        links: &[&LinkDescription],
        path: &Path,
    ) -> io::Result<()> {
        let Some(name) = path.file_name() else {
            return Ok(());
        };
        let Some(link) = links.iter().find(|link| name == link.binary.as_str()) else {
            return Ok(());
        };
        if let Some(memo) = self.memo(&link.step)? {
            memo.keep_binary(path)?;
            self.release(&link.step);
        }
        Ok(())
    }
}

/// The index of each part of a step whose packages are compiled.
fn indexes(step: &Description, compiled: &Compiled) -> Vec<String> {
    let mut indexes = Vec::new();
    for packages in &step.parts {
        let results = packages.iter().filter_map(|package| compiled.get(package));
        let entries: BTreeMap<Id, Entry> = results.copied().collect();
        indexes.push(format::format_index(&entries));
    }
    indexes
}

#[cfg(test)]
mod tests {
    use std::thread;
    use std::time::Duration;

    use gowork_step::Version;

    use super::*;

    fn described(name: &str) -> Description {
        Description {
            version: Version,
            name: name.to_owned(),
            salt: Vec::new(),
            parts: vec![vec![format!("example.com/{name}")]],
            brings_others: false,
            own: Vec::new(),
            reads: Vec::new(),
        }
    }

    /// A step that goes on before its results are remembered runs a go command in vain.
    #[test]
    fn a_step_goes_on_when_its_results_are_remembered() {
        let dir = tempfile::tempdir().unwrap();
        let mount = CacheMount::new(dir.path(), u64::MAX);
        let steps: Vec<Description> = (0..100).map(|n| described(&format!("step{n}"))).collect();
        let locks = Locks::new(dir.path());
        let mut progress = Progress {
            mount: &mount,
            locks: &locks,
            go: "go version".to_owned(),
            claims: HashMap::new(),
            indexes: HashMap::new(),
            layers: Vec::new(),
            running: Vec::new(),
            unknown: Vec::new(),
        };
        for step in &steps {
            progress.claim(step);
            progress.unknown.push(step);
        }
        let key_of = |step: &Description| memo::key(step, "go version", &[]).unwrap();
        thread::scope(|scope| {
            let mut waiting = Vec::new();
            for step in &steps {
                let (mount, dir) = (&mount, dir.path());
                waiting.push(scope.spawn(move || {
                    let _running = Locks::new(dir).run(&step.name);
                    Memo::new(mount, key_of(step)).indexes()
                }));
            }
            let mut compiled = Compiled::new();
            for step in &steps {
                let id = Id::of(step.name.as_bytes());
                let checksum = crate::checksum::of(b"");
                let entry = Entry {
                    output: id,
                    size: 0,
                    checksum,
                };
                compiled.insert(step.parts[0][0].clone(), (id, entry));
            }
            // Most of them wait for their locks by now.
            thread::sleep(Duration::from_millis(100));
            progress.keep_complete_steps(&compiled).unwrap();
            let found = waiting.into_iter().map(|step| step.join().unwrap());
            assert_eq!(found.filter(Option::is_none).count(), 0);
        });
    }
}
