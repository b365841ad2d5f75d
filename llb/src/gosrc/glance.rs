//! A question that many directories are asked: do they hold a main? [`select`](super::select())
//! answers it too, and takes longer.

use super::class::{FileClass, is_test};
use super::context::BuildContext;
use super::source_file::SourceFile;

/// The name of the package that [`select`](super::select()) finds.
pub fn package_name<'f>(files: &'f [SourceFile], context: &BuildContext) -> &'f str {
    let mut files: Vec<&SourceFile> = files.iter().collect();
    files.sort_by(|a, b| a.name.cmp(&b.name));
    let named = |file: &&SourceFile| {
        let go = matches!(
            FileClass::of(&file.name),
            Some(FileClass::Go | FileClass::TestGo)
        );
        go && !file.is_unreadable()
            && !matches!(file.header.package.as_str(), "" | "documentation")
            && is_built(file, context)
    };
    let first = files.into_iter().find(named);
    first.map_or("", |file| {
        let package = file.header.package.as_str();
        let tested = package
            .strip_suffix("_test")
            .filter(|_| is_test(&file.name));
        tested.unwrap_or(package)
    })
}

/// The first Go file of a directory in which no file names a package, since what a build would take
/// cannot be read. Its own header may have the name.
pub(crate) fn unreadable_package<'f>(
    files: &'f [SourceFile],
    context: &BuildContext,
) -> Option<&'f SourceFile> {
    let is_taken = |file: &&SourceFile| {
        file.is_unreadable()
            && FileClass::of(&file.name) == Some(FileClass::Go)
            && context.matches_name(&file.name)
    };
    let first = files.iter().find(is_taken)?;
    package_name(files, context).is_empty().then_some(first)
}

/// Whether [`select`](super::select()) finds files that a build compiles. Tests do not count, nor
/// do files that need cgo if it is off.
pub fn is_compiled(files: &[SourceFile], context: &BuildContext) -> bool {
    files.iter().any(|file| is_compiled_file(file, context))
}

/// Whether a file that a build compiles is of `package main`. A directory that holds another package
/// as well cannot be built, whichever file comes first; [`select`](super::select()) says so.
pub(crate) fn has_program(files: &[SourceFile], context: &BuildContext) -> bool {
    files
        .iter()
        .any(|file| file.header.package == "main" && is_compiled_file(file, context))
}

/// Whether a file that a build compiles declares `func main`, without which a `package main` cannot
/// be linked. A file whose head is wrong may do so.
pub fn declares_main(files: &[SourceFile], context: &BuildContext) -> bool {
    let is_broken = |file: &SourceFile| {
        file.problem.is_some()
            && FileClass::of(&file.name) == Some(FileClass::Go)
            && is_built(file, context)
    };
    files
        .iter()
        .any(|file| file.header.declares_main && is_compiled_file(file, context) || is_broken(file))
}

fn is_compiled_file(file: &SourceFile, context: &BuildContext) -> bool {
    let asks_cgo = || file.header.imports.iter().any(|import| import.path == "C");
    FileClass::of(&file.name) == Some(FileClass::Go)
        && !file.is_unreadable()
        && file.header.package != "documentation"
        && is_built(file, context)
        && (context.cgo || !asks_cgo())
}

/// Whether name and constraint admit the file.
fn is_built(file: &SourceFile, context: &BuildContext) -> bool {
    context.matches_name(&file.name)
        && file
            .header
            .constraint
            .as_ref()
            .is_none_or(|constraint| context.holds(constraint))
}
