//! Sealed steps: the synthetic workspace to the letter, and what an edit of a mod file changes in
//! it.

use std::collections::BTreeMap;

use expect_test::{Expect, expect};
use gowork_llb::gomod::{ImportPath, ModulePath};
use gowork_llb::plan::{self, BuildIx, Outline, Plan, PlanInput, Step, StepKind};
use gowork_llb::resolution::{self, Resolution, ResolvedModule, ResolvedPackage};

use crate::support::sound;

/// Two members and a third-party module. Two mains share the library.
pub(crate) const WORK: &str = "\
-- go.work --
go 1.26
use (
	./api
	./lib
)
-- api/go.mod --
module example.com/api
go 1.26
require third.party/log v1.2.0 // a comment
-- api/main.go --
package main
import \"example.com/lib\"
func main() {}
-- api/job/main.go --
package main
import _ \"example.com/lib\"
func main() {}
-- lib/go.mod --
module example.com/lib
go 1.21
-- lib/lib.go --
package lib
import _ \"third.party/log\"
";

pub(crate) fn module(path: &str, version: &str, go: &str) -> ResolvedModule {
    ResolvedModule {
        path: ModulePath::new(path),
        version: version.to_owned(),
        replaced_by: String::new(),
        go: go.to_owned(),
        sum: String::new(),
    }
}

pub(crate) fn package(
    path: &str,
    module: Option<usize>,
    imports: &[&str],
    files: &[&str],
) -> ResolvedPackage {
    ResolvedPackage {
        path: ImportPath::new(path),
        module,
        imports: imports.iter().copied().map(ImportPath::new).collect(),
        dir: String::new(),
        files: files.iter().map(|&file| file.to_owned()).collect(),
        size: 1000,
        reads_module: false,
    }
}

/// What `go` would choose: two packages of one module, the sources reach one of them; and one more
/// that it imports.
pub(crate) fn resolution() -> Resolution {
    Resolution {
        version: resolution::VERSION,
        go_version: "go1.26.8".to_owned(),
        modules: vec![
            module("third.party/log", "v1.2.0", "1.20"),
            module("third.party/old", "v0.1.0", ""),
        ],
        packages: vec![
            package("runtime", None, &[], &[]),
            package(
                "third.party/log",
                Some(0),
                &["third.party/log/level", "third.party/old/x"],
                &["log.go", "words.txt"],
            ),
            package("third.party/log/level", Some(0), &[], &["level.go"]),
            package("third.party/old/x", Some(1), &[], &["x.go"]),
        ],
        replaced: BTreeMap::new(),
        runtime_files: Vec::new(),
    }
}

pub(crate) fn planned(outline: &Outline, resolution: &Resolution) -> Plan {
    let resolutions = BTreeMap::from([(BuildIx(0), resolution.clone())]);
    let plan = plan::plan(PlanInput {
        outline,
        resolutions: Some(&resolutions),
    });
    assert_eq!(plan::verify(&plan), Vec::<String>::new());
    plan
}

fn unit(plan: &Plan) -> &Step {
    plan.steps
        .iter()
        .find(|step| matches!(step.kind, StepKind::Unit(_)))
        .unwrap()
}

/// What a sealed step sees, as one text.
fn render(step: &Step) -> String {
    let Some(sealed) = &step.inputs.sealed else {
        return "not sealed\n".to_owned();
    };
    let mut text: String = sealed
        .texts
        .iter()
        .map(|(path, text)| format!("-- {path} --\n{text}"))
        .collect();
    text.extend(
        sealed
            .vendor
            .iter()
            .map(|(dir, from)| format!("vendored: {dir} from {from}\n")),
    );
    for moved in &sealed.moved {
        let files: Vec<&str> = moved
            .files
            .iter()
            .map(gowork_llb::tree::TreePath::as_str)
            .collect();
        text += &format!(
            "moved from {:?} to {:?}: {}\n",
            moved.from.as_str(),
            moved.to.as_str(),
            files.join(" ")
        );
    }
    text
}

fn check(step: &Step, expected: &Expect) {
    expected.assert_eq(&render(step));
}

