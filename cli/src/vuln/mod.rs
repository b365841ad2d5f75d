//! Known vulnerabilities: a database on disk, and which of its entries a binary reaches.
//!
//! [`Database`] reads what vuln.go.dev serves, and other files in the OSV format. [`found`] compares
//! it with what a binary is linked from. An entry counts if the binary holds a vulnerable version of
//! a module, and one of the packages that the entry names. Its symbols are listed and not traced.

mod database;
mod finding;
mod osv;
mod range;

pub(crate) use database::Database;
pub(crate) use finding::{Finding, found};
