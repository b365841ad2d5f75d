//! Tests of ops: the oracle recorded from BuildKit's own client, and properties that need none.

mod cases;
mod errors;
mod image;
mod oracle;
mod properties;
mod words;
