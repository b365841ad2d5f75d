//! Tests of plan: which steps there are, what each reads, and who shares what.

mod behind;
mod binaries;
mod broken;
mod cut;
mod debug;
pub(crate) mod exclusive;
pub(crate) mod sealed;
mod tools;

use std::collections::BTreeMap;

use expect_test::{Expect, expect};
use gowork_llb::config::ImageName;
use gowork_llb::gomod::ImportPath;
use gowork_llb::packages;
use gowork_llb::plan::{self, Outline, Part, Plan, Results, StepKind};
use gowork_llb::tree::{LocalTree, MemTree, SourceTree, TreePath};
use proptest::prelude::*;

use crate::support::{outline, outline_of, resolved_plan, sound};

/// Two services that share a library unevenly, in one workspace.
const SHARED: &str = "\
-- go.work --
go 1.26
use (
	./api
	./lib
	./worker
)
-- api/go.mod --
module example.com/api
go 1.26
-- api/main.go --
package main
import (
	\"fmt\"
	\"example.com/lib/both\"
	\"example.com/lib/one\"
)
func main() {}
-- api/main_test.go --
package main
import \"testing\"
-- api/README.md --
words
-- lib/go.mod --
module example.com/lib
go 1.26
-- lib/both/both.go --
package both
import \"third.party/log\"
-- lib/both/both_windows.go --
package both
import \"nowhere.example/windows\"
-- lib/one/one.go --
package one
import \"example.com/lib/both\"
-- lib/nobody/nobody.go --
package nobody
-- worker/go.mod --
module example.com/worker
go 1.26
-- worker/main.go --
package main
import \"example.com/lib/both\"
func main() {}
";

/// Every step in one line: what it is, what it compiles, what it reads.
fn render(plan: &Plan) -> String {
    let wrong = plan::verify(plan);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let mut text = String::new();
    for step in &plan.steps {
        let what = match &step.kind {
            StepKind::Resolve(request) => format!("asks for {}", request.packages.join(" ")),
            StepKind::Std(parts) | StepKind::Deps(parts) | StepKind::Unit(parts) => shown(parts),
            StepKind::Link(link) => {
                format!("{} as {} {:?}", link.package, link.binary, link.ldflags)
            }
        };
        let names = |paths: &std::collections::BTreeSet<TreePath>| {
            paths
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(" ")
        };
        let result = |result: &Results| match plan.step(result.step).kind.parts().len() {
            1 => plan.step(result.step).name.to_string(),
            _ => format!("{}/{}", plan.step(result.step).name, result.part),
        };
        let results: Vec<String> = step.inputs.results.iter().map(result).collect();
        text += &format!("{} | {}\n    {what}\n", step.name, step.title);
        for (words, list) in [
            ("files", names(&step.inputs.files)),
            ("results", results.join(" ")),
        ] {
            if !list.is_empty() {
                text += &format!("    {words}: {list}\n");
            }
        }
    }
    text
}

/// The packages of each part, and for which images.
fn shown(parts: &[Part]) -> String {
    let part = |part: &Part| match part.reach.join(" ") {
        nobody if nobody.is_empty() => part.packages.join(" "),
        images => format!("{} for {images}", part.packages.join(" ")),
    };
    parts.iter().map(part).collect::<Vec<_>>().join("; ")
}

fn check(archive: &str, config: &str, expected: &Expect) {
    expected.assert_eq(&render(&resolved_plan(&sound(archive, config))));
}

