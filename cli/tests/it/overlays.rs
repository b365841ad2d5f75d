//! What is laid over the repository is only known in a build.

use crate::support::Repository;

const FILES: &str = r#"
-- go.mod --
module example.com/made

go 1.26
-- main.go --
package main

import _ "embed"

//go:embed ui/dist/app.js
var app string

func main() { println(app) }
-- gowork.toml --
[[overlay]]
from = "ui"
source = "/src/dist"
to = "ui/dist"
-- ui/app.ts --
text
"#;

#[test]
fn patterns_that_lead_into_an_overlay_are_taken_for_good() {
    let repository = Repository::new(FILES);
    let checked = repository.run("check");
    assert!(checked.err.ends_with("no errors\n"), "{checked}");
    repository.write("gowork.toml", "");
    let checked = repository.run("check");
    assert!(
        checked
            .err
            .contains("pattern ui/dist/app.js: no matching files found"),
        "{checked}"
    );
}

#[test]
fn affected_says_what_it_does_not_see() {
    let repository = Repository::new(FILES);
    let said = repository.run("affected --files ui/app.ts");
    assert!(
        said.err
            .contains("what ui makes for ui/dist is only known in a build"),
        "{said}"
    );
}
