//! Packages that a platform or tag leaves out as a whole, although something imports them.

use super::graph::{PackageIx, Packages};
use super::query;
use crate::diag::{Diagnostic, Span};
use crate::gosrc::BuildContext;

/// How many files are named.
const SHOWN: usize = 3;

/// An error at the import of the package `ix`, which has no file for `context`, with the imports
/// that lead there from a main.
pub(super) fn diagnostic(
    packages: &Packages,
    ix: PackageIx,
    context: &BuildContext,
) -> Option<Diagnostic> {
    let mut chains = packages
        .mains
        .iter()
        .filter_map(|&main| Some((main, query::chain(packages, main, &|goal| goal == ix)?)));
    let (main, mut chain) = chains.next()?;
    let others = chains.count();
    let last = chain.pop()?.import;
    let (package, platform) = (
        packages.get(ix),
        format!("{}/{}", context.goos, context.goarch),
    );
    let go_files = package
        .left_out
        .iter()
        .filter(|file| file.name().ends_with(".go"));
    let mut files: Vec<&str> = go_files
        .clone()
        .map(|file| file.name())
        .take(SHOWN)
        .collect();
    if go_files.count() > SHOWN {
        files.push("...");
    }
    let error = Diagnostic::error(format!(
        "package {} cannot be built for {platform}: build constraints exclude all its Go files ({})",
        package.path,
        files.join(", ")
    ));
    let more = if others > 0 {
        format!(" and {others} more")
    } else {
        String::new()
    };
    let error = error.at(Span::at(last.file.as_str(), last.at)).help(format!(
        "./{}{more} cannot be built for {platform}: build for another platform, put a build constraint on the import, or list the main package under `skip`",
        packages.get(main).dir
    ));
    let imports = chain.into_iter().map(|hop| hop.import);
    Some(imports.fold(error, |error, import| {
        error.related(
            Span::at(import.file.as_str(), import.at),
            format!("{} is imported here", import.path),
        )
    }))
}
