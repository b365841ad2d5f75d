//! Lines, blocks, comments and tokens of mod files, each with its position.
