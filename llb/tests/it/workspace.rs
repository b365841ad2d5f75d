//! What is said about wrong mod files, wrong packages and a repository without images, word for
//! word.

use expect_test::{Expect, expect};
use gowork_llb::config::Config;
use gowork_llb::packages;
use gowork_llb::plan;
use gowork_llb::tree::MemTree;
use gowork_llb::workspace;

use crate::support::{linux, outline};

/// Everything that the mod files of a tree make `workspace::load` say.
fn mod_files(archive: &str, said: &Expect) {
    let scan = packages::scan(&MemTree::from_txtar(archive));
    let diagnostics = workspace::load(&scan.mod_files).diagnostics;
    said.assert_eq(
        &diagnostics
            .iter()
            .map(|diagnostic| format!("{diagnostic}\n"))
            .collect::<String>(),
    );
}

/// Everything that a sound workspace's packages and images make one say.
pub(crate) fn images(archive: &str, config: &str, said: &Expect) {
    let (_, diagnostics) = outline(&MemTree::from_txtar(archive), config);
    said.assert_eq(
        &diagnostics
            .iter()
            .map(|diagnostic| format!("{diagnostic}\n"))
            .collect::<String>(),
    );
}

/// A single module with these files.
pub(crate) fn module(files: &str) -> String {
    format!("-- go.mod --\nmodule example.com/m\ngo 1.26\n{files}")
}

