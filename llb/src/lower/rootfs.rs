//! What images hold around their files and binary, and where: the same in every form of output.

pub use crate::config::BINARY_DIR;
use crate::config::{DirConfig, RuntimeConfig};
use crate::ops;
use crate::plan::{Image, StepIx};

/// Where the time zone database is put. ZONEINFO names it, because Go's time package does not look
/// there by itself.
pub const ZONEINFO: &str = "/usr/share/zoneinfo.zip";
/// Where CA certificates are put, first of the places that crypto/x509 tries on Linux.
pub const CERTIFICATES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// Where the licences of modules are put, as distributions do it for packages.
pub const LICENSES_DIR: &str = "/usr/share/doc/licenses";

/// Users of an image without a base image: some libraries want to know who they are.
pub const PASSWD: &str = "root:x:0:0:root:/root:/sbin/nologin\nnobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin\n\
                          nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n";
/// Groups of an image without a base image.
pub const GROUP: &str = "root:x:0:\nnobody:x:65534:\nnonroot:x:65532:\n";

/// The files that an image wants and its base need not have, on scratch and elsewhere.
pub(super) fn surroundings(runtime: &RuntimeConfig) -> Vec<&'static str> {
    let all = [
        (runtime.certificates, CERTIFICATES),
        (runtime.timezones, ZONEINFO),
    ];
    all.into_iter()
        .filter(|(wanted, _)| *wanted)
        .map(|(_, path)| path)
        .collect()
}

/// Where an image with this runtime has its binary, which is called `name`.
pub fn binary_path(runtime: &RuntimeConfig, name: &str) -> String {
    ops::path::absolute(&runtime.binary_path(name))
}

/// Where an image with this runtime has another binary, called `other`, beside its own, which is
/// called `name`.
pub(super) fn path_beside(runtime: &RuntimeConfig, name: &str, other: &str) -> String {
    ops::path::absolute(&runtime.path_beside(name, other))
}

/// A binary in an image.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PlacedBinary {
    /// The step that links it.
    pub link: StepIx,
    /// What it is called there.
    pub file: String,
    /// Where it lies in the image.
    pub path: String,
}

/// The binaries of an image: those beside its own, then its own.
pub fn placed_binaries(image: &Image) -> Vec<PlacedBinary> {
    let mut placed = Vec::new();
    for binary in &image.binaries {
        placed.push(PlacedBinary {
            link: binary.link,
            file: binary.file.clone(),
            path: path_beside(&image.runtime, &image.binary, &binary.file),
        });
    }
    placed.push(PlacedBinary {
        link: image.link,
        file: image.binary.clone(),
        path: binary_path(&image.runtime, &image.binary),
    });
    placed
}

/// What the configuration has made in an image, with nothing but itself in it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Made<'a> {
    /// A directory.
    Dir(&'a DirConfig),
    /// A symbolic link, and what it says.
    Link(&'a str, &'a str),
}

impl<'a> Made<'a> {
    /// Directories of an image, in their order.
    pub(super) fn dirs(runtime: &'a RuntimeConfig) -> Vec<Self> {
        runtime.dirs.iter().map(Self::Dir).collect()
    }

    /// Links of an image.
    pub(super) fn links(runtime: &'a RuntimeConfig) -> Vec<Self> {
        let links = runtime.links.iter();
        links.map(|(at, says)| Self::Link(at, says)).collect()
    }

    /// Its directory, with a slash at the end, and its name.
    pub(super) fn place(self) -> (String, String) {
        let path = match self {
            Self::Dir(dir) => &dir.path,
            Self::Link(at, _) => at,
        };
        let path = ops::path::absolute(path);
        let (dir, name) = path.rsplit_once('/').unwrap_or(("", &path));
        (format!("{dir}/"), name.to_owned())
    }
}
