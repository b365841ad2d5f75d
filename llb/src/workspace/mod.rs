//! Stage workspace.
