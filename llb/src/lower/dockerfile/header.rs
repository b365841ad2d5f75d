//! The comment at the top of a printed Dockerfile.

use super::options::DockerfileOptions;
use super::words::{capital, shell_word};
use crate::lower::mark::{self, Mark};

/// The lines above the first stage, for these images. `binaries` is the stage with all binaries.
pub(super) fn header(
    images: &[&str],
    binaries: &str,
    has_workspace: bool,
    options: &DockerfileOptions,
) -> String {
    let count = match images.len() {
        1 => "the image".to_owned(),
        several => format!("{several} images"),
    };
    let example = images.first().copied().unwrap_or_default();
    let given = options.contexts.iter();
    let given = given.map(|context| format!("{}={}", context.name, context.place));
    let contexts: String = given
        .map(|given| format!(" --build-context {}", shell_word(&given)))
        .collect();
    let mut lines = vec![
        "# syntax=docker/dockerfile:1".to_owned(),
        String::new(),
        capital(&format!(
            "# {count} of this repository: {}.",
            images.join(", ")
        )),
        "#".to_owned(),
        format!("#     docker buildx build{contexts} --target {example} --tag {example} ."),
        format!("#     docker buildx build{contexts} --target {binaries} --output bin ."),
        "#".to_owned(),
        format!(
            "# {}; run it again when imports change. The stage of a binary copies only what that is made of, so",
            Mark::DOCKERFILE
        ),
        "# that no other edit rebuilds it, and leaves out tests and files for other platforms."
            .to_owned(),
    ];
    lines.extend(mark::missing(&options.without));
    if has_workspace {
        lines.push(
            "# All mod files of the workspace are in every stage, since go chooses versions for all its modules at once."
                .to_owned(),
        );
    }
    lines.join("\n")
}
