//! Tests of packages: the files that C sources, preambles, assembly and `#cgo` lines bring in from
//! outside a package's directory.

use gowork_llb::tree::MemTree;

use crate::support::outline;

/// Files of the package example.com/m/p beyond its own, and what is said. The tree has headers of
/// one line each at `headers`.
fn included(files: &str, headers: &[&str], config: &str) -> (String, String) {
    let main = "-- go.mod --\nmodule example.com/m\ngo 1.26\n-- main.go --\npackage main\nimport _ \"example.com/m/p\"\nfunc main() {}\n";
    let headers: String = headers
        .iter()
        .map(|path| format!("-- {path} --\n// a header\n"))
        .collect();
    let tree = MemTree::from_txtar(&format!("{main}{headers}{files}"));
    let (outline, diagnostics) = outline(&tree, config);
    let packages = &outline.builds[0].packages;
    let package = packages.get(
        packages
            .find("example.com/m/p")
            .expect("the package is found"),
    );
    for file in &package.included {
        assert!(
            package.files.contains(file),
            "{file} is included and no file of the package"
        );
        assert!(
            outline.tree_paths().contains(file),
            "{file} is not transferred"
        );
    }
    let names: Vec<&str> = package
        .included
        .iter()
        .map(gowork_llb::tree::TreePath::as_str)
        .collect();
    (
        names.join(" "),
        diagnostics
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("\n"),
    )
}

const CGO: &str = "[go]\ncgo = true\n";

/// A cgo file with this preamble.
fn preamble(lines: &str) -> String {
    format!("-- p/p.go --\npackage p\n\n/*\n{lines}\n*/\nimport \"C\"\n")
}

#[track_caller]
fn check(files: &str, headers: &[&str], expected: &str) {
    assert_eq!(
        included(files, headers, CGO),
        (expected.to_owned(), String::new())
    );
}

#[test]
fn a_preamble_includes_by_relative_path() {
    check(
        &preamble("#include \"../inc/x.h\"\n#include <stdio.h>"),
        &["inc/x.h", "inc/y.h", "stdio/stdio.h"],
        "inc/x.h",
    );
}

#[test]
fn directories_of_headers() {
    for option in [
        "-I${SRCDIR}/../inc",
        "-I ${SRCDIR}/../inc",
        "-I../inc",
        "-isystem ${SRCDIR}/../inc",
        "-iquote../inc",
    ] {
        for verb in ["CFLAGS", "CPPFLAGS", "CXXFLAGS"] {
            let lines = format!("#cgo {verb}: -O2 {option} -DX=1\n#include <sub/x.h>");
            check(
                &preamble(&lines),
                &["inc/sub/x.h", "inc/y.h", "sub/x.h"],
                "inc/sub/x.h",
            );
        }
    }
}

#[test]
fn includes_are_followed_from_where_they_stand() {
    let files = "-- inc/a.h --\n#include \"deep/b.h\"\n-- inc/deep/b.h --\n# include <c.h>\n#include \"../d.h\"\n-- inc/c.h --\n#include \"a.h\"\n";
    check(
        &(preamble("#include \"../inc/a.h\"") + files),
        &["inc/d.h", "inc/e.h"],
        "inc/a.h inc/d.h inc/deep/b.h",
    );
    let with = preamble("#cgo CFLAGS: -I../inc\n#include <a.h>") + files;
    check(
        &with,
        &["inc/d.h", "inc/e.h"],
        "inc/a.h inc/c.h inc/d.h inc/deep/b.h",
    );
}

#[test]
fn c_sources_include_too() {
    let files = preamble("int f(void);")
        + "-- p/f.c --\n#include \"../src/f.c\"\n-- src/f.c --\n#include \"f.inl\"\n";
    check(&files, &["src/f.inl", "src/g.inl"], "src/f.c src/f.inl");
    // A file that this platform does not compile.
    check(&files.replace("p/f.c", "p/f_windows.c"), &["src/f.inl"], "");
}

/// Every place where the compiler could find it: which comes first is for the compiler to know.
#[test]
fn a_name_that_several_places_have() {
    let lines = "#cgo CFLAGS: -I${SRCDIR}/../a -I${SRCDIR}/../b\n#include \"x.h\"";
    check(
        &preamble(lines),
        &["a/x.h", "b/x.h", "c/x.h", "p/sub/x.h"],
        "a/x.h b/x.h",
    );
}