#[test]
fn members_of_a_workspace() {
    mod_files(
        "\
-- go.work --
go 1.25
use (
	./twice
	./twice/
	./missing
	./above
	../outside
	./api
	./same
	./parent
)
-- twice/go.mod --
module example.com/twice
-- above/go.mod --
module example.com/above
go 1.26
-- api/go.mod --
module example.com/api
-- same/go.mod --
module example.com/api
-- parent/child/go.mod --
module example.com/child
",
        &expect![[r#"
            go.work:4:2: path ./twice/ appears multiple times in workspace; go.work:3:2: first used here (remove one of the two `use` lines)
            go.work:5:2: cannot load module missing listed in go.work file: no missing/go.mod (create it with `go mod init`, or remove the `use` line; if it exists, see whether .dockerignore leaves it out)
            go.work:7:2: directory ../outside lies outside the build context (give it to the build as a context: docker buildx build --build-context outside=../outside)
            go.work:10:2: cannot load module parent listed in go.work file: no parent/go.mod (did you mean ./parent/child?)
            above/go.mod:2:4: module above listed in go.work file requires go >= 1.26, but go.work lists go 1.25; go.work:1:4: go.work's version (run `go work use`, or set `go 1.26` in go.work)
            go.work:9:2: module example.com/api appears multiple times in workspace: in api and in same; go.work:8:2: the same module path (give one of them another path, or remove one `use` line)
        "#]],
    );
}

#[test]
fn go_work_without_a_go_line_is_1_18() {
    mod_files(
        "-- go.work --\nuse ./a\n-- a/go.mod --\nmodule example.com/a\ngo 1.22\n",
        &expect![[r#"
        a/go.mod:2:4: module a listed in go.work file requires go >= 1.22, but go.work has no go line (1.18) (run `go work use`, or set `go 1.22` in go.work)
    "#]],
    );
    mod_files(
        "-- go.work --\nuse ./a\n-- a/go.mod --\nmodule example.com/a\ngo 1.20\n",
        &expect![""],
    );
}

#[test]
fn paths_of_main_modules() {
    mod_files(
        "\
-- go.work --
go 1.26
use (
	./none
	./reserved
	./scheme
	./slash
)
-- none/go.mod --
go 1.26
-- reserved/go.mod --
module go
-- scheme/go.mod --
module https://example.com/scheme
-- slash/go.mod --
module example.com/slash/
",
        &expect![[r#"
            none/go.mod:1: no module declaration in go.mod (add a line `module PATH`, for example with `go mod edit -module=PATH`)
            reserved/go.mod:1:8: invalid module path: "go" (the name is reserved)
            scheme/go.mod:1:8: malformed import path "https:": invalid char ':' (a module path is a host and a path, such as example.com/name, without a scheme)
            slash/go.mod:1:8: malformed import path "example.com/slash/": trailing slash (a module path is a host and a path, such as example.com/name, without a scheme)
        "#]],
    );
    mod_files(
        "-- go.mod --\nmodule toolchain\ngo 1.26\n",
        &expect![[r#"
        go.mod:1:8: invalid module path: "toolchain" (the name is reserved)
    "#]],
    );
}

#[test]
fn replacements() {
    mod_files(
        "\
-- go.work --
go 1.26
use (
	./a
	./b
)
-- a/go.mod --
module example.com/a
require (
	example.com/x v1.0.0
	example.com/empty v1.0.0
	example.com/far v1.0.0
)
replace example.com/x => ../x1
replace example.com/empty => ../empty
replace example.com/far => ../../far
-- b/go.mod --
module example.com/b
require example.com/x v1.0.0
replace example.com/x => ../x2
-- x1/go.mod --
module example.com/x
-- x2/go.mod --
module example.com/x
",
        &expect![[r#"
            b/go.mod:3: conflicting replacements for example.com/x: ./x1 and ./x2; a/go.mod:7: the other replacement (put one `replace` into go.work: it overrides those of the members)
            a/go.mod:8: example.com/empty is replaced by empty, which has no go.mod (create it with `go mod init`, or correct the path; if it exists, see whether .dockerignore leaves it out)
            a/go.mod:9: directory ../../far lies outside the build context (give it to the build as a context: docker buildx build --build-context far=../far)
        "#]],
    );
}

#[test]
fn syntax_of_mod_files() {
    mod_files(
        "-- go.work --\ngo 1.26\nuse (\n\t./a ./b\n)\nmodule x\n",
        &expect![[r#"
            go.work:3:2: usage: use local/dir (name one directory per line)
            go.work:5: unknown directive: module (`module` belongs into go.mod)
        "#]],
    );
    mod_files(
        "-- go.mod --\nmodule example.com/m\nrequire (\n\texample.com/x\n",
        &expect![[r#"
        go.mod:4: syntax error (unterminated block started at go.mod:2:1) (close the block with a line of `)`)
    "#]],
    );
}

#[test]
fn packages_that_are_not_there() {
    images(
        &module(
            "\
-- main.go --
package main
import (
	\"example.com/m/jobz\"
	\"example.com/m/nowhere/near\"
)
func main() {}
-- jobs/jobs.go --
package jobs
",
        ),
        "",
        &expect![[r#"
            main.go:3:2: package example.com/m/jobz is imported by example.com/m, but module example.com/m (.) has no such package (did you mean example.com/m/jobs?)
            main.go:4:2: package example.com/m/nowhere/near is imported by example.com/m, but module example.com/m (.) has no such package (correct the import path, or see whether .dockerignore leaves the package out)
        "#]],
    );
}

#[test]
fn files_that_go_would_refuse() {
    images(
        &module(
            "\
-- main.go --
package main
import (
	_ \"embed\"
	_ \"example.com/m/clauses\"
	_ \"example.com/m/syntax\"
)
//go:embed page.html
var page string
func main() {}
-- clauses/a.go --
package clauses
-- clauses/b.go --
package clause
-- syntax/a.go --
package syntax
import \"fmt
",
        ),
        "",
        &expect![[r#"
            main.go:7:12: pattern page.html: no matching files found (patterns start at the directory of the Go file; see whether .dockerignore leaves the files out)
            clauses/b.go:1:9: found packages clauses (a.go) and clause (b.go) in one directory; clauses/a.go:1:9: package clauses is declared here (move package clause to its own directory, or give b.go a build constraint)
            syntax/a.go:2:8: string literal not terminated
        "#]],
    );
}

#[test]
fn nothing_to_build() {
    images(
        "-- main.go --\npackage main\nfunc main() {}\n",
        "",
        &expect![[r#"
        no go.work and no go.mod in the build context (build from the directory that holds go.work or go.mod; see whether .dockerignore leaves them out)
    "#]],
    );
    images(
        &module("-- lib.go --\npackage lib\n"),
        "",
        &expect![[r#"
        no main package for linux/amd64: there is nothing to make an image of (an image is made of a package whose files say `package main` and declare `func main`)
    "#]],
    );
    images(
        &module("-- main.go --\npackage main\nfunc main() {}\n"),
        "skip = [\"./...\"]\n",
        &expect![[r#"
        no main package for linux/amd64: there is nothing to make an image of (`skip` in the configuration leaves some out)
    "#]],
    );
    images(
        "-- go.work --\ngo 1.26\nuse ./lib\n-- lib/go.mod --\nmodule example.com/lib\n-- lib/lib.go --\npackage lib\n-- api/go.mod --\nmodule example.com/api\n-- api/main.go --\npackage main\nfunc main() {}\n",
        "",
        &expect![[r#"
            no main package for linux/amd64: there is nothing to make an image of (modules that go.work does not use are not built: ./api)
        "#]],
    );
}

#[test]
fn names_of_images() {
    let two = module(
        "-- cmd/server/main.go --\npackage main\nfunc main() {}\n-- tools/server/main.go --\npackage main\nfunc main() {}\n",
    );
    images(&two, "", &expect![""]);
    images(&two, "[images.server]\n", &expect![""]);
    images(
        &two,
        "[images.server]\nmain = \"./cmd/serve\"\n",
        &expect![[r#"
            Dockerfile:2:8: image server: there is no main package ./cmd/serve (main packages are ./cmd/server, ./tools/server)
        "#]],
    );
    images(
        &two,
        "[images.web]\nmain = \"./cmd/server\"\n",
        &expect![""],
    );
}

/// Where the builder is asked for, and what is wrong with its version before anything has run.
fn builder(files: &str, config: &str) -> String {
    let scan = packages::scan(&MemTree::from_txtar(files));
    let config = Config::parse("Dockerfile", config).0;
    let builder = plan::outline(
        &scan,
        &workspace::load(&scan.mod_files).workspace,
        &config,
        &linux(),
    )
    .0
    .setup
    .builder;
    let at = builder
        .at
        .as_ref()
        .map(ToString::to_string)
        .unwrap_or_default();
    format!(
        "{} {} {at}\n{}",
        builder.image,
        builder.go_minor,
        builder
            .check()
            .map(|said| format!("{said}\n"))
            .unwrap_or_default()
    )
}

#[test]
fn the_builder_and_who_asks_for_it() {
    let main = "-- main.go --\npackage main\nfunc main() {}\n";
    let of = |go: &str, config: &str| {
        builder(
            &format!("-- go.mod --\nmodule example.com/m\n{go}\n{main}"),
            config,
        )
    };
    let all = [
        of("", ""),
        of("go 1.22", ""),
        of("go 1.26.1", ""),
        of("go 1.25\ntoolchain go1.26.3", ""),
        of("go 1.22", "[go]\nversion = \"1.22\"\n"),
        of("go 1.22", "[go]\nversion = \"1.25.3\"\n"),
        of("go 1.22", "[go]\nbuilder = \"golang:1.22-alpine\"\n"),
        of(
            "go 1.22",
            "[go]\nbuilder = \"registry.example.com:5000/mirror/golang:1.23.4@sha256:0\"\n",
        ),
        of(
            "go 1.26",
            "[go]\nbuilder = \"registry.example.com/go-1.20:1.2\"\n",
        ),
        of("go 1.26", "[go]\nbuilder = \"golang\"\n"),
    ];
    expect![[r#"
        golang:1.24 24 
        golang:1.24 24 go.mod:2:4
        golang:1.26 26 go.mod:2:4
        golang:1.26 26 go.mod:3:11
        golang:1.22 22 Dockerfile:2:11
        Dockerfile:2:11: golang:1.22 has Go 1.22, but Go 1.24 or later is needed (a newer Go builds modules that ask for an older one as well)
        golang:1.25.3 25 Dockerfile:2:11
        golang:1.22-alpine 22 Dockerfile:2:11
        Dockerfile:2:11: golang:1.22-alpine has Go 1.22, but Go 1.24 or later is needed (a newer Go builds modules that ask for an older one as well)
        registry.example.com:5000/mirror/golang:1.23.4@sha256:0 23 Dockerfile:2:11
        Dockerfile:2:11: registry.example.com:5000/mirror/golang:1.23.4@sha256:0 has Go 1.23.4, but Go 1.24 or later is needed (a newer Go builds modules that ask for an older one as well)
        registry.example.com/go-1.20:1.2 26 Dockerfile:2:11
        golang 26 Dockerfile:2:11
    "#]].assert_eq(&all.concat());
}
