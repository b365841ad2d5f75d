//! `gowork-cache batch FILE DIR LAYERS`: compiles and links many steps with one go command, and
//! leaves all results in the cache mount, where the steps then find them ([`crate::steps::memo`]).
//! So they take as long as one `go build`.
//!
//! The file describes the steps that have to run, and those whose results they read. The results of
//! steps that need not run are in `LAYERS`, each in a directory named by the step's position. Steps
//! that run already are waited for while the go command loads packages. One of them compiles the
//! bulk of std, which takes longest: it is stopped, and what it made is used. The other steps wait
//! for the batch ([`crate::steps::locks`]), each until all its packages are compiled.
//!
//! With a results image, what the layers and the mount lack is looked for there. All steps that run
//! already are stopped then: they would compile what the image may have.
//!
//! Errors are ignored here; the step that fails for the same reason reports them, under its own
//! name. Results are used where they lie in the mount, checked but not copied. If one is removed
//! meanwhile, the batch fails.

mod progress;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::thread;
use std::time::Duration;

use gowork_step::words::{AFTER, MOUNT, PARENT, RESULTS_IMAGE, STOP, USAGE_LOG};
use gowork_step::{Batch, LinkDescription, part_dir};

use self::progress::Progress;
use crate::args;
use crate::layer::{format, parts};
use crate::mount::CacheMount;
use crate::server::usage_log::UsageReader;
use crate::steps::description::read_json;
use crate::steps::git;
use crate::steps::go;
use crate::steps::go_trace::{Event, GoTrace};
use crate::steps::locks::{Claim, Locks};

/// Compiles and links what it can. Succeeds in any case, since every step can make its results
/// itself.
///
/// # Errors
/// If it is called in a wrong way.
pub fn batch(words: &[String]) -> Result<ExitCode, String> {
    let [file, dir, layers] = words else {
        return Err("usage: gowork-cache batch FILE DIR LAYERS".to_owned());
    };
    let batch: Batch = read_json(file)?;
    let (program, args) = args::from_environment()?;
    let mount_dir = args.mount.ok_or("there is no --mount")?;
    let runner = Runner {
        dir: Path::new(dir),
        layers: Path::new(layers),
        program: &program,
        mount: CacheMount::new(&mount_dir, args.limit),
        mount_dir: &mount_dir,
        image: args.image.as_deref(),
    };
    let done = runner.run(&batch);
    let _ = parts::clear(runner.dir);
    if let Err(error) = done {
        eprintln!("gowork-cache: the batch was not compiled: {error}");
    }
    Ok(ExitCode::SUCCESS)
}

/// How often a batch that waits for another looks whether it may begin, or has nothing to do.
const TURN: Duration = Duration::from_millis(200);

struct Runner<'a> {
    /// Scratch space.
    dir: &'a Path,
    /// Results of steps, by position.
    layers: &'a Path,
    /// This program.
    program: &'a str,
    mount_dir: &'a Path,
    mount: CacheMount,
    /// A results image.
    image: Option<&'a Path>,
}

