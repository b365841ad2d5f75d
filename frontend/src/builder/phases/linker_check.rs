//! Phase: does the image have the dynamic linker that its binary asks for? Without one, a container
//! says no more than "no such file or directory". Only the binary shows what a linker made of cgo,
//! `-static` and build modes.

use gowork_llb::config::SCRATCH;
use gowork_llb::diag::Diagnostic;
use gowork_llb::lower;
use gowork_llb::plan::{Image, Plan};

use crate::builder::elf::interpreter;
use crate::builder::session::Session;
use crate::error::BuildError;
use crate::gateway::Ref;

/// Bytes of a binary that hold its program headers and what they name; linkers put both first.
const HEAD: u64 = 64 << 10;

/// Looks at the binaries in a finished image, but for those that are static in any case.
///
/// # Errors
/// If the image does not have the dynamic linker that a binary names.
pub(in crate::builder) async fn check(
    session: &Session<'_>,
    plan: &Plan,
    image: &Image,
    finished: &Ref,
) -> Result<(), BuildError> {
    for binary in lower::placed_binaries(image) {
        if plan.build(plan.step(binary.link).build).settings.cgo() {
            check_binary(session, plan, image, (&binary.path, finished)).await?;
        }
    }
    Ok(())
}

async fn check_binary(
    session: &Session<'_>,
    plan: &Plan,
    image: &Image,
    (path, finished): (&str, &Ref),
) -> Result<(), BuildError> {
    let head = session.gateway.read_range(finished, path, Some(0..HEAD));
    let head = match head.await {
        // No binary exists: the step that links it fails, and the daemon says so when the image is
        // handed back.
        Err(error) if error.is_about_itself() => return Ok(()),
        head => head?,
    };
    let Some(linker) = interpreter(&head) else {
        return Ok(());
    };
    match session.gateway.stat_file(finished, &linker).await {
        Err(error) if error.is_not_found() => {
            Err(missing(&linker, image, &plan.builder.image).into())
        }
        found => Ok(found.map(drop)?),
    }
}

fn missing(linker: &str, image: &Image, builder: &str) -> Diagnostic {
    let base = &image.runtime.base;
    let name = if base.value == SCRATCH {
        "base scratch".to_owned()
    } else {
        format!("base image {}", base.value)
    };
    let error = Diagnostic::error(format!(
        "image {} cannot run: cgo links its binary with the C library of {builder}, which needs {linker}, and {name} does not have that",
        image.name
    ));
    let error = error.help(format!(
        "set `base` under [runtime] to an image of the same distribution and release as {builder}\n\
         or link C libraries statically, with `ldflags = \"-s -w -linkmode external -extldflags -static\"`\n\
         or build without C: `cgo = false`"
    ));
    error.at(base.span.clone())
}
