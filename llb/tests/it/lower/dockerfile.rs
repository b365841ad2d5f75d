//! Printed Dockerfiles.

use std::collections::BTreeMap;
use std::path::Path;

use expect_test::{expect, expect_file};
use gowork_llb::lower::{self, BakeOptions, CacheForm, DockerfileOptions, open_arg};

use super::{Made, make};

fn text(made: &Made, archs: &[&str], options: &DockerfileOptions) -> Result<String, String> {
    let plans: Vec<_> = archs.iter().map(|arch| made.plan(arch)).collect();
    lower::dockerfile(&plans, options).map_err(|error| error.to_string())
}

/// The printed text was built on a real engine, and its binaries are those of `go build`.
#[test]
fn what_is_hard_to_say() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/dockerfile");
    let archive = std::fs::read_to_string(dir.join("odd.txtar")).unwrap();
    let config = archive.split("-- gowork.toml --\n").nth(1).unwrap().split("\n-- ").next().unwrap();
    let open = BTreeMap::from([("VERSION".to_owned(), None), ("REF".to_owned(), Some("main".to_owned()))]);
    let args = open.iter().map(|(name, default)| (name.clone(), open_arg(name, default.is_none())));
    let made = make(&archive, config, &args.collect());
    for (cache, name) in [(CacheForm::Layer, "odd.Dockerfile"), (CacheForm::Mount, "odd.mount.Dockerfile")] {
        let options = DockerfileOptions { cache, args: open.clone(), ..DockerfileOptions::default() };
        expect_file![dir.join(name)].assert_eq(&text(&made, &["amd64", "arm64"], &options).unwrap());
    }
    let options = BakeOptions { args: open, ..BakeOptions::default() };
    expect_file![dir.join("odd.docker-bake.hcl")].assert_eq(&lower::bake(&made.plan("amd64"), &options));
}

/// The go command would take an old result from the mount after an edit of a header, which its keys do not hold.
#[test]
fn what_includes_files_has_no_cache_mount() {
    let asm = "-- go.mod --\nmodule example.com/m\n\ngo 1.26\n-- main.go --\npackage main\n\nfunc main()\n-- m_amd64.s --\n#include \"inc/m.h\"\n-- inc/m.h --\n// m\n";
    let plain = asm.replace("#include", "// include");
    let mount = DockerfileOptions { cache: CacheForm::Mount, ..DockerfileOptions::default() };
    for (archive, config, mounted) in [(asm, "", false), (&plain, "", true), (&plain, "[go]\ncgo = true\n", false)] {
        let text = text(&make(archive, config, &BTreeMap::new()), &["amd64"], &mount).unwrap();
        assert_eq!(text.contains("--mount=type=cache,target=/go/cache"), mounted, "{text}");
    }
}

const SPLIT: &str = "
-- go.mod --
module example.com/split

go 1.26
-- main.go --
package main

import \"example.com/split/cpu\"

func main() { cpu.Name() }
-- cpu/cpu.go --
package cpu
-- cpu/cpu_amd64.go --
package cpu

func Name() {}
-- cpu/cpu_amd64.s --
-- cpu/cpu_arm64.go --
package cpu

import \"example.com/split/cpu/arm\"

func Name() { arm.Name() }
-- cpu/cpu_riscv64.go --
package cpu

func Name() {}
-- cpu/arm/arm.go --
package arm

import _ \"unique\"

func Name() {}
";

fn copies(text: &str) -> String {
    let stage = text.split("AS build-split\n").nth(1).unwrap_or_default();
    stage.split("RUN").next().unwrap_or_default().to_owned()
}