impl Runner<'_> {
    fn run(&self, batch: &Batch) -> io::Result<()> {
        let locks = Locks::new(self.mount_dir);
        let Some(_lock) = self.wait_for_turn(batch, &locks)? else {
            return Ok(());
        };
        let mut progress = Progress::new(&self.mount, &locks)?;
        self.claim(batch, &mut progress);
        self.look(batch, &mut progress)?;
        let mut left = Vec::new();
        for link in &batch.links {
            if !progress.has_binary(link)? {
                left.push(link);
            }
        }
        while !left.is_empty() {
            let links = take_group(&mut left);
            let gopath = self.mount.scratch()?;
            let is_installed = self.install(&links, &gopath, &mut progress);
            let _ = fs::remove_dir_all(gopath);
            if !is_installed? {
                break;
            }
        }
        Ok(())
    }

    /// Builds side by side have much in common: the first batch makes it, the others find it. While
    /// a batch waits, its steps run by themselves. Returns `None` once they have made everything:
    /// then the build ends, and would cancel a batch that waits on.
    fn wait_for_turn(&self, batch: &Batch, locks: &Locks) -> io::Result<Option<File>> {
        if let Some(lock) = self.mount.try_lock_batch()? {
            return Ok(Some(lock));
        }
        let mut progress = Progress::new(&self.mount, locks)?;
        self.look(batch, &mut progress)?;
        let mut links: Vec<&LinkDescription> = batch.links.iter().collect();
        let mut running: HashSet<&str> = HashSet::new();
        loop {
            // A link that runs by itself leaves nothing in the mount: it was seen to run, and is
            // over.
            let mut left = Vec::new();
            for link in links {
                let name = link.step.name.as_str();
                let runs = locks.is_claimed(Claim::Running, name);
                let is_over = !runs && running.contains(name);
                if runs {
                    running.insert(name);
                }
                if !is_over && !progress.has_binary(link)? {
                    left.push(link);
                }
            }
            if left.is_empty() && progress.unknown.is_empty() {
                return Ok(None);
            }
            links = left;
            thread::sleep(TURN);
            if let Some(lock) = self.mount.try_lock_batch()? {
                return Ok(Some(lock));
            }
            progress.look_in_mount()?;
        }
    }

    fn layer(&self, position: usize) -> PathBuf {
        self.layers.join(position.to_string())
    }

    /// Makes the steps wait that have to run and do not run yet.
    fn claim<'b>(&self, batch: &'b Batch, progress: &mut Progress<'b>) {
        for (position, step) in batch.steps.iter().enumerate() {
            if !self.layer(position).is_dir() {
                progress.claim(step);
            }
        }
        for link in &batch.links {
            progress.claim(&link.step);
        }
    }

    /// Learns which compile steps have results already: in layers, or in the mount.
    fn look<'b>(&self, batch: &'b Batch, progress: &mut Progress<'b>) -> io::Result<()> {
        for (position, step) in batch.steps.iter().enumerate() {
            let layer = self.layer(position);
            if !layer.is_dir() {
                progress.unknown.push(step);
                continue;
            }
            let mut indexes = Vec::new();
            for packages in &step.parts {
                let part = layer.join(part_dir(packages));
                indexes.push(fs::read_to_string(format::index_path(&part))?);
                progress.layers.push(part);
            }
            progress.learn(step, &indexes);
        }
        progress.look_in_mount()
    }

    /// Compiles the unknown steps, and installs the binaries of these links below `gopath`. Returns
    /// `false` if something fails; what was made until then is kept.
    fn install(
        &self,
        links: &[&LinkDescription],
        gopath: &Path,
        progress: &mut Progress<'_>,
    ) -> io::Result<bool> {
        let log = self.dir.join("usage");
        let missing: HashSet<&String> = progress.unknown_packages().collect();
        // Errors are not shown: the step that fails for the same reason shows them.
        let mut child = self
            .go_install(links, gopath, &log, progress)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        let mut trace = GoTrace::default();
        let mut usage = UsageReader::new(&log)?;
        let mut compiled = HashMap::new();
        let lines = child.stderr.take().map(BufReader::new);
        for line in lines.into_iter().flat_map(|errors| errors.split(b'\n')) {
            let line = line?;
            let line = String::from_utf8_lossy(&line);
            if self.image.is_some() && line.starts_with("gowork-cache: ") {
                eprintln!("{line}");
            }
            match trace.read_line(&line) {
                // Its program would lack the version. The step itself says so.
                Some(Event::Installed(_)) if git::refused().is_some() => {}
                Some(Event::Installed(path)) => progress.keep_binary(links, &path)?,
                Some(Event::Compiled(package, output))
                    if missing.contains(&package) && !compiled.contains_key(&package) =>
                {
                    let Some(entry) = usage.find(&output)? else {
                        continue;
                    };
                    if compiled.is_empty() {
                        // The cache answers, so the steps that it waits for are over.
                        progress.look_in_mount()?;
                    }
                    compiled.insert(package, entry);
                    progress.keep_complete_steps(&compiled)?;
                }
                _ => {}
            }
        }
        if !child.wait()?.success() || git::refused().is_some() {
            return Ok(false);
        }
        progress.wait_for_lists(&compiled)?;
        // Those that the trace did not report, or that read something that was incomplete then.
        for path in binaries(gopath) {
            progress.keep_binary(links, &path)?;
        }
        for link in links {
            progress.release(&link.step);
        }
        Ok(true)
    }

    /// The go command that compiles the unknown steps and installs the binaries of these links. For
    /// `go build` it is either packages or binaries, not both at once. With `GOBIN` there is no
    /// cross-compiling, so the binaries go below `GOPATH`.
    fn go_install(
        &self,
        links: &[&LinkDescription],
        gopath: &Path,
        log: &Path,
        progress: &Progress<'_>,
    ) -> Command {
        let flags = links.first().map_or(&[][..], |link| &link.flags);
        let mains: BTreeSet<&String> = links.iter().map(|link| &link.package).collect();
        let mut go = Command::new("go");
        go.env("GOCACHEPROG", self.cache(log, progress))
            .env("GOPATH", gopath)
            .env_remove("GOBIN")
            .args(["install", "-x"])
            .args(flags)
            .arg("--")
            .args(go::nameable(progress.unknown_packages()))
            .args(mains);
        go
    }

    /// The words of `GOCACHEPROG`: results are in layers and the mount, and those of the mount are
    /// listed in the usage log.
    fn cache(&self, log: &Path, progress: &Progress<'_>) -> String {
        let mut words = vec![self.program.to_owned()];
        for layer in &progress.layers {
            words.push(format!("{PARENT} {}", layer.display()));
        }
        words.push(format!("{USAGE_LOG} {}", log.display()));
        words.push(format!("{MOUNT} {}", self.mount_dir.display()));
        if let Some(image) = self.image {
            words.push(format!("{RESULTS_IMAGE} {}", image.display()));
        }
        for step in &progress.running {
            let is_stopped = step.brings_others || self.image.is_some();
            let flag = if is_stopped { STOP } else { AFTER };
            words.push(format!("{flag} {}", step.name));
        }
        words.join(" ")
    }
}

