//! Links of programs that say which commit they are made of.

use gowork_llb::lower::LlbInputs;
use gowork_llb::plan::Plan;
use gowork_step::{Checkout, Version};

use super::llb::{lowered_from, materials};
use crate::support::{resolved_plan, sound};

const SHOP: &str = "\
-- go.mod --
module example.com/shop
go 1.26
-- sub/go.mod --
module example.com/shop/sub
go 1.26
-- sub/cmd/api/main.go --
package main
import _ \"example.com/shop/sub/lib\"
func main() {}
-- sub/cmd/web/main.go --
package main
import _ \"example.com/shop/sub/lib\"
func main() {}
-- sub/lib/lib.go --
package lib
";

fn checkout() -> Checkout {
    Checkout {
        version: Version,
        revision: "0123456789abcdef0123456789abcdef01234567".to_owned(),
        time: 0,
        modified: false,
        tags: Vec::new(),
        tags_before: Vec::new(),
        mod_files: [].into(),
    }
}

/// The definition of the link of an image, with what git said or without.
fn link(plan: &Plan, image: &str, checkout: Option<Checkout>) -> String {
    let materials = LlbInputs {
        checkout,
        ..materials()
    };
    let link = plan.image(image).unwrap().link;
    lowered_from(
        &materials,
        plan,
        |_| {},
        |mut lowering| lowering.step(link).unwrap().to_definition().to_string(),
    )
}

/// The op of the link itself.
fn op(definition: &str) -> &str {
    let mut ops = definition.split("\n#");
    ops.find(|op| op.contains("\"link\",")).unwrap()
}

#[test]
fn a_link_has_what_git_says_and_nothing_of_the_repository() {
    let plan = resolved_plan(&sound(SHOP, "[images.api]\nbuildvcs = true\n"));
    let definition = link(&plan, "api", Some(checkout()));
    let api = op(&definition);
    for part in [
        "\"-buildvcs=true\"",
        "/src/.git = ",
        "/gowork/git/git = ",
        "PATH=/gowork/git:/usr/local/go/bin:/bin",
    ] {
        assert!(api.contains(part), "{part}: {api}");
    }
    assert!(!api.contains("-buildvcs=false"), "{api}");
    // The build does not use the go.mod at the root, but the version comes from it.
    let sources = definition
        .split("\n#")
        .find(|op| op.contains("sources of api"));
    assert!(sources.unwrap().contains("\"go.mod\""), "{definition}");
    // What is compiled before is the same.
    let without = resolved_plan(&sound(SHOP, ""));
    let of_others = link(&without, "api", None);
    let compiles = |text: &str| -> Vec<String> {
        let ops = text.split("\n#").filter(|op| op.contains("\"compile\","));
        ops.map(ToOwned::to_owned).collect()
    };
    assert_eq!(compiles(&definition), compiles(&of_others));
}

#[test]
fn the_link_of_another_program_is_the_same() {
    let plan = resolved_plan(&sound(SHOP, "[images.api]\nbuildvcs = true\n"));
    let without = resolved_plan(&sound(SHOP, ""));
    let web = link(&plan, "web", Some(checkout()));
    assert_eq!(op(&web), op(&link(&without, "web", None)));
}
