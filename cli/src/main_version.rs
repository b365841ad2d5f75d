//! The version that a program says its main module has, if it says which commit it is made of
//! (`buildvcs`). The go command derives it from git, by many rules. So it is asked what it would write
//! into the program: `go build -n` builds nothing.

use std::process::Command;

use anyhow::{Context as _, bail};
use gowork_llb::diag::without_credentials;
use gowork_llb::plan::{Plan, StepIx, StepKind};

use crate::project::Project;

/// What stands before the text that is written into a program.
const TEXT: &str = "modinfo \"";
/// A line of that text, and what its words have between them, as Go quotes them.
const MODULE: &str = "\\nmod\\t";
const TAB: &str = "\\t";

/// The version of the main module of the program that a link makes. Returns `None` if the program is
/// not to say one, or says none.
///
/// # Errors
/// If the go command cannot say it: outside of a checkout, for example.
pub(crate) fn main_version(
    project: &Project,
    plan: &Plan,
    ix: StepIx,
) -> anyhow::Result<Option<String>> {
    let step = plan.step(ix);
    let link = match &step.kind {
        StepKind::Link(link) if link.buildvcs => link,
        _ => return Ok(None),
    };
    let request = &plan.build(step.build).request;
    let root = dunce::canonicalize(project.root())?;
    let mut go = Command::new("go");
    go.args(["build", "-n", "-buildvcs=true"])
        .arg(format!("-tags={}", request.tags.join(",")))
        .arg(link.package.as_str())
        .current_dir(request.go_dir(&root))
        .envs(request.go_env(&root))
        .env("GOTOOLCHAIN", &plan.toolchain)
        .envs(&plan.module_env);
    let output = go.output().context("cannot run go")?;
    // It prints commands as errors.
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        let said = without_credentials(&said);
        bail!("go build says:\n{}", said.trim());
    }
    Ok(version(&said))
}

/// The version in the commands of `go build -n`.
fn version(commands: &str) -> Option<String> {
    let text = commands.lines().find_map(|line| line.strip_prefix(TEXT))?;
    let (_, module) = text.split_once(MODULE)?;
    let version = module.split(TAB).nth(1)?;
    (version != "(devel)" && !version.is_empty()).then(|| version.to_owned())
}

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn what_go_would_write() {
        let of = |version: &str| {
            format!(
                "cat >x << 'EOF'\npackagefile a=/x\nmodinfo \"0w\\xafpath\\ta.example/x\\nmod\\ta.example\\t{version}\\t\\nbuild\\tvcs=git\\n\\xf9\"\nEOF\n"
            )
        };
        let tagged = version(&of("v1.4.0+dirty"));
        assert_eq!(tagged.as_deref(), Some("v1.4.0+dirty"));
        assert_eq!(version(&of("(devel)")), None);
        assert_eq!(version("mkdir -p /x\n"), None);
    }
}
