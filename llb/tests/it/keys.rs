//! Tests of keys: what an edit changes in the keys of steps and in the image keys, and how
//! gowork reports that.

use std::collections::BTreeMap;

use expect_test::{Expect, expect};
use gowork_llb::config::Config;
use gowork_llb::gomod::{ImportPath, ModulePath};
use gowork_llb::keys::{self, Contents, Key, KeyInput};
use gowork_llb::packages::{self, Scan};
use gowork_llb::plan::{self, BuildIx, Plan, PlanInput};
use gowork_llb::resolution::{self, Resolution, ResolvedModule, ResolvedPackage};
use gowork_llb::tree::{MemTree, TreePath};
use gowork_llb::workspace::{self, Workspace};

use crate::support::linux;

/// Two services and a library; only api holds a third-party package.
const SERVICES: &str = "\
-- go.work --
go 1.26
use (
	./api
	./lib
	./worker
)
-- gowork.toml --
[images.api]
env = { LEVEL = \"info\" }
files = [{ from = \"api/web\", to = \"/web\" }]
-- api/go.mod --
module example.com/api
go 1.26
require third.party/text v0.3.0
-- api/go.sum --
third.party/text v0.3.0 h1:old=
third.party/text v0.3.0/go.mod h1:mod=
-- api/main.go --
package main
import (
	\"example.com/lib/both\"
	\"third.party/text\"
)
func main() {}
-- api/main_test.go --
package main
-- api/web/index.html --
hello
-- lib/go.mod --
module example.com/lib
go 1.26
-- lib/both/both.go --
package both
-- worker/go.mod --
module example.com/worker
go 1.26
-- worker/main.go --
package main
import \"example.com/lib/both\"
func main() {}
";

/// One side of a comparison.
struct Side {
    plan: Plan,
    workspace: Workspace,
    scan: Scan,
    contents: Contents,
    resolutions: Option<BTreeMap<BuildIx, Resolution>>,
}

impl Side {
    fn new(tree: &MemTree, text: Option<&str>) -> Self {
        let scan = packages::scan(tree);
        let workspace = workspace::load(&scan.mod_files).workspace;
        let read = |path: &str| {
            gowork_llb::tree::SourceTree::read(tree, &[TreePath::new(path).unwrap()]).remove(0)
        };
        let config = String::from_utf8(read("gowork.toml").unwrap_or_default()).unwrap();
        let config = Config::parse("gowork.toml", &config)
            .0
            .expand(&BTreeMap::new())
            .0;
        let (outline, diagnostics) = plan::outline(&scan, &workspace, &config, &linux());
        assert!(diagnostics.is_empty(), "{diagnostics:?}");
        let resolutions = text.map(|version| BTreeMap::from([(BuildIx(0), resolution(version))]));
        let plan = plan::plan(PlanInput {
            outline: &outline,
            resolutions: resolutions.as_ref(),
        });
        let contents = Contents::read(tree, &keys::paths(&plan, tree));
        Self {
            plan,
            workspace,
            scan,
            contents,
            resolutions,
        }
    }

    fn input(&self) -> KeyInput<'_> {
        KeyInput {
            plan: &self.plan,
            workspace: &self.workspace,
            mod_files: &self.scan.mod_files,
            resolutions: self.resolutions.as_ref(),
            contents: &self.contents,
        }
    }
}

/// What go says where `third.party/text` has this version.
fn resolution(version: &str) -> Resolution {
    let module = ResolvedModule {
        path: ModulePath::new("third.party/text"),
        version: version.to_owned(),
        replaced_by: String::new(),
        go: "1.20".to_owned(),
        sum: format!("h1:{version}="),
    };
    let package = |path: &str, module| ResolvedPackage {
        path: ImportPath::new(path),
        module,
        imports: Vec::new(),
        dir: String::new(),
        files: vec!["x.go".to_owned()],
        size: 1,
        reads_module: false,
    };
    Resolution {
        version: resolution::VERSION,
        go_version: "go1.26.8".to_owned(),
        modules: vec![module],
        packages: vec![
            package("fmt", None),
            package("mime", None),
            package("runtime", None),
            ResolvedPackage {
                imports: vec![ImportPath::new("fmt")],
                ..package("third.party/text", Some(0))
            },
        ],
        runtime_files: Vec::new(),
        replaced: BTreeMap::new(),
    }
}

/// What the edit changes: steps whose keys change, and each image's reasons, with a resolution and
/// without.
fn edited(edits: &[(&str, Option<&str>)], version: &str, expected: &Expect) {
    let before = MemTree::from_txtar(SERVICES);
    let mut after = before.clone();
    for (path, text) in edits {
        let path = TreePath::new(path).unwrap();
        match text {
            Some(text) => after.insert(path, *text),
            None => assert!(after.remove(&path)),
        }
    }
    compared((&before, &after), version, expected);
}

/// The same for two states of a repository.
fn compared((before, after): (&MemTree, &MemTree), version: &str, expected: &Expect) {
    let mut reported = String::new();
    for (words, versions) in [
        ("with go", [Some("v0.3.0"), Some(version)]),
        ("without", [None, None]),
    ] {
        let (a, b) = (
            Side::new(before, versions[0]),
            Side::new(after, versions[1]),
        );
        let digests = |side: &Side| -> BTreeMap<String, String> {
            let keys = keys::step_keys(side.input());
            side.plan
                .steps
                .iter()
                .zip(keys)
                .map(|(step, key)| (step.name.to_string(), key.digest()))
                .collect()
        };
        let (old, new) = (digests(&a), digests(&b));
        let run: Vec<&str> = b
            .plan
            .steps
            .iter()
            .map(|s| s.name.as_str())
            .filter(|name| old.get(*name) != new.get(*name))
            .collect();
        reported += &format!("{words}\n  runs: {}\n", run.join(" "));
        let (old, new) = (keys::image_keys(a.input()), keys::image_keys(b.input()));
        for (image, parts) in &new {
            let reasons = old.get(image).unwrap_or(&Key::default()).differences(parts);
            let reasons: Vec<String> = reasons.iter().map(ToString::to_string).collect();
            reported += &if reasons.is_empty() {
                String::new()
            } else {
                format!("  {image}: {}\n", reasons.join("; "))
            };
        }
    }
    expected.assert_eq(&reported);
}

#[test]
fn a_shared_source() {
    edited(
        &[
            ("lib/both/both.go", Some("package both\n\nvar X int\n")),
            ("api/main_test.go", None),
        ],
        "v0.3.0",
        &expect![[r#"
            with go
              runs: unit:example.com/lib/both link:api link:worker
              api: file lib/both/both.go changed
              worker: file lib/both/both.go changed
            without
              runs: link:api link:worker
              api: file lib/both/both.go changed
              worker: file lib/both/both.go changed
        "#]],
    );
}

#[test]
fn a_comment_in_a_mod_file_is_nobodys_substance() {
    edited(
        &[(
            "worker/go.mod",
            Some("// words\nmodule example.com/worker\ngo 1.26\n"),
        )],
        "v0.3.0",
        &expect![[r#"
            with go
              runs: resolve link:api link:worker
            without
              runs: deps link:api link:worker
        "#]],
    );
}

#[test]
fn a_bump() {
    let text = "module example.com/api\ngo 1.26\nrequire third.party/text v0.4.0\n";
    edited(
        &[("api/go.mod", Some(text))],
        "v0.4.0",
        &expect![[r#"
            with go
              runs: resolve deps link:api link:worker
              api: module third.party/text v0.3.0 -> v0.4.0
            without
              runs: deps link:api link:worker
              api: api/go.mod: require third.party/text v0.3.0 -> v0.4.0
        "#]],
    );
}

#[test]
fn lines_of_go_itself() {
    let work = "go 1.27\ngodebug panicnil=1\nuse ./api\nuse ./lib\nuse ./worker\n";
    let lib = "module example.com/lib\ngo 1.25\n";
    edited(
        &[("go.work", Some(work)), ("lib/go.mod", Some(lib))],
        "v0.3.0",
        &expect![[r#"
            with go
              runs: resolve std:core std deps unit:example.com/lib/both link:api link:worker
              api: builder image golang:1.26 -> golang:1.27; go line 1.26 -> 1.27; godebug panicnil 1 is new; module example.com/lib go 1.26 -> go 1.25
              worker: builder image golang:1.26 -> golang:1.27; go line 1.26 -> 1.27; godebug panicnil 1 is new; module example.com/lib go 1.26 -> go 1.25
            without
              runs: deps link:api link:worker
              api: builder image golang:1.26 -> golang:1.27; go line 1.26 -> 1.27; godebug panicnil 1 is new; module example.com/lib go 1.26 -> go 1.25
              worker: builder image golang:1.26 -> golang:1.27; go line 1.26 -> 1.27; godebug panicnil 1 is new; module example.com/lib go 1.26 -> go 1.25
        "#]],
    );
}

#[test]
fn runtime_and_flags() {
    let config = "[images.api]\nenv = { LEVEL = \"debug\" }\nfiles = [{ from = \"api/web\", to = \"/web\" }]\n\n[images.worker]\nldflags = \"-s\"\ntags = [\"x\"]\n";
    edited(
        &[
            ("gowork.toml", Some(config)),
            ("api/web/index.html", Some("bye\n")),
            ("api/web/new.css", Some("\n")),
        ],
        "v0.3.0",
        &expect![[r#"
            with go
              runs: 0/resolve 0/std:core 0/std 0/deps 0/link:api
              api: runtime env LEVEL "info" -> "debug"; runtime file api/web/index.html changed; runtime file api/web/new.css is new
            without
              runs: 0/deps 0/link:api 1/deps 1/link:worker
              api: runtime env LEVEL "info" -> "debug"; runtime file api/web/index.html changed; runtime file api/web/new.css is new
              worker: -ldflags "-s -w" -> "-s"; -tags "x" is new
        "#]],
    );
}

/// What images are built upon is in no step.
#[test]
fn a_stage_under_images() {
    let config = |text: &str| {
        format!(
            "[runtime]\nbase = \"stage:os\"\n[stages.os]\ndockerfile = \"\"\"\n{text}\n\"\"\"\n[images.api]\nenv = {{ LEVEL = \"info\" }}\nfiles = [{{ from = \"api/web\", to = \"/web\" }}]\n"
        )
    };
    let mut before = MemTree::from_txtar(SERVICES);
    let mut after = before.clone();
    let path = TreePath::new("gowork.toml").unwrap();
    before.insert(path.clone(), config("FROM alpine"));
    after.insert(path, config("FROM debian"));
    compared(
        (&before, &after),
        "v0.3.0",
        &expect![[r#"
            with go
              runs: 
              api: stage os changed
              worker: stage os changed
            without
              runs: 
              api: stage os changed
              worker: stage os changed
        "#]],
    );
    let on_scratch = MemTree::from_txtar(SERVICES);
    compared(
        (&on_scratch, &before),
        "v0.3.0",
        &expect![[r#"
            with go
              runs: 
              api: runtime base "scratch" -> "stage:os"; runtime certificates "true" -> "false"; runtime timezones "true" -> "false"; runtime user "65532:65532" is gone; stage os is new
              worker: runtime base "scratch" -> "stage:os"; runtime certificates "true" -> "false"; runtime timezones "true" -> "false"; runtime user "65532:65532" is gone; stage os is new
            without
              runs: 
              api: runtime base "scratch" -> "stage:os"; runtime certificates "true" -> "false"; runtime timezones "true" -> "false"; runtime user "65532:65532" is gone; stage os is new
              worker: runtime base "scratch" -> "stage:os"; runtime certificates "true" -> "false"; runtime timezones "true" -> "false"; runtime user "65532:65532" is gone; stage os is new
        "#]],
    );
}

/// Licences that an image holds count, each in the nearest directory that has one, and with it the
/// notices there. They are in no step.
#[test]
fn licences_in_an_image() {
    let tree = |files: &[(&str, &str)]| {
        let mut tree = MemTree::from_txtar(SERVICES);
        let config = ("gowork.toml", "[images.api]\nlicenses = true\n");
        for (path, text) in [config].iter().chain(files) {
            tree.insert(TreePath::new(path).unwrap(), *text);
        }
        tree
    };
    let root = [("LICENSE", "MIT"), ("NOTICE", "words"), ("lib/NOTICE", "x")];
    let edited = [("LICENSE", "ISC"), ("NOTICE", "words"), ("lib/NOTICE", "y")];
    compared(
        (&tree(&root), &tree(&edited)),
        "v0.3.0",
        &expect![[r#"
        with go
          runs: 
          api: runtime file LICENSE changed
        without
          runs: 
          api: runtime file LICENSE changed
    "#]],
    );
    let nearer = [
        root[0],
        root[1],
        ("lib/NOTICE", "y"),
        ("lib/COPYING", "BSD"),
    ];
    compared(
        (&tree(&root), &tree(&nearer)),
        "v0.3.0",
        &expect![[r#"
        with go
          runs: 
          api: runtime file lib/COPYING is new; runtime file lib/NOTICE is new
        without
          runs: 
          api: runtime file lib/COPYING is new; runtime file lib/NOTICE is new
    "#]],
    );
    let others = [root[0], root[1], root[2], ("worker/LICENSE", "BSD")];
    compared(
        (&tree(&root), &tree(&others)),
        "v0.3.0",
        &expect![[r#"
        with go
          runs: 
        without
          runs: 
    "#]],
    );
}

#[test]
fn a_sum_counts_where_its_hash_changes_and_not_where_it_appears() {
    let sums = "third.party/text v0.3.0 h1:other=\nthird.party/text v0.3.0/go.mod h1:mod=\nthird.party/more v1.0.0 h1:x=\n";
    edited(
        &[("api/go.sum", Some(sums))],
        "v0.3.0",
        &expect![[r#"
            with go
              runs: resolve link:api link:worker
            without
              runs: deps link:api link:worker
              api: sum of third.party/text@v0.3.0 changed
        "#]],
    );
}

/// The core of std is compiled as a whole, whatever images reach of it.
#[test]
fn an_import_of_more_of_the_core_of_std() {
    let with = |imports: &str| {
        let main = "import (\n\t\"example.com/lib/both\"\n\t\"third.party/text\"\n";
        assert!(SERVICES.contains(main));
        MemTree::from_txtar(&SERVICES.replace(main, &format!("{main}{imports}")))
    };
    let (before, after) = (with("\t\"fmt\"\n"), with("\t\"fmt\"\n\t\"mime\"\n"));
    compared(
        (&before, &after),
        "v0.3.0",
        &expect![[r#"
        with go
          runs: resolve link:api
          api: file api/main.go changed
        without
          runs: deps link:api link:worker
          api: file api/main.go changed
    "#]],
    );
}
