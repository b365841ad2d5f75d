//! Tools of go.mod that stages of a Dockerfile take.

use gowork_llb::plan::{StepKind, verify};
use gowork_llb::tree::MemTree;

use crate::support::{outline_taking, resolved_plan};

/// A service, and two tools, one of which is called like an image.
const SHOP: &str = "\
-- go.mod --
module example.com/shop
go 1.26
tool (
\tthird.party/lint/cmd/lint
\tthird.party/other/cmd/api
)
require third.party v1.0.0
-- cmd/api/main.go --
package main
import _ \"third.party/rows\"
func main() {}
";

/// The images of the repository if its stages take these files, and what each is made of.
fn images(tools: &[&str]) -> Vec<String> {
    let tree = MemTree::from_txtar(SHOP);
    let config = "[go]\nbuildvcs = true\n[runtime]\nbinaries = [\"api\"]\n";
    let (outline, said) = outline_taking(&tree, config, None, tools);
    assert_eq!(said, []);
    let plan = resolved_plan(&outline);
    assert_eq!(verify(&plan), Vec::<String>::new());
    let mut images = Vec::new();
    for image in &plan.images {
        let step = plan.step(image.link);
        let StepKind::Link(link) = &step.kind else {
            panic!("{} is no link", step.name)
        };
        images.push(format!(
            "{} by {}: {} as {} {}",
            image.name, step.title, link.package, link.binary, link.buildvcs
        ));
    }
    images
}

#[test]
fn a_tool_that_is_taken_is_made_like_an_image() {
    let api = "api by link api: example.com/shop/cmd/api as api true";
    let lint = "lint by link lint: third.party/lint/cmd/lint as lint false";
    assert_eq!(images(&[]), [api]);
    assert_eq!(images(&["lint", "nothing"]), [api, lint]);
    // A name means the image, if there is one.
    assert_eq!(images(&["api"]), [api]);
}
