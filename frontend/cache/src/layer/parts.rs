//! A compile step's output: one layer for each of its parts. Owns how the layer of a whole step
//! becomes the layers of its parts.
//!
//! Each part is in a directory of its own, named by [`part_dir`].

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io;
use std::path::Path;

use gowork_step::part_dir;

use crate::id::Id;
use crate::layer::format::{self, Entry};
use crate::layer::write::normalize;

/// Writes an output into the layer at `dir`, which needs [`format::outputs_dir`] to exist.
///
/// # Errors
/// If it cannot be written.
pub fn write_output(dir: &Path, output: &Id, bytes: &[u8]) -> io::Result<()> {
    let path = format::output_path(dir, output);
    fs::write(&path, bytes)?;
    normalize(&File::open(&path)?, 0o644)
}

/// Turns the outputs of the layer at `dir` into one layer for each part, with these entries. Of the
/// whole layer nothing stays.
///
/// # Errors
/// If an output is missing, or a part cannot be written.
pub fn write_parts(
    dir: &Path,
    parts: &[Vec<String>],
    layers: &[BTreeMap<Id, Entry>],
) -> io::Result<()> {
    for (packages, entries) in parts.iter().zip(layers) {
        write_part(dir, packages, entries)?;
    }
    fs::remove_dir_all(format::outputs_dir(dir))?;
    normalize(&File::open(dir)?, 0o755)
}

/// Writes the layer of the part with these packages. Its outputs are hard links to those of the
/// whole layer.
fn write_part(whole: &Path, packages: &[String], entries: &BTreeMap<Id, Entry>) -> io::Result<()> {
    let dir = &whole.join(part_dir(packages));
    fs::create_dir_all(format::outputs_dir(dir))?;
    let outputs: BTreeSet<Id> = entries.values().map(|entry| entry.output).collect();
    for output in &outputs {
        fs::hard_link(
            format::output_path(whole, output),
            format::output_path(dir, output),
        )?;
    }
    let index = format::index_path(dir);
    fs::write(&index, format::format_index(entries))?;
    normalize(&File::open(&index)?, 0o644)?;
    normalize(&File::open(format::outputs_dir(dir))?, 0o755)?;
    normalize(&File::open(dir)?, 0o755)
}

/// Removes everything in a step's output directory.
///
/// # Errors
/// If something cannot be removed.
pub fn clear(dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        } else {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}
