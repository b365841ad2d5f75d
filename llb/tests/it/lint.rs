//! What is doubtful about modules and configuration, each rule with what it finds and with what it
//! must not find.

use std::collections::BTreeMap;

use expect_test::{Expect, expect};
use gowork_llb::config::Config;
use gowork_llb::diag::Rule;
use gowork_llb::tree::TreePath;
use gowork_llb::workspace;

use crate::support::docs;

/// Checks what a repository with these mod files and this configuration is warned of.
fn check(files: &[(&str, &str)], configuration: &str, expected: &Expect) {
    let texts: BTreeMap<TreePath, String> = files
        .iter()
        .map(|(path, text)| (TreePath::new(path).unwrap(), (*text).to_owned()))
        .collect();
    let loaded = workspace::load(&texts);
    assert_eq!(loaded.diagnostics, []);
    let (config, errors) = Config::parse("gowork.toml", configuration);
    assert_eq!(errors, []);
    let built = loaded.workspace.roots().map(|(ix, _)| ix).collect();
    let found = gowork_llb::lint::lint(&texts, &loaded.workspace, &config, &built);
    let mut shown = String::new();
    for found in config.without_skipped(found) {
        let rule = found.rule.expect("every warning has a rule");
        shown.push_str(&format!("{rule}: {found}\n"));
    }
    expected.assert_eq(&shown);
}

const WORK: (&str, &str) = ("go.work", "go 1.26\nuse ./api\nuse ./web\n");

