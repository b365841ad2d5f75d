//! Own code behind third-party code: what an outline learns from an answer of the go command, what
//! it supposes without one, and the steps that follow.

use std::collections::{BTreeMap, BTreeSet};

use expect_test::expect;
use gowork_llb::config::Config;
use gowork_llb::diag::Diagnostic;
use gowork_llb::gomod::{ImportPath, ModulePath};
use gowork_llb::lower::{DockerfileOptions, dockerfile};
use gowork_llb::packages::{self, Scan};
use gowork_llb::plan::{self, BuildIx, Outline, Plan, PlanInput};
use gowork_llb::resolution::{self, Resolution, ResolvedPackage};
use gowork_llb::tree::MemTree;
use gowork_llb::workspace::{self, Workspace};

use super::sealed::{module, package};
use crate::support::linux;

/// A fork that stands in for what third.party/quote requires; it imports another own package, a
/// third-party package of its own, and through that a second fork. One main reaches it, one only
/// the second, one neither.
const FORKS: &str = "\
-- go.mod --
module example.com/app
go 1.26
require third.party/quote v1.0.0
require other.party/sampler v1.3.0 // indirect
require third.party/wrap v1.0.0
require other.party/wrapped v1.0.0 // indirect
require example.com/app/words v0.0.0
replace other.party/sampler => ./forks/sampler
replace other.party/wrapped => ./forks/wrapped
replace example.com/app/words => ./words
-- cmd/app/main.go --
package main
import \"third.party/quote\"
func main() {}
-- cmd/many/main.go --
package main
import \"third.party/wrap\"
func main() {}
-- cmd/plain/main.go --
package main
import \"third.party/text\"
func main() {}
-- forks/sampler/go.mod --
module other.party/sampler
go 1.20
-- forks/sampler/sampler.go --
package sampler
import (
	_ \"example.com/app/words\"
	_ \"third.party/wrap\"
)
-- forks/sampler/unused/unused.go --
package unused
import _ \"nowhere.to/be/found\"
-- forks/sampler/internal/deep/deep.go --
package deep
-- forks/wrapped/go.mod --
module other.party/wrapped
go 1.20
-- forks/wrapped/wrapped.go --
package wrapped
-- words/go.mod --
module example.com/app/words
go 1.20
-- words/words.go --
package words
-- words/unused/unused.go --
package unused
";

/// A repository with what it says of itself.
struct Repository {
    scan: Scan,
    workspace: Workspace,
    outline: Outline,
}

impl Repository {
    fn new(archive: &str) -> Self {
        let scan = packages::scan(&MemTree::from_txtar(archive));
        let workspace = workspace::load(&scan.mod_files).workspace;
        let (outline, found) = plan::outline(
            &scan,
            &workspace,
            &Config::parse("Dockerfile", "").0,
            &linux(),
        );
        assert!(found.is_empty(), "{found:?}");
        Self {
            scan,
            workspace,
            outline,
        }
    }

    /// Asks until nothing is left to be added. Also gives the questions.
    fn completed(&self) -> (Outline, Resolution, Vec<Vec<ImportPath>>) {
        let mut outline = self.outline.clone();
        let mut questions = Vec::new();
        loop {
            let asked = &outline.builds[0].request.packages;
            questions.push(asked.clone());
            let resolution = answer(asked);
            let resolutions = BTreeMap::from([(BuildIx(0), resolution.clone())]);
            let Some((completed, found)) =
                outline.completed(&self.scan, &self.workspace, &resolutions)
            else {
                return (outline, resolution, questions);
            };
            assert!(found.is_empty(), "{found:?}");
            let is_asked = completed.builds[0].request == outline.builds[0].request;
            outline = completed;
            if is_asked {
                return (outline, resolution, questions);
            }
        }
    }

    fn plan(&self) -> Plan {
        let (outline, resolution, _) = self.completed();
        let resolutions = BTreeMap::from([(BuildIx(0), resolution)]);
        let plan = plan::plan(PlanInput {
            outline: &outline,
            resolutions: Some(&resolutions),
        });
        assert_eq!(plan::verify(&plan), Vec::<String>::new());
        plan
    }
}