/// Takes the first link, and all that one go command can install with it: links with the same flags
/// whose binaries have different names.
fn take_group<'b>(left: &mut Vec<&'b LinkDescription>) -> Vec<&'b LinkDescription> {
    let mut group: Vec<&LinkDescription> = Vec::new();
    let mut later = Vec::new();
    for link in left.drain(..) {
        let fits = group
            .iter()
            .all(|other| other.flags == link.flags && other.binary != link.binary);
        if fits {
            group.push(link);
        } else {
            later.push(link);
        }
    }
    *left = later;
    group
}

/// The binaries that were installed. Those for another platform are in a directory named after it.
fn binaries(gopath: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in list(&gopath.join("bin")) {
        if path.is_dir() {
            found.extend(list(&path));
        } else {
            found.push(path);
        }
    }
    found
}

/// What is in a directory, if it exists.
fn list(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).into_iter().flatten();
    entries.flatten().map(|entry| entry.path()).collect()
}

#[cfg(test)]
mod tests {
    use gowork_step::{Description, Version};

    use super::*;

    fn link(binary: &str, flags: &[&str]) -> LinkDescription {
        LinkDescription {
            step: Description {
                version: Version,
                name: String::new(),
                salt: Vec::new(),
                parts: Vec::new(),
                brings_others: false,
                own: Vec::new(),
                reads: Vec::new(),
            },
            package: format!("example.com/{binary}"),
            binary: binary.to_owned(),
            flags: flags.iter().map(|flag| (*flag).to_owned()).collect(),
        }
    }

    #[test]
    fn one_go_command_installs_equal_flags_and_different_names() {
        let all = [
            link("a", &[]),
            link("b", &["-race"]),
            link("a", &[]),
            link("c", &[]),
        ];
        let mut left = all.iter().collect();
        assert_eq!(take_group(&mut left), [&all[0], &all[3]]);
        assert_eq!(take_group(&mut left), [&all[1]]);
        assert_eq!(take_group(&mut left), [&all[2]]);
        assert!(left.is_empty());
    }
}
