//! Symlinks in a repository: what they lead to is built as the go command does, and both are in
//! every step that needs them.

use std::path::Path;

use expect_test::expect;
use gowork_llb::lower::{self, DockerfileOptions};
use gowork_llb::packages;
use gowork_llb::plan::{self, PlanInput};
use gowork_llb::tree::LocalTree;

use crate::support::outline;
use crate::workspace_go::check_tree;

/// Files, and links as `NAME -> TARGET`.
pub(crate) fn write(root: &Path, files: &[(&str, &str)]) {
    for (name, text) in files {
        let (name, target) = name
            .split_once(" -> ")
            .map_or((*name, None), |(name, target)| (name, Some(target)));
        let file = root.join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        match target {
            Some(target) => std::os::unix::fs::symlink(target, &file).unwrap(),
            None => std::fs::write(&file, text).unwrap(),
        }
    }
}

/// A member and a replacement whose directories are links, a go.mod and a go.work that are, a
/// linked package and a linked file.
const LINKED: [(&str, &str); 19] = [
    ("go.work -> real/go.work", ""),
    (
        "real/go.work",
        "go 1.26\n\nuse (\n\t./lib\n\t./services/api\n)\n",
    ),
    ("lib -> external/lib", ""),
    ("external/lib/go.mod -> ../../real/lib.mod", ""),
    ("real/lib.mod", "module example.com/lib\n\ngo 1.26\n"),
    (
        "external/lib/lib.go",
        "package lib\n\nconst Name = \"lib\"\n",
    ),
    (
        "external/lib/cmd/tool/main.go",
        "package main\n\nimport _ \"example.com/lib\"\n\nfunc main() {}\n",
    ),
    ("forklink -> fork", ""),
    ("fork/go.mod", "module example.com/fork\n\ngo 1.26\n"),
    ("fork/fork.go", "package fork\n"),
    (
        "services/api/go.mod",
        "module example.com/api\n\ngo 1.26\n\nrequire example.com/fork v0.0.0\n\nreplace example.com/fork => ../../forklink\n",
    ),
    (
        "services/api/main.go",
        "package main\n\nimport (\n\t_ \"example.com/api/internal/shared\"\n\t_ \"example.com/fork\"\n\t_ \"example.com/lib\"\n)\n\nfunc main() {}\n",
    ),
    ("services/api/version.go -> ../../common/version.go", ""),
    ("common/version.go", "package main\n\nconst version = 1\n"),
    ("services/api/internal/shared -> ../../../shared", ""),
    (
        "shared/shared.go",
        "package shared\n\nimport _ \"embed\"\n\n//go:embed words.txt\nvar words string\n",
    ),
    ("shared/words.txt", "words\n"),
    ("shared/shared_windows.go", "package shared\n"),
    ("shared/shared_test.go", "package shared\n"),
];

#[test]
fn modules_and_packages_behind_links_are_those_of_go() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), &LINKED);
    check_tree(dir.path(), &[".: example.com/api example.com/lib/cmd/tool"]);
    // A parent that is a link; a module of its own behind one.
    let dir = tempfile::tempdir().unwrap();
    let work = LINKED[1].1.replace("./lib", "./ext/lib");
    write(dir.path(), &LINKED[2..]);
    write(dir.path(), &[("go.work", &work), ("ext -> external", "")]);
    check_tree(dir.path(), &[".: example.com/api example.com/lib/cmd/tool"]);
}

/// Without them a step has no go.mod, though its sources are there.
#[test]
fn links_to_mod_files_are_among_these() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), &LINKED);
    let (outline, said) = outline(&LocalTree::new(dir.path()), "");
    assert!(said.is_empty(), "{said:?}");
    let files: Vec<String> = outline.builds[0]
        .mod_files
        .iter()
        .map(ToString::to_string)
        .collect();
    let expected = "external/lib/go.mod fork/go.mod forklink forklink/go.mod go.work lib lib/go.mod real/go.work real/lib.mod services/api/go.mod";
    assert_eq!(files.join(" "), expected);
}