#[test]
fn members_that_are_behind() {
    let files = [
        WORK,
        (
            "api/go.mod",
            "module example.com/api\ngo 1.26\nrequire golang.org/x/text v0.14.0\nrequire golang.org/x/net v0.1.0\n",
        ),
        (
            "web/go.mod",
            "module example.com/web\ngo 1.26\nrequire golang.org/x/text v0.13.0\nrequire golang.org/x/net v0.0.9 // indirect\n",
        ),
    ];
    check(
        &files,
        "",
        &expect![[r#"
            VersionSkew: web/go.mod:3: module example.com/web requires golang.org/x/text v0.13.0, but the workspace is built with v0.14.0 or later; api/go.mod:3: example.com/api requires v0.14.0 (`go work sync` writes the versions of the workspace into its go.mod files)
        "#]],
    );
    check(&files, "[check]\nskip = [\"VersionSkew\"]\n", &expect![""]);
}

#[test]
fn modules_that_are_built_by_themselves_may_differ() {
    check(
        &[
            (
                "api/go.mod",
                "module example.com/api\ngo 1.26\nrequire golang.org/x/text v0.14.0\n",
            ),
            (
                "web/go.mod",
                "module example.com/web\ngo 1.26\nrequire golang.org/x/text v0.13.0\n",
            ),
        ],
        "",
        &expect![""],
    );
}

#[test]
fn a_replacement_that_holds_an_update_back() {
    check(
        &[(
            "go.mod",
            "module example.com/m\ngo 1.26\nrequire (\n\texample.com/a v1.5.0\n\texample.com/b v1.5.0\n\texample.com/c v1.5.0\n\texample.com/d v1.5.0\n)\nreplace example.com/a => example.com/a v1.2.0\nreplace example.com/b => example.com/b v1.6.0\nreplace example.com/c => example.com/fork v1.2.0\nreplace example.com/d v1.4.0 => example.com/d v1.3.0\n",
        )],
        "",
        &expect![[r#"
            ReplaceBelowRequired: go.mod:9: builds take example.com/a v1.2.0, although example.com/m requires v1.5.0; go.mod:4:2: requires v1.5.0 (an update of the requirement changes nothing: remove the `replace`, or raise it as well)
        "#]],
    );
}

#[test]
fn excluded_and_incompatible_versions() {
    check(
        &[(
            "go.mod",
            "module example.com/m\ngo 1.26\nrequire example.com/a v1.5.0\nrequire example.com/old v2.0.0+incompatible\nrequire example.com/far v3.0.0+incompatible // indirect\nexclude example.com/a v1.5.0\nexclude example.com/a v1.4.0\n",
        )],
        "",
        &expect![[r#"
            ExcludedVersion: go.mod:3: module example.com/m requires example.com/a v1.5.0, which is excluded: go ignores the requirement; go.mod:6:9: excluded here (run `go mod tidy`, which requires another version)
            IncompatibleVersion: go.mod:4: example.com/old v2.0.0+incompatible has no go.mod that names example.com/old/v2: go cannot tell its major versions apart (see whether a newer version is published as example.com/old/v2 or later)
        "#]],
    );
}

#[test]
fn a_module_beside_the_workspace_is_downloaded() {
    let web = (
        "web/go.mod",
        "module example.com/web\ngo 1.26\nrequire example.com/lib v1.2.0\n",
    );
    let api = ("api/go.mod", "module example.com/api\ngo 1.26\n");
    let lib = ("lib/go.mod", "module example.com/lib\ngo 1.26\n");
    let other = ("other/go.mod", "module example.com/other\ngo 1.26\n");
    check(
        &[WORK, api, web, lib, other],
        "",
        &expect![[r#"
            ModuleNotInWorkspace: web/go.mod:3: example.com/lib v1.2.0 is downloaded, although the module is in ./lib: go.work does not use that directory (`go work use ./lib` builds with the code of the repository)
        "#]],
    );
    let replacing = (
        "go.work",
        "go 1.26\nuse ./api\nuse ./web\nreplace example.com/lib => example.com/fork v1.0.0\n",
    );
    check(&[replacing, api, web, lib], "", &expect![""]);
}

#[test]
fn hosts_that_look_private() {
    let files = [(
        "go.mod",
        "module example.com/m\ngo 1.26\nrequire (\n\tgit.example.com/team/a v1.0.0\n\tgit.example.com/team/b v1.0.0\n\tgithub.com/a/b v1.0.0\n\tgitlab.com/a/b v1.0.0\n\tgo.example.internal/x v1.0.0\n\tk8s.io/klog v1.0.0\n)\n",
    )];
    check(
        &files,
        "",
        &expect![[r#"
            PrivateModule: go.mod:4:2: git.example.com/team/a is on git.example.com, which looks private: go asks the public module proxy and checksum database about it
            [modules]
            private = ["git.example.com/*"]
            PrivateModule: go.mod:8:2: go.example.internal/x is on go.example.internal, which looks private: go asks the public module proxy and checksum database about it
            [modules]
            private = ["go.example.internal/*"]
        "#]],
    );
    let private = "[modules]\nprivate = [\"git.example.com\"]\n";
    check(&files, private, &expect![""]);
}

#[test]
fn images_that_change_by_themselves() {
    check(
        &[("go.mod", "module example.com/m\ngo 1.26\n")],
        r#"
[go]
builder = "golang"
[stages.ui]
image = "node:latest"
[runtime]
base = "alpine:3.22"
[images.a]
main = "./a"
base = "registry.example.com/base"
[images.b]
main = "./b"
base = "registry.example.com/base@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
[images.c]
main = "./c"
base = "stage:ui"
[images.d]
main = "./d"
base = "scratch"
"#,
        &expect![[r#"
            UnpinnedImage: gowork.toml:10:8: the image registry.example.com/base is what its publisher calls latest on the day of the build (name a version, and a digest if builds must never change by themselves: IMAGE:TAG@sha256:...)
            UnpinnedImage: gowork.toml:3:11: the image golang is what its publisher calls latest on the day of the build (name a version, and a digest if builds must never change by themselves: IMAGE:TAG@sha256:...)
            UnpinnedImage: gowork.toml:5:9: the image node:latest is what its publisher calls latest on the day of the build (name a version, and a digest if builds must never change by themselves: IMAGE:TAG@sha256:...)
        "#]],
    );
}

#[test]
fn every_rule_has_its_section() {
    let text = std::fs::read_to_string(docs("checks.md")).unwrap();
    let sections: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .collect();
    assert_eq!(sections, Rule::ALL.map(Rule::name));
}

#[test]
fn a_rule_that_does_not_exist() {
    let (_, errors) = Config::parse("gowork.toml", "[check]\nskip = [\"VersionScew\"]\n");
    expect![
        "gowork.toml:2:9: `check.skip`: no rule is named VersionScew (did you mean VersionSkew?)"
    ]
    .assert_eq(&errors[0].to_string());
}

const LIB: (&str, &str) = (
    "lib/go.mod",
    "module example.com/lib\ngo 1.26\n// The store lost writes.\nretract [v1.2.0, v1.2.3]\nretract v1.0.0\nretract main\n",
);

#[test]
fn a_version_that_the_repository_retracts() {
    let requires = |version: &str| {
        format!("module example.com/api\ngo 1.26\nrequire example.com/lib {version}\n")
    };
    for (version, expected) in [
        (
            "v1.2.1",
            expect![[r#"
                RetractedVersion: api/go.mod:3: module example.com/api requires example.com/lib v1.2.1, which that module retracts: The store lost writes.; lib/go.mod:4: retracted here (require a version that is not retracted: `go get MODULE@latest` finds one)
            "#]],
        ),
        (
            "v1.0.0",
            expect![[r#"
            RetractedVersion: api/go.mod:3: module example.com/api requires example.com/lib v1.0.0, which that module retracts; lib/go.mod:5: retracted here (require a version that is not retracted: `go get MODULE@latest` finds one)
        "#]],
        ),
        ("v1.2.4", expect![[""]]),
        (
            "v1.2.1-0.20260101000000-abcdefabcdef",
            expect![[r#"
            RetractedVersion: api/go.mod:3: module example.com/api requires example.com/lib v1.2.1-0.20260101000000-abcdefabcdef, which that module retracts: The store lost writes.; lib/go.mod:4: retracted here (require a version that is not retracted: `go get MODULE@latest` finds one)
        "#]],
        ),
    ] {
        check(&[LIB, ("api/go.mod", &requires(version))], "", &expected);
    }
    // In a workspace too, for those who are outside of it.
    let work = ("go.work", "go 1.26\nuse ./api\nuse ./lib\n");
    check(
        &[work, LIB, ("api/go.mod", &requires("v1.2.3"))],
        "",
        &expect![[r#"
        RetractedVersion: api/go.mod:3: module example.com/api requires example.com/lib v1.2.3, which that module retracts: The store lost writes.; lib/go.mod:4: retracted here (require a version that is not retracted: `go get MODULE@latest` finds one)
    "#]],
    );
    // Which of two modules is published nobody knows.
    let other = ("old/go.mod", LIB.1);
    check(
        &[LIB, other, ("api/go.mod", &requires("v1.2.3"))],
        "",
        &expect![[""]],
    );
}