#[test]
fn a_unit_is_what_the_same_images_reach() {
    check(
        SHARED,
        "",
        &expect![[r#"
            resolve | resolve modules
                asks for fmt runtime third.party/log
            std:core | compile the core of std (fmt, log, strings ...)
                fmt for api
            std | compile 1 package of std
                runtime for api worker
            deps | compile 1 third-party package (api, worker)
                third.party/log for api worker
            unit:example.com/lib/both | compile ./lib/both (api, worker)
                example.com/lib/both for api worker
                files: lib/both/both.go
                results: deps
            link:api | link api
                example.com/api as api "-s -w"
                files: api/main.go lib/both/both.go lib/one/one.go
                results: std:core std deps unit:example.com/lib/both
            link:worker | link worker
                example.com/worker as worker "-s -w"
                files: lib/both/both.go worker/main.go
                results: std deps unit:example.com/lib/both
        "#]],
    );
}

#[test]
fn without_a_resolution_one_step_stands_for_all_that_is_outside() {
    let outline = sound(SHARED, "");
    let plan = plan::plan(plan::PlanInput {
        outline: &outline,
        resolutions: None,
    });
    expect![[r#"
        deps | compile std and third-party packages
            fmt runtime third.party/log
        link:api | link api
            example.com/api as api "-s -w"
            files: api/main.go lib/both/both.go lib/one/one.go
            results: deps
        link:worker | link worker
            example.com/worker as worker "-s -w"
            files: lib/both/both.go worker/main.go
            results: deps
    "#]]
    .assert_eq(&render(&plan));
}

#[test]
fn images_with_other_flags_share_no_compile_results() {
    let outline = sound(SHARED, "[images.worker]\ntags = [\"extra\"]\n");
    let plan = resolved_plan(&outline);
    assert_eq!(plan.builds.len(), 2);
    let of = |name: &str| plan.step(plan.image(name).unwrap().link).build;
    assert_ne!(of("api"), of("worker"));
    render(&plan);
}

#[test]
fn images_with_other_linker_flags_share_everything() {
    let plan = resolved_plan(&sound(SHARED, "[images.worker]\nldflags = \"\"\n"));
    assert_eq!(plan.builds.len(), 1);
    assert!(render(&plan).contains("example.com/worker as worker \"\""));
}

/// Modules may require each other in a circle although packages may not: such units are one.
#[test]
fn circles_between_modules_are_merged() {
    let archive = "\
-- go.work --
go 1.26
use ./a
use ./b
-- a/go.mod --
module example.com/a
-- a/main.go --
package main
import \"example.com/a/top\"
func main() {}
-- a/job/main.go --
package main
import \"example.com/a/top\"
func main() {}
-- a/top/top.go --
package top
import \"example.com/b/middle\"
-- a/bottom/bottom.go --
package bottom
-- b/go.mod --
module example.com/b
-- b/middle/middle.go --
package middle
import \"example.com/a/bottom\"
";
    check(
        archive,
        "",
        &expect![[r#"
            resolve | resolve modules
                asks for runtime
            std | compile 1 package of std
                runtime for a job
            unit:example.com/a/bottom | compile ./a/bottom, ./a/top, ./b/middle (a, job)
                example.com/a/bottom example.com/a/top example.com/b/middle for a job
                files: a/bottom/bottom.go a/top/top.go b/middle/middle.go
            link:a | link a
                example.com/a as a "-s -w"
                files: a/bottom/bottom.go a/main.go a/top/top.go b/middle/middle.go
                results: std unit:example.com/a/bottom
            link:job | link job
                example.com/a/job as job "-s -w"
                files: a/bottom/bottom.go a/job/main.go a/top/top.go b/middle/middle.go
                results: std unit:example.com/a/bottom
        "#]],
    );
}

#[test]
fn profiles_of_mains_and_embedded_files_are_inputs() {
    let archive = "\
-- go.mod --
module example.com/app
go 1.26
-- main.go --
package main
import _ \"embed\"
//go:embed static
var files string
func main() {}
-- static/a.html --
-- static/.hidden --
-- static/sub/b.html --
-- default.pgo --
";
    let plan = resolved_plan(&sound(archive, ""));
    let files: Vec<String> = plan
        .step(plan.images[0].link)
        .inputs
        .files
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        files,
        [
            "default.pgo",
            "main.go",
            "static/a.html",
            "static/sub/b.html"
        ]
    );
}

/// A main with a profile compiles all that it is made of by it, and shares that with nobody.
#[test]
fn a_profile_is_an_input_of_all_that_its_main_is_made_of() {
    let archive = "\
-- go.mod --
module example.com/app
go 1.26
-- hot/main.go --
package main
import _ \"example.com/app/lib\"
func main() {}
-- hot/default.pgo --
-- cold/main.go --
package main
import _ \"example.com/app/lib\"
func main() {}
-- lib/lib.go --
package lib
-- lib/default.pgo --
";
    let plan = resolved_plan(&sound(archive, ""));
    render(&plan);
    let profile = TreePath::new("hot/default.pgo").unwrap();
    for image in &plan.images {
        let build = plan.step(image.link).build;
        let hot = image.name == "hot";
        assert_eq!(
            plan.build(build).settings.profile,
            hot.then(|| profile.clone())
        );
        let mut steps = plan
            .steps
            .iter()
            .filter(|step| step.build == build && !matches!(step.kind, StepKind::Resolve(_)));
        assert!(
            steps.all(|step| step.inputs.files.contains(&profile) == hot),
            "{}",
            image.name
        );
    }
    // One of a library means nothing.
    assert!(
        plan.steps
            .iter()
            .flat_map(|step| &step.inputs.files)
            .all(|file| file.as_str() != "lib/default.pgo")
    );
}

/// By itself an image is made of what it is made of among others, and nothing is said of these; but
/// of its name, and of the configuration, all is said.
#[test]
fn an_image_by_itself() {
    let tree = MemTree::from_txtar(
        "-- go.mod --\nmodule example.com/m\ngo 1.26\n-- lib/lib.go --\npackage lib\n-- a/main.go --\npackage main\nimport _ \"example.com/m/lib\"\nfunc main() {}\n\
         -- b/main.go --\npackage main\nimport _ \"example.com/m/gone\"\nimport _ \"third.party/b\"\nfunc main() {}\n",
    );
    let (all, said) = outline(&tree, "");
    assert!(
        said.len() == 1 && said[0].to_string().contains("example.com/m/gone"),
        "{said:?}"
    );
    let (alone, said) = outline_of(&tree, "", Some("a"));
    assert_eq!(said, []);
    let names = |outline: &Outline| {
        outline
            .images
            .iter()
            .map(|image| image.config.name.to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        (names(&all), names(&alone)),
        (vec!["a".to_owned(), "b".to_owned()], vec!["a".to_owned()])
    );
    assert_eq!(
        (
            alone.builds.len(),
            alone.builds[0].request.packages.as_slice()
        ),
        (1, &[ImportPath::new("runtime")][..])
    );
    let link = |outline: &Outline| {
        let plan = resolved_plan(outline);
        plan.step(plan.image("a").unwrap().link)
            .inputs
            .files
            .clone()
    };
    assert_eq!(link(&alone), link(&all));
    assert_eq!(outline_of(&tree, "", Some("b")).1.len(), 1);
    let (_, said) = outline_of(&tree, "[images.c]\n", Some("a"));
    assert!(
        said.len() == 1 && said[0].message.contains("image c"),
        "{said:?}"
    );
}

#[test]
fn examples_plan_soundly_and_their_scans_survive_json() {
    for (example, images) in [
        ("shop", vec!["api", "orders", "web", "worker"]),
        ("single", vec!["single"]),
        ("replace", vec!["bye", "hello"]),
        ("vendored", vec!["numeral"]),
    ] {
        let tree = LocalTree::new(format!(
            "{}/../examples/{example}",
            env!("CARGO_MANIFEST_DIR")
        ));
        let text = tree
            .read(&[TreePath::new("Dockerfile").unwrap()])
            .remove(0)
            .unwrap_or_default();
        let (outline, diagnostics) = outline(&tree, &String::from_utf8(text).unwrap());
        assert!(diagnostics.is_empty(), "{example}: {diagnostics:?}");
        let names: Vec<&str> = outline
            .images
            .iter()
            .map(|image| image.config.name.as_str())
            .collect();
        assert_eq!(names, images, "{example}");
        render(&resolved_plan(&outline));
        let scan = packages::scan(&tree);
        let json = serde_json::to_string(&scan).unwrap();
        assert_eq!(serde_json::from_str::<packages::Scan>(&json).unwrap(), scan);
    }
}

/// A workspace of one module a letter; package `x/N` imports packages of lower numbers, so that
/// imports have no circles although modules may.
fn random_workspace(imports: &[(u8, Vec<u8>)], mains: &[Vec<u8>]) -> MemTree {
    let mut archive = BTreeMap::new();
    let module = |number: u8| char::from(b'a' + number % 4);
    let path = |number: u8| format!("example.com/{}/p{number}", module(number));
    let mut uses = String::new();
    for letter in 'a'..='d' {
        uses += &format!("use ./{letter}\n");
        archive.insert(
            format!("{letter}/go.mod"),
            format!("module example.com/{letter}\n"),
        );
    }
    let clause = |name: &str, imports: Vec<String>| {
        imports
            .iter()
            .fold(format!("package {name}\n"), |text, path| {
                text + &format!("import _ \"{path}\"\n")
            })
    };
    for (ix, (_, wanted)) in imports.iter().enumerate() {
        let number = u8::try_from(ix).unwrap();
        let below = wanted
            .iter()
            .filter(|_| number > 0)
            .map(|wanted| path(wanted % number.max(1)))
            .collect();
        archive.insert(
            format!("{}/p{number}/p.go", module(number)),
            clause(&format!("p{number}"), below),
        );
    }
    let count = u8::try_from(imports.len()).unwrap();
    for (ix, wanted) in mains.iter().enumerate() {
        let reached = wanted.iter().map(|wanted| path(wanted % count)).collect();
        archive.insert(
            format!("a/cmd/main{ix}/main.go"),
            clause("main", reached) + "func main() {}\n",
        );
    }
    archive.insert("go.work".to_owned(), format!("go 1.26\n{uses}"));
    let text: String = archive
        .iter()
        .map(|(name, text)| format!("-- {name} --\n{text}"))
        .collect();
    MemTree::from_txtar(&text)
}

proptest! {
    /// Whatever the imports: the plan's invariants hold, every package that is reached is compiled
    /// in exactly one unit, for exactly the images that reach it, or by the link of the only one,
    /// and the same tree gives the same plan.
    #[test]
    fn units_partition_what_images_reach(
        imports in prop::collection::vec((any::<u8>(), prop::collection::vec(any::<u8>(), 0..4)), 1..24),
        mains in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..4), 1..5),
    ) {
        let tree = random_workspace(&imports, &mains);
        let (made, diagnostics) = outline(&tree, "");
        prop_assert!(diagnostics.is_empty(), "{:?}", diagnostics);
        let plan = resolved_plan(&made);
        prop_assert_eq!(plan::verify(&plan), Vec::<String>::new());
        prop_assert_eq!(render(&plan), render(&resolved_plan(&outline(&tree, "").0)));
        let units = plan.steps.iter().filter(|step| matches!(step.kind, StepKind::Unit(_))).count();
        prop_assert!(units <= 12.max(plan.images.len()));
        let graph = &plan.builds[0].packages;
        for (ix, package) in graph.iter().filter(|(_, package)| package.name != "main") {
            let units: Vec<_> = plan.steps.iter().filter_map(|step| match &step.kind {
                StepKind::Unit(parts) => Some(parts.iter().filter(|part| part.packages.contains(&package.path))),
                _ => None,
            }).flatten().map(|part| part.reach.clone()).collect();
            let reached_by: Vec<ImageName> = plan.images.iter().filter(|image| {
                let main = graph.find(&image.package).unwrap();
                packages::closure(graph, [main]).contains(ix)
            }).map(|image| image.name.clone()).collect();
            let links = plan.images.iter().filter(|image| {
                plan.step(image.link).kind.compiles().contains(&&package.path)
            });
            let linked: Vec<ImageName> = links.map(|image| image.name.clone()).collect();
            match units.is_empty() {
                true => prop_assert!(linked == reached_by && linked.len() <= 1),
                false => prop_assert!(units == [reached_by] && linked.is_empty()),
            }
        }
    }
}