#[test]
fn a_unit_sees_the_members_and_modules_that_it_reaches() {
    let plan = planned(&sound(WORK, ""), &resolution());
    check(
        unit(&plan),
        &expect![[r#"
            -- go.work --
            go 1.22
            use ./lib
            -- lib/go.mod --
            module example.com/lib
            go 1.21
            -- vendor/modules.txt --
            ## workspace
            # third.party/log v1.2.0
            ## go 1.20
            third.party/log
            third.party/log/level
            # third.party/old v0.1.0
            third.party/old/x
            vendored: third.party/log from third.party/log@v1.2.0
            vendored: third.party/old from third.party/old@v0.1.0
        "#]],
    );
    let link = plan.step(plan.images[0].link);
    assert!(
        link.inputs.sealed.is_none()
            && !link.inputs.mod_files.is_empty()
            && link.inputs.module_cache
    );
}

#[test]
fn third_party_packages_are_compiled_in_a_workspace_of_no_members() {
    let plan = planned(&sound(WORK, ""), &resolution());
    let deps = plan
        .steps
        .iter()
        .find(|step| matches!(step.kind, StepKind::Deps(_)))
        .unwrap();
    check(
        deps,
        &expect![[r#"
            -- go.work --
            go 1.22
            use ./gowork-sealed
            -- gowork-sealed/go.mod --
            module gowork.invalid/sealed
            -- vendor/modules.txt --
            ## workspace
            # third.party/log v1.2.0
            ## go 1.20
            third.party/log
            third.party/log/level
            # third.party/old v0.1.0
            third.party/old/x
            vendored: third.party/log from third.party/log@v1.2.0
            vendored: third.party/old from third.party/old@v0.1.0
        "#]],
    );
}

#[test]
fn a_stand_in_is_vendored_under_the_version_that_was_selected() {
    let archive = "\
-- go.mod --
module example.com/app
go 1.24
require example.com/mono/libs/a v1.4.0
replace example.com/mono/libs/a => ./libs/a
-- main.go --
package main
import (
	_ \"example.com/app/own\"
	_ \"example.com/mono/libs/a/deep\"
)
func main() {}
-- job/main.go --
package main
import (
	_ \"example.com/app/own\"
	_ \"example.com/mono/libs/a/deep\"
)
func main() {}
-- own/own.go --
package own
import _ \"example.com/mono/libs/a\"
-- libs/a/go.mod --
module example.com/mono/libs/a
go 1.23
-- libs/a/a.go --
package a
-- libs/a/deep/deep.go --
package deep
";
    let replaced = BTreeMap::from([(
        ModulePath::new("example.com/mono/libs/a"),
        "v1.4.0".to_owned(),
    )]);
    let resolution = Resolution {
        packages: vec![package("runtime", None, &[], &[])],
        modules: Vec::new(),
        replaced,
        ..resolution()
    };
    let plan = planned(&sound(archive, ""), &resolution);
    check(
        unit(&plan),
        &expect![[r#"
            -- go.mod --
            module example.com/app
            go 1.24
            -- go.work --
            go 1.24
            use .
            -- vendor/modules.txt --
            ## workspace
            # example.com/mono/libs/a v1.4.0
            ## go 1.23
            example.com/mono/libs/a
            example.com/mono/libs/a/deep
            moved from "" to "vendor/example.com/mono": libs/a/a.go libs/a/deep/deep.go
        "#]],
    );
    // Without the version the true mod files have to be seen.
    let resolution = Resolution {
        replaced: BTreeMap::new(),
        ..resolution
    };
    assert!(
        unit(&planned(&sound(archive, ""), &resolution))
            .inputs
            .sealed
            .is_none()
    );
}

/// Of the workspace, where a library of it reaches one of two packages of a module, and a module
/// whose path is inside another one's.
pub(crate) fn partly_reached() -> (Outline, Resolution) {
    let archive = WORK.replace(
        "import \"example.com/lib\"",
        "import (\n_ \"example.com/lib\"\n_ \"third.party/old/y\"\n)",
    );
    let mut resolution = resolution();
    resolution
        .modules
        .insert(1, module("third.party/log/inner", "v0.3.0", ""));
    resolution.packages = vec![
        package("runtime", None, &[], &[]),
        package(
            "third.party/log",
            Some(0),
            &["third.party/log/inner/deep", "third.party/old/x"],
            &["log.go"],
        ),
        package("third.party/log/inner/deep", Some(1), &[], &["deep.go"]),
        package("third.party/old/x", Some(2), &[], &["x.go"]),
        package("third.party/old/y", Some(2), &[], &["y.go"]),
    ];
    (sound(&archive, ""), resolution)
}

#[test]
fn directories_of_modules_are_seen_as_far_as_they_are_reached() {
    let (outline, resolution) = partly_reached();
    let plan = planned(&outline, &resolution);
    let vendor = |step: &Step| step.inputs.sealed.as_ref().unwrap().vendor.clone();
    let dirs = |dirs: [(&str, &str); 3]| {
        BTreeMap::from(dirs.map(|(dir, from)| (dir.to_owned(), from.to_owned())))
    };
    let log = ("third.party/log", "third.party/log@v1.2.0");
    let inner = ("third.party/log/inner", "third.party/log/inner@v0.3.0");
    assert_eq!(
        vendor(unit(&plan)),
        dirs([
            log,
            inner,
            ("third.party/old/x", "third.party/old@v0.1.0/x")
        ])
    );
    let deps = plan
        .steps
        .iter()
        .find(|step| matches!(step.kind, StepKind::Deps(_)))
        .unwrap();
    assert_eq!(
        vendor(deps),
        dirs([log, inner, ("third.party/old", "third.party/old@v0.1.0")])
    );
    // Where a package is in the directory of another one it comes along.
    let mut above = resolution.clone();
    above.packages[3] = package("third.party/old", Some(2), &[], &["old.go"]);
    above.packages[1].imports[1] = ImportPath::new("third.party/old");
    assert_eq!(
        vendor(unit(&planned(&outline, &above))),
        dirs([log, inner, ("third.party/old", "third.party/old@v0.1.0")])
    );
}

/// A module that was cut out of another one does not have all that the other still has below its
/// path: neither hides the other's packages.
#[test]
fn modules_share_a_directory() {
    let (outline, mut resolution) = partly_reached();
    // Of log: `log`, `log/inner/old`. Of log/inner, first only `deep`, then its root too.
    resolution.packages.insert(
        3,
        package("third.party/log/inner/old", Some(0), &[], &["old.go"]),
    );
    resolution.packages[1]
        .imports
        .push(ImportPath::new("third.party/log/inner/old"));
    let vendor = |resolution: &Resolution| {
        unit(&planned(&outline, resolution))
            .inputs
            .sealed
            .as_ref()
            .unwrap()
            .vendor
            .clone()
    };
    let dirs = |dirs: &[(&str, &str)]| {
        dirs.iter()
            .map(|(dir, from)| (format!("third.party/{dir}"), format!("third.party/{from}")))
            .collect::<BTreeMap<_, _>>()
    };
    let (log, x) = (("log", "log@v1.2.0"), ("old/x", "old@v0.1.0/x"));
    // Its directory has `inner/old` already.
    assert_eq!(
        vendor(&resolution),
        dirs(&[log, ("log/inner/deep", "log/inner@v0.3.0/deep"), x])
    );
    resolution.packages.insert(
        2,
        package("third.party/log/inner", Some(1), &[], &["inner.go"]),
    );
    resolution.packages[1]
        .imports
        .push(ImportPath::new("third.party/log/inner"));
    let inner = ("log/inner", "log/inner@v0.3.0");
    assert_eq!(
        vendor(&resolution),
        dirs(&[log, inner, ("log/inner/old", "log@v1.2.0/inner/old"), x])
    );
    // Without a package at its root, the same of directories that would be wanted whole.
    resolution
        .packages
        .retain(|package| package.path != "third.party/log/inner");
    resolution.packages[1].path = ImportPath::new("third.party/log/top");
    let archive = WORK
        .replace("third.party/log\"\n", "third.party/log/top\"\n")
        .replace("import \"example.com/lib\"", "import _ \"example.com/lib\"");
    let plan = planned(&sound(&archive, ""), &resolution);
    let seen = unit(&plan).inputs.sealed.as_ref().unwrap().vendor.clone();
    assert!(
        seen["third.party/log"] == "third.party/log@v1.2.0"
            && seen["third.party/log/inner/deep"] == "third.party/log/inner@v0.3.0/deep",
        "{seen:?}"
    );
    assert!(
        !seen.contains_key("third.party/log/inner"),
        "it would hide what the other one has there: {seen:?}"
    );
}

#[test]
fn edits_of_mod_files_that_compile_to_the_same_change_no_unit() {
    let before = planned(&sound(WORK, ""), &resolution());
    for (what, from, to) in [
        ("a comment", "// a comment", "// another one"),
        (
            "a requirement that nothing imports",
            "// a comment",
            "\nrequire third.party/none v1.0.0",
        ),
        ("another member", "use (\n", "use (\n\t./other\n"),
        (
            "the workspace's go line",
            "go.work --\ngo 1.26",
            "go.work --\ngo 1.26.1",
        ),
    ] {
        assert!(WORK.contains(from), "{what}");
        let archive = format!(
            "{}-- other/go.mod --\nmodule example.com/other\ngo 1.26\n",
            WORK.replace(from, to)
        );
        let after = planned(&sound(&archive, ""), &resolution());
        assert_eq!(unit(&before).inputs, unit(&after).inputs, "{what}");
    }
    // And those that do, do.
    let after = planned(
        &sound(&WORK.replace("go 1.21", "go 1.22"), ""),
        &resolution(),
    );
    assert_ne!(unit(&before).inputs, unit(&after).inputs);
    let mut bumped = resolution();
    bumped.modules[1].version = "v0.2.0".to_owned();
    assert_ne!(
        unit(&before).inputs,
        unit(&planned(&sound(WORK, ""), &bumped)).inputs
    );
}

#[test]
fn packages_that_read_more_than_their_own_files_open_the_seal() {
    let mut open = resolution();
    open.packages[1].reads_module = true;
    let step = planned(&sound(WORK, ""), &open);
    let unit = unit(&step);
    assert!(
        unit.inputs.sealed.is_none()
            && unit.inputs.module_cache
            && !unit.inputs.mod_files.is_empty()
    );
}
