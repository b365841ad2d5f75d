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
//!
//! # Words
//!
//! | word | meaning |
//! |---|---|
//! | own | of the repository; the opposite is third-party |
//! | main | a `package main` with a `func main` |
//! | build | one root under one set of flags; its packages are compiled once for all its images |
//! | outline | images and questions, before the go command has answered |
//! | reach set | the images that need a package, directly or not |
//! | part | packages with one reach set, which change hands together: the results that are mounted as one |
//! | cut | packages to parts (`partition`) |
//! | fold | parts to steps (`fold`; `price` has the cost model) |
//! | family | images that hold nearly the same third-party code, and count as one (`families`) |
//! | strict | of an image: all that it holds counts for the cut, not only what is heavy |
//! | exclusive | of own packages: part of one program alone, and compiled by its link (`exclusive`) |
//! | unit | a step that compiles parts of own packages |
//! | deps | a step that compiles third-party packages |
//! | bulk | the packages of std that two steps compile because they are known early |
//! | sealed | a step that sees mod files made for it, not the true ones |
//! | behind | own packages that only third-party packages import |

mod ask;
mod behind;
mod binaries;
mod broken;
mod build;
mod builder;
mod debug;
mod deps;
mod early;
mod exclusive;
mod families;
mod fold;
mod found;
mod image_errors;
mod images;
mod inputs;
pub mod json;
mod mains;
mod named;
mod names;
mod opened;
mod order;
mod outline;
mod outside;
mod partition;
mod planner;
mod price;
mod programs;
mod roots;
mod sealed;
mod settings;
mod sound;
mod step;
mod third_party;
mod titles;
mod tools;
mod units;
mod unused;
mod verify;
mod waits;

pub use ask::GoCommand;
pub use behind::Resolved;
pub use build::{Build, BuildIx, BuildModule};
pub use builder::{Builder, MIN_GO_MINOR};
pub use debug::DEBUG_PORT;
pub(crate) use early::early_std;
pub use image_errors::image_table;
pub use named::named_mains;
pub use opened::{NotInImages, not_in_images, open_question};
pub use outline::{
    Outline, OutlineBinary, OutlineImage, Setup, builder, built_roots, outline, outline_of,
};
pub use planner::{PlanInput, plan};
pub use roots::roots;
pub(crate) use sealed::module_of;
pub use sealed::{Moved, Sealed};
pub use settings::{GoSettings, Target};
pub use sound::{Outlines, outlines};
pub(crate) use step::STAMPED;
pub use step::{
    Binary, Image, Inputs, Link, OwnFiles, Part, Plan, Results, Step, StepIx, StepKind, StepName,
};
pub(crate) use third_party::ThirdParty;
pub(crate) use titles::for_images;
pub use tools::{NamedTool, named_tools};
pub use verify::verify;
