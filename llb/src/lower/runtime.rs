//! Images: what lies around the binary.

use super::llb::Lowering;
use crate::config::FileConfig;
use crate::ops::file::{Copy, File, Mkdir, Mkfile, Owner};
use crate::ops::{OpError, Output};
use crate::plan::Image;

/// Directory of the binary in every image: on PATH of any base.
pub const BINARY_DIR: &str = "/usr/local/bin";
/// Where the time zone database is put; ZONEINFO names it, since it is none of the places the time package tries by itself.
pub const ZONEINFO: &str = "/usr/share/zoneinfo.zip";
/// Where CA certificates are put, first of the places that crypto/x509 tries on Linux.
pub const CERTIFICATES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// Names of users and groups where there is no base image: some libraries want to know who they are.
pub(super) const PASSWD: &str = "root:x:0:0:root:/root:/sbin/nologin\nnobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin\n\
                      nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n";
pub(super) const GROUP: &str = "root:x:0:\nnobody:x:65534:\nnonroot:x:65532:\n";

impl Lowering<'_> {
    /// The file system of an image.
    ///
    /// # Errors
    /// Where a step cannot be written down.
    pub fn image(&mut self, image: &Image) -> Result<Output, OpError> {
        let link = self.step(image.link)?;
        let base = self.base(image)?;
        let files = self.extra_files(image, base);
        let binary = format!("{BINARY_DIR}/{}", image.binary);
        let copy =
            Copy::from(&link, &format!("/{}", image.binary), &binary).create_dest_path().mode(0o755).owner(Owner::ids(0, 0));
        let copy = copy.timestamp(self.options.epoch);
        Ok(File::on(&files).copy(copy).named(self.title(&format!("image {}", image.name))).output())
    }

    /// All binaries in one directory, for `--output`.
    ///
    /// # Errors
    /// Where a step cannot be written down.
    pub fn binaries(&mut self) -> Result<Output, OpError> {
        let mut all = File::on(&Output::scratch());
        for image in &self.plan.images {
            let link = self.step(image.link)?;
            let path = format!("/{}", image.binary);
            all = all.copy(Copy::from(&link, &path, &path).mode(0o755).timestamp(self.options.epoch));
        }
        Ok(all.named(self.title("binaries")).output())
    }

    /// What lies under the binary: the base image, or on scratch the few files that programs expect; in one layer that images share.
    fn base(&mut self, image: &Image) -> Result<Output, OpError> {
        let runtime = &image.runtime;
        let scratch = runtime.base.value == crate::config::SCRATCH;
        let base = if scratch { Output::scratch() } else { self.base_image(&runtime.base.value)? };
        if !scratch && !runtime.certificates && !runtime.timezones {
            return Ok(base);
        }
        let epoch = self.options.epoch;
        let resolved = self.resolve(self.plan.step(image.link).build)?;
        let mut files = File::on(&base);
        if scratch {
            files = files
                .mkdir(Mkdir::new("/tmp", 0o1777).timestamp(epoch))
                .mkdir(Mkdir::new("/etc", 0o755).timestamp(epoch))
                .mkfile(Mkfile::new("/etc/passwd", 0o644, PASSWD).timestamp(epoch))
                .mkfile(Mkfile::new("/etc/group", 0o644, GROUP).timestamp(epoch));
        }
        for (wanted, from, to) in [
            (runtime.certificates, "/runtime/ca-certificates.crt", CERTIFICATES),
            (runtime.timezones, "/runtime/zoneinfo.zip", ZONEINFO),
        ] {
            if wanted {
                let copy = Copy::from(&resolved, from, to).mode(0o644).owner(Owner::ids(0, 0)).timestamp(epoch);
                files = self.parents(files, to).copy(copy);
            }
        }
        Ok(files.named(self.title("runtime files")).output())
    }

    /// The directories that `path` lies in, open to everybody. A copy that makes them itself gives them the mode of what it copies:
    /// below a directory of mode 0644, only root finds anything.
    fn parents(&self, files: File, path: &str) -> File {
        match path.rsplit_once('/') {
            None | Some(("", _)) => files,
            Some((parent, _)) => files.mkdir(Mkdir::new(parent, 0o755).parents().timestamp(self.options.epoch)),
        }
    }

    fn base_image(&self, reference: &str) -> Result<Output, OpError> {
        self.materials.bases.get(reference).cloned().ok_or_else(|| OpError {
            step: "runtime".to_owned(),
            problem: format!("the base image {reference} was not looked up"),
        })
    }

    /// Files of the context that the configuration asks for.
    fn extra_files(&self, image: &Image, base: Output) -> Output {
        if image.runtime.files.is_empty() {
            return base;
        }
        let mut files = File::on(&base);
        for file in &image.runtime.files {
            files = self.parents(files, &file.to).copy(self.extra_file(file));
        }
        files.named(self.title(&format!("files of {}", image.name))).output()
    }

    fn extra_file(&self, file: &FileConfig) -> Copy {
        let copy = Copy::from(&self.materials.context, &format!("/{}", file.from.value.as_str()), &file.to);
        let copy =
            copy.create_dest_path().contents_only().owner(Owner::ids(file.owner.0, file.owner.1)).timestamp(self.options.epoch);
        match file.mode {
            Some(mode) => copy.mode(mode),
            None => copy,
        }
    }
}
