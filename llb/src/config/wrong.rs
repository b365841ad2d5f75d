//! Why a value is not right.

/// Why a value is not right, and what would be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wrong {
    /// What is wrong with it.
    pub(super) why: String,
    /// What to write.
    pub(super) help: String,
}

/// The error with these words.
pub(super) fn wrong<T>(why: impl Into<String>, help: impl Into<String>) -> Result<T, Wrong> {
    Err(Wrong {
        why: why.into(),
        help: help.into(),
    })
}
