//! Tests of plan: which go.work and go.mod files images are built from, and what is said where that
//! is not clear.

use expect_test::{Expect, expect};
use gowork_llb::tree::MemTree;

use crate::support::{outline, sound};

/// A workspace of one program and a library, a program that it leaves out, and a workspace below
/// it.
const TREE: &str = "\
-- go.work --
go 1.26
use (
	./api
	./lib
)
-- api/go.mod --
module example.com/api
go 1.26
require example.com/lib v0.0.0
replace example.com/lib => ../fork
-- api/main.go --
package main
import _ \"example.com/lib\"
func main() {}
-- lib/go.mod --
module example.com/lib
go 1.26
-- lib/lib.go --
package lib
-- fork/go.mod --
module example.com/lib
go 1.26
-- fork/lib.go --
package lib
-- tools/go.work --
go 1.26
use ./gen
-- tools/gen/go.mod --
module example.com/gen
go 1.26
-- tools/gen/main.go --
package main
func main() {}
-- extra/go.mod --
module example.com/extra
go 1.26
-- extra/cmd/extra/main.go --
package main
func main() {}
";

/// Images with their directory of build, whether in a workspace, and the directories that they are
/// made of.
#[track_caller]
fn builds(config: &str, expected: &Expect) {
    let outline = sound(TREE, config);
    let line = |image: &gowork_llb::plan::OutlineImage| {
        let build = &outline.builds[image.build.0];
        let dirs: Vec<String> = build
            .packages
            .iter()
            .map(|(_, package)| package.dir.to_string())
            .collect();
        let mode = if build.workspace {
            "go.work"
        } else {
            "GOWORK=off"
        };
        format!(
            "{}: {} in {}, of {}\n",
            image.config.name,
            mode,
            build.dir,
            dirs.join(" ")
        )
    };
    expected.assert_eq(&outline.images.iter().map(line).collect::<String>());
}

#[track_caller]
fn says(tree: &str, config: &str, expected: &Expect) {
    let (_, diagnostics) = outline(&MemTree::from_txtar(tree), config);
    expected.assert_eq(
        &diagnostics
            .iter()
            .map(|said| format!("{said}\n"))
            .collect::<String>(),
    );
}

#[test]
fn what_is_built() {
    builds(
        "",
        &expect![[r#"
        api: go.work in ., of api lib
    "#]],
    );
    builds(
        "roots = [\".\", \"./tools\", \"extra/\"]\n",
        &expect![[r#"
        api: go.work in ., of api lib
        extra: GOWORK=off in extra, of extra/cmd/extra
        gen: go.work in tools, of tools/gen
    "#]],
    );
    builds(
        "[go]\nworkspace = false\n",
        &expect![[r#"
        api: GOWORK=off in api, of api fork
    "#]],
    );
    builds(
        "[images.api]\nworkspace = false\n[images.extra]\nmain = \"./extra/cmd/extra\"\nworkspace = false\n",
        &expect![[r#"
        api: GOWORK=off in api, of api fork
        extra: GOWORK=off in extra, of extra/cmd/extra
    "#]],
    );
    let both =
        "[images.api]\nmain = \"./api\"\n[images.fork]\nmain = \"./api\"\nworkspace = false\n";
    builds(
        both,
        &expect![[r#"
        api: go.work in ., of api lib
        fork: GOWORK=off in api, of api fork
    "#]],
    );
}

#[test]
fn roots_that_are_none() {
    says(
        TREE,
        "roots = [\"./tool\", \"./nowhere/at/all\", \"../x\", \"go.work\"]\n",
        &expect![[r#"
        Dockerfile:1:40: `roots`: "../x" is not a directory of the build context (write its directory like "./services"; "." is the build context's own)
        Dockerfile:1:48: `roots`: "go.work" is a file, not a directory (write its directory like "./services"; "." is the build context's own)
        Dockerfile:1:10: there is neither a go.work nor a go.mod in ./tool (did you mean ./tools?)
        Dockerfile:1:20: there is neither a go.work nor a go.mod in ./nowhere/at/all (name directories that have one; if it exists, see whether .dockerignore leaves it out)
        Dockerfile:1:48: there is neither a go.work nor a go.mod in ./go.work (name directories that have one; if it exists, see whether .dockerignore leaves it out)
        no go.work and no go.mod in the build context (build from the directory that holds go.work or go.mod; see whether .dockerignore leaves them out)
    "#]],
    );
    says(
        TREE,
        "roots = [\".\", \"./api\"]\n",
        &expect![[r#"
            Dockerfile:1:15: ./api would be built twice: it is a member of go.work (leave it out here; to build it without the workspace, set `workspace = false` for its image)
            main ./api is used by several workspaces: those in . and ./api
            name the workspaces to build, or set `workspace = false` for its image:
            roots = ["."]
        "#]],
    );
}

#[test]
fn a_main_that_go_work_leaves_out() {
    says(
        TREE,
        "[images.extra]\nmain = \"./extra/cmd/extra\"\n",
        &expect![[r#"
        Dockerfile:2:8: image extra: there is no main package ./extra/cmd/extra (module ./extra is not used by go.work: `go work use ./extra`, or set `workspace = false` for this image)
    "#]],
    );
}

#[test]
fn a_main_of_two_workspaces() {
    let work = |dir| format!("-- {dir}/go.work --\ngo 1.26\nuse ../app\n");
    let tree = work("one")
        + &work("two")
        + "-- app/go.mod --\nmodule example.com/app\ngo 1.26\n-- app/main.go --\npackage main\nfunc main() {}\n";
    says(
        &tree,
        "",
        &expect![[r#"
            main ./app is used by several workspaces: those in ./one and ./two
            name the workspaces to build, or set `workspace = false` for its image:
            roots = ["./one"]
        "#]],
    );
    says(
        &tree,
        "[images.app]\n",
        &expect![[r#"
            Dockerfile:1:9: main ./app is used by several workspaces: those in ./one and ./two
            name the workspaces to build, or set `workspace = false` for its image:
            roots = ["./one"]
        "#]],
    );
    says(&tree, "roots = [\"./one\"]\n", &expect![[""]]);
    says(&tree, "[images.app]\nworkspace = false\n", &expect![[""]]);
}

/// What is wrong with a module by itself matters only where it is built so.
#[test]
fn a_module_that_needs_its_workspace() {
    let tree = TREE.replace("../fork", "../missing");
    let tree = tree
        .replace("use (", "replace example.com/lib => ./lib\nuse (")
        .replace("\t./lib\n", "");
    says(
        &tree,
        "[images.extra]\nmain = \"./extra/cmd/extra\"\nworkspace = false\n",
        &expect![[""]],
    );
    says(
        &tree,
        "[images.api]\nworkspace = false\n",
        &expect![[r#"
        api/go.mod:4: example.com/lib is replaced by missing, which has no go.mod (create it with `go mod init`, or correct the path; if it exists, see whether .dockerignore leaves it out)
    "#]],
    );
}
