//! Images that the builder writes to this machine.

use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use tar::Archive;

use super::buildx::{Outcome, build};
use super::image::Image;
use super::recipe::Recipe;
use super::store::Store;

/// An image that a build writes, as an archive with an OCI layout. Buildx can write the layout as a
/// directory, but not two of them in one build.
#[derive(Debug)]
pub(crate) struct Export {
    archive: PathBuf,
    /// Attributes of the exporter, `,name=value` each.
    attributes: String,
}

impl Export {
    /// The exports by which an image may have been written. Nothing says whether times were
    /// rewritten, which takes a time that the build was given.
    pub(crate) fn all(scratch: &Path, image: &Image, recipe: &Recipe) -> Vec<Self> {
        let attributes = image.export_attributes();
        let mut all = vec![Self {
            archive: scratch.join("rebuilt.tar"),
            attributes: attributes.clone(),
        }];
        if recipe.has_epoch {
            all.push(Self {
                archive: scratch.join("rewritten.tar"),
                attributes: attributes + ",rewrite-timestamp=true",
            });
        }
        all
    }

    /// The argument of `docker buildx build`.
    ///
    /// # Errors
    /// If the archive cannot be named in it.
    pub(crate) fn argument(&self) -> anyhow::Result<String> {
        // It is CSV.
        let (dest, attributes) = (self.archive.display().to_string(), &self.attributes);
        ensure!(
            !dest.contains([',', '"']),
            "{dest}: a temporary directory with a comma or a quote in its name; set TMPDIR to another"
        );
        Ok(format!("--output=type=oci,dest={dest}{attributes}"))
    }

    /// Unpacks it. Returns the directory with the layout.
    ///
    /// # Errors
    /// If that cannot be done.
    pub(crate) fn unpacked(&self) -> anyhow::Result<PathBuf> {
        let (archive, dir) = (&self.archive, self.archive.with_extension("layout"));
        let shown = || archive.display().to_string();
        let file = File::open(archive).with_context(shown)?;
        Archive::new(file).unpack(&dir).with_context(shown)?;
        std::fs::remove_file(archive).with_context(shown)?;
        Ok(dir)
    }
}

/// A directory with the layers of an image, an OCI layout; those of a registry are fetched into
/// `scratch`.
///
/// # Errors
/// If the builder cannot fetch the image.
pub(crate) fn with_layers(store: &Store, image: &Image, scratch: &Path) -> anyhow::Result<PathBuf> {
    match store {
        Store::Layout(dir) => Ok(dir.clone()),
        Store::Registry(reference) => {
            let reference = format!("{}@{}", reference.name(), image.digest);
            pull(&reference, &image.platform.to_string(), scratch)
        }
    }
}

fn pull(reference: &str, platform: &str, scratch: &Path) -> anyhow::Result<PathBuf> {
    let definition = tempfile::tempdir().context("temporary directory")?;
    std::fs::write(
        definition.path().join("Dockerfile"),
        format!("FROM {reference}\n"),
    )?;
    let export = Export {
        archive: scratch.join("image.tar"),
        attributes: String::new(),
    };
    let arguments = [
        format!("--platform={platform}"),
        "--provenance=false".to_owned(),
        export.argument()?,
    ];
    let context = definition.path().display().to_string();
    match build(&arguments, &[], &context)? {
        Outcome::Built => export.unpacked(),
        Outcome::Failed => {
            bail!("{reference}: the builder cannot fetch it, to compare files; buildx has said why")
        }
    }
}
