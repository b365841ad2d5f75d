//! The rules that warnings belong to.

use std::fmt;

/// What a warning is about. Reports show the name beside the warning, and `skip` of `[check]` takes
/// it. Each rule has a section in docs/checks.md.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Rule {
    /// A program opens a file that its image does not have.
    FileNotInImage,
    /// The ignore file leaves out files that a program embeds.
    IgnoredEmbed,
    /// An image from scratch starts a program that it does not have.
    ProgramNotInImage,
    /// An image from scratch has a program that needs a C library.
    CgoOnScratch,
    /// A variable in `env` takes another one that nothing sets.
    UnsetVariable,
    /// An image of the configuration has no tag, or the tag `latest`.
    UnpinnedImage,
    /// The builder image has an older Go than the mod files ask for.
    ToolchainSkew,
    /// Members of a workspace require different versions of a module.
    VersionSkew,
    /// A `replace` line takes an older version than a module requires.
    ReplaceBelowRequired,
    /// A required version is excluded by the same build.
    ExcludedVersion,
    /// A module requires a version that the repository's go.mod of the module retracts.
    RetractedVersion,
    /// A version of a module that has no go.mod of its major version.
    IncompatibleVersion,
    /// A module of the repository comes from outside, since go.work does not use its directory.
    ModuleNotInWorkspace,
    /// A module comes from a host that looks private, and GOPRIVATE does not name it.
    PrivateModule,
    /// A go.mod names no module.
    ModuleWithoutPath,
    /// `#cgo` flags name a directory outside of the build context.
    CgoPathOutside,
    /// An image cannot have the name of its binary.
    ReservedImageName,
    /// Several mains would give their images the same name.
    SameImageName,
    /// A pattern of `skip` matches no main package.
    UnusedSkip,
    /// A build-arg is not used.
    UnusedBuildArg,
    /// A named context of the build is not used.
    UnusedContext,
    /// A value from git is not known.
    UnknownGitValue,
    /// Two files could be the definition of the build; one is ignored.
    IgnoredDefinition,
    /// What the build was asked for, and not the repository.
    BuildOption,
    /// A file that gowork writes does not do what the file or the configuration behind it does.
    NotCarriedOver,
}

impl Rule {
    /// Every rule, in the order of the documentation.
    pub const ALL: [Self; 25] = [
        Self::FileNotInImage,
        Self::IgnoredEmbed,
        Self::ProgramNotInImage,
        Self::CgoOnScratch,
        Self::UnsetVariable,
        Self::UnpinnedImage,
        Self::ToolchainSkew,
        Self::VersionSkew,
        Self::ReplaceBelowRequired,
        Self::ExcludedVersion,
        Self::RetractedVersion,
        Self::IncompatibleVersion,
        Self::ModuleNotInWorkspace,
        Self::PrivateModule,
        Self::ModuleWithoutPath,
        Self::CgoPathOutside,
        Self::ReservedImageName,
        Self::SameImageName,
        Self::UnusedSkip,
        Self::UnusedBuildArg,
        Self::UnusedContext,
        Self::UnknownGitValue,
        Self::IgnoredDefinition,
        Self::BuildOption,
        Self::NotCarriedOver,
    ];

    /// The rule of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.name() == name)
    }

    /// Its name, in CamelCase as those of Docker's own checks.
    pub const fn name(self) -> &'static str {
        self.described().0
    }

    /// What it finds, in one sentence without a full stop.
    pub const fn summary(self) -> &'static str {
        self.described().1
    }

    const fn described(self) -> (&'static str, &'static str) {
        match self {
            Self::FileNotInImage => (
                "FileNotInImage",
                "A program opens a file of the repository that its image does not have",
            ),
            Self::IgnoredEmbed => (
                "IgnoredEmbed",
                "The ignore file leaves out files that a program embeds",
            ),
            Self::ProgramNotInImage => (
                "ProgramNotInImage",
                "An image from scratch starts a program that it does not have",
            ),
            Self::UnsetVariable => (
                "UnsetVariable",
                "An environment variable is made from another one that nothing sets",
            ),
            Self::UnpinnedImage => (
                "UnpinnedImage",
                "An image has no tag, or the tag latest: it may change with any build",
            ),
            Self::VersionSkew => (
                "VersionSkew",
                "A module of the workspace requires an older version than it is built with",
            ),
            Self::ReplaceBelowRequired => (
                "ReplaceBelowRequired",
                "A replace line takes an older version than a module requires",
            ),
            Self::ExcludedVersion => (
                "ExcludedVersion",
                "A module requires a version that an exclude line forbids",
            ),
            Self::RetractedVersion => (
                "RetractedVersion",
                "A module requires a version of the repository's that is retracted",
            ),
            Self::ToolchainSkew => (
                "ToolchainSkew",
                "The builder image has an older Go than the mod files ask for",
            ),
            Self::CgoOnScratch => (
                "CgoOnScratch",
                "An image from scratch has a program that needs a C library",
            ),
            Self::IncompatibleVersion => (
                "IncompatibleVersion",
                "A required version is from before its module had a go.mod",
            ),
            Self::ModuleNotInWorkspace => (
                "ModuleNotInWorkspace",
                "A module of the repository is downloaded, since go.work does not use its directory",
            ),
            Self::PrivateModule => (
                "PrivateModule",
                "A module comes from a private host that GOPRIVATE does not name",
            ),
            Self::ModuleWithoutPath => ("ModuleWithoutPath", "A go.mod names no module"),
            Self::CgoPathOutside => (
                "CgoPathOutside",
                "A #cgo line names a directory outside the build context",
            ),
            Self::ReservedImageName => (
                "ReservedImageName",
                "An image cannot have the name of its binary",
            ),
            Self::SameImageName => (
                "SameImageName",
                "Several main packages would give their images the same name",
            ),
            Self::UnusedSkip => ("UnusedSkip", "A pattern of skip matches no main package"),
            Self::UnusedBuildArg => ("UnusedBuildArg", "A build-arg is not used"),
            Self::UnusedContext => ("UnusedContext", "A named context of the build is not used"),
            Self::UnknownGitValue => ("UnknownGitValue", "A value from git is not known"),
            Self::IgnoredDefinition => (
                "IgnoredDefinition",
                "Two files could define the build, and one of them is ignored",
            ),
            Self::BuildOption => (
                "BuildOption",
                "An option of the build has no effect, or an unwanted one",
            ),
            Self::NotCarriedOver => (
                "NotCarriedOver",
                "A file that gowork writes leaves out a part of what it is made from",
            ),
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
