//! Whether the builder image can compile C, if packages of a build need that: found out here,
//! before a step fails.

use std::path::Path;

use gowork_llb::gomod::ImportPath;
use gowork_llb::resolution::go_list::Listing;
use gowork_llb::resolution::{ResolveError, ResolveRequest};

use super::command::Go;
use super::failure::Failure;

/// Looks for the C compiler.
///
/// # Errors
/// If some package needs it and it is not there.
pub(super) fn check(go: &Go, request: &ResolveRequest, listing: &Listing) -> Result<(), Failure> {
    let is_on = request.env.get("CGO_ENABLED").is_some_and(|it| it == "1");
    // Every package with cgo imports this one.
    let mut packages = listing.packages.iter();
    let uses_cgo = packages.any(|package| package.import_path == "runtime/cgo");
    if !is_on || !uses_cgo {
        return Ok(());
    }
    let command = go.variable("CC");
    let program = program(&command);
    if is_there(program) {
        return Ok(());
    }
    let arch = request
        .env
        .get("GOARCH")
        .map(String::as_str)
        .unwrap_or_default();
    let message = format!("cgo needs a C compiler, and the builder image has no {program}");
    let cross = if go.variable("GOHOSTARCH") == arch {
        "set `builder` under [go] to an image with a C compiler (golang:1.26 has gcc, golang:1.26-alpine has none), or `cgo = false`".to_owned()
    } else {
        format!(
            "to compile C for {arch}, set `builder` under [go] to an image with {program}, or with another one in its variable CC; or set `cgo = false`"
        )
    };
    Err(Failure {
        errors: vec![ResolveError {
            package: ImportPath::default(),
            message,
        }],
        advice: vec![cross],
    })
}

/// The first word of a command, which may be quoted.
fn program(command: &str) -> &str {
    let command = command.trim_start();
    let quoted = |quote| {
        command
            .strip_prefix(quote)
            .and_then(|rest: &str| rest.split(quote).next())
    };
    quoted('"')
        .or_else(|| quoted('\''))
        .or_else(|| command.split_whitespace().next())
        .unwrap_or_default()
}

fn is_there(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    program.contains('/') && Path::new(program).is_file()
        || std::env::split_paths(&path)
            .any(|dir| !program.contains('/') && dir.join(program).is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_of_commands() {
        for (command, named) in [
            ("gcc", "gcc"),
            ("ccache gcc -m64", "ccache"),
            ("\"/opt/my cc\" -O", "/opt/my cc"),
            ("", ""),
        ] {
            assert_eq!(program(command), named);
        }
        assert!(
            is_there("sh")
                && is_there("/bin/sh")
                && !is_there("no-such-compiler")
                && !is_there("/no/such/compiler")
        );
    }
}
