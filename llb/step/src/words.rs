//! Words of `gowork-cache`'s command lines: `gowork-cache WORD ...` in a step, and the flags in
//! `GOCACHEPROG`, with which the go command calls the program.

/// Compiles packages: `compile [--step=FILE] PARTS DIR FLAG...`.
pub const COMPILE: &str = "compile";
/// Links a binary: `link [--step=FILE --mount=DIR] BINARY COMMAND...`.
pub const LINK: &str = "link";
/// Compiles and links the steps of a batch: `batch FILE DIR LAYERS`.
pub const BATCH: &str = "batch";
/// Waits until steps run: `watch FILE DIR`.
pub const WATCH: &str = "watch";
/// Copies what a step printed when it failed: `failure DIR WORD...`, with the words of its command
/// line.
pub const FAILURE: &str = "failure";

/// Before the path of a step's description, in one word.
pub const STEP: &str = "--step=";
/// Before the directory of the cache mount of a link, in one word.
pub const LINK_MOUNT: &str = "--mount=";
/// In place of a directory: the step has no layer.
pub const NO_LAYER: &str = "-";

/// Layers to read, each a word of its own.
pub const PARENT: &str = "--parent";
/// Where the step's layer is written.
pub const LAYER: &str = "--layer";
/// Scratch space for results that no later step reads as a layer.
pub const DISCARD: &str = "--discard";
/// Where a log of all results is written, which stay in the cache mount.
pub const USAGE_LOG: &str = "--usage-log";
/// The cache mount.
pub const MOUNT: &str = "--mount";
/// A results image, to read after the cache mount.
pub const RESULTS_IMAGE: &str = "--results-image";
/// Bytes that the cache mount may hold.
pub const LIMIT: &str = "--limit";
/// Names of steps to wait for.
pub const AFTER: &str = "--after";
/// Names of steps to wait for, which are asked to stop.
pub const STOP: &str = "--stop";
/// Asks for a line of counts at the end.
pub const STATS: &str = "--stats";
