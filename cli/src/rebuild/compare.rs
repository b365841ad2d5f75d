//! An image, and the one that was made from the same: what is different, from the manifest down to
//! the files.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Context as _;
use serde_json::Value;

use super::image::{Image, Layer};
use super::layer::{self, FieldJson};
use super::report::{Difference, LayerJson};
use super::store::blob;

/// An image and its double.
pub(crate) struct Sides<'a> {
    /// What was asked about.
    pub(crate) image: &'a Image,
    /// What was built now.
    pub(crate) rebuilt: &'a Image,
}

impl Sides<'_> {
    /// Whether both are one.
    pub(crate) fn are_same(&self) -> bool {
        self.image.digest == self.rebuilt.digest
    }

    /// How many layers hold other files.
    pub(crate) fn other_layers(&self) -> usize {
        let (image, rebuilt) = (&self.image.layers, &self.rebuilt.layers);
        let pairs = image.iter().zip(rebuilt);
        let other = pairs.filter(|(a, b)| a.diff_id != b.diff_id).count();
        other + image.len().abs_diff(rebuilt.len())
    }

    /// What is different. Layers are read from the layouts at these directories.
    ///
    /// # Errors
    /// If a layer cannot be read.
    pub(crate) fn differences(
        &self,
        image_layout: Option<&Path>,
        rebuilt_layout: &Path,
    ) -> anyhow::Result<Difference> {
        let mut config = Vec::new();
        unequal(
            "",
            Some(&self.image.config),
            Some(&self.rebuilt.config),
            &["rootfs"],
            &mut config,
        );
        let mut manifest = Vec::new();
        unequal(
            "",
            Some(&self.image.manifest),
            Some(&self.rebuilt.manifest),
            &["layers", "config"],
            &mut manifest,
        );
        let count = self.image.layers.len().max(self.rebuilt.layers.len());
        let mut layers = Vec::new();
        for number in 0..count {
            let pair = (
                self.image.layers.get(number),
                self.rebuilt.layers.get(number),
            );
            let layouts = (image_layout, rebuilt_layout);
            layers.extend(compared(number + 1, count, pair, layouts)?);
        }
        Ok(Difference {
            layers,
            config,
            manifest,
        })
    }
}

/// What is different in two layers at one place; `None` if nothing is.
fn compared(
    number: usize,
    of: usize,
    (image, rebuilt): (Option<&Layer>, Option<&Layer>),
    (image_layout, rebuilt_layout): (Option<&Path>, &Path),
) -> anyhow::Result<Option<LayerJson>> {
    let digest = |layer: Option<&Layer>| layer.map(|layer| layer.digest.to_string());
    if digest(image) == digest(rebuilt) {
        return Ok(None);
    }
    let made_by = image.or(rebuilt).map(|layer| layer.made_by.clone());
    let mut found = LayerJson {
        number,
        of,
        made_by: made_by.unwrap_or_default(),
        image: digest(image),
        rebuilt: digest(rebuilt),
        same_files: false,
        files: Vec::new(),
    };
    if let (Some(image), Some(rebuilt)) = (image, rebuilt) {
        if image.diff_id == rebuilt.diff_id {
            found.same_files = true;
        } else {
            let layout = image_layout.context("the layers of the image are missing")?;
            let read = |layout: &Path, layer: &Layer| {
                layer::read(&blob(layout, &layer.digest), &layer.media_type)
            };
            let (image, rebuilt) = (read(layout, image)?, read(rebuilt_layout, rebuilt)?);
            found.files = layer::differences(&image, &rebuilt);
        }
    }
    Ok(Some(found))
}

/// Adds the fields of two JSON values that are not equal, but not those at the top that `except`
/// names.
fn unequal(
    at: &str,
    image: Option<&Value>,
    rebuilt: Option<&Value>,
    except: &[&str],
    found: &mut Vec<FieldJson>,
) {
    if image == rebuilt {
        return;
    }
    let below = |name: &str| {
        if at.is_empty() {
            name.to_owned()
        } else {
            format!("{at}.{name}")
        }
    };
    match (image, rebuilt) {
        (Some(Value::Object(a)), Some(Value::Object(b))) => {
            let names: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            for name in names
                .into_iter()
                .filter(|name| !except.contains(&name.as_str()))
            {
                unequal(&below(name), a.get(name), b.get(name), &[], found);
            }
        }
        (Some(Value::Array(a)), Some(Value::Array(b))) => {
            for number in 0..a.len().max(b.len()) {
                let name = format!("{at}[{number}]");
                unequal(&name, a.get(number), b.get(number), &[], found);
            }
        }
        _ => found.push(FieldJson {
            name: at.to_owned(),
            image: image.map(Value::to_string),
            rebuilt: rebuilt.map(Value::to_string),
        }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_are_named_by_the_way_to_them() {
        let image = json!({
            "config": { "Labels": { "a": "1", "b": "2" }, "Cmd": ["x"] },
            "history": [{ "created": "1970" }],
            "rootfs": 1,
        });
        let rebuilt = json!({
            "config": { "Labels": { "a": "1", "b": "3" }, "Cmd": ["x", "y"] },
            "history": [{ "created": "1970" }],
            "os": "linux",
            "rootfs": 2,
        });
        let mut found = Vec::new();
        unequal("", Some(&image), Some(&rebuilt), &["rootfs"], &mut found);
        let field = |name: &str, image: Option<&str>, rebuilt: Option<&str>| FieldJson {
            name: name.to_owned(),
            image: image.map(ToOwned::to_owned),
            rebuilt: rebuilt.map(ToOwned::to_owned),
        };
        let expected = [
            field("config.Cmd[1]", None, Some("\"y\"")),
            field("config.Labels.b", Some("\"2\""), Some("\"3\"")),
            field("os", None, Some("\"linux\"")),
        ];
        assert_eq!(found, expected);
    }
}
