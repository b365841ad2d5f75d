//! GOCACHEPROG program of gowork.
fn main() {}
