//! The keys of a build's options, each once. Senders are `docker buildx build`, `buildctl --opt`
//! and bake.
//!
//! A constant of its own is a key that the frontend reads. [`IGNORED`] lists keys that it knows and
//! does not read. Any other key is ignored too: clients add informational ones all the time.

/// Path of the definition file in its local directory (`-f`). Default `Dockerfile`.
pub const FILENAME: &str = "filename";
/// The image to build (`--target`).
pub const TARGET: &str = "target";
/// Platforms to build for, comma separated (`--platform`). Absent: the build platform.
pub const PLATFORM: &str = "platform";
/// Whether to return a result by platform even for one, or never to. A boolean.
pub const MULTI_PLATFORM: &str = "multi-platform";
/// Prefix of build arguments (`--build-arg NAME=value`).
pub const BUILD_ARG: &str = "build-arg:";
/// Prefix of labels for the image (`--label`).
pub const LABEL: &str = "label:";
/// Present and empty: use no cache. Else the names whose cache is not to be used, comma separated.
pub const NO_CACHE: &str = "no-cache";
/// Caches to import: JSON, `[{"Type": .., "Attrs": {..}}]`.
pub const CACHE_IMPORTS: &str = "cache-imports";
/// The older form: image references, comma separated.
pub const CACHE_FROM: &str = "cache-from";
/// `default`, `pull` (`--pull`) or `local` (dockerd).
pub const IMAGE_RESOLVE_MODE: &str = "image-resolve-mode";
/// `host=ip`, comma separated (`--add-host`).
pub const ADD_HOSTS: &str = "add-hosts";
/// `none`, `host` or `sandbox` (`--network`).
pub const NETWORK: &str = "force-network-mode";
/// `name=soft[:hard]`, comma separated (`--ulimit`).
pub const ULIMIT: &str = "ulimit";
/// Size of /dev/shm in bytes (`--shm-size`).
pub const SHM_SIZE: &str = "shm-size";
/// Parent cgroup of the steps (`--cgroup-parent`).
pub const CGROUP_PARENT: &str = "cgroup-parent";
/// Host name in the steps.
pub const HOSTNAME: &str = "hostname";
/// The main context, if it is remote: a git reference or an http(s) URL.
pub const CONTEXT: &str = "context";
/// Which option to read instead of `context`.
pub const CONTEXT_KEY: &str = "contextkey";
/// Sub directory of a main context that is not local.
pub const CONTEXT_SUBDIR: &str = "contextsubdir";
/// Name of the local directory with the definition file, which is then read from there even if the
/// context is remote.
pub const DOCKERFILE_KEY: &str = "dockerfilekey";
/// Prefix of named contexts: `context:NAME` or `context:NAME::PLATFORM` (`--build-context`).
pub const NAMED_CONTEXT: &str = "context:";
/// Prefix of image configs that belong to named contexts given as inputs: JSON,
/// `{"containerimage.config": base64}`.
pub const INPUT_METADATA: &str = "input-metadata:";
/// Prefix of session ids to use for single local directories (bake shares contexts between
/// sessions).
pub const LOCAL_SESSION: &str = "local-sessionid:";
/// Prefix of cache key suffixes of named local contexts.
pub const SHARED_KEY: &str = "sharedkey:localdir:";
/// The `--call` asked for; absent: build.
pub const REQUEST_ID: &str = "requestid";

/// The SBOM that the image is to have (`--sbom`): its attributes, comma separated.
pub const ATTEST_SBOM: &str = "attest:sbom";

/// The commit of the git checkout that the context is in; `-dirty` at its end says that files have
/// changed since, where the user let `docker buildx` look for that (`BUILDX_GIT_CHECK_DIRTY`).
pub const VCS_REVISION: &str = "vcs:revision";

/// The URL of that repository.
pub const VCS_SOURCE: &str = "vcs:source";

