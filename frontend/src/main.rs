//! The frontend program: `gowork-frontend` runs as BuildKit's frontend, `gowork-frontend scan|resolve` inside build steps.
fn main() {}
