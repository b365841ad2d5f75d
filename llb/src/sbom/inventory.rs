//! The parts of an image, each once: what both formats list.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::contents::PlacedBinary;
use super::document_id::{hex, short_hash};
use super::linked::{LinkedBinary, LinkedModule, Replacement};
use super::purl;
use crate::gomod::{ImportPath, ModulePath};

/// The version that the go command writes for a module of the work tree.
const DEVEL: &str = "(devel)";

/// The module that scanners take the standard library for.
const STDLIB: &str = "stdlib";

/// The parts of an image.
#[derive(Debug, Default)]
pub(super) struct Inventory {
    /// By their ids.
    pub(super) components: BTreeMap<String, Component>,
    /// The binaries, in their order.
    pub(super) binaries: Vec<BinaryParts>,
}

/// A module, or the standard library of one version of Go.
#[derive(Debug)]
pub(super) struct Component {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) purl: String,
    /// How the database of the NVD names it.
    pub(super) cpe: Option<String>,
    /// The `h1:` sum.
    pub(super) sum: Option<String>,
    /// What it stands in for.
    pub(super) replaces: Option<String>,
    /// The licences that it declares, as an SPDX expression.
    pub(super) license: Option<String>,
    /// The packages that are linked.
    pub(super) packages: BTreeSet<ImportPath>,
    /// Ids of the components that these import from.
    pub(super) depends_on: BTreeSet<String>,
}

/// What one binary is made of.
#[derive(Debug)]
pub(super) struct BinaryParts {
    pub(super) id: String,
    pub(super) path: String,
    /// Import path of the main.
    pub(super) package: ImportPath,
    pub(super) go_version: String,
    /// The id of the main's module.
    pub(super) main: String,
    /// Ids of all its components.
    pub(super) components: BTreeSet<String>,
}

impl Inventory {
    pub(super) fn new(binaries: &[PlacedBinary]) -> Self {
        let mut inventory = Self::default();
        for binary in binaries {
            inventory.add(binary);
        }
        inventory
    }

    fn add(&mut self, binary: &PlacedBinary) {
        let linked = &binary.linked;
        let mut ids: BTreeMap<&ModulePath, String> = BTreeMap::new();
        for (path, module) in &linked.modules {
            ids.insert(path, module_id(path, module));
        }
        let std = self.add_std(linked);
        for (path, module) in &linked.modules {
            let known = self.components.entry(ids[path].clone());
            let component = known.or_insert_with(|| Component::of_module(path, module));
            component.packages.extend(module.packages.iter().cloned());
            let imports = module.imports.iter().filter_map(|path| ids.get(path));
            component.depends_on.extend(imports.cloned());
        }
        let mut components: BTreeSet<String> = ids.values().cloned().collect();
        components.insert(std);
        self.binaries.push(BinaryParts {
            id: format!("Binary-{}", id_of(&binary.path, &binary.path)),
            path: binary.path.clone(),
            package: linked.package.clone(),
            go_version: linked.go_version.clone(),
            main: ids.get(&linked.main).cloned().unwrap_or_default(),
            components,
        });
    }

    /// The standard library of a binary. Its id.
    fn add_std(&mut self, linked: &LinkedBinary) -> String {
        // What experiments were on stands after a space.
        let word = linked.go_version.split(' ').next().unwrap_or_default();
        let version = word.strip_prefix("go").unwrap_or(word);
        let id = format!("Go-{}", id_of(&linked.go_version, &linked.go_version));
        let component = self
            .components
            .entry(id.clone())
            .or_insert_with(|| Component {
                name: STDLIB.to_owned(),
                version: version.to_owned(),
                purl: purl::module(STDLIB, Some(version)),
                cpe: Some(format!("cpe:2.3:a:golang:go:{version}:-:*:*:*:*:*:*")),
                sum: None,
                replaces: None,
                license: linked.std_license.clone(),
                packages: BTreeSet::new(),
                depends_on: BTreeSet::new(),
            });
        component.packages.extend(linked.std.iter().cloned());
        id
    }
}

impl Component {
    fn of_module(path: &ModulePath, module: &LinkedModule) -> Self {
        let chosen = module.version.as_deref();
        let named = match chosen {
            Some(version) => format!("{path} {version}"),
            None => path.to_string(),
        };
        let (name, version, sum, replaces) = match &module.replaced_by {
            None => (path.as_str(), chosen, &module.sum, None),
            Some(Replacement::Version(by, sum)) => (
                by.path.as_str(),
                Some(by.version.as_str()),
                sum,
                Some(named),
            ),
            Some(Replacement::Directory(dir)) => {
                let words = format!("{named} by the directory {dir}");
                (path.as_str(), None, &None, Some(words))
            }
        };
        Self {
            name: name.to_owned(),
            version: version.unwrap_or(DEVEL).to_owned(),
            purl: purl::module(name, version),
            cpe: None,
            sum: sum.clone(),
            replaces,
            license: module.license.clone(),
            packages: BTreeSet::new(),
            depends_on: BTreeSet::new(),
        }
    }

    /// The `h1:` sum as the SHA-256 that it is: of the list of files and their hashes, as `dirhash`
    /// of golang.org/x/mod makes it.
    pub(super) fn sha256(&self) -> Option<String> {
        let digits = self.sum.as_deref()?.strip_prefix("h1:")?;
        let bytes = BASE64_STANDARD.decode(digits).ok()?;
        (bytes.len() == 32).then(|| hex(&bytes))
    }

    /// What it stands in for, in words.
    pub(super) fn replacement(&self) -> Option<String> {
        let replaces = self.replaces.as_ref()?;
        Some(format!("replaces {replaces}"))
    }

    /// The packages that are linked, one a space.
    pub(super) fn package_list(&self) -> String {
        let packages: Vec<&str> = self.packages.iter().map(|path| path.as_str()).collect();
        packages.join(" ")
    }
}

/// The id of a module: the same in every document that has it.
fn module_id(path: &ModulePath, module: &LinkedModule) -> String {
    let version = module.version.as_deref().unwrap_or(DEVEL);
    let by = match &module.replaced_by {
        None => String::new(),
        Some(Replacement::Version(by, _)) => by.to_string(),
        Some(Replacement::Directory(dir)) => dir.clone(),
    };
    format!("Module-{}", id_of(path, &format!("{path} {version} {by}")))
}

/// `words` in the letters that SPDX allows in an id, made unique by a hash of `whole`.
fn id_of(words: &str, whole: &str) -> String {
    let mut id = String::new();
    for letter in words.trim_matches('/').chars() {
        let is_allowed = letter.is_ascii_alphanumeric() || ".-".contains(letter);
        id.push(if is_allowed { letter } else { '-' });
    }
    format!("{id}-{}", short_hash(whole))
}
