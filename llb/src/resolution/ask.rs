//! One round of questions to a go command: what the resolve step would ask, without its layers.

use std::collections::BTreeMap;

use super::Resolution;
use super::from_list::Chosen;
use super::go_list::{self, ListError, Listing, Repository};
use crate::tree::SourceTree;

/// What to ask about one build.
#[derive(Debug)]
pub struct Question<'a> {
    /// The repository, with the request.
    pub repository: Repository<'a>,
    /// Paths of the modules that a directory of the repository stands in for.
    pub replaced: Vec<&'a str>,
}

/// Asks a go command about one build. `go` runs it with the arguments that it gets, in the
/// request's directory and with [its environment](super::ResolveRequest::go_env), and returns what
/// it printed. `disk` is the file system of that machine, from its root.
///
/// # Errors
/// Those of `go`, and [`ListError`].
pub fn ask<E: From<ListError>>(
    question: &Question<'_>,
    disk: &dyn SourceTree,
    mut go: impl FnMut(&[String]) -> Result<Vec<u8>, E>,
) -> Result<Resolution, E> {
    let repository = &question.repository;
    let listing = Listing::parse(&go(&go_list::package_args(repository.request))?)?;
    let errors = listing.errors(repository);
    if !errors.is_empty() {
        return Err(ListError::Packages(errors).into());
    }
    let version = go(&["env".to_owned(), "GOVERSION".to_owned()])?;
    // A vendor directory says nothing about versions that were selected.
    let replaced = if question.replaced.is_empty() || repository.request.vendored {
        BTreeMap::new()
    } else {
        let args = go_list::version_args(question.replaced.iter().copied());
        go_list::selected_versions(&go(&args)?)
    };
    let chosen = Chosen {
        go_version: String::from_utf8_lossy(&version).trim().to_owned(),
        replaced,
    };
    Ok(listing.resolution(repository, chosen, disk)?)
}
