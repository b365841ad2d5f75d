//! Images: what lies around the binary.

use std::collections::BTreeSet;

use super::Lowering;
use super::layers::{Layer, is_scratch};
use super::progress::weak;
use crate::config::{FileConfig, ImageName, RuntimeConfig};
use crate::lower::accounts::{Accounts, GROUP_FILE, PASSWD_FILE};
use crate::lower::rootfs::{BINARY_DIR, LICENSES_DIR, Made, PlacedBinary, surroundings};
use crate::ops::file::{Copy, File, Mkdir, Mkfile, Owner, Symlink};
use crate::ops::{Merge, OpError, Output};
use crate::plan::Image;

/// Where the resolve step's answer has the files that images take from it, as they lie in an image
/// from scratch.
const ROOT_FILES: &str = "/rootfs";
/// A directory of the resolve step's answer with nothing in it.
const EMPTY_DIR: &str = "/rootfs/tmp";

impl Lowering<'_> {
    /// The file system of an image: base, what programs expect around them, files of the
    /// configuration, and each binary; a layer each.
    ///
    /// On scratch a layer's bytes depend on nothing below it. A base image is left as it is: each
    /// file goes to where the links of the base lead, as with COPY of a Dockerfile, so what a layer
    /// holds depends on what is below.
    ///
    /// # Errors
    /// Where a step cannot be written down.
    pub fn image(&mut self, image: &Image) -> Result<Output, OpError> {
        let resolved = self.resolve(self.plan.step(image.link).build)?;
        let mut below = match is_scratch(image) {
            true => Output::scratch(),
            false => self.base(&image.runtime)?,
        };
        for layer in Layer::of(image) {
            let title = layer.title(image);
            let row = self.group(&title, &title);
            let binary = match &layer {
                Layer::Binary(binary) => Some((binary, self.step(binary.link)?)),
                Layer::Surroundings | Layer::Licenses | Layer::Files => None,
            };
            let put = |files: File| match (&layer, &binary) {
                (_, Some((binary, link))) => {
                    Ok(self.put_binary(files, image, (*binary, link), &resolved))
                }
                (Layer::Licenses, None) => self.put_licenses(files, image, &resolved),
                (Layer::Files, None) => self.put_files(files, image, &resolved),
                (_, None) => Ok(self.put_surroundings(files, image, &resolved)),
            };
            below = if is_scratch(image) {
                self.on_scratch(&below, &title, put)?
            } else {
                let files = put(File::on(&below))?;
                files.named(self.title(&title)).progress_group(row).output()
            };
        }
        Ok(below)
    }

    /// The binaries of `images`, or of all images but variants, in one directory, each under its
    /// image's name (on Windows with `.exe`). Each comes in a layer of its own where layers can be
    /// merged: those that are found in an imported cache need not be fetched to put another beside
    /// them.
    ///
    /// # Errors
    /// Where a step cannot be written down.
    pub fn binaries(&mut self, images: Option<&[ImageName]>) -> Result<Output, OpError> {
        let (title, row) = (self.title("binaries"), self.group("binaries", "binaries"));
        let mut copies = Vec::new();
        let wanted = self.plan.images.iter().filter(|image| match images {
            Some(names) => names.contains(&image.name),
            None => image.variant_of.is_none(),
        });
        for image in wanted {
            let link = self.step(image.link)?;
            let from = format!("{BINARY_DIR}/{}", image.binary);
            // Images have names of their own; two of them may well have binaries of one name.
            let to = format!("/{}", self.plan.target.file_name(&image.name));
            let name = format!("[internal] layer of the binary {}", image.name);
            copies.push((self.copy_of(&link, &from, &to), self.title(&name)));
        }
        let layer = |(copy, name)| {
            File::on(&Output::scratch())
                .copy(copy)
                .named(name)
                .progress_group(weak(row.clone()))
                .output()
        };
        if self.options.merge && copies.len() > 1 {
            let layers: Vec<Output> = copies.into_iter().map(layer).collect();
            return Ok(Merge::of(&layers).named(title).progress_group(row).output());
        }
        let copies = copies.into_iter().map(|(copy, _)| copy);
        Ok(copies
            .fold(File::on(&Output::scratch()), File::copy)
            .named(title)
            .progress_group(row)
            .output())
    }

    /// `below`, which is nothing but layers of ours, with one more.
    ///
    /// Directories that a layer holds come with it, from the step that made them: BuildKit would
    /// give those it makes itself the mode of the file and the time of the build.
    fn on_scratch(
        &self,
        below: &Output,
        title: &str,
        fill: impl FnOnce(File) -> Result<File, OpError>,
    ) -> Result<Output, OpError> {
        let row = self.group(title, title);
        let name = self.title(title);
        if !self.options.merge || below.is_scratch() {
            let files = fill(File::on(below))?;
            return Ok(files.named(name).progress_group(row).output());
        }
        let layer_name = self.title(&format!("[internal] layer of {title}"));
        let layer = fill(File::on(&Output::scratch()))?
            .named(layer_name)
            .progress_group(weak(row.clone()))
            .output();
        let merged = Merge::of(&[below.clone(), layer]);
        Ok(merged.named(name).progress_group(row).output())
    }

    /// The few files that programs expect, on scratch.
    fn root_files(&self, image: &Image, resolved: &Output) -> Copy {
        let unwanted = [
            (image.runtime.certificates, "etc/ssl"),
            (image.runtime.timezones, "usr"),
        ];
        // What is not wanted is left out, instead of naming what is: directories that lead to a
        // named file would get the time of the build.
        let unwanted = unwanted
            .into_iter()
            .filter(|(wanted, _)| !wanted)
            .map(|(_, path)| path);
        self.copy_of(resolved, ROOT_FILES, "/")
            .contents_only()
            .exclude(unwanted)
    }

    /// The files that programs expect, and a base image need not have.
    fn put_surroundings(&self, mut files: File, image: &Image, resolved: &Output) -> File {
        if is_scratch(image) {
            return files.copy(self.root_files(image, resolved));
        }
        let paths = surroundings(&image.runtime);
        for path in &paths {
            files = files.copy(
                self.copy_of(resolved, &format!("{ROOT_FILES}{path}"), path)
                    .create_dest_path(),
            );
        }
        self.settle(files, resolved, paths)
    }

    /// Says what an image has in [`LICENSES_DIR`]: `output` has it at that path. An image with
    /// `licenses = true` cannot be lowered without.
    pub fn collect_licenses(&mut self, image: ImageName, output: Output) {
        self.licenses.insert(image, output);
    }

    /// The licences of the modules in its binaries.
    fn put_licenses(&self, files: File, image: &Image, resolved: &Output) -> Result<File, OpError> {
        let collected = self.licenses.get(&image.name);
        let collected = found(collected, &format!("licences of {}", image.name))?;
        if is_scratch(image) {
            return Ok(files.copy(self.copy_of(&collected, "/", "/").contents_only()));
        }
        let copy = self.copy_of(&collected, LICENSES_DIR, LICENSES_DIR);
        let files = files.copy(copy.contents_only().create_dest_path());
        Ok(self.settle(files, resolved, [LICENSES_DIR]))
    }

    /// A binary. A link makes the directories of the default place, too.
    fn put_binary(
        &self,
        files: File,
        image: &Image,
        (binary, link): (&PlacedBinary, &Output),
        resolved: &Output,
    ) -> File {
        let path = &binary.path;
        let from = format!("{BINARY_DIR}/{}", binary.file);
        if !is_scratch(image) {
            let copy = self.copy_of(link, &from, path).create_dest_path();
            return self.settle(files.copy(copy), resolved, [path.as_str()]);
        }
        if *path == from {
            return files.copy(self.copy_of(link, "/", "/").contents_only());
        }
        let files = self.make_dir_of(files, path);
        let files = files.copy(self.copy_of(link, &from, path));
        self.settle(files, resolved, [path.as_str()])
    }

    /// The directory that `to` is put into, if it is not there.
    fn make_dir_of(&self, files: File, to: &str) -> File {
        match dest_dir(to) {
            Some(dir) => files.mkdir(
                Mkdir::new(dir, 0o755)
                    .parents()
                    .timestamp(self.options.epoch),
            ),
            None => files,
        }
    }

    /// Directories or links, each made by itself and then laid over what is below, as COPY lays a
    /// directory.
    fn put_made(
        &self,
        mut files: File,
        image: &Image,
        all: &[Made<'_>],
        resolved: &Output,
    ) -> File {
        if all.is_empty() {
            return files;
        }
        let (epoch, empty) = (self.options.epoch, Output::scratch());
        let mut made = File::on(&empty);
        let mut copies = Vec::new();
        for (number, one) in all.iter().enumerate() {
            let (dir, name) = one.place();
            let own = format!("/{number}");
            let path = format!("{own}/{name}");
            made = made.mkdir(Mkdir::new(&own, 0o755).timestamp(epoch));
            made = match one {
                Made::Dir(dir) => {
                    let owner = Owner::ids(dir.owner.0, dir.owner.1);
                    let copy = self.copy_of(resolved, EMPTY_DIR, &path);
                    made.copy(copy.owner(owner).mode(dir.mode))
                }
                Made::Link(_, says) => made.symlink(Symlink::new(*says, &path).timestamp(epoch)),
            };
            copies.push((own, dir));
        }
        let name = format!("[internal] directories and links of {}", image.name);
        let made = made.named(self.title(&name)).output();
        let places: Vec<String> = copies.iter().map(|(_, dir)| dir.clone()).collect();
        for (own, dir) in copies {
            if is_scratch(image) {
                files = self.make_dir_of(files, &dir);
            }
            let copy = self.copy_of(&made, &own, &dir).contents_only();
            files = files.copy(copy.create_dest_path());
        }
        self.settle(files, resolved, places.iter().map(String::as_str))
    }

    /// The files with the users and groups of the base, and those that are added.
    fn put_accounts(
        &self,
        mut files: File,
        image: &Image,
        resolved: &Output,
    ) -> Result<File, OpError> {
        let base = &image.runtime.base.value;
        let known = match is_scratch(image) {
            true => Accounts::of_scratch(),
            false => found(self.inputs.accounts.get(base), &format!("users of {base}"))?,
        };
        let made = known.with(&image.runtime).map_err(|error| OpError {
            step: format!("users of {}", image.name),
            problem: error.message,
        })?;
        let all = [(PASSWD_FILE, made.passwd), (GROUP_FILE, made.group)];
        for (path, text) in all {
            files = self.make_dir_of(files, path);
            let file = Mkfile::new(path, 0o644, text).timestamp(self.options.epoch);
            files = files.mkfile(file);
        }
        Ok(self.settle(files, resolved, [PASSWD_FILE, GROUP_FILE]))
    }

    /// Users, files, directories and links that the configuration asks for.
    fn put_files(
        &self,
        mut files: File,
        image: &Image,
        resolved: &Output,
    ) -> Result<File, OpError> {
        let scratch = is_scratch(image);
        if !image.runtime.users.is_empty() {
            files = self.put_accounts(files, image, resolved)?;
        }
        files = self.put_made(files, image, &Made::dirs(&image.runtime), resolved);
        for file in &image.runtime.files {
            let mut copy = self.extra_file(file)?;
            if !scratch {
                copy = copy.create_dest_path();
            } else {
                files = self.make_dir_of(files, &file.to);
            }
            files = files.copy(copy);
        }
        let paths = image.runtime.files.iter().map(|file| file.to.as_str());
        let files = self.settle(files, resolved, paths);
        Ok(self.put_made(files, image, &Made::links(&image.runtime), resolved))
    }

    /// Gives the directories on the way to `paths` their time: the kernel gave them that of the
    /// build when something was put into them. A copy of an empty directory over one that is there
    /// changes its time, and neither its mode nor its owner.
    ///
    /// Which directory a link in the last place leads to, or one to what is not there yet, is not
    /// known here: BuildKit sees to those that it makes.
    fn settle<'p>(
        &self,
        mut files: File,
        resolved: &Output,
        paths: impl IntoIterator<Item = &'p str>,
    ) -> File {
        let dirs: BTreeSet<&str> = paths.into_iter().flat_map(dirs_above).collect();
        for dir in dirs {
            files = files.copy(self.copy_of(resolved, EMPTY_DIR, dir).contents_only());
        }
        files
    }

    /// A copy whose times are those of the build's options.
    fn copy_of(&self, from: &Output, path: &str, to: &str) -> Copy {
        Copy::from(from, path, to).timestamp(self.options.epoch)
    }

    /// The image or stage that an image is built upon.
    fn base(&self, runtime: &RuntimeConfig) -> Result<Output, OpError> {
        found(self.inputs.base(runtime), &runtime.base.value)
    }

    fn stage(&self, name: &str) -> Result<Output, OpError> {
        found(self.inputs.stages.get(name), name)
    }

    /// A file or directory that the configuration asks for; of a link what it leads to, as with
    /// COPY. A pattern must match something.
    fn extra_file(&self, file: &FileConfig) -> Result<Copy, OpError> {
        let from = match file.from.stage() {
            Some(name) => self.stage(name)?,
            None => self.inputs.context.clone(),
        };
        let path = format!("/{}", file.from.path().as_str());
        let mut copy = self
            .copy_of(&from, &path, &file.to)
            .contents_only()
            .follow_symlinks()
            .owner(Owner::ids(file.owner.0, file.owner.1));
        if file.from.is_pattern() {
            copy = copy.wildcard(false);
        }
        Ok(match file.mode {
            Some(mode) => copy.mode(mode),
            None => copy,
        })
    }
}

/// What was looked up under a name.
fn found<T: Clone>(known: Option<&T>, name: &str) -> Result<T, OpError> {
    known.cloned().ok_or_else(|| OpError {
        step: "runtime".to_owned(),
        problem: format!("{name} was not looked up"),
    })
}

/// The directory that `to` is put into: itself if it ends in a slash, else the one above; none for
/// the root, which is there.
fn dest_dir(to: &str) -> Option<&str> {
    to.rsplit_once('/')
        .map(|(dir, _)| dir)
        .filter(|dir| !dir.is_empty())
}

/// The directories that an absolute path lies in, but for the root.
fn dirs_above(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/')
        .map(|(at, _)| &path[..at])
        .filter(|dir| !dir.is_empty())
}
