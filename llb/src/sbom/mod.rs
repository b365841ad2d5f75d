//! Bills of materials: what the binaries of an image hold, as documents for scanners and auditors.
//!
//! [`linked`] says what one binary holds: the packages that it reaches from its main, by the modules
//! that the go command chose for them. These are the modules that `go version -m` lists, with the
//! same versions, sums and replacements, and no others: what only tests import is not linked. A
//! [`Contents`] has all binaries of an image. [`spdx()`] makes SPDX 2.3 of it,
//! [`cyclonedx()`] CycloneDX 1.6. [`Contents::declare`] takes the licences of modules, for those
//! who look at their files; [`license_dirs`] says where an image has these files. [`why()`] says
//! through which imports a module comes in, [`ways`] does so for packages.
//!
//! A document names no time but the one that it is given, and its own name is made of a hash of its
//! content: the same input gives the same bytes.

mod contents;
mod cyclonedx;
mod document_id;
mod inventory;
mod license_dirs;
mod linked;
mod linking;
mod policy;
mod purl;
mod reach;
mod spdx;
mod why;

pub use contents::{Base, Contents, PlacedBinary, VERSION_LABEL};
pub use cyclonedx::{CycloneDx, cyclonedx};
pub use license_dirs::license_dirs;
pub use linked::{LinkedBinary, LinkedModule, ModulePlace, NotResolved, Replacement, linked};
pub use linking::Linking;
pub use policy::{license_errors, license_places};
pub use spdx::{SPDX_PREDICATE, Spdx, spdx};
pub use why::{Way, Ways, ways, why};
