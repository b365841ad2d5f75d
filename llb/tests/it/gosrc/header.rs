//! Heads, one by one.
