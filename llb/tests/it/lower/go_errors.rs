//! What failed steps print, as errors. The outputs are those of Go 1.26 with `-trimpath`.

use std::fmt::Write as _;

use expect_test::{Expect, expect};
use gowork_llb::gomod::ModulePath;
use gowork_llb::lower::{GoErrors, go_errors};
use gowork_llb::plan::{Plan, Step, StepKind};
use gowork_llb::tree::MemTree;

use crate::plan::sealed::{WORK, planned, resolution};
use crate::support::{outline, resolved_plan, sound};

/// One module with a main that has C, and a directory that stands in for a module.
const MODULE: &str = "\
-- go.mod --
module example.com/m
go 1.26
require example.com/stand/in v1.0.0
replace example.com/stand/in => ./deep/stand-in
-- deep/stand-in/go.mod --
module example.com/stand/in
-- deep/stand-in/in.go --
package in
-- lib/lib.go --
package lib
import _ \"example.com/stand/in\"
-- cmd/app/main.go --
package main
import _ \"example.com/m/lib\"
func main() {}
-- cmd/app/add_amd64.s --
-- cmd/job/main.go --
package main
import _ \"example.com/m/lib\"
func main() {}
";

fn link(plan: &Plan) -> &Step {
    plan.step(plan.images[0].link)
}

fn unit(plan: &Plan) -> &Step {
    plan.steps
        .iter()
        .find(|step| matches!(step.kind, StepKind::Unit(_)))
        .unwrap()
}

fn check(plan: &Plan, step: &Step, printed: &str, expected: &Expect) {
    let GoErrors {
        errors,
        more,
        stopped,
        ..
    } = go_errors(plan, step, printed);
    let mut text = String::new();
    for error in errors {
        let place = error
            .span
            .as_ref()
            .map_or_else(|| "nowhere".to_owned(), ToString::to_string);
        writeln!(text, "[{place}] {}", error.message).unwrap();
        error
            .help
            .iter()
            .for_each(|help| writeln!(text, "  help: {help}").unwrap());
    }
    if more > 0 {
        writeln!(text, "and {more} more").unwrap();
    }
    if stopped {
        writeln!(text, "and the compiler stopped").unwrap();
    }
    expected.assert_eq(&text);
}