/// Files of all platforms that the Dockerfile serves, and of no others.
#[test]
fn several_platforms_take_the_files_of_each() {
    let made = make(SPLIT, "", &BTreeMap::new());
    expect![[r#"
        COPY --parents \
            --exclude=**/*_test.go \
            --exclude=cpu/cpu_riscv64.go \
            *.go \
            cpu/*.go \
            cpu/arm/*.go \
            cpu/cpu_amd64.s \
            /src/
    "#]]
    .assert_eq(&copies(&text(&made, &["amd64", "arm64"], &DockerfileOptions::default()).unwrap()));
    expect![[r#"
        COPY --parents \
            --exclude=**/*_test.go \
            --exclude=cpu/cpu_arm64.go \
            --exclude=cpu/cpu_riscv64.go \
            *.go \
            cpu/*.go \
            cpu/cpu_amd64.s \
            /src/
    "#]]
    .assert_eq(&copies(&text(&made, &["amd64"], &DockerfileOptions::default()).unwrap()));
}

/// Only what every platform imports can be compiled for every platform.
#[test]
fn std_of_one_platform_is_left_to_the_link() {
    let made = make(SPLIT, "", &BTreeMap::new());
    assert!(text(&made, &["arm64"], &DockerfileOptions::default()).unwrap().contains("go build runtime unique \\"));
    assert!(text(&made, &["amd64", "arm64"], &DockerfileOptions::default()).unwrap().contains("go build runtime \\"));
}

/// Images that are called as a stage of ours keep their names.
#[test]
fn stages_step_aside_for_images() {
    let archive = "
-- go.mod --
module example.com/m

go 1.26
-- deps/main.go --
package main
func main() {}
-- go/main.go --
package main
func main() {}
-- binaries/main.go --
package main
func main() {}
";
    let printed = text(&make(archive, "", &BTreeMap::new()), &["amd64"], &DockerfileOptions::default()).unwrap();
    let stages: Vec<&str> = printed.lines().filter(|line| line.starts_with("FROM")).collect();
    expect![[r#"
        FROM --platform=$BUILDPLATFORM golang:1.26 AS go-stage
        FROM go-stage AS deps-stage
        FROM deps-stage AS build-binaries
        FROM deps-stage AS build-deps
        FROM deps-stage AS build-go
        FROM go-stage AS rootfs
        FROM scratch AS binaries
        FROM scratch AS deps
        FROM scratch AS go
        FROM scratch AS binaries-stage
    "#]]
    .assert_eq(&(stages.join("\n") + "\n"));
}

/// Text that a shell, or the Dockerfile's own expansion, would read as something else.
#[test]
fn quoting() {
    let config = "[go]\nldflags = '-X main.a=$$HOME -X \"main.b=c `d`\" -X main.e=\\f'\n\
                  [runtime]\nlabels = { a = '\"$$x\\', \"b c\" = \"\" }\n";
    let archive = "\n-- go.mod --\nmodule example.com/m\n-- main.go --\npackage main\nfunc main() {}\n";
    let printed = text(&make(archive, config, &BTreeMap::new()), &["amd64"], &DockerfileOptions::default()).unwrap();
    let lines: Vec<&str> =
        printed.lines().filter(|line| line.contains("ldflags") || line.contains("LABEL") || line.contains("b c")).collect();
    expect![[r#"
        RUN --network=none go build -ldflags="-X main.a=\$HOME -X \"main.b=c \`d\`\" -X main.e=\\f" -o /out/m .
        LABEL a="\"\$x\\" \
            "b c"=""
    "#]]
    .assert_eq(&(lines.join("\n") + "\n"));
}

#[test]
fn a_label_with_a_line_break_is_refused() {
    let archive = "\n-- go.mod --\nmodule example.com/m\n-- main.go --\npackage main\nfunc main() {}\n";
    let made = make(archive, "[runtime]\nlabels = { a = \"b\\nc\" }\n", &BTreeMap::new());
    expect!["a Dockerfile cannot hold a line break in LABEL a (write the value on one line, or build with the gowork frontend)"]
        .assert_eq(&text(&made, &["amd64"], &DockerfileOptions::default()).unwrap_err());
}
