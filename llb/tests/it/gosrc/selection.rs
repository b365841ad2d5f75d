//! Whole directories.