/// What go would say: of what was asked for, and what that imports of third parties.
fn answer(asked: &[ImportPath]) -> Resolution {
    let all = [
        package("runtime", None, &[], &[]),
        package(
            "third.party/quote",
            Some(0),
            &["other.party/sampler", "third.party/text"],
            &["quote.go"],
        ),
        package("third.party/text", Some(1), &["runtime"], &["text.go"]),
        package(
            "third.party/wrap",
            Some(2),
            &["third.party/wrap/inner"],
            &["wrap.go"],
        ),
        package(
            "third.party/wrap/inner",
            Some(2),
            &["other.party/wrapped"],
            &["inner.go"],
        ),
    ];
    let by_path: BTreeMap<&str, &ResolvedPackage> = all
        .iter()
        .map(|package| (package.path.as_str(), package))
        .collect();
    let mut open: Vec<&str> = asked.iter().map(ImportPath::as_str).collect();
    let mut reached = BTreeSet::new();
    while let Some(path) = open.pop() {
        if let Some(package) = by_path.get(path).filter(|_| reached.insert(path)) {
            open.extend(package.imports.iter().map(ImportPath::as_str));
        }
    }
    let version = |path: &str| (ModulePath::new(path), "v1.3.0".to_owned());
    Resolution {
        version: resolution::VERSION,
        go_version: "go1.26.8".to_owned(),
        modules: ["third.party/quote", "third.party/text", "third.party/wrap"]
            .map(|path| module(path, "v1.0.0", "1.20"))
            .to_vec(),
        packages: all
            .iter()
            .filter(|package| reached.contains(package.path.as_str()))
            .cloned()
            .collect(),
        replaced: [
            "other.party/sampler",
            "other.party/wrapped",
            "example.com/app/words",
        ]
        .map(version)
        .into(),
        runtime_files: Vec::new(),
    }
}

/// The packages of the repository that each image is made of.
fn made_of(outline: &Outline) -> BTreeMap<String, Vec<String>> {
    let graph = &outline.builds[0].packages;
    let of = |main| {
        packages::closure(graph, [main])
            .iter()
            .map(|ix| graph.get(ix).path.to_string())
            .collect::<BTreeSet<_>>()
    };
    outline
        .images
        .iter()
        .map(|image| {
            (
                image.config.name.to_string(),
                of(image.main).into_iter().collect(),
            )
        })
        .collect()
}

fn shown(all: &BTreeMap<String, Vec<String>>) -> String {
    all.iter()
        .map(|(image, packages)| format!("{image}: {}\n", packages.join(" ")))
        .collect()
}

