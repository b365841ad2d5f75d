//! The gateway: BuildKit's LLBBridge service, as seen by a frontend.
//!
//! Owns the calls and their plain types. [`grpc`] speaks the protocol over [`stdio`], [`fake`]
//! answers from a script. Does not own what is asked for: definitions come from `gowork_llb::ops`,
//! results from [`crate::result`].

use std::collections::BTreeMap;
use std::future::Future;
use std::ops::Range;
use std::pin::Pin;

use buildkit_proto::fsutil::types::Stat;
use buildkit_proto::google::rpc;
use buildkit_proto::moby::buildkit::v1::frontend;
use buildkit_proto::pb;
use gowork_llb::limits;
use gowork_llb::ops::caps::Supported;
use gowork_llb::ops::{Definition, Platform};

pub mod caps;
mod connection;
mod error;
pub mod fake;
pub mod grpc;
pub mod release;
pub mod stdio;
mod step_limits;

pub use error::{GatewayError, UNKNOWN};
pub use step_limits::StepLimits;

/// The answer to a gateway call, to be awaited. Calls may run side by side on the one connection.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, GatewayError>> + 'a>>;

/// Bytes asked for in one ReadFile: the daemon refuses messages over 16 MiB.
pub const READ_CHUNK: u64 = 4 << 20;

/// What a frontend may ask of BuildKit. Object-safe: the builder takes `&dyn Gateway`.
pub trait Gateway {
    /// What the daemon said about itself when the connection was made.
    fn pong(&self) -> &Pong;

    /// Solves a definition. Unless [`Solve::evaluate`] is set, errors of its steps surface when the
    /// ref is first read or after the return.
    fn solve(&self, request: Solve) -> Answer<'_, Solved>;

    /// Lets a frontend that is part of BuildKit build. The refs of the result are built when they
    /// are evaluated or read, and each comes with its definition.
    fn solve_frontend(&self, request: FrontendSolve) -> Answer<'_, frontend::Result>;

    /// Builds a ref now.
    fn evaluate<'a>(&'a self, reference: &'a Ref) -> Answer<'a, ()>;

    /// Part of a file, or all of it without a range. Less than asked for means that the file ends
    /// there.
    fn read_range<'a>(
        &'a self,
        from: &'a Ref,
        path: &'a str,
        range: Option<Range<u64>>,
    ) -> Answer<'a, Vec<u8>>;

    /// A whole file of up to [`limits::ANSWER`] bytes, in chunks; symlinks are followed inside the
    /// ref.
    fn read_file<'a>(&'a self, from: &'a Ref, path: &'a str) -> Answer<'a, Vec<u8>> {
        self.read_file_of(from, path, limits::ANSWER)
    }

    /// A whole file of up to `most` bytes, in chunks; a larger one is an error.
    fn read_file_of<'a>(&'a self, from: &'a Ref, path: &'a str, most: u64) -> Answer<'a, Vec<u8>> {
        Box::pin(async move {
            let mut whole = Vec::new();
            loop {
                let offset = whole.len() as u64;
                let part = self
                    .read_range(from, path, Some(offset..offset + READ_CHUNK))
                    .await?;
                let last = (part.len() as u64) < READ_CHUNK;
                whole.extend(part);
                if whole.len() as u64 > most {
                    return Err(GatewayError::new(
                        "ReadFile",
                        format!("{path} has more than {most} bytes, gowork's limit"),
                    ));
                }
                if last {
                    return Ok(whole);
                }
            }
        })
    }

    /// One file's metadata.
    fn stat_file<'a>(&'a self, from: &'a Ref, path: &'a str) -> Answer<'a, Stat>;

    /// What is in a directory, sorted by name: each entry with its last path element.
    fn read_dir<'a>(&'a self, from: &'a Ref, path: &'a str) -> Answer<'a, Vec<Stat>>;

    /// An image's config and digest, without pulling it.
    fn resolve_image(&self, query: ImageQuery) -> Answer<'_, ResolvedImage>;

    /// The definitions passed as contexts instead of local directories (bake's `target:` contexts),
    /// by name.
    fn inputs(&self) -> Answer<'_, BTreeMap<String, pb::Definition>>;

    /// A warning in the build's output. Dropped by the daemon unless [`Warning::digest`] is a
    /// vertex it has shown.
    fn warn(&self, warning: Warning) -> Answer<'_, ()>;

    /// Ends the build with a result. Either this or [`Gateway::return_error`], once.
    fn return_ok(&self, result: frontend::Result) -> Answer<'_, ()>;

    /// Ends the build with an error.
    fn return_error(&self, status: rpc::Status) -> Answer<'_, ()>;
}

/// What the daemon says about itself.
#[derive(Debug, Clone, Default)]
pub struct Pong {
    /// What the gateway can do.
    pub frontend_caps: Supported,
    /// What definitions may ask for.
    pub llb_caps: Supported,
}

/// A solved filesystem, held by the daemon until this process ends. An empty id is the empty
/// filesystem, `scratch`.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ref(pub String);

impl Ref {
    /// Whether it is the empty filesystem, which has no files to read.
    pub fn is_scratch(&self) -> bool {
        self.0.is_empty()
    }
}

/// One Solve.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Solve {
    /// What to build; empty is `scratch`.
    pub definition: Definition,
    /// Build now and report failures here, not when the ref is first used.
    pub evaluate: bool,
    /// Caches to import. BuildKit applies none on its own: a frontend that forgets them here builds
    /// cold.
    pub cache_imports: Vec<CacheImport>,
    /// What its steps may take, if the daemon takes limits: [`caps::STEP_LIMITS`].
    pub limits: StepLimits,
}

/// One Solve by another frontend.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FrontendSolve {
    /// Its name in BuildKit: `dockerfile.v0`.
    pub frontend: String,
    /// Its options, caches to import among them.
    pub options: BTreeMap<String, String>,
    /// Definitions in place of local directories, by name.
    pub inputs: BTreeMap<String, pb::Definition>,
}

/// Where to take cached layers from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CacheImport {
    /// The backend: `registry`, `local`, `gha`, `s3`, ...
    pub kind: String,
    /// The backend's attributes.
    pub attrs: BTreeMap<String, String>,
}

/// What a Solve gave.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Solved {
    /// The filesystem.
    pub reference: Ref,
}

/// Which image to look up.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ImageQuery {
    /// Fully qualified: `docker.io/library/golang:1.26`.
    pub reference: String,
    /// Whose variant; the daemon's default platform if none. Set it: provenance lists materials by
    /// platform.
    pub platform: Option<Platform>,
    /// `default`, `pull` or `local`.
    pub resolve_mode: String,
    /// The words in the progress output.
    pub log_name: String,
    /// The client's OCI layout that holds it, instead of a registry.
    pub oci_layout: Option<OciStore>,
}

/// An OCI layout directory on the client's side.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OciStore {
    /// The session of the client that has it.
    pub session_id: String,
    /// Its name there.
    pub store_id: String,
}

/// An image looked up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ResolvedImage {
    /// The reference to use in a source op; a source policy may have changed it.
    pub reference: String,
    /// Its digest. A local image in dockerd's graphdriver store has none.
    pub digest: Option<String>,
    /// Its config, JSON as in the registry.
    pub config: Vec<u8>,
}

/// A warning about the build.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Warning {
    /// The vertex it belongs to; the load of the definition file serves for everything in that
    /// file.
    pub digest: String,
    /// One line.
    pub short: String,
}
