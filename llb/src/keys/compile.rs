//! What compile results are made of, package by package.

use std::collections::BTreeMap;

use super::input::{KeyInput, flags, module_text};
use super::key::{Key, KeyPart};
use crate::gomod::ImportPath;
use crate::packages::PackageIx;
use crate::plan::{Build, BuildIx, ThirdParty, module_of};
use crate::tree::TreePath;

/// Digests of what the packages of one build are compiled from, each computed once: as the go
/// command keys them, sources instead of the export data of imports.
pub(super) struct Compiled<'a> {
    input: KeyInput<'a>,
    build: &'a Build,
    third_party: Option<ThirdParty<'a>>,
    /// What holds for every package.
    command: String,
    own: BTreeMap<PackageIx, String>,
    outside: BTreeMap<usize, String>,
}

impl<'a> Compiled<'a> {
    pub(super) fn new(input: KeyInput<'a>, build: BuildIx) -> Self {
        let resolution = input.resolution(build);
        let build = input.plan.build(build);
        let mut command = Key::default();
        command.insert(KeyPart::Builder, &input.plan.builder.image);
        command.insert(KeyPart::Toolchain, &input.plan.toolchain);
        command.insert(
            KeyPart::Go,
            resolution
                .map(|resolution| resolution.go_version.as_str())
                .unwrap_or_default(),
        );
        for (name, value) in &build.settings.env {
            command.insert(KeyPart::Env(name.clone()), value);
        }
        flags(&build.settings.package_flags(), &mut command);
        if let Some(profile) = &build.settings.profile {
            command.insert(
                KeyPart::File(profile.clone()),
                input.contents.get(profile).unwrap_or_default(),
            );
        }
        let third_party = resolution.map(ThirdParty::new);
        Self {
            input,
            build,
            third_party,
            command: command.digest(),
            own: BTreeMap::new(),
            outside: BTreeMap::new(),
        }
    }

    /// What the results of these packages are made of; `None` without a resolution, because then it
    /// is not known what is outside.
    pub(super) fn digest(&mut self, packages: &[ImportPath]) -> Option<String> {
        self.third_party.as_ref()?;
        let mut all = Key::default();
        for path in packages {
            let digest = self.package(path);
            all.insert(KeyPart::Package(path.clone()), digest);
        }
        Some(all.digest())
    }

    fn package(&mut self, path: &str) -> String {
        if let Some(ix) = self.build.packages.find(path) {
            return self.own(ix);
        }
        match self
            .third_party
            .as_ref()
            .and_then(|third_party| third_party.find(path))
        {
            Some(ix) => self.outside(ix),
            // Of std nothing is known but its name, and the builder.
            None => self.command.clone(),
        }
    }

    fn own(&mut self, ix: PackageIx) -> String {
        if let Some(known) = self.own.get(&ix) {
            return known.clone();
        }
        // Packages that import each other in a circle do not build, but must end here.
        self.own.insert(ix, String::new());
        let package = self.build.packages.get(ix);
        let mut made = Key::default();
        made.insert(KeyPart::Kind, &self.command);
        if let Some(module) = module_of(self.build, package) {
            let go = module.go.as_deref().unwrap_or_default();
            let resolution = self.third_party.as_ref().map(ThirdParty::resolution);
            let version = resolution
                .and_then(|resolution| resolution.replaced.get(&module.path))
                .filter(|_| !module.main);
            let version = version.map(String::as_str).unwrap_or_default();
            made.insert(
                KeyPart::Own(module.path.clone()),
                format!("{go} {} {version}", module.main),
            );
        }
        for path in &package.files {
            made.insert(
                KeyPart::File(path.clone()),
                self.input.contents.get(path).unwrap_or_default(),
            );
        }
        for import in &package.imports {
            let digest = match import.package {
                Some(ix) => self.own(ix),
                None => self.package(&import.path),
            };
            made.insert(KeyPart::Package(import.path.clone()), digest);
        }
        let digest = made.digest();
        self.own.insert(ix, digest.clone());
        digest
    }

    fn outside(&mut self, ix: usize) -> String {
        if let Some(known) = self.outside.get(&ix) {
            return known.clone();
        }
        self.outside.insert(ix, String::new());
        let Some(package) = self
            .third_party
            .as_ref()
            .map(|third_party| third_party.get(ix))
        else {
            return String::new();
        };
        let mut made = Key::default();
        made.insert(KeyPart::Kind, &self.command);
        if let Some(module) = self
            .third_party
            .as_ref()
            .and_then(|third_party| third_party.module(package))
        {
            made.insert(
                KeyPart::Module(module.path.clone()),
                format!("{} {}", module_text(module), module.go),
            );
        }
        for path in package.files.iter().filter(|_| !package.dir.is_empty()) {
            let path = TreePath::new(&package.dir)
                .and_then(|dir| dir.join(path))
                .unwrap_or_default();
            made.insert(
                KeyPart::File(path.clone()),
                self.input.contents.get(&path).unwrap_or_default(),
            );
        }
        for path in &package.imports {
            let digest = self.package(path);
            made.insert(KeyPart::Package(path.clone()), digest);
        }
        let digest = made.digest();
        self.outside.insert(ix, digest.clone());
        digest
    }
}