#[test]
fn an_answer_leads_to_forks_and_these_to_more_questions() {
    let repository = Repository::new(FORKS);
    let (outline, _, questions) = repository.completed();
    expect![[r#"
        app: example.com/app/cmd/app example.com/app/words other.party/sampler other.party/wrapped
        many: example.com/app/cmd/many other.party/wrapped
        plain: example.com/app/cmd/plain
    "#]]
    .assert_eq(&shown(&made_of(&outline)));
    assert_eq!(questions.len(), 1, "{questions:?}");
    assert!(
        questions
            .iter()
            .all(|asked| asked.iter().all(|path| !path.starts_with("nowhere"))),
        "{questions:?}"
    );
}

/// Without `cmd/many` nobody but the fork imports `third.party/wrap`.
#[test]
fn what_only_a_fork_imports_is_asked_for() {
    let archive = FORKS.replace("import \"third.party/wrap\"", "");
    let repository = Repository::new(&archive);
    let (outline, _, questions) = repository.completed();
    expect![[r#"
        app: example.com/app/cmd/app example.com/app/words other.party/sampler other.party/wrapped
        many: example.com/app/cmd/many
        plain: example.com/app/cmd/plain
    "#]]
    .assert_eq(&shown(&made_of(&outline)));
    expect![[r#"
        runtime third.party/quote third.party/text
        runtime third.party/quote third.party/text third.party/wrap
    "#]]
    .assert_eq(
        &questions
            .iter()
            .map(|asked| asked.join(" ") + "\n")
            .collect::<String>(),
    );
    assert_eq!(plan::verify(&repository.plan()), Vec::<String>::new());
}

#[test]
fn third_party_packages_are_compiled_after_the_forks_that_they_import() {
    let plan = Repository::new(FORKS).plan();
    let step = |step: &plan::Step| {
        let needed: BTreeSet<&str> = step
            .inputs
            .results
            .iter()
            .map(|result| plan.step(result.step).name.as_str())
            .collect();
        let own = step
            .inputs
            .own
            .files
            .iter()
            .map(ToString::to_string)
            .chain(step.inputs.own.vendor.keys().cloned());
        let own: Vec<String> = own.filter(|file| !file.ends_with(".mod")).collect();
        let compiled: Vec<&str> = step
            .kind
            .compiles()
            .into_iter()
            .map(ImportPath::as_str)
            .collect();
        format!(
            "{} ({}): {} of {} after {}\n",
            step.name,
            step.title,
            compiled.join(" "),
            own.join(" "),
            needed.into_iter().collect::<Vec<_>>().join(" ")
        )
    };
    expect![[r#"
        resolve (resolve modules again):  of  after 
        std:third-party (compile 1 package of std): runtime of  after 
        deps (compile 1 third-party package (app, plain)): third.party/text of third.party/text/text.go after std:third-party
        unit:other.party/wrapped (compile ./forks/wrapped, 2 third-party packages (third.party/wrap ...) (app, many)): other.party/wrapped third.party/wrap third.party/wrap/inner of forks/wrapped/wrapped.go third.party/wrap/inner/inner.go third.party/wrap/wrap.go after 
        unit:example.com/app/words (compile ./forks/sampler, ./words, third.party/quote (app)): example.com/app/words other.party/sampler third.party/quote of forks/sampler/sampler.go words/words.go third.party/quote/quote.go after deps std:third-party unit:other.party/wrapped
        link:app (link app): example.com/app/cmd/app of cmd/app/main.go after deps std:third-party unit:example.com/app/words unit:other.party/wrapped
        link:many (link many): example.com/app/cmd/many of cmd/many/main.go after std:third-party unit:other.party/wrapped
        link:plain (link plain): example.com/app/cmd/plain of cmd/plain/main.go after deps std:third-party
    "#]].assert_eq(&plan.steps.iter().map(step).collect::<String>());
    for step in plan
        .steps
        .iter()
        .filter(|step| step.name.starts_with("unit"))
    {
        let sealed = step
            .inputs
            .sealed
            .as_ref()
            .expect("nothing asks for the true mod files");
        let reads: BTreeSet<String> = step
            .inputs
            .files
            .iter()
            .map(|file| sealed.place(file).to_string())
            .collect();
        assert!(
            reads.iter().all(|file| file.starts_with("vendor/")),
            "{}: {reads:?}",
            step.name
        );
    }
}

#[test]
fn nothing_is_added_where_no_third_party_package_imports_own_code() {
    let archive = FORKS
        .replace("third.party/quote\"", "third.party/text\"")
        .replace("\"third.party/wrap\"", "\"third.party/text\"");
    let repository = Repository::new(&archive);
    let (outline, _, questions) = repository.completed();
    assert_eq!(questions.len(), 1);
    assert_eq!(
        outline.builds[0].packages,
        repository.outline.builds[0].packages
    );
}

#[test]
fn a_fork_that_lacks_the_package_is_an_error_with_its_place() {
    let archive = FORKS.replace(
        "-- forks/sampler/sampler.go --",
        "-- forks/sampler/other/other.go --",
    );
    let repository = Repository::new(&archive);
    let resolutions = BTreeMap::from([(
        BuildIx(0),
        answer(&repository.outline.builds[0].request.packages),
    )]);
    let (_, found) = repository
        .outline
        .completed(&repository.scan, &repository.workspace, &resolutions)
        .unwrap();
    let said: Vec<String> = found.iter().map(Diagnostic::to_string).collect();
    expect!["cmd/app/main.go:2:8: package other.party/sampler is imported by third.party/quote, but module other.party/sampler (forks/sampler) has no such package (correct the import path, or see whether .dockerignore leaves the package out)"].assert_eq(&said.join("\n"));
}

/// A circle through a third-party package does not belong to the repository alone, and go refuses
/// it all the same.
#[test]
fn circles_through_third_party_packages() {
    let archive = FORKS.replace("_ \"example.com/app/words\"", "_ \"third.party/quote\"");
    let repository = Repository::new(&archive);
    let resolutions = BTreeMap::from([(
        BuildIx(0),
        answer(&repository.outline.builds[0].request.packages),
    )]);
    let (_, found) = repository
        .outline
        .completed(&repository.scan, &repository.workspace, &resolutions)
        .unwrap();
    let said: Vec<String> = found.iter().map(Diagnostic::to_string).collect();
    expect!["forks/sampler/sampler.go:3:2: import cycle not allowed: other.party/sampler imports third.party/quote imports other.party/sampler"].assert_eq(&said.join("\n"));
}

#[test]
fn without_go_a_fork_may_be_part_of_what_requires_it() {
    let repository = Repository::new(FORKS);
    let supposed = repository
        .outline
        .supposed(&repository.scan, &repository.workspace);
    // Packages of the repository's own modules are imported by own code, or not at all; and nobody
    // is asked for more.
    expect![[r#"
        app: example.com/app/cmd/app example.com/app/words other.party/sampler other.party/sampler/unused other.party/wrapped
        many: example.com/app/cmd/many example.com/app/words other.party/sampler other.party/sampler/unused other.party/wrapped
        plain: example.com/app/cmd/plain example.com/app/words other.party/sampler other.party/sampler/unused other.party/wrapped
    "#]]
    .assert_eq(&shown(&made_of(&supposed)));
    assert_eq!(
        supposed.builds[0].request,
        repository.outline.builds[0].request
    );
    let plan = plan::plan(PlanInput {
        outline: &supposed,
        resolutions: None,
    });
    assert_eq!(plan::verify(&plan), Vec::<String>::new());
    let printed = dockerfile(&[plan], &DockerfileOptions::default()).unwrap();
    let deps = printed
        .split("\n\n")
        .find(|stage| stage.contains("AS deps"))
        .unwrap();
    for file in ["forks/sampler/*.go", "forks/wrapped/*.go", "words/*.go"] {
        assert!(deps.contains(file), "{deps}");
    }
}

/// The reasons to think so, one by one.
#[test]
fn requirements_say_who_may_be_imported_by_third_parties() {
    let supposed = |archive: &str| {
        let repository = Repository::new(archive);
        let supposed = repository
            .outline
            .supposed(&repository.scan, &repository.workspace);
        shown(&made_of(&supposed))
    };
    let module = |requires: &str, fork: &str| {
        format!(
            "-- go.mod --\nmodule example.com/app\ngo 1.26\nrequire third.party/quote v1.0.0\n{requires}\n\
             -- main.go --\npackage main\nimport \"third.party/quote\"\nfunc main() {{}}\n\
             -- fork/go.mod --\nmodule {fork}\ngo 1.20\n-- fork/fork.go --\npackage fork\n"
        )
    };
    let replaced =
        |require: &str, fork: &str| module(&format!("{require}\nreplace {fork} => ./fork"), fork);
    let with = "app: example.com/app other.org/fork\n";
    let without = "app: example.com/app\n";
    // Of no other reason than that somebody else imports it.
    assert_eq!(
        supposed(&replaced(
            "require other.org/fork v1.2.0 // indirect",
            "other.org/fork"
        )),
        with
    );
    assert_eq!(supposed(&replaced("", "other.org/fork")), with);
    // Own code imports it, others may.
    assert_eq!(
        supposed(&replaced("require other.org/fork v1.2.0", "other.org/fork")),
        with
    );
    // Of the same repository, or of no version that others could ask for.
    assert_eq!(
        supposed(&replaced("require other.org/fork v0.0.0", "other.org/fork")),
        without
    );
    assert_eq!(
        supposed(&replaced(
            "require example.com/app/fork v1.2.0",
            "example.com/app/fork"
        )),
        without
    );
    // Members need not be required, by those of one host.
    let member = |fork: &str| module("", fork) + "-- go.work --\ngo 1.26\nuse .\nuse ./fork\n";
    assert_eq!(supposed(&member("other.org/fork")), with);
    assert_eq!(supposed(&member("example.com/fork")), without);
}
