//! Modules that look wrong and are not, each compared with go: named like a part of std, or without
//! a `module` line.

use expect_test::expect;

use crate::refused::{main, refused};
use crate::workspace_go::check;

const STD: &str = "-- go.work --\ngo 1.26\nuse (\n\t./api\n\t./database\n)\n-- api/go.mod --\nmodule api\n\ngo 1.26\n-- database/go.mod --\nmodule database\n\ngo 1.26\n-- database/store/store.go --\npackage store\n";

fn api(imports: &[&str]) -> String {
    main(imports).replace("main.go", "api/main.go")
}

#[test]
fn a_module_may_be_named_like_a_part_of_std() {
    check(
        &(STD.to_owned() + &api(&["database/sql", "database/sql/driver", "database/store"])),
        &[".: api"],
    );
    let own = "-- database/database.go --\npackage database\n";
    check(
        &(STD.to_owned() + &api(&["database", "database/store"]) + own),
        &[".: api"],
    );
    refused(
        &(STD.to_owned() + &api(&["database/sql"]) + "-- database/sql/sql.go --\npackage sql\n"),
        "ambiguous import: found package database/sql in multiple modules",
        &expect![[r#"
            api/main.go:3:8: ambiguous import: found package database/sql in ./database/sql and in the standard library (rename one of the modules, or move the package)
        "#]],
    );
    refused(
        &(STD.to_owned() + &api(&["database/sql/nosuch"])),
        "package database/sql/nosuch is not in std",
        &expect![[r#"
            api/main.go:3:8: package database/sql/nosuch is imported by api, but module database (database) has no such package (correct the import path, or see whether .dockerignore leaves the package out)
        "#]],
    );
    refused(
        &STD.replace(
            "database/store/store.go --\npackage store",
            "database/sql/main.go --\npackage main\nfunc main() {}",
        ),
        "ambiguous import",
        &expect![[r#"
            database/go.mod:1:8: ambiguous import: found package database/sql in ./database/sql and in the standard library (rename one of the modules, or move the package)
        "#]],
    );
}

#[test]
fn two_members_with_one_package() {
    let archive = "-- go.work --\ngo 1.26\nuse (\n\t./a\n\t./b\n)\n-- a/go.mod --\nmodule example.com/a\n-- b/go.mod --\nmodule example.com/a/b\n-- a/b/b.go --\npackage b\n-- b/b.go --\npackage b\n-- a/main.go --\npackage main\nimport _ \"example.com/a/b\"\nfunc main() {}\n";
    refused(
        archive,
        "ambiguous import",
        &expect![[r#"
            a/main.go:2:8: ambiguous import: found package example.com/a/b in ./b and in ./a/b (rename one of the modules, or move the package)
        "#]],
    );
}

const HIDDEN: &str = "-- web/node_modules/go.mod --\n-- web/node_modules/flatted/golang/flatted.go --\npackage flatted\n-- web/node_modules/x/main.go --\npackage main\nfunc main() {}\n";
const API: &str = "-- api/go.mod --\nmodule example.com/api\n\ngo 1.26\n-- api/main.go --\npackage main\nfunc main() {}\n";

#[test]
fn a_go_mod_without_a_module_line_hides_its_directory() {
    let warned = |archive: &str, config: &str| {
        let (outline, said) =
            crate::support::outline(&gowork_llb::tree::MemTree::from_txtar(archive), config);
        let images: Vec<_> = outline
            .images
            .iter()
            .map(|image| image.config.name.as_str())
            .collect();
        format!(
            "{}\n{}",
            images.join(" "),
            said.iter()
                .map(|said| format!("{said}\n"))
                .collect::<String>()
        )
    };
    let hidden = format!(
        "{HIDDEN}-- web/node_modules/sub/go.mod --\nmodule example.com/sub\n-- web/node_modules/sub/main.go --\npackage main\nfunc main() {{}}\n{API}"
    );
    check(
        &hidden,
        &[
            "api: example.com/api",
            "web/node_modules/sub: example.com/sub",
        ],
    );
    expect![[r#"
        api sub
        web/node_modules/go.mod:1: no module declaration in go.mod: nothing in ./web/node_modules is built (if it is there to hide the directory from go, name that under `skip`: skip = ["./web/node_modules/..."]; else add a line `module PATH`)
    "#]]
    .assert_eq(&warned(&hidden, ""));
    assert_eq!(
        warned(&hidden, "skip = [\"./web/node_modules\"]\n"),
        "api sub\n"
    );
    assert_eq!(warned(&hidden, "skip = [\"./web/...\"]\n"), "api\n");
    // Other lines do not make it a module; and what cannot be read is an error, unless it is
    // skipped.
    let go_line = hidden.replace(
        "node_modules/go.mod --\n",
        "node_modules/go.mod --\n// hides\ngo 1.20\n",
    );
    assert!(
        warned(&go_line, "")
            .starts_with("api sub\nweb/node_modules/go.mod:1: no module declaration")
    );
    let broken = hidden.replace(
        "node_modules/go.mod --\n",
        "node_modules/go.mod --\nwhat is this\n",
    );
    assert!(
        warned(&broken, "").contains("web/node_modules/go.mod:1: unknown directive: what"),
        "{}",
        warned(&broken, "")
    );
    assert_eq!(warned(&broken, "skip = [\"./web/...\"]\n"), "api\n");
    // Below a go.work or a module it is nobody's business.
    let work = format!("-- go.work --\ngo 1.26\nuse ./api\n{HIDDEN}{API}");
    check(&work, &[".: example.com/api"]);
    assert_eq!(warned(&work, ""), "api\n");
    assert_eq!(warned(&work, "[images.api]\nworkspace = false\n"), "api\n");
    assert_eq!(warned(&work, "[go]\nworkspace = false\n"), "api\n");
    refused(
        &format!("-- go.work --\ngo 1.26\nuse ./api\nuse ./web/node_modules\n{HIDDEN}{API}"),
        "missing module declaration",
        &expect![[r#"
            web/node_modules/go.mod:1: no module declaration in go.mod (add a line `module PATH`, for example with `go mod edit -module=PATH`)
        "#]],
    );
    let asked = warned(&hidden, "roots = [\"web/node_modules\"]\n");
    assert!(
        asked.contains("web/node_modules/go.mod:1: no module declaration in go.mod (add"),
        "{asked}"
    );
}

/// The go command asks a replacement for no name.
#[test]
fn a_replacement_needs_no_module_line() {
    let app = "-- go.mod --\nmodule example.com/m\n\ngo 1.26\n\nrequire example.com/x v0.0.0\n\nreplace example.com/x => ./web/node_modules\n";
    check(
        &(app.to_owned() + &main(&["example.com/x/flatted/golang"]) + HIDDEN),
        &[".: example.com/m"],
    );
}
