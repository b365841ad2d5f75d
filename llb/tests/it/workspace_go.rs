//! Tests of workspace and packages against the go command: whose packages an import means, root by
//! root, in repositories of every shape.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use gowork_llb::gomod::ImportPath;
use gowork_llb::gosrc::BuildContext;
use gowork_llb::packages;
use gowork_llb::tree::{LocalTree, MemTree, SourceTree, TreePath};
use gowork_llb::workspace::{self, Choice, GoworkOff, Root, RootIx, Workspace};
use tempfile::TempDir;

/// Packages of the repository by import path, with their directories; or that they cannot be built.
pub(crate) type Answer = Result<BTreeMap<String, String>, String>;

/// Writes the files of a txtar into a directory.
pub(crate) fn unpack(archive: &str) -> TempDir {
    let dir = tempfile::tempdir().expect("a directory");
    let tree = MemTree::from_txtar(archive);
    let mut open = vec![TreePath::ROOT];
    while let Some(at) = open.pop() {
        for entry in tree
            .list(std::slice::from_ref(&at))
            .remove(0)
            .expect("it is listed")
        {
            let path = at.child(&entry.name);
            match tree.read(std::slice::from_ref(&path)).remove(0) {
                Ok(text) => {
                    let file = dir.path().join(path.as_str());
                    std::fs::create_dir_all(file.parent().expect("a parent"))
                        .expect("a directory is made");
                    std::fs::write(file, text).expect("a file is written");
                }
                Err(_) => open.push(path),
            }
        }
    }
    dir
}

/// What `go list` says that the mains of a root are made of.
pub(crate) fn go(root: &Root, dir: &Path, mains: &[String]) -> Answer {
    let at = dir.join(root.dir.as_str());
    let mut command = Command::new("go");
    let work = if root.is_workspace() {
        at.join("go.work").display().to_string()
    } else {
        "off".to_owned()
    };
    command
        .args([
            "list",
            "-deps",
            "-f",
            "{{if not .Standard}}{{.ImportPath}} {{.Dir}}{{end}}",
            "--",
        ])
        .args(mains)
        .current_dir(&at);
    command
        .env("GOWORK", work)
        .env("GOPROXY", "off")
        .env("GOFLAGS", "")
        .env("GOENV", "off")
        .env("GOTOOLCHAIN", "local")
        .env("CGO_ENABLED", "0");
    let output = command.output().expect("the go command must be on PATH");
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let inside = |line: &str| {
        let (path, at) = line.split_once(' ')?;
        let at = Path::new(at)
            .strip_prefix(dir.canonicalize().ok()?)
            .ok()?
            .to_str()?
            .to_owned();
        // Copies in a vendor directory are third-party to us.
        let copies = root.dir.child("vendor");
        let is_copy = root.vendored && at.starts_with(&format!("{copies}/"));
        (!is_copy).then(|| (path.to_owned(), at))
    };
    Ok(text.lines().filter_map(inside).collect())
}

/// What we say.
pub(crate) fn own(
    scan: &packages::Scan,
    workspace: &Workspace,
    root: RootIx,
    mains: &[String],
) -> Answer {
    let mains: Vec<ImportPath> = mains.iter().map(ImportPath::new).collect();
    let mains: Vec<&ImportPath> = mains.iter().collect();
    let context = BuildContext::new(
        "linux",
        if cfg!(target_arch = "aarch64") {
            "arm64"
        } else {
            "amd64"
        },
    );
    let loaded = packages::load(scan, workspace, root, &context, &mains);
    let errors: Vec<String> = loaded
        .diagnostics
        .iter()
        .filter(|said| said.is_error())
        .map(ToString::to_string)
        .collect();
    let packages = loaded
        .packages
        .iter()
        .map(|(_, package)| (package.path.to_string(), package.dir.as_str().to_owned()));
    if errors.is_empty() {
        Ok(packages.collect())
    } else {
        Err(errors.join("\n"))
    }
}

