//! The configuration as written: every key, each optional, each with its place. Their doc comments
//! are the schema's texts.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::Spanned;
use super::image_name::ImageName;
use crate::diag::Span;

/// The whole configuration: the body of the Dockerfile, or `gowork.toml`. Every key is optional; an
/// empty text is fine.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(deny_unknown_fields))]
pub struct Config {
    /// Main packages that make no images, as Go patterns: `./tools/...`, or import paths.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub skip: Vec<Spanned<String>>,
    /// Directories of the go.work and go.mod files to build from. Default: the go.work at the root;
    /// without it every go.work and module.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub roots: Option<Vec<Spanned<String>>>,
    /// Where compile results are kept: `"layer"`, in layers, which travel with a registry cache;
    /// `"mount"`, in a cache mount of the builder; `"both"`. Default `"both"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache: Option<Spanned<String>>,
    /// What `gowork check`, `--check` and builds warn of.
    pub check: Checks,
    /// Which licences the modules of images may declare.
    pub licenses: Licenses,
    /// Stages that are no part of a Dockerfile, `[stages.NAME]`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub stages: BTreeMap<String, Stage>,
    /// Directories that are laid over the repository before it is read, one after the other.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub overlay: Vec<Overlay>,
    /// The Go toolchain, and how all images are compiled.
    pub go: Go,
    /// Where Go modules come from.
    pub modules: Modules,
    /// What the images hold in addition to the binary, and how they run.
    pub runtime: Runtime,
    /// One table an image, `[images.NAME]`, with what differs from `[go]` and `[runtime]`. Images
    /// need no table: every main package is an image, named as its binary or by its directories.
    #[cfg_attr(feature = "schema", schemars(with = "BTreeMap<String, Image>"))]
    pub images: BTreeMap<ImageName, Image>,
    /// File names of the tools that the stages of a Dockerfile take: no key, but what the frontend
    /// finds in the stages.
    #[serde(skip)]
    pub tools: BTreeSet<String>,
}

/// `[check]`: what `gowork check`, `--check` and builds warn of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(deny_unknown_fields))]
pub struct Checks {
    /// Rules that are switched off: `["VersionSkew"]`. Each has a section in docs/checks.md.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skip: Option<Vec<Spanned<String>>>,
}

/// `[licenses]`: which licences the modules of images may declare. Without `allow`, any.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(deny_unknown_fields))]
pub struct Licenses {
    /// SPDX ids: `["Apache-2.0", "BSD-3-Clause", "MIT"]`. A module with another licence, or with
    /// none that is known, is an error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow: Option<Vec<Spanned<String>>>,
    /// Modules that somebody has judged, each with the reason why it may be in images.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub except: BTreeMap<String, Spanned<String>>,
}

/// `[stages.NAME]`: what Docker builds for images, for overlays, or for the builder.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(deny_unknown_fields))]
pub struct Stage {
    /// Where the table stands.
    #[serde(skip)]
    pub at: Option<Span>,
    /// An ordinary Dockerfile: its path, from the directory of this file; or, in several lines, its
    /// text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dockerfile: Option<Spanned<String>>,
    /// The stage of that Dockerfile. Default: the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<Spanned<String>>,
    /// Build-args for that Dockerfile, in addition to those of the build.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub args: BTreeMap<String, Spanned<String>>,
    /// An image, in place of a Dockerfile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<Spanned<String>>,
}

/// One of `[[overlay]]`: a directory that a stage or a named context has, laid over a directory of
/// the repository before the repository is read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(deny_unknown_fields))]
pub struct Overlay {
    /// A stage of the Dockerfile or of `[stages]`, or a named context (`--build-context`).
    pub from: Spanned<String>,
    /// The directory in it, absolute. Default `"/"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Spanned<String>>,
    /// The directory of the repository, from its root: `"ui/dist"`. What is there stays, unless the
    /// overlay has a file of that name.
    pub to: Spanned<String>,
}

/// `[go]`: the Go toolchain, and how all images are compiled.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(deny_unknown_fields))]
pub struct Go {
    /// Go release, `"1.26"` or `"1.26.8"`: the builder image is `golang:<version>`. Default: what
    /// go.work or go.mod asks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<Spanned<String>>,
    /// Builder image, in place of `golang:<version>`; or `"stage:NAME"`, a stage of the Dockerfile
    /// or of `[stages]`, or a named context.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub builder: Option<Spanned<String>>,
    /// GOTOOLCHAIN: `"local"` uses the Go of the builder image, `"auto"` lets it download the one
    /// that the mod files name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub toolchain: Option<Spanned<String>>,
    /// How images are compiled; each may differ.
    #[serde(flatten)]
    pub build: Build,
}

