//! Vendored packages with C: what the C compiler reads of other directories belongs to the image.

use expect_test::expect;

use crate::support::Repository;

/// Two services of one module with a vendor directory. A package that `cgo` imports includes a
/// header of another directory of its module; `plain` imports no C.
const VENDORED: &str = "
-- gowork.toml --
[images.cgo]
cgo = true
-- go.mod --
module example.com/app

go 1.24

require example.com/c v1.0.0
-- cmd/cgo/main.go --
package main

import _ \"example.com/c/p\"

func main() {}
-- cmd/plain/main.go --
package main

import _ \"example.com/c/q\"

func main() {}
-- vendor/modules.txt --
# example.com/c v1.0.0
## explicit; go 1.24
example.com/c/p
example.com/c/q
-- vendor/example.com/c/p/p.go --
package p

// #include \"table.inc\"
import \"C\"
-- vendor/example.com/c/p/table.inc --
#include \"../h/h.h\"
-- vendor/example.com/c/h/h.h --
// words
-- vendor/example.com/c/q/q.go --
package q
";

#[test]
fn a_header_of_another_directory_touches_the_image() {
    let repository = Repository::new(VENDORED);
    repository.commit();
    repository.write("vendor/example.com/c/h/h.h", "// other words\n");
    expect![[r#"
        --- stdout
        cgo  file vendor/example.com/c/h/h.h changed
        exit 0
    "#]]
    .assert_eq(
        &repository
            .run("affected --since HEAD --resolve --platform linux/amd64")
            .to_string(),
    );
}

#[test]
fn a_file_of_any_suffix_touches_the_image() {
    let repository = Repository::new(VENDORED);
    repository.commit();
    repository.write(
        "vendor/example.com/c/p/table.inc",
        "#include \"../h/h.h\"\n\n",
    );
    expect![[r#"
        --- stdout
        cgo  file vendor/example.com/c/p/table.inc changed
        exit 0
    "#]]
    .assert_eq(
        &repository
            .run("affected --since HEAD --resolve --platform linux/amd64")
            .to_string(),
    );
}

/// The go command takes the directory's name from PWD, and then prints paths below that name.
#[cfg(unix)]
#[test]
fn a_shell_that_came_through_a_symlink_changes_nothing() {
    let repository = Repository::new(VENDORED);
    repository.commit();
    repository.write("vendor/example.com/c/q/q.go", "package q\n\nvar X int\n");
    let links = tempfile::tempdir().unwrap();
    let link = links.path().join("link");
    std::os::unix::fs::symlink(repository.path(), &link).unwrap();
    let said = repository.run_with(
        "affected --since HEAD --resolve --platform linux/amd64",
        &[("PWD", link.to_str().unwrap().to_owned())],
    );
    expect![[r#"
        --- stdout
        plain  file vendor/example.com/c/q/q.go changed
        exit 0
    "#]]
    .assert_eq(&said.to_string());
}
