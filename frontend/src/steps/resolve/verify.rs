//! The contents of modules in the shared module cache, checked before they become a layer.
//!
//! The go command checks a module when it downloads it, and trusts the directory that it unpacked
//! from then on (cmd/go/internal/modfetch, `Download`). But the cache is a cache mount, which any
//! build on the builder can write to. So every file of a module that provides a package is hashed
//! here, and the sum of the module is compared with the one in go.sum
//! (golang.org/x/mod/sumdb/dirhash, `Hash1`). What is copied later has to have the same bytes.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gowork_llb::gomod::sumfile::H1;
use gowork_llb::ops::Digest;
use gowork_llb::resolution::go_list::Listing;
use gowork_llb::resolution::module_graph::ModuleGraph;
use gowork_llb::resolution::{ModuleVersion, module_cache};

use super::command::Go;
use super::failure::Failure;
use super::layer;

/// Digests of all files of the modules that were verified.
#[derive(Default)]
pub(super) struct Verified {
    files: HashMap<PathBuf, Digest>,
}

/// A module whose directory is not what its sum says.
#[derive(Debug)]
pub(super) struct Damaged {
    version: ModuleVersion,
    expected: String,
    found: String,
}

/// A module that was hashed, with the sum that it has to have.
struct Done {
    version: ModuleVersion,
    expected: String,
    hashed: Result<Hashed, Failure>,
}

/// The sum of a module, and its files.
struct Hashed {
    sum: String,
    files: Vec<(PathBuf, Digest)>,
}

/// Hashes all modules that provide a package. The inner error lists the modules that are damaged.
///
/// # Errors
/// If a file cannot be read.
pub(super) fn contents(
    go: &Go,
    listing: &Listing,
    graph: &ModuleGraph,
) -> Result<Result<Verified, Vec<Damaged>>, Failure> {
    let raw = go.module_cache();
    let open = expected(&raw, listing, graph)?;
    let (mut verified, mut damaged) = (Verified::default(), Vec::new());
    for done in hash_all(&raw, open) {
        let Hashed { sum: found, files } = done.hashed?;
        if found == done.expected {
            verified.files.extend(files);
        } else {
            damaged.push(Damaged {
                version: done.version,
                expected: done.expected,
                found,
            });
        }
    }
    Ok(if damaged.is_empty() {
        Ok(verified)
    } else {
        Err(damaged)
    })
}

