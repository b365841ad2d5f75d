//! Stage packages.
