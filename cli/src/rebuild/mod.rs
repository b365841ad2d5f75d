//! What an image was made from, by its provenance, and what is different in an image that is made
//! from the same again.

mod buildx;
mod checkout;
mod compare;
mod descriptor;
mod export;
mod image;
mod layer;
mod material;
mod provenance;
mod recipe;
mod report;
mod store;

pub(crate) use crate::git::tag_commit;
pub(crate) use buildx::{Outcome, build, digest_now, is_there};
pub(crate) use checkout::checkout_notes;
pub(crate) use compare::Sides;
pub(crate) use export::{Export, with_layers};
pub(crate) use image::{Entry, Image, Index};
pub(crate) use provenance::Provenance;
pub(crate) use recipe::{Given, Recipe};
pub(crate) use report::{MaterialJson, RebuildJson, RebuiltJson, Verdict};
pub(crate) use store::Store;
