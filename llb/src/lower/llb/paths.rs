//! Where things are in the container of a step.
//!
//! | path | what |
//! |---|---|
//! | `/src` | mod files and sources of the step, nothing else; of a sealed step the mod files made for it |
//! | `/src/vendor/...` | in sealed steps, directories of the module cache with the third-party packages of the step; what is done to them is dropped, if it can be |
//! | `/gowork/modcache` | the pruned module cache, read-only |
//! | `/gowork/results/N` | compile results of a part of an earlier step, read-only |
//! | `/gowork/cache` | the cache mount, where compile results are kept in one |
//! | `/gowork/after/N` | nothing, of an earlier step that left its results in the cache mount: so that it runs before |
//! | `/gowork/layers/N` | beside the steps, results of a step |
//! | `/gowork/results-image` | beside the steps, results of another builder |
//! | `/gowork/resolved` | in links, a file of the resolve step's answer that is always the same |
//! | `/gowork/modules` | in the resolve step, modules that the user has in a directory |
//! | `/gowork/out-modcache` | the module cache that the resolve step makes |
//! | `/gowork/out-licenses` | the licence files of the modules, in the directories of a module cache |
//! | `/gowork/out` | what the step makes: its layer, of a compile step a directory for each part, named by its first package |
//! | `/gowork/step/parts` | import paths to compile, one a line, with an empty line between parts |
//! | `/gowork/step/step.json` | what makes the step's results, where the cache mount may have them whole |
//! | `/gowork/failures` | a cache mount, where a step that fails leaves what it printed |
//! | `/gowork/git/git` | in links of programs that say which commit they are made of, what answers in place of git |
//! | `/src/.git` | in these, a file with what git said |
//! | `/gowork/gowork-cache` | the program that the go command's cache requests go to (GOCACHEPROG) |

use crate::lower::rootfs::BINARY_DIR;
use crate::plan::{Build, Link};

/// What a step makes.
pub(super) const OUT: &str = "/gowork/out";
/// Where the resolve step leaves the module cache: an output of its own, fetched from an imported
/// cache only when a step reads it.
pub(super) const MODCACHE_OUT: &str = "/gowork/out-modcache";
/// Where the resolve step leaves the licence files of modules: an output of its own, which only an
/// SBOM needs.
pub(super) const LICENSES_OUT: &str = "/gowork/out-licenses";
/// Modules that the user has in a directory.
pub const MODULES: &str = "/gowork/modules";
/// Where a link has a file of the resolve step's answer, for no reader.
pub(super) const RESOLVED: &str = "/gowork/resolved";
/// Mod files and sources.
pub(in crate::lower) const SRC: &str = "/src";
/// The program that keeps compile results.
pub(super) const CACHE_PROGRAM: &str = "/gowork/gowork-cache";
/// The directory of what answers in place of git.
pub(super) const GIT_DIR: &str = "/gowork/git";
/// What answers in place of git.
pub(super) const GIT_PROGRAM: &str = "/gowork/git/git";
/// The pruned module cache.
pub(in crate::lower) const MODCACHE: &str = "/gowork/modcache";
/// The program of the resolve step.
pub(super) const FRONTEND_PROGRAM: &str = "/gowork/gowork-frontend";
/// The cache mount of compile results.
pub(super) const CACHE_MOUNT: &str = "/gowork/cache";
/// Results of steps, by number.
pub(super) const LAYERS: &str = "/gowork/layers";
/// Results of another builder.
pub(super) const RESULTS_IMAGE: &str = "/gowork/results-image";
/// Where a step that fails leaves what it printed.
pub(super) const FAILURES_DIR: &str = "/gowork/failures";

/// The directory of a build's go.work or go.mod.
pub(in crate::lower) fn source_dir(build: &Build) -> String {
    if build.dir.is_root() {
        SRC.to_owned()
    } else {
        format!("{SRC}/{}", build.dir)
    }
}

/// Where a link leaves its binary.
pub(super) fn binary_path(link: &Link) -> String {
    format!("{OUT}{BINARY_DIR}/{}", link.binary)
}
