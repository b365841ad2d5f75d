//! How much of anything a repository may have. docs/limits.md lists them for users, and a test
//! compares the two.
//!
//! Every limit is far above what real repositories have, and low enough that input made to do harm
//! neither fills 512 MB of memory nor takes more than a few seconds. What is beyond one is an error
//! that names it, or, where what is left out changes no image, is counted and left out.

/// Errors that are kept of one check, and warnings. More are counted.
pub const DIAGNOSTICS: usize = 100;

/// Bytes of one sentence of a diagnostic: names and paths in it may be of any length.
pub const DIAGNOSTIC_TEXT: usize = 2000;

/// Bytes from the beginning of a file in which places can be shown with their lines.
pub const SHOWN_FILE: usize = 1 << 20;

/// Bytes of all files that an answer to `--check` brings along.
pub const SHOWN_FILES: usize = 4 << 20;

/// Steps that the `//go:embed` patterns of a repository may take: names that a wildcard is compared
/// with, and files that are found.
pub const EMBED_STEPS: usize = 5_000_000;

/// Bytes of a file that is read as a whole: a Go file that embeds something, a C file, a
/// configuration. Of other Go files only the head is read.
pub const FILE: u64 = 64 << 20;

/// Bytes of a Go file up to its last import.
pub const HEAD: usize = 4 << 20;

/// Bytes of a path: an import's, a directory's (Linux has the same limit).
pub const PATH: usize = 4096;

/// Bytes of a go.mod, a go.work or a vendor/modules.txt.
pub const MOD_FILE: usize = 4 << 20;

/// Bytes of all of them.
pub const MOD_FILES: usize = 16 << 20;

/// Bytes of a go.sum or a go.work.sum.
pub const SUM_FILE: usize = 32 << 20;

/// Bytes of all of them.
pub const SUM_FILES: usize = 64 << 20;

/// Words and line ends of a mod file.
pub const MOD_TOKENS: usize = 1_000_000;

/// Files and directories of the build context, whatever they are.
pub const NAMES: usize = 1_000_000;

/// Source files of all modules.
pub const SOURCES: usize = 200_000;

/// Imports, `//go:embed` patterns, `#cgo` lines and included files that all source files name.
pub const FACTS: usize = 1_000_000;

/// Bytes from the beginning of a Go file in which `gowork check` looks for calls that open files.
pub const OPEN_TEXT: usize = 4 << 20;

/// Bytes of all these.
pub const OPEN_TEXTS: usize = 512 << 20;

/// Literal paths in such calls of one Go file.
pub const OPEN_FILE_PATHS: usize = 1_000;

/// Literal paths in such calls of all Go files.
pub const OPEN_PATHS: usize = 20_000;

/// Names that are looked at to find what these paths lead to.
pub const OPEN_STEPS: usize = 5_000_000;

/// Bytes of the names of the Go files that are looked at, and of what their calls open.
pub const OPEN_NAMES: usize = 4 << 20;

/// Places that are looked at to find what a package's C files include.
pub const INCLUDE_STEPS: usize = 2_000_000;

/// Bytes of what a build step hands back to the frontend: what a scan or the go command says.
pub const ANSWER: u64 = 128 << 20;

/// Bytes of an SBOM that a build makes. BuildKit takes messages of up to 16 MiB.
pub const SBOM: usize = 8 << 20;

/// Bytes of the file that defines the build: the Dockerfile or `gowork.toml`, and of its ignore
/// file. Also of the files with the users and groups of a base.
pub const DEFINITION: u64 = 4 << 20;

/// Bytes of what programs with `buildvcs = true` need of git: the tags that may be versions, and of
/// each go.mod the name of the module.
pub const CHECKOUT: usize = 1 << 20;

/// Main packages of a repository, without those that `skip` names, and tables `[images.NAME]`.
pub const IMAGES: usize = 2_000;

/// Items of `binaries` of all images: what `[runtime]` says counts for each of them.
pub const BINARIES: usize = 4_000;

/// Directories that are looked at for main packages: all of them once for each set of flags that
/// images have.
pub const MAIN_STEPS: usize = 5_000_000;

/// Packages, files and imports of all builds: a package counts once for each root and set of flags
/// that it is built with.
pub const BUILD_FACTS: usize = 1_500_000;

/// Bytes of the settings of all images: what `[go]` and `[runtime]` say counts for each of them.
pub const SETTINGS: usize = 16 << 20;

/// Platforms of one build.
pub const PLATFORMS: usize = 64;

/// Build-args that a build is given; and labels, and named contexts.
pub const GIVEN: usize = 1_000;

/// Bytes of one of them, name and value.
pub const GIVEN_TEXT: usize = 64 << 10;

/// Tables `[stages.NAME]` of a configuration.
pub const STAGES: usize = 100;

/// Tables `[[overlay]]` of a configuration.
pub const OVERLAYS: usize = 32;

/// Files of all overlays.
pub const OVERLAY_FILES: usize = 100_000;

/// Bytes of the names in all overlays.
pub const OVERLAY_NAMES: usize = 8 << 20;

/// Build-args in the values of a configuration, one a use.
pub const ARG_USES: usize = 10_000;

/// Patterns of a `.dockerignore`.
pub const IGNORE_PATTERNS: usize = 10_000;

/// Bytes of a file with licences that are compared with known ones.
pub const LICENSE_FILE: usize = 1 << 20;

/// Files with licences in one directory that are looked at.
pub const LICENSE_FILES: usize = 32;
