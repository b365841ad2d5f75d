//! The programs of a build: what its links make, and which images hold it.

use std::collections::{BTreeMap, BTreeSet};

use super::build::{Build, BuildIx};
use super::outline::{Outline, OutlineBinary};
use super::step::{Binary, Image, Link, StepIx};
use crate::config::ImageName;
use crate::packages::{self, PackageIx, PackageSet};

/// A program that a build makes.
pub(super) struct Program<'a> {
    /// Its main, or the stand-in of the tool that it is.
    pub(super) main: PackageIx,
    /// What it is made of.
    pub(super) closure: PackageSet,
    pub(super) link: Link,
    /// The images that hold it.
    pub(super) holders: BTreeSet<&'a ImageName>,
    /// What its step is called after.
    word: String,
    /// The image whose own it is, if that is one of the outline.
    image: Option<&'a ImageName>,
}

/// The link that makes a program.
pub(super) struct Made {
    build: BuildIx,
    image: Option<ImageName>,
    link: Link,
    step: StepIx,
}

/// The programs of a build: those of its images, then what any image holds in addition, each once.
pub(super) fn programs(outline: &Outline, ix: BuildIx) -> Vec<Program<'_>> {
    let build = &outline.builds[ix.0];
    let mut programs: Vec<Program<'_>> = Vec::new();
    for image in outline.images.iter().filter(|image| image.build == ix) {
        let name = &image.config.name;
        let config = &image.config;
        let flags = (config.ldflags.as_str(), config.buildvcs);
        let link = link(build, image.main, &image.binary, flags);
        let mut program = Program::new(build, image.main, link, name.to_string());
        program.image = Some(name);
        program.holders.insert(name);
        programs.push(program);
    }
    let mut words: BTreeSet<String> = programs.iter().map(|one| one.word.clone()).collect();
    for image in &outline.images {
        for binary in image.binaries.iter().filter(|binary| binary.build == ix) {
            let name = &image.config.name;
            let link = link(build, binary.main, &binary.file, binary.flags());
            if let Some(known) = programs.iter_mut().find(|known| known.link == link) {
                known.holders.insert(name);
                continue;
            }
            let package = build.packages.get(binary.main);
            let mut word = match &binary.image {
                Some(own) => own.to_string(),
                None if build.packages.is_tool(binary.main) => package.path.to_string(),
                None => package.dir.as_dir(),
            };
            while !words.insert(word.clone()) {
                word.push_str(&format!(" for {name}"));
            }
            let mut program = Program::new(build, binary.main, link, word);
            program.holders.insert(name);
            programs.push(program);
        }
    }
    programs
}

/// The link of a program, with its `-ldflags`, and whether `-buildvcs` is on. A tool is of another
/// repository, so the go command stamps it with no commit.
fn link(build: &Build, main: PackageIx, file: &str, (ldflags, buildvcs): (&str, bool)) -> Link {
    let package = &build.packages.get(main).path;
    Link {
        package: package.clone(),
        compiles: vec![package.clone()],
        binary: file.to_owned(),
        ldflags: ldflags.to_owned(),
        buildvcs: buildvcs && !build.packages.is_tool(main),
    }
}

impl OutlineBinary {
    /// The flags of its link.
    fn flags(&self) -> (&str, bool) {
        (&self.ldflags, self.buildvcs)
    }
}

impl Program<'_> {
    fn new(build: &Build, main: PackageIx, link: Link, word: String) -> Self {
        Self {
            main,
            closure: packages::closure(&build.packages, [main]),
            link,
            holders: BTreeSet::new(),
            word,
            image: None,
        }
    }

    /// The name and the title of its link.
    pub(super) fn step_names(&self) -> (String, String) {
        let word = &self.word;
        (format!("link:{word}"), format!("link {word}"))
    }

    /// That it is made by this step.
    pub(super) fn made(&self, build: BuildIx, step: StepIx) -> Made {
        Made {
            build,
            image: self.image.cloned(),
            link: self.link.clone(),
            step,
        }
    }
}

/// The images of an outline whose binaries are all made.
pub(super) fn images(outline: &Outline, made: &[Made]) -> Vec<Image> {
    let mut own_of: BTreeMap<&ImageName, &Made> = BTreeMap::new();
    let mut by_link: BTreeMap<(BuildIx, &Link), StepIx> = BTreeMap::new();
    for made in made {
        own_of.extend(made.image.iter().map(|name| (name, made)));
        by_link.entry((made.build, &made.link)).or_insert(made.step);
    }
    let mut images = Vec::new();
    for image in &outline.images {
        let name = &image.config.name;
        let Some(own) = own_of.get(name) else {
            continue;
        };
        let mut binaries = Vec::new();
        for binary in &image.binaries {
            let build = &outline.builds[binary.build.0];
            let link = link(build, binary.main, &binary.file, binary.flags());
            let step = by_link.get(&(binary.build, &link));
            binaries.extend(step.map(|&step| Binary {
                package: link.package.clone(),
                dir: build.packages.get(binary.main).dir.clone(),
                file: binary.file.clone(),
                link: step,
            }));
        }
        if binaries.len() < image.binaries.len() {
            continue;
        }
        images.push(Image {
            name: name.clone(),
            package: own.link.package.clone(),
            dir: outline.builds[image.build.0]
                .packages
                .get(image.main)
                .dir
                .clone(),
            binary: image.binary.clone(),
            link: own.step,
            binaries,
            variant_of: image.variant_of.clone(),
            runtime: image.config.runtime.clone(),
        });
    }
    images.sort_by(|a, b| a.name.cmp(&b.name));
    images
}
