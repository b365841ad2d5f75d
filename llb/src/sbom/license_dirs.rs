//! The directories that an image has with licences, if it has them: one for each module.

use std::collections::BTreeMap;

use super::linked::{LinkedModule, ModulePlace, NotResolved, Replacement, linked};
use super::linking::Linking;
use crate::plan::Image;

/// Below [`LICENSES_DIR`](crate::lower::LICENSES_DIR), the directory of each module that the
/// binaries of an image hold, and where the module lies: `example.com/text@v1.2.3`,
/// `std@go1.26.8`. What comes from a directory has no version: `example.com/shop@devel`.
///
/// # Errors
/// [`NotResolved`] for one of its binaries.
pub fn license_dirs(
    input: Linking<'_>,
    image: &Image,
) -> Result<BTreeMap<String, ModulePlace>, NotResolved> {
    let mut dirs = BTreeMap::new();
    for link in image.links() {
        let binary = linked(input, link)?;
        dirs.insert(format!("std@{}", binary.go_version), ModulePlace::Std);
        for (path, module) in binary.modules {
            let dir = name(&path, &module);
            dirs.extend(module.place.map(|place| (dir, place)));
        }
    }
    Ok(dirs)
}

fn name(path: &str, module: &LinkedModule) -> String {
    if let Some(ModulePlace::Own(_)) = module.place {
        return format!("{path}@devel");
    }
    match (&module.replaced_by, &module.version) {
        (Some(Replacement::Version(by, _)), _) => by.to_string(),
        (None, Some(version)) => format!("{path}@{version}"),
        _ => format!("{path}@devel"),
    }
}