/// Compares every root, and gives the roots' directories with the mains of each: `.: example.com/a
/// example.com/b`.
#[track_caller]
pub(crate) fn check(archive: &str, expected: &[&str]) {
    check_choice(archive, &Choice::default(), expected);
}

#[track_caller]
fn check_choice(archive: &str, choice: &Choice, expected: &[&str]) {
    check_dir(unpack(archive).path(), choice, expected);
}

/// The same of a directory, which may hold links.
#[track_caller]
pub(crate) fn check_tree(dir: &Path, expected: &[&str]) {
    check_dir(dir, &Choice::default(), expected);
}

#[track_caller]
fn check_dir(dir: &Path, choice: &Choice, expected: &[&str]) {
    let scan = packages::scan(&LocalTree::new(dir));
    let loaded = workspace::load_chosen(&scan.mod_files, choice);
    let said: Vec<String> = loaded
        .diagnostics
        .iter()
        .filter(|said| said.is_error())
        .map(ToString::to_string)
        .collect();
    assert!(said.is_empty(), "{}", said.join("\n"));
    let workspace = loaded.workspace;
    let context = BuildContext::new("linux", "amd64");
    let mut roots = Vec::new();
    for (ix, root) in workspace.roots() {
        let mains: Vec<String> = packages::mains(&scan, &workspace, ix, &context)
            .into_iter()
            .map(|main| main.path.into())
            .collect();
        if mains.is_empty() {
            continue;
        }
        roots.push(format!("{}: {}", root.dir, mains.join(" ")));
        assert_eq!(
            own(&scan, &workspace, ix, &mains),
            go(root, dir, &mains),
            "root {}",
            root.dir
        );
    }
    assert_eq!(roots, expected);
}

/// `-- DIR/go.mod --` of a module example.com/DIR with more lines, and a package.
fn module(dir: &str, lines: &str, imports: &[&str]) -> String {
    let name = dir.rsplit('/').next().unwrap_or(dir);
    let imports: String = imports
        .iter()
        .map(|path| format!("import _ {path:?}\n"))
        .collect();
    format!(
        "-- {dir}/go.mod --\nmodule example.com/{name}\n\ngo 1.26\n\n{lines}\n-- {dir}/{name}.go --\npackage {name}\n\n{imports}"
    )
}

/// The same with a main package.
fn program(dir: &str, lines: &str, imports: &[&str]) -> String {
    let name = dir.rsplit('/').next().unwrap_or(dir);
    module(dir, lines, imports).replace(&format!("package {name}\n"), "package main\n")
        + "func main() {}\n"
}

const REQUIRE: &str = "require example.com/lib v0.0.0\nreplace example.com/lib => ../lib";

#[test]
fn modules_tied_by_replace() {
    let archive = program("a", REQUIRE, &["example.com/lib"])
        + &program("b", REQUIRE, &["example.com/lib"])
        + &module("lib", "", &[]);
    check(&archive, &["a: example.com/a", "b: example.com/b"]);
}

/// Only the main module's replacements hold: lib's own for far would lead elsewhere.
#[test]
fn replacements_of_a_replaced_module_do_not_hold() {
    let lib = module(
        "lib",
        "require example.com/far v0.0.0\nreplace example.com/far => ./wrong",
        &["example.com/far"],
    );
    let lines = "require (\n\texample.com/lib v0.0.0\n\texample.com/far v0.0.0 // indirect\n)\nreplace example.com/lib => ../lib\nreplace example.com/far => ../far";
    let wrong = module("lib/wrong", "", &[]).replace("example.com/wrong", "example.com/far");
    check(
        &(program("a", lines, &["example.com/lib"]) + &lib + &module("far", "", &[]) + &wrong),
        &["a: example.com/a"],
    );
}

