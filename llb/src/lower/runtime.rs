//! Images: what lies around the binary.

use super::llb::Lowering;
use crate::config::FileConfig;
use crate::ops::file::{Copy, File, Mkdir, Owner};
use crate::ops::{Merge, OpError, Output};
use crate::plan::Image;

/// Directory of the binary in every image: on PATH of any base.
pub const BINARY_DIR: &str = "/usr/local/bin";
/// Where the time zone database is put; ZONEINFO names it, since it is none of the places the time package tries by itself.
pub const ZONEINFO: &str = "/usr/share/zoneinfo.zip";
/// Where CA certificates are put, first of the places that crypto/x509 tries on Linux.
pub const CERTIFICATES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// Users where there is no base image: some libraries want to know who they are.
pub const PASSWD: &str = "root:x:0:0:root:/root:/sbin/nologin\nnobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin\n\
                          nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n";
/// Groups where there is no base image.
pub const GROUP: &str = "root:x:0:\nnobody:x:65534:\nnonroot:x:65532:\n";

impl Lowering<'_> {
    /// The file system of an image: base, what programs expect around them, files of the configuration, binary; a layer each.
    ///
    /// Directories that a layer holds come with it, from the step that made them: BuildKit would give those it makes itself the mode of the
    /// file and the time of the build.
    ///
    /// # Errors
    /// Where a step cannot be written down.
    pub fn image(&mut self, image: &Image) -> Result<Output, OpError> {
        let link = self.step(image.link)?;
        let mut layers = self.base(image)?;
        let epoch = self.options.epoch;
        if !image.runtime.files.is_empty() {
            layers = self.over(&layers, &format!("files of {}", image.name), |mut files| {
                for file in &image.runtime.files {
                    if let Some(dir) = dest_dir(&file.to) {
                        files = files.mkdir(Mkdir::new(dir, 0o755).parents().timestamp(epoch));
                    }
                    files = files.copy(self.extra_file(file));
                }
                files
            });
        }
        let title = format!("image {}", image.name);
        Ok(self.over(&layers, &title, |files| files.copy(Copy::from(&link, "/", "/").contents_only().timestamp(epoch))))
    }

    /// All binaries in one directory, each under its image's name (on Windows with `.exe`), for `--output`. Each comes in a layer of its own where layers can be merged: those that are
    /// found in an imported cache need not be fetched to put another beside them.
    ///
    /// # Errors
    /// Where a step cannot be written down.
    pub fn binaries(&mut self) -> Result<Output, OpError> {
        let title = self.title("binaries");
        let mut copies = Vec::new();
        for image in &self.plan.images {
            let link = self.step(image.link)?;
            let from = format!("{BINARY_DIR}/{}", image.binary);
            // Images have names of their own; two of them may well have binaries of one name.
            let to = format!("/{}", self.plan.target.file_name(&image.name));
            copies.push(Copy::from(&link, &from, &to).timestamp(self.options.epoch));
        }
        let alone = |copy| File::on(&Output::scratch()).copy(copy).named(&title).output();
        if self.options.merge && copies.len() > 1 {
            return Ok(Merge::of(&copies.into_iter().map(alone).collect::<Vec<_>>()).named(title).output());
        }
        Ok(copies.into_iter().fold(File::on(&Output::scratch()), File::copy).named(title).output())
    }

    /// What lies under the binary: the base image, or on scratch the few files that programs expect; in one layer that images share.
    fn base(&self, image: &Image) -> Result<Output, OpError> {
        let runtime = &image.runtime;
        let scratch = runtime.base.value == crate::config::SCRATCH;
        let base = if scratch { Output::scratch() } else { self.base_image(&runtime.base.value)? };
        if !scratch && !runtime.certificates && !runtime.timezones {
            return Ok(base);
        }
        let parts = [
            (scratch, "etc/passwd"),
            (scratch, "etc/group"),
            (scratch, "tmp"),
            (runtime.certificates, "etc/ssl"),
            (runtime.timezones, "usr"),
            (scratch || runtime.certificates, "etc"),
        ];
        // What is not wanted is left out, instead of naming what is: directories that lead to a named file would get the time of the build.
        let unwanted = parts.into_iter().filter(|(wanted, _)| !wanted).map(|(_, path)| path);
        let resolved = self.resolve(self.plan.step(image.link).build)?;
        let copy = Copy::from(&resolved, "/rootfs", "/").contents_only().exclude(unwanted).timestamp(self.options.epoch);
        Ok(self.over(&base, "runtime files", |files| files.copy(copy)))
    }

    /// `below` with one more layer.
    fn over(&self, below: &Output, title: &str, fill: impl FnOnce(File) -> File) -> Output {
        let title = self.title(title);
        if !self.options.merge {
            return fill(File::on(below)).named(title).output();
        }
        let layer = fill(File::on(&Output::scratch())).named(&title).output();
        Merge::of(&[below.clone(), layer]).named(title).output()
    }

    fn base_image(&self, reference: &str) -> Result<Output, OpError> {
        self.materials.bases.get(reference).cloned().ok_or_else(|| OpError {
            step: "runtime".to_owned(),
            problem: format!("the base image {reference} was not looked up"),
        })
    }

    /// A file or directory of the context that the configuration asks for.
    fn extra_file(&self, file: &FileConfig) -> Copy {
        let copy = Copy::from(&self.materials.context, &format!("/{}", file.from.value.as_str()), &file.to);
        let copy = copy.contents_only().owner(Owner::ids(file.owner.0, file.owner.1)).timestamp(self.options.epoch);
        match file.mode {
            Some(mode) => copy.mode(mode),
            None => copy,
        }
    }
}

/// The directory that `to` is put into: itself if it ends in a slash, else the one above; none for the root, which is there.
fn dest_dir(to: &str) -> Option<&str> {
    to.rsplit_once('/').map(|(dir, _)| dir).filter(|dir| !dir.is_empty())
}
