//! The layers of an image, over a base and on scratch.

use expect_test::expect_file;
use gowork_llb::ops::Reference;
use gowork_llb::ops::source::Image;

use super::llb::lowering_as;
use crate::plan::sealed::{WORK, planned, resolution};
use crate::support::sound;

/// The ops that put layers over each other, in the image of `base`.
fn layers(base: &str, merge: bool) -> String {
    layers_with("", base, merge)
}

/// The same with more keys under `[runtime]`.
fn layers_with(keys: &str, base: &str, merge: bool) -> String {
    let files = "[[runtime.files]]\nfrom = \"a\"\nto = \"/opt/x/a\"\n[[runtime.files]]\nfrom = \"b\"\nto = \"/opt/y/\"\nmode = \"0640\"\nowner = \"5:6\"\n";
    let config = format!("[runtime]\nbase = \"{base}\"\ncertificates = true\n{keys}{files}");
    let plan = planned(&sound(WORK, &config), &resolution());
    let text = lowering_as(merge, None, &plan, |mut lowering| {
        let image = &plan.images[0];
        if image.runtime.licenses {
            let collected = Image::new(&Reference::parse("collected").unwrap()).output();
            lowering.collect_licenses(image.name.clone(), collected);
        }
        lowering.image(image).unwrap().to_definition().to_string()
    });
    let is_layer = |op: &&str| {
        // On scratch a layer is named after what it is part of.
        let names = || {
            op.lines()
                .filter(|line| line.trim_start().starts_with("name "))
        };
        [
            "runtime files\"",
            "licences of api\"",
            "files of api\"",
            "image api\"",
        ]
        .iter()
        .any(|name| names().any(|line| line.ends_with(name)))
    };
    text.split("\n#")
        .filter(is_layer)
        .map(|op| format!("#{op}\n"))
        .collect()
}

/// The licences are a layer of their own. Layers that lie below it, and on scratch all others, are the
/// same as without.
#[test]
fn the_layer_with_licences() {
    let with = |base: &str| layers_with("licenses = true\n", base, true);
    for base in ["alpine", "scratch"] {
        expect_file![format!("./layers-licences-{base}.txt")].assert_eq(&with(base));
    }
    let plan = planned(&sound(WORK, "[runtime]\nlicenses = true\n"), &resolution());
    let error = lowering_as(true, None, &plan, |mut lowering| {
        lowering.image(&plan.images[0]).unwrap_err().to_string()
    });
    assert!(error.contains("licences of api"), "{error}");
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
