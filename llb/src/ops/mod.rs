//! Stage ops.