/// A module that only a replaced one requires, as in a go.mod older than 1.17.
#[test]
fn requirements_of_a_replaced_module_count() {
    let lib = module(
        "lib",
        "require example.com/far v0.0.0",
        &["example.com/far"],
    );
    let lines = format!("{REQUIRE}\nreplace example.com/far => ../far");
    let app = program("a", &lines, &["example.com/lib"]).replace("go 1.26", "go 1.16");
    let old = |text: String| text.replace("go 1.26", "go 1.16");
    check(
        &(app + &old(lib) + &old(module("far", "", &[]))),
        &["a: example.com/a"],
    );
}

#[test]
fn members_need_no_requirement() {
    let work = "-- go.work --\ngo 1.26\nuse (\n\t./a\n\t./lib\n)\n";
    check(
        &(work.to_owned() + &program("a", "", &["example.com/lib"]) + &module("lib", "", &[])),
        &[".: example.com/a"],
    );
}

/// One of go.work takes the place of all of the members' for that path, of whatever version.
#[test]
fn replacements_of_go_work_override_those_of_members() {
    let work =
        "-- go.work --\ngo 1.26\nuse (\n\t./a\n\t./b\n)\nreplace example.com/lib => ./right\n";
    let wrong = REQUIRE.replace("../lib", "../wrong");
    let right = module("right", "", &[]).replace("example.com/right", "example.com/lib");
    let also = module("wrong", "", &[]).replace("example.com/wrong", "example.com/lib");
    let members = program("a", &wrong, &["example.com/lib"])
        + &program(
            "b",
            &wrong.replace("replace example.com/lib", "replace example.com/lib v0.0.0"),
            &[],
        );
    check(
        &(work.to_owned() + &members + &right + &also),
        &[".: example.com/a example.com/b"],
    );
}

/// A member's replacement holds in the whole workspace.
#[test]
fn replacements_of_members_hold_for_all() {
    let work = "-- go.work --\ngo 1.26\nuse (\n\t./a\n\t./b\n)\n";
    let members = program("a", REQUIRE, &[])
        + &program("b", "require example.com/lib v0.0.0", &["example.com/lib"]);
    check(
        &(work.to_owned() + &members + &module("lib", "", &[])),
        &[".: example.com/a example.com/b"],
    );
}

/// A nested module that is not used is no part of the member around it, nor are its mains built.
#[test]
fn nested_modules() {
    let work = "-- go.work --\ngo 1.26\nuse (\n\t./a\n\t./a/used\n)\n";
    let archive = work.to_owned()
        + &program("a", "", &["example.com/a/p", "example.com/used"])
        + "-- a/p/p.go --\npackage p\n"
        + &module("a/used", "", &[])
        + &program("a/other", "", &[]);
    check(&archive, &[".: example.com/a"]);
}

/// The longest module path that has the package; the shorter one's directory of that name is
/// another module.
#[test]
fn a_module_whose_path_continues_another_s() {
    let work = "-- go.work --\ngo 1.26\nuse (\n\t./a\n\t./lib\n\t./long\n)\n";
    let long = module("long", "", &[]).replace("example.com/long", "example.com/lib/sub")
        + "-- long/in/in.go --\npackage in\n";
    let lib = module("lib", "", &[]) + "-- lib/sub/deep/deep.go --\npackage deep\n";
    let imports = [
        "example.com/lib/sub",
        "example.com/lib/sub/in",
        "example.com/lib/sub/deep",
    ];
    check(
        &(work.to_owned() + &program("a", "", &imports) + &lib + &long),
        &[".: example.com/a"],
    );
}

/// A workspace's vendor directory stands for what is replaced by directories, too; one of a member
/// is nothing.
#[test]
fn vendored_workspaces() {
    let work = "-- go.work --\ngo 1.26\nuse ./a\nreplace example.com/lib => ./lib\n";
    let modules = "-- vendor/modules.txt --\n## workspace\n# example.com/lib v0.0.0 => ./lib\n## explicit; go 1.26\nexample.com/lib\n# example.com/lib => ./lib\n";
    let vendor = modules.to_owned()
        + "-- vendor/example.com/lib/lib.go --\npackage lib\n-- a/vendor/modules.txt --\n# example.com/none v1.0.0\n## explicit\n";
    check(
        &(work.to_owned()
            + &program("a", "require example.com/lib v0.0.0", &["example.com/lib"])
            + &module("lib", "", &["example.com/not/vendored"])
            + &vendor),
        &[".: example.com/a"],
    );
}

