//! The names of the images that the binaries are of.

use std::collections::{BTreeMap, BTreeSet};

use super::fate::{Fate, Fates};
use super::repo::Repo;
use super::walked::Product;
use super::walker::Walker;

/// Names by compile.
pub(crate) struct Images {
    names: BTreeMap<usize, String>,
    /// Images whose table must name the main: name and directory.
    pub(crate) pointed: BTreeMap<String, String>,
    /// What stands behind the usual names, by compile.
    suffixes: BTreeMap<usize, String>,
}

impl Images {
    /// Gives names to the compiles whose binaries are used.
    pub(crate) fn name(walker: &Walker<'_>, fates: &Fates, repo: &Repo) -> Self {
        let mut used: BTreeSet<&usize> = BTreeSet::new();
        for sources in fates.sources.values() {
            for source in sources {
                for product in source.products() {
                    used.extend(&product.compiles);
                }
            }
        }
        for (stage, walked) in walker.walked.iter().enumerate() {
            let is_cut = fates.stages[stage] == Fate::Cut && !fates.overlaid.contains(&stage);
            let made = walked.products.values();
            let made = made.filter(|product| is_cut && product.made_in.0 == stage);
            used.extend(made.flat_map(|product| &product.compiles));
        }
        let mut images = Self {
            names: BTreeMap::new(),
            pointed: BTreeMap::new(),
            suffixes: BTreeMap::new(),
        };
        for compile in used {
            images.add(walker, *compile, repo);
        }
        images
    }

    fn add(&mut self, walker: &Walker<'_>, ix: usize, repo: &Repo) {
        let compile = &walker.compiles[ix];
        let by_arg = walker
            .renamed
            .iter()
            .find(|(_, dir)| **dir == compile.dir)
            .map(|(name, _)| name.clone());
        let by_rule = repo.image_of(&compile.dir).map(ToString::to_string);
        let fixed = compile.fixed.clone().or(by_arg);
        let mut name = fixed
            .or_else(|| by_rule.clone())
            .unwrap_or_else(|| compile.image.clone());
        let is_taken = |name: &String, images: &Self| {
            images.names.iter().any(|(other, known)| {
                let other = &walker.compiles[*other];
                known == name && (other.dir != compile.dir || other.settings != compile.settings)
            })
        };
        let usual = name.clone();
        if is_taken(&name, self) {
            let stage = walker.file.stages[compile.stage].name.clone();
            name = format!(
                "{name}-{}",
                stage.unwrap_or_else(|| compile.stage.to_string())
            );
        }
        let mut number = 2;
        while is_taken(&name, self) {
            let stem = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '-');
            name = format!("{stem}-{number}");
            number += 1;
        }
        if by_rule.as_ref() != Some(&name) {
            self.pointed.insert(name.clone(), compile.dir.clone());
        }
        if let Some(suffix) = name.strip_prefix(&usual) {
            self.suffixes.insert(ix, suffix.to_owned());
        }
        self.names.insert(ix, name);
    }

    /// The name of the image that a binary is of, with build-args as `${NAME}`.
    pub(crate) fn of(&self, product: &Product) -> String {
        match product.compiles.as_slice() {
            [compile] if product.args.is_empty() => self
                .names
                .get(compile)
                .cloned()
                .unwrap_or_else(|| product.pattern.clone()),
            // Flags of another stage make other images of the same mains.
            compiles => {
                let mut suffixes = compiles.iter().map(|compile| self.suffixes.get(compile));
                let suffix = suffixes.next().flatten();
                match suffix.filter(|_| suffixes.all(|other| other == suffix)) {
                    Some(suffix) => format!("{}{suffix}", product.pattern),
                    None => product.pattern.clone(),
                }
            }
        }
    }

    /// The compiles that are used, with the names of their images.
    pub(crate) fn used(&self) -> impl Iterator<Item = (usize, &String)> {
        self.names.iter().map(|(compile, name)| (*compile, name))
    }
}
