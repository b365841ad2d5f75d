//! Where a module cache has third-party packages.

use crate::gomod::path::{escape_path, escape_version};
use crate::resolution::{Resolution, ResolvedModule, ResolvedPackage};

/// The directory of a third-party package, relative to the module cache. None if it is in none: of
/// a package of std or of the repository.
pub fn package_dir(resolution: &Resolution, package: &ResolvedPackage) -> Option<String> {
    let module = resolution.modules.get(package.module?)?;
    package
        .dir
        .is_empty()
        .then(|| place(module, &package.path))?
}

/// The directory of a module version with what has, or would have, this import path.
pub(super) fn place(module: &ResolvedModule, import_path: &str) -> Option<String> {
    let below = import_path
        .strip_prefix(&module.path)
        .filter(|below| below.is_empty() || below.starts_with('/'))?;
    let (path, version) = match module.replaced_by.as_str() {
        "" => (module.path.as_str(), module.version.as_str()),
        // A directory has no version.
        other => other.split_once('@')?,
    };
    Some(format!(
        "{}@{}{below}",
        escape_path(path).ok()?,
        escape_version(version).ok()?
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_lie_in_their_modules_directories() {
        let module = |path: &str, version: &str, replaced_by: &str| ResolvedModule {
            path: path.to_owned(),
            version: version.to_owned(),
            replaced_by: replaced_by.to_owned(),
            go: String::new(),
            sum: String::new(),
        };
        let toml = module("github.com/BurntSushi/toml", "v1.0.0-RC1", "");
        assert_eq!(
            place(&toml, "github.com/BurntSushi/toml").unwrap(),
            "github.com/!burnt!sushi/toml@v1.0.0-!r!c1"
        );
        assert_eq!(
            place(&toml, "github.com/BurntSushi/toml/Sub/x").unwrap(),
            "github.com/!burnt!sushi/toml@v1.0.0-!r!c1/Sub/x"
        );
        assert_eq!(place(&toml, "github.com/BurntSushi/tomlx"), None);
        let fork = module("example.com/a", "v1.0.0", "example.com/fork/v2@v2.1.0");
        assert_eq!(
            place(&fork, "example.com/a/b").unwrap(),
            "example.com/fork/v2@v2.1.0/b"
        );
        assert_eq!(
            place(&module("example.com/a", "", "libs/a"), "example.com/a"),
            None
        );
    }
}
