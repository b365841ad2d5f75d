//! Stage lower.
