//! Through which imports a module comes into a binary.

use super::linked::NotResolved;
use super::linking::Linking;
use super::reach::{Importers, Reach};
use crate::gomod::ImportPath;
use crate::plan::StepIx;

/// Import paths, from the main to a package of the module; each imports the next.
pub type Way = Vec<ImportPath>;

/// A shortest way from the main of the step `link` to a package of the module with this path.
/// Returns `None` if the binary holds nothing of it.
///
/// # Errors
/// [`NotResolved`], also if the step is no link.
pub fn why(input: Linking<'_>, link: StepIx, module: &str) -> Result<Option<Way>, NotResolved> {
    let (reach, main) = Reach::new(input, link).ok_or(NotResolved)?;
    let importers = reach.importers(main);
    let mut shortest: Option<Way> = None;
    for &path in importers.keys() {
        let is_of_module = reach
            .source(path)
            .is_some_and(|source| source.module().is_some_and(|own| *own == *module));
        if !is_of_module {
            continue;
        }
        let way = way(&importers, path);
        if shortest
            .as_ref()
            .is_none_or(|known| way.len() < known.len())
        {
            shortest = Some(way);
        }
    }
    Ok(shortest)
}

/// A shortest way from the main of the step `link` to each package that it reaches, by import path.
///
/// # Errors
/// [`NotResolved`], also if the step is no link.
pub fn ways(input: Linking<'_>, link: StepIx) -> Result<Ways<'_>, NotResolved> {
    let (reach, main) = Reach::new(input, link).ok_or(NotResolved)?;
    Ok(Ways(reach.importers(main)))
}

/// Through which imports the packages of a binary are reached.
#[derive(Debug)]
pub struct Ways<'a>(Importers<'a>);

impl Ways<'_> {
    /// A shortest way to a package; the package alone if the binary does not import it.
    pub fn to(&self, package: &ImportPath) -> Way {
        way(&self.0, package)
    }
}

fn way(importers: &Importers<'_>, to: &ImportPath) -> Way {
    let mut way = vec![to.clone()];
    let mut at = to;
    while let Some(Some(importer)) = importers.get(at) {
        way.push((*importer).clone());
        at = importer;
    }
    way.reverse();
    way
}
