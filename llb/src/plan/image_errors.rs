//! What is said of mains that get no image, or one of another name.

use super::found::{Found, SHOWN, dirs, written};
use super::settings::Target;
use crate::config::{self, Config, ImageConfig, Spanned};
use crate::diag::{Diagnostic, Span};
use crate::packages::Main;
use crate::tree::TreePath;
use crate::workspace::Workspace;

/// What is said of a binary whose name no image can have.
pub(super) fn unusable(name: &str, main: &Main) -> Option<Diagnostic> {
    let binary = main.binary_name().to_lowercase();
    let is_reserved = config::RESERVED_NAMES.contains(&binary.as_str());
    let warning = format!(
        "an image cannot be called {binary}; the image of {} is called {name}",
        written(&main.dir)
    );
    let help = format!(
        "to keep or to change this name, write it down:\n{}",
        table(name, &main.dir)
    );
    is_reserved.then(|| Diagnostic::warning(warning).help(help))
}

/// Mains that the rule cannot tell apart.
pub(super) fn same_name(name: &str, founds: &[&Found]) -> Diagnostic {
    let places = founds.iter().take(SHOWN).copied();
    let more = if founds.len() > SHOWN {
        format!(" and {} more", founds.len() - SHOWN)
    } else {
        String::new()
    };
    let error = Diagnostic::error(format!(
        "{} mains would make an image named {name}: {}{more}",
        founds.len(),
        dirs(places)
    ));
    let tables = founds.iter().enumerate().skip(1).take(SHOWN);
    let tables: Vec<String> = tables
        .map(|(number, found)| table(&format!("{name}-{}", number + 1), &found.main.dir))
        .collect();
    error.help(format!(
        "name them in the configuration, for example:\n{}",
        tables.join("\n")
    ))
}

/// The table of an image, for the user to paste.
pub(super) fn table(name: &str, main: &TreePath) -> String {
    // A dot would make two keys of one.
    let key = if name.contains('.') {
        format!("{name:?}")
    } else {
        name.to_owned()
    };
    format!("[images.{key}]\nmain = {:?}", written(main))
}

pub(super) fn place(image: &ImageConfig) -> Option<Span> {
    image
        .main
        .as_ref()
        .and_then(|main: &Spanned<String>| main.span.clone())
        .or_else(|| image.at.clone())
}

pub(super) fn located(diagnostic: Diagnostic, span: Option<Span>) -> Diagnostic {
    match span {
        Some(span) => diagnostic.at(span),
        None => diagnostic,
    }
}

pub(super) fn needs_cgo(image: &ImageConfig, main: &Main) -> Diagnostic {
    let error = Diagnostic::error(format!(
        "./{} cannot be built without cgo: `func main`, or every file of its package, imports \"C\" or asks for cgo",
        main.dir
    ));
    located(error, place(image)).help("set `cgo = true` for this image")
}

pub(super) fn no_func_main(image: &ImageConfig, main: &Main) -> Diagnostic {
    let error = Diagnostic::error(format!(
        "./{} cannot be an image: function main is undeclared in the main package",
        main.dir
    ));
    located(error, place(image)).help(
        "a program needs `func main`, in a file that is built for this platform and these tags",
    )
}

pub(super) fn not_found(
    name: &str,
    image: &ImageConfig,
    mains: &[Found],
    workspace: &Workspace,
) -> Diagnostic {
    let message = match &image.main {
        Some(main) => format!("image {name}: there is no main package {}", main.value),
        None => format!("image {name}: no main package makes a binary of that name"),
    };
    let known = dirs(mains);
    let written = image
        .main
        .as_ref()
        .and_then(|main| TreePath::new(&main.value).ok());
    let unused = workspace
        .unused
        .iter()
        .filter(|module| written.as_ref().is_some_and(|dir| dir.is_under(module)))
        .max();
    let help = if let Some(module) = unused {
        format!(
            "module ./{module} is not used by go.work: `go work use ./{module}`, or set `workspace = false` for this image"
        )
    } else if known.is_empty() {
        "the repository has no main package for this platform".to_owned()
    } else {
        format!("main packages are {known}")
    };
    located(Diagnostic::error(message), place(image)).help(help)
}

pub(super) fn no_main(
    workspace: &Workspace,
    config: &Config,
    target: &Target,
    with_cgo: &[Found],
    without_func: &[Found],
) -> Diagnostic {
    let error = Diagnostic::error(format!(
        "no main package for {target}: there is nothing to make an image of"
    ));
    if workspace.roots.is_empty() {
        return Diagnostic::error("no go.work and no go.mod in the build context")
            .help("build from the directory that holds go.work or go.mod; see whether .dockerignore leaves them out");
    }
    if !config.skip.is_empty() {
        return error.help("`skip` in the configuration leaves some out");
    }
    if !with_cgo.is_empty() {
        return error.help(format!(
            "without cgo there is nothing to build of {}: set `cgo = true` under [go]",
            dirs(with_cgo)
        ));
    }
    if !without_func.is_empty() {
        return error.help(format!(
            "these main packages have no `func main`: {}",
            dirs(without_func)
        ));
    }
    let unused: Vec<String> = workspace
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
