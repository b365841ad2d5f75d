//! `oci_labels`: the labels that the OCI image specification defines, of which gowork knows the
//! values. What the commit says of them is asked for here, as a label that names it would.

use std::collections::BTreeMap;

use super::{GitValue, Spanned};

/// A label of the OCI image specification (annotations.md, "Pre-Defined Annotation Keys") that
/// `oci_labels` sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum OciLabel {
    /// The image's name.
    Title,
    /// The URL of the repository.
    Source,
    /// The commit.
    Revision,
    /// The version of the sources.
    Version,
    /// When it was made, RFC 3339.
    Created,
    /// The image that it is built upon, with its registry.
    BaseName,
    /// The digest of that image.
    BaseDigest,
}

impl OciLabel {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Title,
        Self::Source,
        Self::Revision,
        Self::Version,
        Self::Created,
        Self::BaseName,
        Self::BaseDigest,
    ];

    /// The label's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Title => "org.opencontainers.image.title",
            Self::Source => "org.opencontainers.image.source",
            Self::Revision => "org.opencontainers.image.revision",
            Self::Version => "org.opencontainers.image.version",
            Self::Created => "org.opencontainers.image.created",
            Self::BaseName => "org.opencontainers.image.base.name",
            Self::BaseDigest => "org.opencontainers.image.base.digest",
        }
    }

    /// What git has to say for it.
    fn git_value(self) -> Option<GitValue> {
        match self {
            Self::Source => Some(GitValue::Source),
            Self::Revision => Some(GitValue::Revision),
            Self::Version => Some(GitValue::Describe),
            Self::Created => Some(GitValue::CommitTime),
            Self::Title | Self::BaseName | Self::BaseDigest => None,
        }
    }
}

/// The values that the key asks git for, by the label's name: empty where git cannot say them. What
/// `labels` of the same table says is not asked.
pub(super) fn of_commit(
    key: Option<&Spanned<bool>>,
    labels: &BTreeMap<String, Spanned<String>>,
) -> BTreeMap<String, Spanned<String>> {
    let mut asked = BTreeMap::new();
    let Some(key) = key.filter(|key| key.value) else {
        return asked;
    };
    for label in OciLabel::ALL {
        if let Some(value) = label.git_value()
            && !labels.contains_key(label.name())
        {
            let text = format!("${{{}:-}}", value.name());
            asked.insert(label.name().to_owned(), key.with(text));
        }
    }
    asked
}
