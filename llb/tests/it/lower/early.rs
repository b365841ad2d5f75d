//! What runs before or beside the planned steps: the early step for std.

use gowork_llb::plan::{self, BuildIx, PlanInput, StepIx};

use super::llb::lowering;
use crate::support::{resolved_plan, sound};

/// A main that imports net/http.
const SERVER: &str = "\
-- go.mod --
module example.com/server
go 1.26
-- main.go --
package main
import (
	_ \"fmt\"
	_ \"net/http\"
)
func main() {}
";

fn early(archive: &str, config: &str) -> Option<String> {
    let outline = sound(archive, config);
    let first = plan::plan(PlanInput {
        outline: &outline,
        resolutions: None,
    });
    let output = lowering(&first, |lowering| {
        lowering.early_std(BuildIx(0), None).unwrap()
    });
    output.map(|output| output.to_definition().to_string())
}

/// One more package of std lets nobody run who does not import it.
#[test]
fn a_package_more_of_std_is_no_reason_to_compile_all_at_once() {
    let main = |name: &str| {
        format!(
            "-- {name}/main.go --\npackage main\nimport (\n_ \"archive/tar\"\n_ \"net/http\"\n)\nfunc main() {{}}\n"
        )
    };
    let archive = "-- go.mod --\nmodule example.com/m\ngo 1.26\n".to_owned()
        + &["a", "b", "c", "d"].map(main).concat();
    let plan = resolved_plan(&sound(&archive, ""));
    let build = plan.step(plan.images[0].link).build;
    let ahead = |running: &[usize]| {
        lowering(&plan, |mut lowering| {
            lowering.batch(build, None, running).unwrap()
        })
    };
    let std: Vec<&str> = plan.steps[1..4]
        .iter()
        .map(|step| step.name.as_str())
        .collect();
    assert_eq!(std, ["std:core", "std:net/http", "std"]);
    assert!(ahead(&[0, 1]).is_some() && ahead(&[0, 1, 2]).is_some());
    assert!(ahead(&[2]).is_none());
}

/// What runs while modules are being resolved is of use only if the planned step is the very same
/// op.
#[test]
fn the_step_that_is_known_early_is_the_planned_one() {
    let profile = format!("{SERVER}-- default.pgo --\n");
    let logger = SERVER.replace("net/http", "third.party/log");
    for (archive, config, last) in [
        (SERVER, "", "std:net/http"),
        (
            SERVER,
            "cache = \"layer\"\n[go]\ntags = [\"extra\"]\ngcflags = \"-N\"\n",
            "std:net/http",
        ),
        (SERVER, "[go]\ncgo = true\n", "std:net/http"),
        (&profile, "", "std:net/http"),
        (&logger, "", "std:core"),
    ] {
        let plan = resolved_plan(&sound(archive, config));
        let ix = plan
            .steps
            .iter()
            .position(|step| step.name == last)
            .map(StepIx)
            .unwrap();
        let planned = lowering(&plan, |mut lowering| {
            lowering.step(ix).unwrap().to_definition().to_string()
        });
        assert_eq!(early(archive, config), Some(planned));
    }
}

/// What might turn out not to be needed, or to be another op, is not begun.
#[test]
fn nothing_is_known_early_that_may_not_be_needed() {
    assert_eq!(early(&SERVER.replace("net/http", "net/url"), ""), None);
    assert_eq!(early(SERVER, "cache = \"mount\"\n"), None);
    assert_eq!(
        early(&format!("{SERVER}-- vendor/modules.txt --\n"), ""),
        None
    );
}
