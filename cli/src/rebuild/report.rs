//! What came of a rebuild, for programs and as text.

use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::Serialize;

use super::layer::{FieldJson, FileJson, Side};

/// Files and fields of each kind that the text lists.
const SHOWN: usize = 20;
/// Characters of a value that the text has.
const SHOWN_VALUE: usize = 120;

/// What came of building an image again.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct RebuildJson {
    /// The version of this form: 1. It grows when a field changes its meaning or goes away.
    pub(crate) version: u32,
    /// The image, as it was named.
    pub(crate) image: String,
    /// What that name means: the digest of an index, or of a manifest.
    pub(crate) digest: String,
    /// Whether all platforms came out the same.
    pub(crate) verdict: Verdict,
    /// What was built, one a platform.
    pub(crate) platforms: Vec<RebuiltJson>,
    /// The images that the build fetched by a tag.
    pub(crate) materials: Vec<MaterialJson>,
    /// What else there is to know, sentences.
    pub(crate) notes: Vec<String>,
}

/// Whether a rebuilt image is the one that was asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verdict {
    /// It has the same digest.
    Same,
    /// It has another.
    Different,
}

/// The image for a platform.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct RebuiltJson {
    /// The platform.
    pub(crate) platform: String,
    /// Whether it came out the same.
    pub(crate) verdict: Verdict,
    /// The digest of its manifest.
    pub(crate) image: String,
    /// The digest of the manifest that was built.
    pub(crate) rebuilt: String,
    /// What is different; null if nothing is.
    pub(crate) difference: Option<Difference>,
}

/// What is different in two images.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub(crate) struct Difference {
    /// Layers.
    pub(crate) layers: Vec<LayerJson>,
    /// Fields of the config, but for its layers.
    pub(crate) config: Vec<FieldJson>,
    /// Fields of the manifest, but for layers and config.
    pub(crate) manifest: Vec<FieldJson>,
}

/// A layer that is different.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct LayerJson {
    /// Which one; the first is 1.
    pub(crate) number: usize,
    /// How many there are.
    pub(crate) of: usize,
    /// What made it, by the history of the image.
    pub(crate) made_by: String,
    /// Its digest in the image; null if it is not there.
    pub(crate) image: Option<String>,
    /// Its digest in the rebuilt image; null if it is not there.
    pub(crate) rebuilt: Option<String>,
    /// Whether both hold the same bytes, compressed in another way.
    pub(crate) same_files: bool,
    /// The files that are not the same.
    pub(crate) files: Vec<FileJson>,
}

/// An image that the build fetched by a tag.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct MaterialJson {
    /// Its name and tag.
    pub(crate) name: String,
    /// What the tag meant, and what was taken.
    pub(crate) digest: String,
    /// What the tag means now; null if the registry does not say.
    pub(crate) now: Option<String>,
}

impl RebuildJson {
    /// As text.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        for platform in &self.platforms {
            platform.add_to(&mut text);
        }
        for material in &self.materials {
            let MaterialJson { name, digest, now } = material;
            if let Some(now) = now.as_ref().filter(|now| *now != digest) {
                let _ = writeln!(
                    text,
                    "note: the tag {name} has moved: it was {digest}, which is taken, and is {now} now"
                );
            }
        }
        let unknown = self.materials.iter().filter(|it| it.now.is_none());
        let unknown: Vec<&str> = unknown.map(|it| it.name.as_str()).collect();
        if !unknown.is_empty() {
            let _ = writeln!(
                text,
                "note: the registry does not say whether these tags have moved: {}",
                unknown.join(", ")
            );
        }
        for note in &self.notes {
            let _ = writeln!(text, "note: {note}");
        }
        text
    }
}

impl RebuiltJson {
    fn add_to(&self, text: &mut String) {
        let Self {
            platform,
            image,
            rebuilt,
            ..
        } = self;
        let Some(difference) = &self.difference else {
            let _ = writeln!(text, "{platform}: same, {image}");
            return;
        };
        let _ = writeln!(
            text,
            "{platform}: different\n  image    {image}\n  rebuilt  {rebuilt}"
        );
        for layer in &difference.layers {
            layer.add_to(text);
        }
        for (what, fields) in [
            ("config", &difference.config),
            ("manifest", &difference.manifest),
        ] {
            if !fields.is_empty() {
                let _ = writeln!(text, "  {what}");
            }
            for field in fields.iter().take(SHOWN) {
                let _ = writeln!(text, "    {}", shown(field));
            }
            more(text, fields.len());
        }
    }
}

impl LayerJson {
    fn add_to(&self, text: &mut String) {
        let Self { number, of, .. } = self;
        let _ = write!(text, "  layer {number} of {of}");
        if !self.made_by.is_empty() {
            let _ = write!(text, " ({})", shortened(&self.made_by));
        }
        let _ = writeln!(
            text,
            "{}",
            match (&self.image, &self.rebuilt) {
                (Some(_), None) => ": only in the image",
                (None, _) => ": only in the rebuilt image",
                _ if self.same_files => ": the same files, compressed in another way",
                _ if self.files.is_empty() => ": the same files, in a tar file of another form",
                _ => "",
            }
        );
        for file in self.files.iter().take(SHOWN) {
            let what = match file.side {
                Side::Image => "only in the image".to_owned(),
                Side::Rebuilt => "only in the rebuilt image".to_owned(),
                Side::Both => {
                    let fields: Vec<String> = file.fields.iter().map(shown).collect();
                    fields.join("; ")
                }
            };
            let _ = writeln!(text, "    /{}: {what}", printable(&file.path));
        }
        more(text, self.files.len());
    }
}

fn more(text: &mut String, count: usize) {
    if count > SHOWN {
        let _ = writeln!(
            text,
            "    and {} more; --format json has all",
            count - SHOWN
        );
    }
}

fn shown(field: &FieldJson) -> String {
    let value = |value: &Option<String>| value.as_deref().map_or("nothing".to_owned(), shortened);
    format!(
        "{} {} in the image, {} in the rebuilt one",
        field.name,
        value(&field.image),
        value(&field.rebuilt)
    )
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN_VALUE) {
        Some((end, _)) => printable(&text[..end]) + "...",
        None => printable(text),
    }
}

/// A text of an image, without what a terminal would obey.
fn printable(text: &str) -> String {
    let mut printable = String::new();
    for character in text.chars() {
        if character.is_control() {
            printable.extend(character.escape_default());
        } else {
            printable.push(character);
        }
    }
    printable
}