/// Hashes modules on all processors, each with the sum that it has to have. In the order of
/// versions.
fn hash_all(raw: &Path, open: Vec<(ModuleVersion, String)>) -> Vec<Done> {
    let open = Mutex::new(open);
    let done: Mutex<Vec<Done>> = Mutex::default();
    let work = || {
        loop {
            // A statement of its own: the list must not stay locked meanwhile.
            let next = locked(&open).pop();
            let Some((version, expected)) = next else {
                break;
            };
            let hashed = hash(raw, &version);
            locked(&done).push(Done {
                version,
                expected,
                hashed,
            });
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    let mut done = done.into_inner().unwrap_or_default();
    done.sort_by(|a, b| a.version.cmp(&b.version));
    done
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// The modules that provide packages, each with the sum that it has to have. One that no go.sum
/// file names, as in a workspace whose sums are not all committed, has the sum that the go command
/// has just compared with the checksum database.
fn expected(
    raw: &Path,
    listing: &Listing,
    graph: &ModuleGraph,
) -> Result<Vec<(ModuleVersion, String)>, Failure> {
    let mut versions: BTreeSet<ModuleVersion> = BTreeSet::new();
    for module in listing.packages.iter().filter_map(|it| it.module.as_ref()) {
        versions.extend(module.cached());
    }
    let mut expected = Vec::new();
    for version in versions {
        let sum = match graph.sum(&version) {
            Some(sum) => sum.to_owned(),
            None => {
                let file = raw.join(module_cache::download_file(&version, "ziphash")?);
                let downloaded = fs::read_to_string(file).unwrap_or_default();
                downloaded.trim().to_owned()
            }
        };
        expected.push((version, sum));
    }
    Ok(expected)
}

/// The sum of a module in the cache `raw`. A name in it is `path@version/file`, and lines are in the
/// order of names.
fn hash(raw: &Path, version: &ModuleVersion) -> Result<Hashed, Failure> {
    let dir = raw.join(module_cache::module_dir(version)?);
    let mut found = BTreeMap::new();
    let mut open = vec![(dir, version.to_string())];
    while let Some((dir, prefix)) = open.pop() {
        for entry in fs::read_dir(&dir).map_err(Failure::file(&dir))? {
            let entry = entry.map_err(Failure::file(&dir))?;
            // A name that is not UTF-8 is in no module, and so makes another sum.
            let name = format!("{prefix}/{}", entry.file_name().to_string_lossy());
            let kind = entry.file_type().map_err(Failure::file(&dir))?;
            if kind.is_dir() {
                open.push((entry.path(), name));
            } else if kind.is_file() {
                let bytes = fs::read(entry.path()).map_err(Failure::file(&entry.path()))?;
                found.insert(name, (entry.path(), Digest::of(&bytes)));
            } else {
                // Modules have no links: this cannot be what the sum was made of.
                found.insert(name, (entry.path(), Digest::of(b"")));
            }
        }
    }
    let lines: String = found
        .iter()
        .map(|(name, (_, digest))| format!("{}  {name}\n", digest.hex()))
        .collect();
    let sum = Digest::of(lines.as_bytes());
    Ok(Hashed {
        sum: format!("{H1}{}", STANDARD.encode(bytes_of(sum.hex()))),
        files: found.into_values().collect(),
    })
}

/// The bytes that hex digits stand for.
fn bytes_of(hex: &str) -> Vec<u8> {
    let (pairs, _) = hex.as_bytes().as_chunks::<2>();
    let byte = |pair: &[u8; 2]| {
        u8::from_str_radix(str::from_utf8(pair).unwrap_or_default(), 16).unwrap_or_default()
    };
    pairs.iter().map(byte).collect()
}

/// Removes damaged modules, and the archives that they came from, so that the go command downloads
/// them again.
///
/// # Errors
/// If something cannot be removed.
pub(super) fn discard(go: &Go, damaged: &[Damaged]) -> Result<(), Failure> {
    let raw = go.module_cache();
    for module in damaged {
        let dir = raw.join(module_cache::module_dir(&module.version)?);
        eprintln!(
            "{} in the module cache is not what go.sum says: downloading it again",
            module.version
        );
        make_removable(&dir);
        fs::remove_dir_all(&dir).map_err(Failure::file(&dir))?;
        for suffix in ["zip", "ziphash"] {
            let file = raw.join(module_cache::download_file(&module.version, suffix)?);
            if file.is_file() {
                fs::remove_file(&file).map_err(Failure::file(&file))?;
            }
        }
    }
    Ok(())
}

/// The go command makes module directories read-only, which matters to users other than root.
fn make_removable(dir: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let _ = fs::set_permissions(dir, fs::Permissions::from_mode(0o755));
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            make_removable(&entry.path());
        }
    }
}

/// What to say if modules are still damaged after they were downloaded again.
pub(super) fn failure(damaged: &[Damaged]) -> Failure {
    let lines = damaged.iter().map(|module| {
        let Damaged {
            version,
            expected,
            found,
        } = module;
        format!("{version} in the module cache has the sum {found}, go.sum says {expected}")
    });
    Failure::new(lines.collect::<Vec<_>>().join("\n"))
}

impl Verified {
    /// Copies a file of the module cache; one of a verified module only if it still has the bytes
    /// that were verified.
    ///
    /// # Errors
    /// If it was changed since, or cannot be read or written.
    pub(super) fn copy(&self, from: &Path, to: &Path) -> Result<(), Failure> {
        let Some(digest) = self.files.get(from) else {
            return layer::copy(from, to);
        };
        let bytes = fs::read(from).map_err(Failure::file(from))?;
        if Digest::of(&bytes) != *digest {
            return Err(Failure::new(format!(
                "{} was changed while modules were resolved",
                from.display()
            )));
        }
        layer::write(to, &bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_is_that_of_go_sum() {
        // What golang.org/x/mod/sumdb/dirhash says of this directory, by its test (hash_test.go,
        // TestHashDir).
        let cache = tempfile::tempdir().unwrap();
        let dir = cache.path().join("example.com/p@v1.0.0");
        fs::create_dir_all(&dir).unwrap();
        fs::write(dir.join("xyz"), "data for xyz").unwrap();
        fs::write(dir.join("abc"), "data for abc").unwrap();
        let version = ModuleVersion::parse("example.com/p@v1.0.0");
        let hashed = hash(cache.path(), &version).unwrap();
        let line = |name: &str| {
            format!(
                "{}  example.com/p@v1.0.0/{name}\n",
                Digest::of(format!("data for {name}").as_bytes()).hex()
            )
        };
        let expected = Digest::of((line("abc") + &line("xyz")).as_bytes());
        assert_eq!(
            hashed.sum,
            format!("h1:{}", STANDARD.encode(bytes_of(expected.hex())))
        );
        assert_eq!(hashed.files.len(), 2);
        std::os::unix::fs::symlink("abc", dir.join("link")).unwrap();
        assert_ne!(hash(cache.path(), &version).unwrap().sum, hashed.sum);
    }

    #[test]
    fn a_file_that_changed_since_is_not_copied() {
        let dir = tempfile::tempdir().unwrap();
        let (from, to) = (dir.path().join("from"), dir.path().join("to"));
        fs::write(&from, "one").unwrap();
        let verified = Verified {
            files: HashMap::from([(from.clone(), Digest::of(b"one"))]),
        };
        verified.copy(&from, &to).unwrap();
        assert_eq!(fs::read(&to).unwrap(), b"one");
        fs::write(&from, "two").unwrap();
        assert!(
            verified
                .copy(&from, &to)
                .unwrap_err()
                .to_string()
                .contains("was changed while modules were resolved")
        );
    }
}