/// What a scan of a transfer reads by another name than those that are asked for is asked for by
/// that name.
#[test]
fn files_behind_links_are_asked_for_by_their_own_names() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), &LINKED);
    let more = |dir: &Path| packages::more_patterns(&packages::scan(&LocalTree::new(dir)));
    let patterns = more(dir.path()).unwrap();
    assert_eq!(patterns[packages::SCAN_PATTERNS.len()..], ["real/lib.mod"]);
    assert!(patterns.contains(&"!**/vendor".to_owned()));
    // A package called `vendor` lets all that lies so be sent; a link that is no source asks for
    // nothing.
    write(
        dir.path(),
        &[
            ("lib/vendor/v.go", "package vendor\n"),
            ("lib/notes.txt -> lib.go", ""),
        ],
    );
    let patterns = more(dir.path()).unwrap();
    assert_eq!(patterns.last().map(String::as_str), Some("real/lib.mod"));
    assert!(!patterns.contains(&"!**/vendor".to_owned()));
    let plain = tempfile::tempdir().unwrap();
    write(
        plain.path(),
        &[
            ("go.mod", "module example.com/m\n"),
            ("main.go -> src/main.go", ""),
            ("src/main.go", "package main\n"),
        ],
    );
    assert_eq!(more(plain.path()), None);
}

/// COPY takes a link by its own name, and finds nothing by a name with a link on its way.
#[test]
fn a_printed_dockerfile_copies_links_and_what_they_lead_to() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), &LINKED);
    let (outline, _) = outline(&LocalTree::new(dir.path()), "");
    let plan = plan::plan(PlanInput {
        outline: &outline,
        resolutions: None,
    });
    let text = lower::dockerfile(&[plan], &DockerfileOptions::default()).unwrap();
    let copies: Vec<&str> = text
        .split("\n\n")
        .filter_map(|stage| stage.split_once("COPY --parents")?.1.split("RUN").next())
        .collect();
    expect![[r#"
         \
            external/lib/go.mod \
            fork/go.mod \
            forklink \
            go.work \
            lib \
            real/go.work \
            real/lib.mod \
            services/api/go.mod \
            /src/
        # Times in the future keep go from touching entries in later layers, and from removing those it finds old (golang/go#69565).
         \
            --exclude=**/*_test.go \
            common/version.go \
            external/lib/lib.go \
            fork/fork.go \
            forklink \
            lib \
            services/api/*.go \
            services/api/internal/shared \
            shared/shared.go \
            shared/words.txt \
            /src/
         \
            --exclude=**/*_test.go \
            external/lib/cmd/tool/main.go \
            external/lib/lib.go \
            lib \
            /src/
    "#]]
    .assert_eq(&copies.concat());
}

/// Links that lead nowhere, in a circle or out of the tree are members without a go.mod.
#[test]
fn links_that_lead_to_no_module_are_errors_with_a_place() {
    let outside = tempfile::tempdir().unwrap();
    write(outside.path(), &[("go.mod", "module example.com/out\n")]);
    for target in [
        "lib",
        "nowhere",
        "../..",
        "external/lib.go",
        outside.path().to_str().unwrap(),
    ] {
        let dir = tempfile::tempdir().unwrap();
        write(
            dir.path(),
            &[
                ("go.work", "go 1.26\nuse ./lib\n"),
                (&format!("lib -> {target}"), ""),
                ("external/lib.go", ""),
            ],
        );
        let said = outline(&LocalTree::new(dir.path()), "").1;
        let said: Vec<String> = said.iter().map(ToString::to_string).collect();
        assert!(
            said[0].starts_with(
                "go.work:2: cannot load module lib listed in go.work file: no lib/go.mod"
            ),
            "{said:?}"
        );
    }
}

#[test]
fn a_directory_behind_a_link_has_one_image() {
    let files = [
        (
            "api/go.mod",
            "module example.com/api\n\ngo 1.26\n\nrequire example.com/lib v0.0.0\n\nreplace example.com/lib => ../far/lib\n",
        ),
        (
            "api/main.go",
            "package main\n\nimport _ \"example.com/lib\"\n\nfunc main() {}\n",
        ),
        ("far -> external", ""),
        ("external/lib/go.mod", "module example.com/lib\n\ngo 1.26\n"),
        ("external/lib/lib.go", "package lib\n"),
        (
            "external/lib/cmd/tool/main.go",
            "package main\n\nfunc main() {}\n",
        ),
    ];
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), &files);
    let (outline, _) = outline(&LocalTree::new(dir.path()), "");
    let images = outline.images.iter().map(|image| {
        let main = outline.builds[image.build.0].packages.get(image.main);
        format!("{} {}", image.config.name, main.dir)
    });
    assert_eq!(
        images.collect::<Vec<_>>(),
        ["api api", "tool external/lib/cmd/tool"]
    );
}