#[test]
fn errors_of_the_compiler_are_in_files_of_the_repository() {
    let plan = resolved_plan(&sound(MODULE, ""));
    check(
        &plan,
        link(&plan),
        "example.com/m/cmd/app\n# example.com/m/cmd/app\n\
         cmd/app/main.go:3:8: \"os\" imported and not used\n\
         ./cmd/app/main.go:7: syntax error: unexpected }, expected expression\n\
         cmd/app/main.go:10:3: too many arguments in call to bar\n\thave (number, number)\n\twant (int)\n\
         cmd/app/main.go:10:3: too many errors\n",
        &expect![[r#"
            [cmd/app/main.go:3:8] "os" imported and not used
            [cmd/app/main.go:7] syntax error: unexpected }, expected expression
            [cmd/app/main.go:10:3] too many arguments in call to bar
                have (number, number)
                want (int)
            and the compiler stopped
        "#]],
    );
}

/// In a sealed step a directory that stands in for a module lies in the vendor directory.
#[test]
fn moved_files_are_called_by_their_own_paths() {
    let mut resolution = resolution();
    resolution
        .replaced
        .insert(ModulePath::new("example.com/stand/in"), "v1.0.0".to_owned());
    let plan = planned(&sound(MODULE, ""), &resolution);
    let step = unit(&plan);
    assert!(
        step.inputs
            .sealed
            .as_ref()
            .is_some_and(|sealed| !sealed.moved.is_empty())
    );
    check(
        &plan,
        step,
        "# example.com/stand/in\nvendor/example.com/stand/in/in.go:1:9: wrong\n# example.com/m/lib\nlib/lib.go:2:3: wrong too\n",
        &expect![[r"
            [deep/stand-in/in.go:1:9] wrong
            [lib/lib.go:2:3] wrong too
        "]],
    );
}

#[test]
fn third_party_code_is_named_with_its_version() {
    let plan = planned(&sound(WORK, ""), &resolution());
    let printed = "# third.party/log/level\nvendor/third.party/log/level/level.go:3:5: undefined: x\n\
         # third.party/old/x\nx.c:3:10: error: 'y' undeclared\n   3 |   return y;\n     |          ^\nx.c:3:10: note: each once\n\
         # github.com/Big/lib\n../gowork/modcache/github.com/!big/lib@v1.0.0/b.go:1:1: wrong\n\
         # runtime\n/usr/local/go/src/runtime/proc.go:1:2: wrong\n";
    check(
        &plan,
        unit(&plan),
        printed,
        &expect![[r"
            [nowhere] third.party/log@v1.2.0/level/level.go:3:5: undefined: x
            [nowhere] third.party/old@v0.1.0/x/x.c:3:10: error: 'y' undeclared
            [nowhere] github.com/Big/lib@v1.0.0/b.go:1: wrong
            [nowhere] /usr/local/go/src/runtime/proc.go:1:2: wrong
        "]],
    );
}

/// Vendored files are files of the repository.
#[test]
fn vendored_code_has_its_place() {
    let vendored = format!("{WORK}-- vendor/modules.txt --\n## workspace\n");
    let plan = planned(
        &outline(&MemTree::from_txtar(&vendored), "").0,
        &resolution(),
    );
    let printed = "# third.party/log/level\nvendor/third.party/log/level/level.go:3:5: undefined: x\n\
         # third.party/old/x\nx.c:3:10: error: 'y' undeclared\n";
    check(
        &plan,
        unit(&plan),
        printed,
        &expect![[r#"
            [vendor/third.party/log/level/level.go:3:5] undefined: x
            [vendor/third.party/old/x/x.c:3:10] error: 'y' undeclared
        "#]],
    );
}

#[test]
fn linkers_assemblers_and_c_compilers_have_places_too() {
    let cgo = MODULE.replace(
        "import _ \"example.com/m/lib\"",
        "import _ \"example.com/m/lib\"\nimport \"C\"",
    );
    let plan = resolved_plan(&sound(
        &format!("{cgo}-- cmd/app/f.c --\nint f;\n"),
        "[go]\ncgo = true\n",
    ));
    let all = [
        "# example.com/m/cmd/app\nmain.main: relocation target main.foo not defined\n",
        "# example.com/m/cmd/app\nruntime.main_main·f: function main is undeclared in the main package\n",
        "# example.com/m/cmd/app\ncmd/app/add_amd64.s:4: unrecognized instruction \"BOGUS\"\nasm: assembly of cmd/app/add_amd64.s failed\n",
        "# example.com/m/cmd/app\n/usr/local/go/pkg/tool/linux_amd64/link: running gcc failed: exit status 1\n\
         /usr/bin/gcc -m64 -s -o $WORK/b001/exe/a.out /tmp/go-link-1/go.o -no-pie\n\
         /usr/bin/ld: /tmp/go-link-1/000001.o: in function `_cgo_917b777a35df_Cfunc_nosuch':\n\
         /tmp/go-build/main.cgo2.c:54: undefined reference to `nosuch'\ncollect2: error: ld returned 1 exit status\n\n",
        "# example.com/m/cmd/app\ncmd/app/main.go:3:11: fatal error: nosuch.h: No such file or directory\n    3 | // #include \"nosuch.h\"\n      |           ^~~~\ncompilation terminated.\n",
        "# example.com/m/cmd/app\nf.c: In function 'f':\nf.c:2:7: warning: unused variable 'u'\nf.c:3:10: error: 'x' undeclared (first use in this function)\n    3 |   return x;\n",
    ];
    check(
        &plan,
        link(&plan),
        &all.concat(),
        &expect![[r#"
            [cmd/app/main.go] main.main: relocation target main.foo not defined
              help: a function without a body is written in assembly: see whether that file is for this platform
            [cmd/app/main.go] runtime.main_main·f: function main is undeclared in the main package
              help: add `func main()`, or list the package under `skip` if it is not a program
            [cmd/app/add_amd64.s:4] unrecognized instruction "BOGUS"
            [cmd/app/main.go:3:8] undefined reference to `nosuch'
              help: name the library that has it in a `#cgo LDFLAGS` line; the builder image must have that library
            [cmd/app/main.go:3:11] fatal error: nosuch.h: No such file or directory
              help: the builder image must have the file: name one that does with `builder` under [go]; or see whether .dockerignore leaves it out
            [cmd/app/f.c:3:10] error: 'x' undeclared (first use in this function)
        "#]],
    );
}

#[test]
fn what_is_wrong_with_the_builder_is_said_with_what_to_do() {
    let plan = resolved_plan(&sound(MODULE, ""));
    let tool = "/usr/local/go/pkg/tool/linux_amd64";
    check(
        &plan,
        link(&plan),
        &format!(
            "# example.com/m/cmd/app\n{tool}/compile: signal: killed\n# example.com/m/lib\n\
             lib/lib.go:2:1: internal compiler error: panic: runtime error\n\nPlease file a bug report including a short program that triggers the error.\n\
             # other\nwrite $WORK/b001/x.a: no space left on device\n"
        ),
        &expect![[r"
            [cmd/app/main.go] /usr/local/go/pkg/tool/linux_amd64/compile: signal: killed
              help: something ended the compiler, most likely because memory ran out: give the builder more memory, or build fewer images at a time
            [lib/lib.go:2] internal compiler error: panic: runtime error
              help: this is a bug of the Go compiler: try another Go with `version` under [go]
            [nowhere] other: write $WORK/b001/x.a: no space left on device
              help: the builder's disk is full: `docker buildx prune` frees space
        "]],
    );
}

/// The output is bounded, and what it holds may be anything.
#[test]
fn much_and_strange_output_is_bounded() {
    let plan = resolved_plan(&sound(MODULE, ""));
    let errors: String = (1..=60)
        .map(|line| format!("lib/lib.go:{line}:1: wrong\n"))
        .collect();
    let GoErrors {
        errors: found,
        more,
        ..
    } = go_errors(
        &plan,
        link(&plan),
        &format!("# example.com/m/lib\n{errors}{errors}"),
    );
    assert_eq!((found.len(), more), (10, 50));
    check(
        &plan,
        link(&plan),
        "lib/lib.go:1:1: \u{1b}[2J\u{7}red\n",
        &expect![[r"
        [lib/lib.go:1] �[2J�red
    "]],
    );
    for strange in [
        "",
        "#",
        "# ",
        ":",
        "::1:",
        "x.go:0:0: a",
        "x.go:99999999999:1: a",
        "../../../x.go:1:1: a",
        "\t\n \n",
        "/:1:1:",
        "a.go:1",
    ] {
        go_errors(&plan, link(&plan), strange);
    }
    let long = format!(
        "lib/lib.go:1:1: {}\n{}",
        "x".repeat(1 << 16),
        "\ty\n".repeat(10_000)
    );
    assert!(go_errors(&plan, link(&plan), &long).errors[0].message.len() < 1000);
}
