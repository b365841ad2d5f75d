//! Modules whose licences the configuration does not allow.

use std::collections::{BTreeMap, BTreeSet};

use super::linked::{LinkedModule, ModulePlace, NotResolved, linked};
use super::linking::Linking;
use super::why::{Way, why};
use crate::config::{ImageName, Licenses};
use crate::diag::Diagnostic;
use crate::plan::Image;

/// Between the ids of an expression, see [`crate::licenses::Declared::expression`].
const AND: &str = " AND ";
/// How the standard library is called.
const STD: &str = "std";

/// A module that is not allowed.
struct NotAllowed {
    /// The module and its version.
    shown: String,
    /// What it declares and what is not allowed of that; empty if nothing is known.
    ids: Vec<String>,
    /// The images that hold it.
    images: BTreeSet<ImageName>,
    /// How the first of them comes to it.
    way: Option<Way>,
}

/// The places of the modules that these images hold: where licences have to be looked for.
///
/// # Errors
/// [`NotResolved`] for one of their binaries.
pub fn license_places<'p>(
    input: Linking<'_>,
    images: impl IntoIterator<Item = &'p Image>,
) -> Result<BTreeSet<ModulePlace>, NotResolved> {
    let mut places = BTreeSet::from([ModulePlace::Std]);
    for image in images {
        for link in image.links() {
            let modules = linked(input, link)?.modules.into_values();
            places.extend(modules.filter_map(|module| module.place));
        }
    }
    Ok(places)
}

/// An error for each module of these images that declares a licence which is not allowed, or none
/// that is known. Your own modules count as allowed. `declared` has SPDX expressions.
///
/// # Errors
/// [`NotResolved`] for one of their binaries.
pub fn license_errors<'p>(
    input: Linking<'_>,
    images: impl IntoIterator<Item = &'p Image>,
    policy: &Licenses,
    declared: &BTreeMap<ModulePlace, String>,
) -> Result<Vec<Diagnostic>, NotResolved> {
    let Some(allow) = &policy.allow else {
        return Ok(Vec::new());
    };
    let allowed: BTreeSet<&str> = allow.iter().map(|id| id.value.as_str()).collect();
    let mut found: BTreeMap<String, NotAllowed> = BTreeMap::new();
    for image in images {
        for link in image.links() {
            let binary = linked(input, link)?;
            let mut held: Vec<(&str, String, Option<&ModulePlace>)> =
                vec![(STD, STD.to_owned(), Some(&ModulePlace::Std))];
            let others = binary.modules.iter().filter(|(_, module)| !is_own(module));
            held.extend(
                others.map(|(path, module)| {
                    (path.as_str(), module.shown(path), module.place.as_ref())
                }),
            );
            for (path, shown, place) in held {
                if policy.except.contains_key(path) {
                    continue;
                }
                let expression = place.and_then(|place| declared.get(place));
                let ids = match expression {
                    Some(expression) => not_allowed(expression, &allowed),
                    None => Vec::new(),
                };
                if expression.is_some() && ids.is_empty() {
                    continue;
                }
                if let Some(known) = found.get_mut(path) {
                    known.images.insert(image.name.clone());
                    continue;
                }
                let module = NotAllowed {
                    shown,
                    ids,
                    images: BTreeSet::from([image.name.clone()]),
                    way: why(input, link, path)?,
                };
                found.insert(path.to_owned(), module);
            }
        }
    }
    let at = allow.first().and_then(|id| id.span.clone());
    let errors = found.iter();
    Ok(errors
        .map(|(path, module)| module.error(path).at(at.clone()))
        .collect())
}

fn is_own(module: &LinkedModule) -> bool {
    matches!(module.place, Some(ModulePlace::Own(_)))
}

/// The ids of an expression that are not allowed. A licence with later versions allows this one.
fn not_allowed(expression: &str, allowed: &BTreeSet<&str>) -> Vec<String> {
    let is_allowed = |id: &str| {
        let later = id.strip_suffix("-only").map(|id| format!("{id}-or-later"));
        allowed.contains(id) || later.is_some_and(|later| allowed.contains(later.as_str()))
    };
    let ids = expression.split(AND).filter(|id| !is_allowed(id));
    ids.map(ToOwned::to_owned).collect()
}

impl NotAllowed {
    fn error(&self, path: &str) -> Diagnostic {
        let Self { shown, ids, .. } = self;
        let message = match ids.as_slice() {
            [] => format!("{shown} declares no licence that gowork knows"),
            [id] => format!("{shown} has the licence {id}, which is not allowed"),
            _ => format!(
                "{shown} has the licences {}, which are not allowed",
                ids.join(" and ")
            ),
        };
        let images: Vec<&str> = self.images.iter().map(ImageName::as_str).collect();
        let held = match (images.as_slice(), &self.way) {
            ([first, ..], Some(way)) => {
                let way: Vec<&str> = way.iter().map(|package| package.as_str()).collect();
                format!(
                    "it is in {}; {first} imports it by {}",
                    images.join(", "),
                    way.join(" -> ")
                )
            }
            _ => format!("it is in {}", images.join(", ")),
        };
        Diagnostic::error(message).help(format!(
            "{held}\nuse another module, allow the licence, or say under [licenses.except] why it is fine: {path:?} = \"...\""
        ))
    }
}
