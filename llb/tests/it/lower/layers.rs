//! The layers of an image, over a base and on scratch.

use expect_test::expect_file;

use super::llb::lowering_as;
use crate::plan::sealed::{WORK, planned, resolution};
use crate::support::sound;

/// The ops that put layers over each other, in the image of `base`.
fn layers(base: &str, merge: bool) -> String {
    let files = "[[runtime.files]]\nfrom = \"a\"\nto = \"/opt/x/a\"\n[[runtime.files]]\nfrom = \"b\"\nto = \"/opt/y/\"\nmode = \"0640\"\nowner = \"5:6\"\n";
    let config = format!("[runtime]\nbase = \"{base}\"\ncertificates = true\n{files}");
    let plan = planned(&sound(WORK, &config), &resolution());
    let text = lowering_as(merge, None, &plan, |mut lowering| {
        lowering
            .image(&plan.images[0])
            .unwrap()
            .to_definition()
            .to_string()
    });
    let is_layer = |op: &&str| {
        // On scratch a layer is named after what it is part of.
        let names = || {
            op.lines()
                .filter(|line| line.trim_start().starts_with("name "))
        };
        ["runtime files\"", "files of api\"", "image api\""]
            .iter()
            .any(|name| names().any(|line| line.ends_with(name)))
    };
    text.split("\n#")
        .filter(is_layer)
        .map(|op| format!("#{op}\n"))
        .collect()
}

/// Over a base, everything is copied onto it, with MergeOp and without; on scratch a layer is made
/// by itself where layers can be merged.
#[test]
fn layers_of_an_image() {
    assert_eq!(layers("alpine", true), layers("alpine", false));
    for (name, text) in [
        ("base", layers("alpine", true)),
        ("scratch", layers("scratch", true)),
        ("unmerged", layers("scratch", false)),
    ] {
        expect_file![format!("./layers-{name}.txt")].assert_eq(&text);
    }
}