#[test]
fn vendored_modules() {
    let modules = "-- a/vendor/modules.txt --\n# example.com/lib v0.0.0 => ../lib\n## explicit; go 1.26\nexample.com/lib\n# example.com/lib => ../lib\n";
    let vendor = modules.to_owned() + "-- a/vendor/example.com/lib/lib.go --\npackage lib\n";
    check(
        &(program("a", REQUIRE, &["example.com/lib"]) + &vendor),
        &["a: example.com/a"],
    );
}

/// A go.work for `go build` in its directory, with a member beside that directory.
#[test]
fn workspaces_below_the_root() {
    let work = |dir: &str| format!("-- {dir}/go.work --\ngo 1.26\nuse (\n\t./app\n\t../lib\n)\n");
    let one = work("one")
        + &program("one/app", "", &["example.com/lib"])
        + &program("one/unused", "", &[]);
    let two = work("two")
        + &program("two/app", "", &["example.com/lib"])
            .replace("example.com/app", "example.com/two");
    let nested = "-- one/nested/go.work --\ngo 1.26\nuse ./n\n".to_owned()
        + &program("one/nested/n", "", &[]);
    let archive = one
        + &two
        + &nested
        + &module("lib", "", &[])
        + &program("free", REQUIRE, &["example.com/lib"]);
    let lone = program("lone", "", &[]);
    check(
        &(archive.clone() + &lone),
        &[
            "free: example.com/free",
            "lone: example.com/lone",
            "one: example.com/app",
            "two: example.com/two",
        ],
    );

    // With one at the root, it is all there is.
    let top = "-- go.work --\ngo 1.26\nuse ./lone\n".to_owned() + &lone;
    check(&(archive.clone() + &top), &[".: example.com/lone"]);
    let roots = ["one/nested", "two", "one/unused"]
        .map(|dir| (TreePath::new(dir).unwrap(), None))
        .to_vec();
    let choice = Choice {
        roots: Some(roots),
        gowork_off: GoworkOff::No,
        ..Choice::default()
    };
    let chosen = [
        "one/nested: example.com/n",
        "one/unused: example.com/unused",
        "two: example.com/two",
    ];
    check_choice(&(archive + &top), &choice, &chosen);
}

/// By itself a module has its own requirements and replacements, not those of the workspace.
#[test]
fn modules_without_their_workspace() {
    let work = "-- go.work --\ngo 1.26\nuse (\n\t./a\n\t./b\n)\n";
    let other = REQUIRE.replace("../lib", "../other");
    let also = module("other", "", &[]).replace("example.com/other", "example.com/lib");
    let members = program("a", &other, &["example.com/lib"])
        + &program("b", REQUIRE, &["example.com/lib"])
        + &program("c", REQUIRE, &["example.com/lib"]);
    let archive = work.to_owned() + &members + &module("lib", "", &[]) + &also;
    // In the workspace the two replacements are in conflict, which is no matter without it.
    check_choice(
        &archive,
        &Choice {
            roots: None,
            gowork_off: GoworkOff::Only,
            ..Choice::default()
        },
        &["a: example.com/a", "b: example.com/b"],
    );
    let archive = archive.replace("./b\n)", "./b\n)\nreplace example.com/lib => ./lib\n");
    let choice = Choice {
        roots: None,
        gowork_off: GoworkOff::Also,
        ..Choice::default()
    };
    check_choice(
        &archive,
        &choice,
        &[
            ".: example.com/a example.com/b",
            "a: example.com/a",
            "b: example.com/b",
            "c: example.com/c",
        ],
    );
}
