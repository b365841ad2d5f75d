//! The IR: what is run, on which inputs, and what becomes of it. Plain data, made by [`plan()`],
//! with no LLB and no Dockerfile in it.
//!
//! Two phases, because only the go command chooses versions: [`outline`] finds the images and, for
//! each [`Build`] (a root under one set of flags), the question for its resolve step; [`plan()`]
//! takes the answers and makes the steps.
//!
//! ```text
//! resolve ──► std ──► deps ──► unit ... unit ──► link, one per image ──► image
//! ```
//!
//! A step's inputs are all it may read, and whatever runs a plan must key the step by them and
//! nothing else.

mod behind;
mod builder;
mod early;
mod fold;
mod images;
pub mod json;
mod names;
mod outline;
mod partition;
mod planner;
mod roots;
mod sealed;
mod settings;
mod sound;
mod step;
mod third_party;
mod titles;
mod units;
mod unused;
mod verify;

pub use behind::Resolved;
pub use builder::{Builder, MIN_GO_MINOR};
pub use early::early_std;
pub use outline::{Build, BuildIx, BuildModule, Outline, OutlineImage, outline, outline_of};
pub use planner::{PlanInput, plan};
pub use roots::roots;
pub(crate) use sealed::module_of;
pub use sealed::{Moved, Sealed};
pub use settings::{GoSettings, Target};
pub use sound::{Outlines, outlines};
pub use step::{Image, Inputs, Link, OwnFiles, Part, Plan, Results, Step, StepIx, StepKind};
pub(crate) use third_party::ThirdParty;
pub use titles::for_images;
pub use verify::verify;