/// The keys of `[go]` that an image may override.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Build {
    /// Build tags (`go build -tags`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<Spanned<String>>>,
    /// Linker flags (`go build -ldflags`). Default `"-s -w"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ldflags: Option<Spanned<String>>,
    /// Compiler flags (`go build -gcflags`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gcflags: Option<Spanned<String>>,
    /// Assembler flags (`go build -asmflags`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asmflags: Option<Spanned<String>>,
    /// CGO_ENABLED. Default false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cgo: Option<Spanned<bool>>,
    /// Whether a module is built in the workspace of the go.work that uses it; `false` is
    /// GOWORK=off. Default true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workspace: Option<Spanned<bool>>,
    /// Whether programs say which commit they are made of, as `go build -buildvcs=true` has it: each
    /// commit links them again. Default false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub buildvcs: Option<Spanned<bool>>,
    /// GOEXPERIMENT, one item per experiment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub experiment: Option<Vec<Spanned<String>>>,
    /// Instruction sets.
    #[serde(flatten)]
    pub levels: Levels,
}

/// The instruction set to compile for, an architecture each. Go's defaults where absent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Levels {
    /// GOAMD64: `"v1"` to `"v4"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub goamd64: Option<Spanned<String>>,
    /// GOARM64: `"v8.0"` to `"v9.5"`, with `,lse` and `,crypto`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub goarm64: Option<Spanned<String>>,
    /// GOARM: `"5"`, `"6"` or `"7"`, with `,softfloat` or `,hardfloat`. Default: the variant of the
    /// platform.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub goarm: Option<Spanned<String>>,
    /// GO386: `"sse2"` or `"softfloat"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub go386: Option<Spanned<String>>,
    /// GOMIPS: `"hardfloat"` or `"softfloat"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gomips: Option<Spanned<String>>,
    /// GOMIPS64: `"hardfloat"` or `"softfloat"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gomips64: Option<Spanned<String>>,
    /// GOPPC64: `"power8"`, `"power9"` or `"power10"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub goppc64: Option<Spanned<String>>,
    /// GORISCV64: `"rva20u64"`, `"rva22u64"` or `"rva23u64"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub goriscv64: Option<Spanned<String>>,
}

/// `[modules]`: where Go modules come from. A build-arg named as the variable overrides the key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(deny_unknown_fields))]
pub struct Modules {
    /// GOPROXY.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy: Option<Spanned<String>>,
    /// GOPRIVATE, one item per pattern.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub private: Option<Vec<Spanned<String>>>,
    /// GONOPROXY, one item per pattern.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub noproxy: Option<Vec<Spanned<String>>>,
    /// GONOSUMDB, one item per pattern.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nosumdb: Option<Vec<Spanned<String>>>,
    /// GOSUMDB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sumdb: Option<Spanned<String>>,
    /// GOINSECURE, one item per pattern.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub insecure: Option<Vec<Spanned<String>>>,
    /// GOVCS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vcs: Option<Spanned<String>>,
}

/// `[runtime]`: what the images hold in addition to the binary, and how they run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(deny_unknown_fields))]
pub struct Runtime {
    /// Image to build upon; or `"stage:NAME"`, a stage of `[stages]` or a named context, whose
    /// config the image has where this file says nothing. Default `"scratch"`: nothing but what is
    /// listed here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base: Option<Spanned<String>>,
    /// User, `"uid"` or `"uid:gid"`; names only where the base image or `users` knows them. Default:
    /// the first of `users`; else `"65532:65532"`, or of a stage the stage's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<Spanned<String>>,
    /// Users to make.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub users: Option<Vec<User>>,
    /// Put the builder's CA certificates into the image. Default: true on scratch, else false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificates: Option<Spanned<bool>>,
    /// Put Go's time zone database into the image. Default: true on scratch, else false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timezones: Option<Spanned<bool>>,
    /// Put the licences of all modules that are linked, and of the standard library, into the image,
    /// below /usr/share/doc/licenses. Default false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub licenses: Option<Spanned<bool>>,
    /// Environment variables. Those of an image are added to those of `[runtime]`. `$$NAME` is the
    /// base image's variable: `"/opt/bin:$$PATH"`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, Spanned<String>>,
    /// Labels. Those of an image are added to those of `[runtime]`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, Spanned<String>>,
    /// Set the labels of the OCI image specification that gowork knows, and annotations of the same
    /// names: title, source, revision, version, created, base.name, base.digest. Default false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oci_labels: Option<Spanned<bool>>,
    /// What `oci_labels` asks git for, by the label's name.
    #[serde(skip)]
    pub of_commit: BTreeMap<String, Spanned<String>>,
    /// Annotations of the image's manifest. Those of an image are added to those of `[runtime]`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, Spanned<String>>,
    /// Ports that the program listens on: `8080`, `"8080/udp"` or a range, `"8000-8010"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "schema",
        schemars(with = "Option<Vec<super::schema::PortKey>>")
    )]
    pub ports: Option<Vec<Spanned<String>>>,
    /// Where the binary lies, an absolute path; if it ends in `/`, the directory that it lies in.
    /// Default `"/usr/local/bin/"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<Spanned<String>>,
    /// More binaries, each beside the image's own: names of images, main packages of the repository
    /// (`"./cmd/migrate"`, or the import path), and tools of its go.mod (`tool` lines).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub binaries: Option<Vec<Spanned<String>>>,
    /// Entrypoint. Default: that of a stage as the base, if it has one; else the binary.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entrypoint: Option<Vec<Spanned<String>>>,
    /// Arguments to the entrypoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cmd: Option<Vec<Spanned<String>>>,
    /// Working directory, absolute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workdir: Option<Spanned<String>>,
    /// Signal that stops the container, `"SIGTERM"` or a number in quotes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_signal: Option<Spanned<String>>,
    /// Directories for volumes, absolute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volumes: Option<Vec<Spanned<String>>>,
    /// How to find out whether the program is well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub healthcheck: Option<Healthcheck>,
    /// Whether each image has a variant for a debugger, `NAME-debug`, which has delve. Default false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub debug: Option<Spanned<bool>>,
    /// Symbolic links: an absolute path in the image, and what the link says. Those of an image are
    /// added to those of `[runtime]`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub links: BTreeMap<String, Spanned<String>>,
    /// Directories to make.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dirs: Option<Vec<Dir>>,
    /// Files of the build context, and of stages, to put into the image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub files: Option<Vec<File>>,
}

