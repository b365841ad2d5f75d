//! What is measured: kinds of edits, and what the engine has when they are built.

use clap::ValueEnum;
use std::fmt;

/// An edit, or what else is peculiar to a build.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(super) enum Scenario {
    /// Everything from nothing, downloads included
    Cold,
    /// The same build again
    NoChange,
    /// A line at the end of the README
    Readme,
    /// A test of the most shared package
    Test,
    /// The body of a function of one main
    Main,
    /// The same edit, and only the image of that main is built
    OneImage,
    /// The body of a function of the package that most images reach
    Shared,
    /// A new exported function of that package
    Signature,
    /// A main imports a package of std that nothing imported
    StdImport,
    /// A main imports a third-party package that other images have
    ThirdPartyImport,
    /// Another version of a third-party module
    Bump,
    /// One more main, that imports what another one does
    Service,
}

impl Scenario {
    /// For tables.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Cold => "cold",
            Self::NoChange => "no change",
            Self::Readme => "README edited",
            Self::Test => "test edited",
            Self::Main => "one main edited",
            Self::OneImage => "one main edited, only its image built",
            Self::Shared => "most shared package edited",
            Self::Signature => "most shared package, new function",
            Self::StdImport => "new import of a std package",
            Self::ThirdPartyImport => "new import of a package others use",
            Self::Bump => "dependency bumped",
            Self::Service => "new service",
        }
    }

    /// The word for options and data.
    pub(super) fn word(self) -> String {
        self.to_possible_value()
            .map(|value| value.get_name().to_owned())
            .unwrap_or_default()
    }

    /// Whether only one image is built.
    pub(super) fn builds_one(self) -> bool {
        self == Self::OneImage
    }
}

/// What the engine has when the measured build starts. The base image it has always.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(super) enum Stage {
    /// Nothing else
    Cold,
    /// All that building the repository before the edit has left
    Warm,
    /// Nothing else, but it imports what the side exported of a build before the edit
    Imported,
}

impl Stage {
    /// Scenarios that make sense here.
    pub(super) fn has(self, scenario: Scenario) -> bool {
        match self {
            Self::Cold => matches!(scenario, Scenario::Cold | Scenario::OneImage),
            Self::Warm | Self::Imported => scenario != Scenario::Cold,
        }
    }

    /// The word for data.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Cold => "cold",
            Self::Warm => "warm",
            Self::Imported => "imported",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cold => "empty engine",
            Self::Warm => "warm engine",
            Self::Imported => "empty engine, imported cache",
        })
    }
}
