//! The step that collects the licences of modules for an image.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use expect_test::expect;
use gowork_frontend::steps::license_texts::{TextsQuestion, run};
use gowork_frontend::steps::licenses::{LicenseDir, LicensesError};
use gowork_llb::tree::TreePath;

use crate::licenses_step::{arguments, write};

/// Every file and directory below `dir`, with its mode and text.
fn listing(dir: &Path) -> String {
    let mut lines = Vec::new();
    let mut open = vec![dir.to_path_buf()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            let mode = fs::symlink_metadata(&path).unwrap().permissions().mode();
            let name = path.strip_prefix(dir).unwrap().display();
            if path.is_dir() {
                lines.push(format!("{name}/ {mode:o}\n"));
                open.push(path);
            } else {
                let text = fs::read_to_string(&path).unwrap();
                lines.push(format!("{name} {mode:o} {text}\n"));
            }
        }
    }
    lines.sort();
    lines.concat()
}

#[test]
fn files_are_copied_by_module() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| write(dir.path(), name, text);
    write("src/LICENSE", "ours");
    write("src/main.go", "package main");
    write("src/lib/go.mod", "module example.com/lib\n");
    write("src/lib/NOTICE", "no licence is here");
    write("src/forked/LICENSE.md", "theirs");
    write("src/vendor/third.example/t/COPYING", "vendored");
    write("src/vendor/third.example/t/t.go", "package t");
    fs::create_dir_all(dir.path().join("src/linked")).unwrap();
    symlink(
        "../forked/LICENSE.md",
        dir.path().join("src/linked/LICENSE"),
    )
    .unwrap();
    symlink("/etc/hostname", dir.path().join("src/linked/COPYING")).unwrap();
    write("0/std/LICENSE", "of Go");
    write("1/std/LICENSE", "of another Go");
    write("1/third.example/!b@v1.0.0/LICENSE", "b");
    write("1/third.example/!b@v1.0.0/NOTICE.txt", "of b");
    fs::set_permissions(
        dir.path().join("1/third.example/!b@v1.0.0/LICENSE"),
        fs::Permissions::from_mode(0o755),
    )
    .unwrap();
    let path = |text: &str| TreePath::new(text).unwrap();
    let resolved = |text: &str| LicenseDir::Resolved(path(text));
    let dirs = BTreeMap::from([
        (path("std@go1.26.8"), resolved("std")),
        (
            path("third.example/B@v1.0.0"),
            resolved("third.example/!b@v1.0.0"),
        ),
        (
            path("third.example/none@v1.0.0"),
            resolved("third.example/none@v1.0.0"),
        ),
        (
            path("third.example/t@v0.1.0"),
            LicenseDir::Source(path("vendor/third.example/t")),
        ),
        (path("example.com/lib@devel"), LicenseDir::Own(path("lib"))),
        (
            path("example.com/forked@devel"),
            LicenseDir::Own(path("forked")),
        ),
        (
            path("example.com/linked@devel"),
            LicenseDir::Own(path("linked")),
        ),
        (
            path("example.com/linked/x@devel"),
            LicenseDir::Source(path("lib/x")),
        ),
    ]);
    let question = serde_json::to_string(&TextsQuestion { dirs }).unwrap();
    write("question.json", &question);
    let args = arguments(dir.path());
    run(&args).unwrap();
    expect![[r#"
        usr/ 40755
        usr/share/ 40755
        usr/share/doc/ 40755
        usr/share/doc/licenses/ 40755
        usr/share/doc/licenses/example.com/ 40755
        usr/share/doc/licenses/example.com/forked@devel/ 40755
        usr/share/doc/licenses/example.com/forked@devel/LICENSE.md 100644 theirs
        usr/share/doc/licenses/example.com/lib@devel/ 40755
        usr/share/doc/licenses/example.com/lib@devel/LICENSE 100644 ours
        usr/share/doc/licenses/example.com/linked@devel/ 40755
        usr/share/doc/licenses/example.com/linked@devel/LICENSE 100644 theirs
        usr/share/doc/licenses/std@go1.26.8/ 40755
        usr/share/doc/licenses/std@go1.26.8/LICENSE 100644 of Go
        usr/share/doc/licenses/third.example/ 40755
        usr/share/doc/licenses/third.example/B@v1.0.0/ 40755
        usr/share/doc/licenses/third.example/B@v1.0.0/LICENSE 100644 b
        usr/share/doc/licenses/third.example/B@v1.0.0/NOTICE.txt 100644 of b
        usr/share/doc/licenses/third.example/t@v0.1.0/ 40755
        usr/share/doc/licenses/third.example/t@v0.1.0/COPYING 100644 vendored
    "#]]
    .assert_eq(&listing(&dir.path().join("out")));
    // A question of another version is no question.
    write("question.json", "{\"dirs\":{},\"more\":1}");
    assert!(matches!(run(&args), Err(LicensesError::File { .. })));
    assert!(matches!(run(&args[..3]), Err(LicensesError::TextsUsage)));
}
