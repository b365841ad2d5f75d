//! gowork-cache: compile results as layers, for the go command's GOCACHEPROG (Go 1.24 and later).
//!
//! It answers the go command's gets from any number of read-only *parents* and stores its puts in one *own* layer. A build step mounts
//! the layers of what it imports as parents and leaves its own layer as its output. Nothing here knows of BuildKit, of Go packages, or of
//! which layers belong together; the caller mounts and names directories.
//!
//! # A layer, version 1
//!
//! ```text
//! index               gowork-cache 1 <sha256 of all that follows this line, hex>
//!                     <actionID hex> <outputID hex> <size in bytes> <checksum hex>    one line an action, sorted
//! o/<outputID hex>    one file an output; the outputID is the SHA-256 of its bytes, the checksum their XXH3
//! ```
//!
//! The same puts, in any order, give the same bytes, modes (0644, 0755) and modification times (the Unix epoch), since a layer's
//! digest covers them all. There is no time of use and no trimming: a layer is whole for as long as it exists.
//!
//! # Faults
//!
//! A damaged layer is a slower build, never a wrong one: an index whose header or sum is off is an empty index, and an output is handed out
//! only after its size and checksum were checked (once a process). A file that cannot be read is a miss. A result that cannot be *stored* is an
//! error, since the step's layer would be incomplete for as long as it is cached. A process that is killed leaves no index, so its layer holds nothing.
//!
//! # More tiers
//!
//! [`store::Store`] asks a list of [`store::Tier`]s in order. Another kind of store (a cache mount, a remote one) is one more `Tier`; one whose entries do not travel
//! with the layers must also have what is taken from it copied into the own layer, which belongs in [`store::Store::get`].

pub mod args;
pub mod checksum;
pub mod compile;
pub mod id;
pub mod layer;
pub mod own;
pub mod protocol;

pub mod serve;
pub mod store;
