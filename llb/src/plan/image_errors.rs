//! Messages about mains that get no image, or an image of another name.

use super::found::{Found, SHOWN, is_named_by, some_dirs};
use super::mains::Mains;
use crate::config::{self, ImageConfig, Spanned};
use crate::diag::{Diagnostic, Position, Rule, Severity, Span};
use crate::packages::{Main, Unknown};
use crate::tree::TreePath;

/// The message about a binary whose name no image can have.
pub(super) fn unusable(name: &str, main: &Main) -> Option<Diagnostic> {
    let binary = main.path.binary_name().to_lowercase();
    let is_reserved = config::RESERVED_NAMES.contains(&binary.as_str());
    let warning = format!(
        "an image cannot be called {binary}; the image of {} is called {name}",
        main.dir.as_dir()
    );
    let help = format!(
        "to keep or to change this name, write it down:\n{}",
        image_table(name, &main.dir)
    );
    is_reserved.then(|| Diagnostic::warning(Rule::ReservedImageName, warning).help(help))
}

/// Mains that the rule cannot tell apart.
pub(super) fn same_name(name: &str, founds: &[&Found]) -> Diagnostic {
    let error = Diagnostic::error(format!(
        "{} mains would make an image named {name}: {}",
        founds.len(),
        some_dirs(founds.iter().copied())
    ));
    let tables = founds.iter().enumerate().skip(1).take(SHOWN);
    let tables: Vec<String> = tables
        .map(|(number, found)| image_table(&format!("{name}-{}", number + 1), &found.main.dir))
        .collect();
    error.help(format!(
        "name them in the configuration, for example:\n{}",
        tables.join("\n")
    ))
}

/// The table of an image in a configuration, to write it down or to paste it.
pub fn image_table(name: &str, main: &TreePath) -> String {
    format!("[images.{}]\nmain = {:?}", table_key(name), main.as_dir())
}

/// The key of an image below `images`.
pub(super) fn table_key(name: &str) -> String {
    // A dot would make two keys of one.
    if name.contains('.') {
        format!("{name:?}")
    } else {
        name.to_owned()
    }
}

pub(super) fn place(image: &ImageConfig) -> Option<Span> {
    image
        .main
        .as_ref()
        .and_then(|main: &Spanned<String>| main.span.clone())
        .or_else(|| image.at.clone())
}

pub(super) fn needs_cgo(image: &ImageConfig, main: &Main) -> Diagnostic {
    let error = Diagnostic::error(format!(
        "./{} cannot be built without cgo: `func main`, or every file of its package, imports \"C\" or asks for cgo",
        main.dir
    ));
    error
        .at(place(image))
        .help("set `cgo = true` for this image")
}

pub(super) fn no_func_main(image: &ImageConfig, main: &Main) -> Diagnostic {
    let error = Diagnostic::error(format!(
        "./{} cannot be an image: function main is undeclared in the main package",
        main.dir
    ));
    error.at(place(image)).help(
        "a program needs `func main`, in a file that is built for this platform and these tags",
    )
}

pub(super) fn not_found(image: &ImageConfig, mains: &[Found], places: &Mains<'_>) -> Diagnostic {
    let name = &image.name;
    let message = match &image.main {
        Some(main) => format!("image {name}: there is no main package {}", main.value),
        None => format!("image {name}: no main package makes a binary of that name"),
    };
    let error = Diagnostic::error(message).at(place(image));
    if let Some(unknown) = unknown_main(image, places) {
        return error
            .related(
                Span::at(unknown.file.as_str(), Position::default()),
                &unknown.error.message,
            )
            .help(format!(
                "whether {} is a main package cannot be known, since no Go file in it can be read",
                unknown.main.dir.as_dir()
            ));
    }
    let dir = image
        .main
        .as_ref()
        .and_then(|main| TreePath::new(&main.value).ok());
    let unused = places
        .workspace
        .unused
        .iter()
        .filter(|module| dir.as_ref().is_some_and(|dir| dir.is_under(module)))
        .max();
    error.help(if let Some(module) = unused {
        format!(
            "module ./{module} is not used by go.work: `go work use ./{module}`, or set `workspace = false` for this image"
        )
    } else if mains.is_empty() {
        "the repository has no main package for this platform".to_owned()
    } else {
        format!("main packages are {}", some_dirs(mains))
    })
}

/// The directory that an image's table may mean, and whose files cannot be read.
fn unknown_main(image: &ImageConfig, places: &Mains<'_>) -> Option<Unknown> {
    let is_meant = |unknown: &Unknown| match &image.main {
        Some(written) => is_named_by(&unknown.main, &written.value),
        None => {
            let binary = unknown.main.path.binary_name();
            binary.eq_ignore_ascii_case(&image.name)
        }
    };
    places.unknown(image).into_iter().find(is_meant)
}

/// The error of a repository without mains.
pub(super) fn no_main(mains: &Mains<'_>, unnamed: &ImageConfig, unknown: &[Unknown]) -> Diagnostic {
    let mut error = Diagnostic::error(format!(
        "no main package for {}: there is nothing to make an image of",
        mains.target
    ));
    if mains.workspace.roots.is_empty() {
        return Diagnostic::error("no go.work and no go.mod in the build context")
            .help("build from the directory that holds go.work or go.mod; see whether .dockerignore leaves them out");
    }
    if !unknown.is_empty() {
        for unknown in unknown {
            let place = unknown.error.span.clone();
            let place =
                place.unwrap_or_else(|| Span::at(unknown.file.as_str(), Position::default()));
            error = error.related(place, &unknown.error.message);
        }
        return error
            .help("gowork does not know whether the files that it cannot read are main packages");
    }
    if !mains.config.skip.is_empty() {
        return error.help("`skip` in the configuration leaves some out");
    }
    let with_cgo = mains.with_cgo(unnamed);
    if !with_cgo.is_empty() {
        return error.help(format!(
            "without cgo there is nothing to build of {}: set `cgo = true` under [go]",
            some_dirs(with_cgo.iter())
        ));
    }
    let without_func = mains.without_func(unnamed);
    if !without_func.is_empty() {
        return error.help(format!(
            "these main packages have no `func main`: {}",
            some_dirs(without_func.iter())
        ));
    }
    let unused: Vec<String> = mains
        .workspace
        .unused
        .iter()
        .map(|dir| format!("./{dir}"))
        .collect();
    if unused.is_empty() {
        error.help(
            "an image is made of a package whose files say `package main` and declare `func main`",
        )
    } else {
        error.help(format!(
            "modules that go.work does not use are not built: {}",
            unused.join(", ")
        ))
    }
}

/// The warning of a directory that may hold a main.
pub(super) fn unknown_warning(unknown: &Unknown) -> Diagnostic {
    Diagnostic {
        severity: Severity::Warning,
        ..unknown.error.clone()
    }
    .help(format!(
        "gowork does not know whether {} is a main package; if it is, it gets no image",
        unknown.main.dir.as_dir()
    ))
}
