//! Ids of the gateway's own capabilities. Those of definitions are in `gowork_llb::ops::caps`.

/// Solve can build at once instead of when the ref is first used.
pub const SOLVE_EVALUATE: &str = "gateway.solve.evaluate";
/// Evaluate exists (BuildKit v0.11).
pub const EVALUATE: &str = "gateway.evaluate";
/// ResolveSourceMeta exists and replaces ResolveImageConfig (v0.13).
pub const SOURCE_META_RESOLVER: &str = "source.metaresolver";
/// Inputs exists.
pub const INPUTS: &str = "frontend.inputs";
/// Warn exists (v0.10).
pub const WARNINGS: &str = "gateway.warnings";
/// Steps may have limits (v0.33). Definitions do not ask for it: without it, they are built
/// without limits.
pub const STEP_LIMITS: &str = "exec.meta.linux.resources";
/// Results may carry attestations.
pub const ATTESTATIONS: &str = "reference.attestations";
