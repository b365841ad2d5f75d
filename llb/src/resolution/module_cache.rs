//! Where a module cache has module versions and third-party packages (cmd/go/internal/modfetch,
//! cache.go). All paths are relative to the module cache.

use super::{ModuleVersion, Resolution, ResolvedModule, ResolvedPackage};
use crate::gomod::path::{InvalidPath, below, escape_path, escape_version};

/// The directory with the files of a module version: `github.com/!burnt!sushi/toml@v1.4.0`.
///
/// # Errors
/// If the module path or the version is not valid.
pub fn module_dir(module: &ModuleVersion) -> Result<String, InvalidPath> {
    let (path, version) = escaped(module)?;
    Ok(format!("{path}@{version}"))
}

/// A file that was downloaded for a module version: `cache/download/PATH/@v/VERSION.SUFFIX`. The
/// suffix is `mod`, `info`, `zip` or `ziphash`.
///
/// # Errors
/// If the module path or the version is not valid.
pub fn download_file(module: &ModuleVersion, suffix: &str) -> Result<String, InvalidPath> {
    let (path, version) = escaped(module)?;
    Ok(format!("cache/download/{path}/@v/{version}.{suffix}"))
}

fn escaped(module: &ModuleVersion) -> Result<(String, String), InvalidPath> {
    Ok((escape_path(&module.path)?, escape_version(&module.version)?))
}

/// The directory of a third-party package. `None` if the module cache does not have it: packages of
/// std and of the repository.
pub fn package_dir(resolution: &Resolution, package: &ResolvedPackage) -> Option<String> {
    let module = resolution.modules.get(package.module?)?;
    if package.dir.is_empty() {
        place(module, &package.path)
    } else {
        None
    }
}

/// The directory of a module version with what has, or would have, this import path.
pub(crate) fn place(module: &ResolvedModule, import_path: &str) -> Option<String> {
    let below = below(&module.path, import_path)?;
    let version = match module.replaced_by.as_str() {
        "" => ModuleVersion::new(module.path.as_str(), &module.version),
        // A directory has no version.
        other => {
            let (path, version) = other.split_once('@')?;
            ModuleVersion::new(path, version)
        }
    };
    Some(module_dir(&version).ok()? + below)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_of_a_version() {
        let version = ModuleVersion::parse("github.com/BurntSushi/toml@v1.0.0-RC1");
        assert_eq!(
            module_dir(&version).unwrap(),
            "github.com/!burnt!sushi/toml@v1.0.0-!r!c1"
        );
        assert_eq!(
            download_file(&version, "mod").unwrap(),
            "cache/download/github.com/!burnt!sushi/toml/@v/v1.0.0-!r!c1.mod"
        );
        assert!(module_dir(&ModuleVersion::parse("../x.com/a@v1.0.0")).is_err());
    }

    #[test]
    fn packages_lie_in_their_modules_directories() {
        let module = |path: &str, version: &str, replaced_by: &str| ResolvedModule {
            path: crate::gomod::ModulePath::new(path),
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