#[test]
fn conditions_of_cgo_lines_hold() {
    let lines = "#cgo linux LDFLAGS: -L${SRCDIR}/../lib/linux -lfoo\n#cgo darwin LDFLAGS: -L${SRCDIR}/../lib/darwin -lfoo";
    let files = [
        "lib/linux/libfoo.a",
        "lib/linux/README.md",
        "lib/darwin/libfoo.a",
    ];
    check(&preamble(lines), &files, "lib/linux/libfoo.a");
}

#[test]
fn files_that_linker_flags_name() {
    let lines = "#cgo LDFLAGS: ${SRCDIR}/../lib/libx.a -Wl,--version-script=${SRCDIR}/../x.map -lm -Wl,-rpath,$ORIGIN";
    check(
        &preamble(lines),
        &["lib/libx.a", "lib/liby.a", "x.map"],
        "lib/libx.a x.map",
    );
}

#[test]
fn forced_includes_and_data() {
    let lines =
        "#cgo CFLAGS: -include ${SRCDIR}/../force.h\n__asm__(\".incbin \\\"../blob.bin\\\"\");";
    check(
        &preamble(lines),
        &["force.h", "blob.bin", "other.bin"],
        "blob.bin force.h",
    );
}

/// Nothing tells which file is meant, so any of the directory could be.
#[test]
fn names_made_by_macros() {
    let lines = "#cgo CFLAGS: -I../inc -DCONFIG=x\n#include CONFIG";
    check(
        &preamble(lines),
        &[
            "inc/x.h",
            "inc/y.tbl",
            "inc/z.go",
            "inc/LICENSE",
            "inc/sub/w.h",
            "p/own.tbl",
        ],
        "inc/x.h inc/y.tbl p/own.tbl",
    );
}

/// The scan has no texts of such files.
#[test]
fn what_a_file_of_an_unknown_kind_includes_is_not_known() {
    check(
        &preamble("#include \"../inc/x.tbl\""),
        &["inc/x.tbl", "inc/y.h", "far/z.h"],
        "inc/x.tbl inc/y.h",
    );
}

#[test]
fn the_go_assembler_includes_without_cgo() {
    let files = "-- p/p.go --\npackage p\n-- p/p_amd64.s --\n#include \"textflag.h\"\n#include \"../asm/macros.h\"\n-- p/p_arm64.s --\n#include \"../asm/arm.h\"\n";
    assert_eq!(
        included(files, &["asm/macros.h", "asm/arm.h"], "").0,
        "asm/macros.h"
    );
}

#[test]
fn without_cgo_no_c_source_counts() {
    let files = "-- p/q.go --\npackage p\n-- p/f.c --\n#include \"../inc/x.h\"\n".to_owned()
        + &preamble("#include \"../inc/x.h\"");
    assert_eq!(included(&files, &["inc/x.h"], "").0, "");
    assert_eq!(included(&files, &["inc/x.h"], CGO).0, "inc/x.h");
}

#[test]
fn a_directory_above_the_context() {
    let files = preamble(
        "#cgo CFLAGS: -I${SRCDIR}/../../above -I/usr/include\n#include \"x.h\"\n#include \"../../y.h\"",
    );
    let said = "p/p.go:4: #cgo CFLAGS: ${SRCDIR}/../../above lies outside the build context (build with a context directory that holds it, or have its files in the builder image)";
    assert_eq!(included(&files, &[], CGO), (String::new(), said.to_owned()));
}

/// What the go command adds to the imports of a package with cgo is asked for, and so compiled once
/// for all images.
#[test]
fn cgo_s_own_imports_are_resolved() {
    let tree = MemTree::from_txtar(
        &("-- go.mod --\nmodule example.com/m\ngo 1.26\n".to_owned()
            + &preamble("")
                .replace("p/p.go", "p.go")
                .replace("package p", "package main")
            + "func main() {}\n"),
    );
    let asked = |config| {
        outline(&tree, config)
            .0
            .builds
            .first()
            .map(|build| build.request.packages.join(" "))
    };
    assert_eq!(asked(CGO).as_deref(), Some("runtime runtime/cgo syscall"));
}
