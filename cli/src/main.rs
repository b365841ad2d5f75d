//! The command `gowork`.
fn main() {}
