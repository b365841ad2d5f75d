//! gowork-cache: compile results as layers, for the go command's GOCACHEPROG (Go 1.24 and later).
//!
//! It answers the go command's gets from any number of read-only *parents*, then from a cache mount.
//! It stores puts in one layer. A build step mounts the layers of what it imports as parents, and
//! leaves its own layer as its output. Nothing here knows BuildKit, or which layers belong together:
//! the caller mounts and names directories.
//!
//! # Rooms
//!
//! | room | owns |
//! |---|---|
//! | [`layer`] | a layer on disk: form, reading, writing, parts |
//! | [`mount`] | a cache mount: its files, and how much it holds |
//! | [`server`] | the answers to one go command: protocol, and where results come from and go |
//! | [`steps`] | the words of the command line: what the program does as a step of a build |
//!
//! `steps` uses all others, `server` uses `layer` and `mount`, and these two use neither of them.
//! [`run`] is the entry: it reads the command line and calls `steps` or `server`.
//!
//! # A layer, version 1
//!
//! ```text
//! index               gowork-cache 1 <sha256 of all that follows this line, hex>
//!                     <actionID hex> <outputID hex> <size in bytes> <checksum hex>    one line an action, sorted
//! o/<outputID hex>    one file an output; the outputID is the SHA-256 of its bytes, the checksum their XXH3
//! ```
//!
//! The same puts, in any order, give the same bytes, modes (0644, 0755) and modification times (the
//! Unix epoch), since a layer's digest covers them all. A layer has no times of use, and nothing is
//! trimmed: a layer is whole for as long as it exists.
//!
//! # Faults
//!
//! A damaged layer makes a build slower, never wrong. An index whose header or sum is wrong counts
//! as empty. An output is handed out only after its size and checksum were checked, once per
//! process. A file that cannot be read is a miss. A result that cannot be *stored* is an error,
//! since the step's layer would be incomplete for as long as it is cached. A killed process leaves no
//! index, so its layer holds nothing.
//!
//! # The cache mount
//!
//! On a persistent builder, a [`mount`] is read after the layers, and keeps what steps put. A result
//! that is taken from it is copied into the layer being written, whose bytes are then the same as if
//! it had been compiled. So layers are complete: they travel without the mount, and outlive it. Every
//! result is checked against its SHA-256 when it is taken. A result that is missing, damaged or half
//! written is a miss.
//!
//! A *results image* ([`layer::image`]) has layers of another builder. A batch reads it after the
//! mount, with the same checks, and puts what is asked for into the mount.

pub mod args;
pub mod checksum;
pub mod hit;
pub mod id;
pub mod layer;
pub mod mount;
pub mod run;
pub mod server;
pub mod steps;
