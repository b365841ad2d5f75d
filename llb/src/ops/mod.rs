//! BuildKit's LLB as typed, immutable values: ops, their outputs, and the definition they marshal
//! to. Knows no Go.
//!
//! An [`Output`] is one result of one op, cheap to clone. Builders ([`source`], [`exec`],
//! [`mod@file`], [`merge()`], [`diff()`]) take outputs and give outputs; [`Output::to_definition`]
//! walks back from one and writes the [`Definition`] that BuildKit runs.
//!
//! ```
//! use gowork_llb::ops::{Output, Platform, Reference, exec::{Exec, Mount}, file::{Copy, File}, source::Image};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let golang = Image::new(&Reference::parse("golang:1.26")?).platform(Platform::parse("linux/amd64")?).output();
//! let built = Exec::new(["go", "build", "-o", "/out/api", "./cmd/api"])
//!     .root(&golang)
//!     .cwd("/src")
//!     .mount(Mount::scratch_output("/out"))
//!     .named("link api")
//!     .run()?;
//! let image = File::on(&Output::scratch()).copy(Copy::from(&built.output("/out")?, "/api", "/api")).output();
//! let definition = image.to_definition();
//! # assert_eq!(definition.digests().len(), 4);
//! # Ok(()) }
//! ```
//!
//! What it promises:
//! - An op's bytes are those of BuildKit's own client for the same op, so the daemon, which
//!   marshals every op again on load, finds the same digests; names, source locations and
//!   provenance are bound to digests.
//! - The same calls give the same bytes: no clock, no environment, no random ids. A platform left
//!   out stays out, and the daemon fills in its own.
//! - Values that protobuf cannot tell from "absent" (mode 0, time 0, output 0, input 0) are written
//!   the way BuildKit means them.

#[macro_use]
mod meta;

pub mod caps;
mod definition;
mod digest;
pub mod exec;
mod exported_cache;
pub mod file;
mod import;
mod marshal;
mod merge;
mod output;
pub(crate) mod path;
mod platform;
mod reference;
mod render;
pub mod source;
mod sourcemap;

pub use definition::{Definition, DefinitionError};
pub use digest::{Digest, DigestError};
pub use exported_cache::MAX_CACHE_CONFIG;
pub use merge::{Diff, Merge, diff, merge};
pub use meta::ProgressGroup;
pub use output::{OpError, Output};
pub use platform::{Platform, PlatformError};
pub(crate) use reference::Written;
pub use reference::{Reference, ReferenceError, short_name};
pub use sourcemap::{Location, SourceMap};
