//! The platforms that the image is built for.

use crate::oci;

/// A processor that the image's programs run on. The system is Linux.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Platform {
    /// x86-64.
    Amd64,
    /// 64-bit ARM.
    Arm64,
}

impl Platform {
    /// This machine's, if the image is built for it.
    pub(crate) fn host() -> Option<Self> {
        Self::all().find(|platform| platform.architecture() == oci::architecture())
    }

    fn all() -> impl Iterator<Item = Self> {
        [Self::Amd64, Self::Arm64].into_iter()
    }

    /// In the words of OCI.
    pub(crate) fn architecture(self) -> &'static str {
        match self {
            Self::Amd64 => "amd64",
            Self::Arm64 => "arm64",
        }
    }
}

impl std::str::FromStr for Platform {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::all().find(|platform| platform.to_string() == text);
        found.ok_or_else(|| "the image is built for linux/amd64 and linux/arm64".to_owned())
    }
}

impl std::fmt::Display for Platform {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "linux/{}", self.architecture())
    }
}
