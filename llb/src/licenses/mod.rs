//! Licences: which ones a text is made of, by SPDX id.
//!
//! [`Detector`] compares words with those of the licences that the Open Source Initiative or the
//! Free Software Foundation call open or free, and a few more that modules have. The texts are
//! SPDX's. It finds several licences in one file, one after another.

mod declared;
mod detect;
mod files;
mod table;
mod texts;
mod words;

pub use declared::{Declared, LicenseFile};
pub use detect::Detector;
pub use files::{LICENSE_FILE_PATTERNS, is_license_file, is_license_text, is_notice_file};
pub use table::{known_ids, table};
pub use texts::{license_texts, license_texts_above, nearest_texts};
