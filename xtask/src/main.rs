//! Development tasks of gowork.
fn main() {}