/// Build argument: overrides [`MULTI_PLATFORM`].
pub const ARG_MULTI_PLATFORM: &str = "BUILDKIT_MULTI_PLATFORM";
/// Build argument: overrides [`HOSTNAME`].
pub const ARG_HOSTNAME: &str = "BUILDKIT_SANDBOX_HOSTNAME";
/// Build argument: the older form of [`ATTEST_SBOM`].
pub const ARG_ATTEST_SBOM: &str = "BUILDKIT_ATTEST_SBOM";
/// Build argument: keep `.git` of a git context. A boolean.
pub const ARG_KEEP_GIT_DIR: &str = "BUILDKIT_CONTEXT_KEEP_GIT_DIR";
/// Build argument: let git print its advice. A boolean.
pub const ARG_GIT_ADVICE: &str = "BUILDKIT_GIT_ADVICE";
/// Build argument: what the names of cache mounts begin with, before a `/`.
pub const ARG_CACHE_MOUNT_NS: &str = "BUILDKIT_CACHE_MOUNT_NS";
/// Build argument: the time to put on everything, in seconds since 1970.
pub const ARG_SOURCE_DATE_EPOCH: &str = "SOURCE_DATE_EPOCH";

/// The name of the frontend's image.
pub const SOURCE: &str = "source";

/// Bytes of memory that each step may take (`--memory`).
pub const MEMORY: &str = "memory";
/// The same with swap, or -1 (`--memory-swap`).
pub const MEMORY_SWAP: &str = "memswap";
/// The weight of each step where processors are short (`--cpu-shares`).
pub const CPU_SHARES: &str = "cpushares";
/// The microseconds that the quota is for (`--cpu-period`).
pub const CPU_PERIOD: &str = "cpuperiod";
/// Microseconds of processors that each step may take in that time (`--cpu-quota`).
pub const CPU_QUOTA: &str = "cpuquota";
/// The processors that each step may take (`--cpuset-cpus`).
pub const CPUSET_CPUS: &str = "cpusetcpus";
/// The memory nodes that each step may take (`--cpuset-mems`).
pub const CPUSET_MEMS: &str = "cpusetmems";

/// Limits of single steps, with the flags of clients that set them.
pub(super) const STEP_LIMITS: [(&str, &str); 7] = [
    (MEMORY, "--memory"),
    (MEMORY_SWAP, "--memory-swap"),
    (CPU_SHARES, "--cpu-shares"),
    (CPU_PERIOD, "--cpu-period"),
    (CPU_QUOTA, "--cpu-quota"),
    (CPUSET_CPUS, "--cpuset-cpus"),
    (CPUSET_MEMS, "--cpuset-mems"),
];

/// Keys that clients send and the frontend ignores on purpose, with the reason. One that ends in
/// `:` or `_` is a prefix. Docker's frontend gets them for the stages of a Dockerfile, as all
/// others.
pub const IGNORED: [(&str, &str); 11] = [
    (
        "cmdline",
        "the whole syntax line: nothing in it has a meaning here but the image",
    ),
    (
        "frontend.caps",
        "BuildKit compares them with the labels of the frontend's image before it starts",
    ),
    (
        "attest:provenance",
        "BuildKit adds provenance to any result",
    ),
    (
        "vcs:localdir:",
        "where the context is in the checkout, for provenance only",
    ),
    (
        "input:",
        "the URL of a context that is an input, for provenance only",
    ),
    (
        "build-arg:BUILDKIT_SYNTAX",
        "has chosen this frontend already",
    ),
    (
        "build-arg:BUILDKIT_INLINE_CACHE",
        "clients make an exporter's option of it",
    ),
    (
        "build-arg:BUILDKIT_BUILD_NAME",
        "clients name the build by it",
    ),
    (
        "build-arg:BUILDKIT_DOCKERFILE_CHECK",
        "rules of docker/dockerfile, which are not those of a Go workspace",
    ),
    (
        "build-arg:BUILDKIT_SBOM_SCAN_",
        "stages of a Dockerfile: an image here has none",
    ),
    (
        "build-arg:BUILDKIT_ATTEST_PROVENANCE",
        "as attest:provenance",
    ),
];
