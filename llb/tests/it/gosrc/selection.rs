//! Whole directories: what go/build does not check, and what the context knows.

use gowork_llb::gosrc::{BuildContext, SelectError, SourceFile, arch, select};

use super::go;

fn files(named: &[(&str, &str)]) -> Vec<SourceFile> {
    named
        .iter()
        .map(|(name, text)| SourceFile::parse(name, text.as_bytes()))
        .collect()
}

fn first_error(named: &[(&str, &str)], cgo: bool) -> Option<String> {
    let context = BuildContext {
        cgo,
        ..BuildContext::new("linux", "amd64")
    };
    select(&files(named), &context)
        .errors
        .first()
        .map(|error| error.diagnostic("svc/a").to_string())
}

#[test]
fn two_packages_in_one_directory_name_both_files() {
    let error = first_error(&[("a.go", "package a\n"), ("b.go", "\npackage b\n")], false).unwrap();
    assert!(
        error.starts_with("svc/a/b.go:2:9: found packages a (a.go) and b (b.go) in one directory; svc/a/a.go:1:9: "),
        "{error}"
    );
}

#[test]
fn c_files_need_cgo() {
    let dir = [("a.go", "package a\n"), ("x.c", "int x;\n")];
    assert_eq!(
        first_error(&dir, false),
        None,
        "without cgo the go command leaves them out"
    );
    let error = first_error(&dir, true).unwrap();
    assert!(
        error.contains("C source files not allowed when not using cgo or SWIG: x.c"),
        "{error}"
    );
}

#[test]
fn a_directory_without_go_files_for_the_platform_says_so() {
    let context = BuildContext::new("linux", "amd64");
    let package = select(&files(&[("a_windows.go", "package a\n")]), &context);
    assert_eq!(package.errors, [SelectError::NoGoFiles { ignored: 1 }]);
}

#[test]
fn tool_tags_are_the_toolchains() {
    let root = go::goroot();
    let levels = [
        ("linux", "amd64", "GOAMD64", "v3"),
        ("linux", "arm64", "GOARM64", "v9.2,lse"),
        ("linux", "arm", "GOARM", "6,softfloat"),
        ("android", "arm", "GOARM", ""),
        ("linux", "386", "GO386", "softfloat"),
        ("darwin", "arm64", "GOARM64", ""),
        ("js", "wasm", "GOWASM", ""),
        ("aix", "ppc64", "GOPPC64", "power9"),
        ("linux", "riscv64", "GORISCV64", "rva22u64"),
        ("linux", "s390x", "GO386", ""),
        ("linux", "mipsle", "GOMIPS", "softfloat"),
        ("linux", "loong64", "GO386", ""),
    ];
    for (goos, goarch, variable, level) in levels {
        for experiment in ["", "jsonv2,nogreenteagc", "noregabi", "none"] {
            let mut command = go::go(&root);
            command.args([
                "list",
                "-f",
                "{{range context.ToolTags}}{{.}}\n{{end}}",
                "unsafe",
            ]);
            command.envs([
                ("GOOS", goos),
                ("GOARCH", goarch),
                ("GOEXPERIMENT", experiment),
                (variable, level),
            ]);
            let theirs = go::output(&mut command, "");
            let theirs: std::collections::BTreeSet<String> =
                theirs.split_whitespace().map(str::to_owned).collect();
            assert_eq!(
                arch::tool_tags(goos, goarch, 26, experiment, level),
                Ok(theirs),
                "{goos}/{goarch} {variable}={level} GOEXPERIMENT={experiment}"
            );
        }
    }
}

#[test]
fn ten_thousand_files_are_no_work() {
    let text = format!(
        "// Copyright.\n\n//go:build linux\n\npackage x\n\nimport (\n{})\n\nfunc f() {{}}\n",
        "\t\"github.com/a/b\"\n".repeat(20)
    );
    let before = std::time::Instant::now();
    let imports: usize = (0..10_000)
        .map(|_| {
            SourceFile::parse("x.go", text.as_bytes())
                .header
                .imports
                .len()
        })
        .sum();
    assert_eq!(imports, 200_000);
    // Unoptimized and on a busy machine; a quadratic slip takes minutes.
    assert!(before.elapsed().as_secs() < 30, "{:?}", before.elapsed());
}
