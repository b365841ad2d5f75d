//! What values of a configuration may be, once they are read.

/// What stands before the name of a stage in a value that may also be an image: `stage:tools`.
pub(crate) const STAGE: &str = "stage:";

/// Where compile results are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[non_exhaustive]
pub enum Cache {
    /// In the layers of the steps: they travel with a registry cache.
    Layer,
    /// In a cache mount: they stay on one builder, where packages are found one by one.
    Mount,
    /// In layers, and also in a cache mount: a step that runs again takes the packages that did not
    /// change from there.
    #[default]
    Both,
}

impl Cache {
    /// All of them.
    pub(crate) const ALL: [Self; 3] = [Self::Layer, Self::Mount, Self::Both];

    /// As the configuration spells it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Layer => "layer",
            Self::Mount => "mount",
            Self::Both => "both",
        }
    }
}

/// A port that an image declares, or a range of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct Port {
    /// 1 to 65535.
    pub first: u16,
    /// Not below the first.
    pub last: u16,
    /// Its protocol.
    pub protocol: Protocol,
}

impl Port {
    /// Each port of the range by itself.
    pub(crate) fn each(self) -> impl Iterator<Item = Self> {
        (self.first..=self.last).map(move |number| Self {
            first: number,
            last: number,
            ..self
        })
    }
}

impl std::fmt::Display for Port {
    /// As EXPOSE spells it, and of one port the image config: `8080/tcp`, `8000-8010/tcp`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let protocol = match self.protocol {
            Protocol::Tcp => "tcp",
            Protocol::Udp => "udp",
            Protocol::Sctp => "sctp",
        };
        match self.last {
            last if last == self.first => write!(f, "{last}/{protocol}"),
            last => write!(f, "{}-{last}/{protocol}", self.first),
        }
    }
}

/// A port's protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Protocol {
    /// TCP, the default.
    Tcp,
    /// UDP.
    Udp,
    /// SCTP.
    Sctp,
}
