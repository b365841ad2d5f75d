//! Packages that links compile: those that no other program is made of, if they are few.

use gowork_llb::plan::{Plan, StepKind};
use gowork_llb::resolution::{self, Resolution};

use super::sealed::{package, planned};
use crate::support::sound;

/// A library that two programs share, and one that the first has to itself, with this much more in
/// it.
pub(crate) fn program_with(more: &str, config: &str) -> Plan {
    let archive = format!(
        "\
-- go.mod --
module example.com/app
go 1.26
-- cmd/a/main.go --
package main
import _ \"example.com/app/alone\"
func main() {{}}
-- cmd/b/main.go --
package main
import _ \"example.com/app/shared\"
func main() {{}}
-- alone/alone.go --
package alone
import _ \"example.com/app/shared\"
{more}
-- shared/shared.go --
package shared
"
    );
    let resolution = Resolution {
        packages: vec![package("runtime", None, &[], &[])],
        version: resolution::VERSION,
        ..Resolution::default()
    };
    planned(&sound(&archive, config), &resolution)
}

/// The packages that each unit and each link compiles.
fn compiled(plan: &Plan) -> Vec<String> {
    let ours = |kind: &StepKind| matches!(kind, StepKind::Unit(_) | StepKind::Link(_));
    let steps = plan.steps.iter().filter(|step| ours(&step.kind));
    let one = |kind: &StepKind| {
        let paths = kind.compiles().into_iter();
        let paths: Vec<&str> = paths
            .map(|path| &path["example.com/app/".len()..])
            .collect();
        paths.join(" ")
    };
    steps.map(|step| one(&step.kind)).collect()
}

#[test]
fn a_link_compiles_what_no_other_program_is_made_of() {
    let plan = program_with("", "");
    assert_eq!(compiled(&plan), ["shared", "alone cmd/a", "cmd/b"]);
    let own = &plan.step(plan.images[0].link).inputs.own.files;
    let names: Vec<&str> = own.iter().map(|file| file.as_str()).collect();
    assert_eq!(names, ["alone/alone.go", "cmd/a/main.go", "go.mod"]);
}

/// A link that runs again for another reason would compile it again.
#[test]
fn what_weighs_more_than_a_step_has_one() {
    let comment = |size: usize| format!("// {}", "x".repeat(size));
    let plan = program_with(&comment(390_000), "");
    assert_eq!(compiled(&plan), ["shared", "alone cmd/a", "cmd/b"]);
    let plan = program_with(&comment(400_000), "");
    assert_eq!(compiled(&plan), ["shared", "alone", "cmd/a", "cmd/b"]);
}

#[test]
fn what_is_linked_at_each_commit_compiles_its_main_alone() {
    let plan = program_with("", "[images.a]\nbuildvcs = true\n");
    assert_eq!(compiled(&plan), ["alone shared", "cmd/a", "cmd/b"]);
}

#[test]
fn with_a_cache_mount_alone_one_step_compiles_everything() {
    let plan = program_with("", "cache = \"mount\"\n");
    assert_eq!(compiled(&plan), ["alone shared", "cmd/a", "cmd/b"]);
}