/// `healthcheck`: how to find out whether the program is well. Durations as in Go, `"30s"`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(deny_unknown_fields))]
pub struct Healthcheck {
    /// Where the table stands.
    #[serde(skip)]
    pub at: Option<Span>,
    /// Switches off the health check of the base image or of `[runtime]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disable: Option<Spanned<bool>>,
    /// Program and arguments; exit status 0 is well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cmd: Option<Vec<Spanned<String>>>,
    /// Time between two checks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<Spanned<String>>,
    /// Time after which a check has failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Spanned<String>>,
    /// Time to start in, in which failed checks do not count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_period: Option<Spanned<String>>,
    /// Time between two checks within the start period.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_interval: Option<Spanned<String>>,
    /// Failed checks in a row that make it unhealthy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retries: Option<Spanned<u32>>,
}

/// One of `files`: a file or directory to put into the image.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(deny_unknown_fields))]
pub struct File {
    /// Path in the build context; or `"stage:NAME/path"`, in a stage of `[stages]` or a named
    /// context. May be a pattern, as in COPY of a Dockerfile: `"migrations/*.sql"`.
    pub from: Spanned<String>,
    /// Absolute path in the image. Must end in `/` if `from` is a pattern.
    pub to: Spanned<String>,
    /// `"uid"` or `"uid:gid"`. Default `"0:0"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<Spanned<String>>,
    /// Permissions in octal, `"0644"`. Default: as in the context or stage.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<Spanned<String>>,
}

/// One of `dirs`: a directory to make in the image.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(deny_unknown_fields))]
pub struct Dir {
    /// Absolute path in the image.
    pub path: Spanned<String>,
    /// `"uid"` or `"uid:gid"`. Default `"0:0"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<Spanned<String>>,
    /// Permissions in octal. Default `"0755"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<Spanned<String>>,
}

/// One of `users`: a user to make in the image, with a group and a home directory.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(deny_unknown_fields))]
pub struct User {
    /// Name.
    pub name: Spanned<String>,
    /// User id.
    pub uid: Spanned<u32>,
    /// Group id. Default: as the user id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gid: Option<Spanned<u32>>,
    /// Name of the group. Default: as the user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<Spanned<String>>,
    /// Home directory, absolute. Default `"/home/NAME"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub home: Option<Spanned<String>>,
}

/// `[images.NAME]`: one image, with what differs from `[go]` and `[runtime]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(deny_unknown_fields))]
pub struct Image {
    /// Where the table stands.
    #[serde(skip)]
    pub at: Option<Span>,
    /// Its main package: a directory, `"./api/cmd/api"`, or an import path. Default: the one whose
    /// binary is called NAME.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub main: Option<Spanned<String>>,
    /// File name of the binary. Default: as `go build` would call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub binary: Option<Spanned<String>>,
    /// In place of the keys of `[go]`.
    #[serde(flatten)]
    pub build: Build,
    /// In place of the keys of `[runtime]`.
    #[serde(flatten)]
    pub runtime: Runtime,
}
