//! The results image: which steps are in it, in which order, and what a batch mounts of it.

use gowork_llb::lower::{MadeResults, ResultsImage};
use gowork_llb::ops::source::Image;
use gowork_llb::ops::{Platform, Reference};
use gowork_llb::plan::Plan;

use super::llb::{lowering, lowering_as};
use crate::plan::sealed::{WORK, planned, resolution};
use crate::support::sound;

const DIGEST: &str = "sha256:builder";

fn plan(config: &str) -> Plan {
    planned(&sound(WORK, config), &resolution())
}

fn made(plan: &Plan) -> Option<MadeResults> {
    lowering(plan, |mut lowering| lowering.results().unwrap())
}

/// The config, as a registry would give it: with this number of layers.
fn config(made: &MadeResults, layers: usize) -> Vec<u8> {
    let platform = Platform::parse("linux/amd64").unwrap();
    let labels = [("by".to_owned(), "us".to_owned())].into();
    let created = Some("1970-01-01T00:00:00Z".to_owned());
    let config = made.config(&platform, &labels, created).unwrap();
    let mut config: serde_json::Value = serde_json::from_slice(&config).unwrap();
    config["rootfs"] = serde_json::json!({"type": "layers", "diff_ids": vec!["sha256:1"; layers]});
    serde_json::to_vec(&config).unwrap()
}

#[test]
fn every_compile_step_is_a_layer_and_own_packages_come_first() {
    let plan = plan("");
    let made = made(&plan).unwrap();
    let config: serde_json::Value = serde_json::from_slice(&config(&made, 0)).unwrap();
    let entries = config["history"].as_array().unwrap().iter();
    let titles: Vec<&str> = entries
        .map(|entry| entry["created_by"].as_str().unwrap())
        .collect();
    let place = |title: &str| {
        if title.contains(" std") {
            2
        } else if title.contains("./") {
            0
        } else {
            1
        }
    };
    let compiled = plan
        .steps
        .iter()
        .filter(|step| !step.kind.parts().is_empty());
    assert_eq!(titles.len(), compiled.count(), "{titles:?}");
    assert!(titles.is_sorted_by_key(|title| place(title)), "{titles:?}");
    assert_eq!(place(titles[0]), 0, "{titles:?}");
    let label = config["config"]["Labels"]["gowork.results"].as_str();
    assert_eq!(
        label,
        Some("{\"version\":1,\"own\":1,\"third_party\":1,\"std\":1}")
    );
    assert_eq!(config["config"]["Labels"]["by"], "us");

    let text = made.output.to_definition().to_string();
    assert!(text.contains(" merge"), "{text}");
    assert!(!text.contains("link "), "nothing is linked\n{text}");
    // Where layers cannot be merged they are copied upon one another.
    let copied = lowering_as(false, Some(DIGEST), &plan, |mut lowering| {
        lowering.results().unwrap().unwrap()
    });
    let text = copied.output.to_definition().to_string();
    assert_eq!(
        text.matches("name \"compile results\"").count(),
        titles.len()
    );
}

#[test]
fn what_the_mount_may_not_have_is_not_exported() {
    for config in [
        "cache = \"layer\"\n",
        "cache = \"mount\"\n",
        "[go]\ncgo = true\n",
    ] {
        assert!(made(&plan(config)).is_none(), "{config}");
    }
}

/// The batch for the steps at these positions, as text.
fn batch(plan: &Plan, image: Option<&ResultsImage>, running: &[usize]) -> Option<String> {
    let build = plan.step(plan.images[0].link).build;
    let batch = lowering(plan, |mut lowering| {
        lowering.read_results(image.cloned());
        lowering.batch(build, None, running).unwrap()
    });
    batch.map(|output| output.to_definition().to_string())
}

#[test]
fn a_batch_fetches_the_layers_that_its_steps_may_find_something_in() {
    let plan = plan("");
    let made = made(&plan).unwrap();
    let reference = Reference::parse("registry.example/app/results:latest").unwrap();
    let image = Image::new(&reference);
    let of = |config: &[u8]| {
        ResultsImage::new(image.clone().output(), Some(image.clone()), Some(config))
    };
    let known = of(&config(&made, 3));
    // The positions are those of std, a third-party step, and an own one.
    for (running, limit) in [(&[2][..], 1), (&[1], 2), (&[0], 3), (&[0, 2], 3)] {
        let text = batch(&plan, Some(&known), running).expect("one step is enough");
        assert!(
            text.contains(&format!("image.layerlimit \"{limit}\"\n")),
            "{running:?}\n{text}"
        );
        assert!(
            text.contains("--results-image /gowork/results-image"),
            "{text}"
        );
    }
    // The step alone, without an image.
    assert!(batch(&plan, None, &[2]).is_none());
    // Links run anyway.
    assert!(batch(&plan, Some(&known), &[3]).is_none());
    // A label that does not fit, or is of another version: the whole image.
    let good = String::from_utf8(config(&made, 3)).unwrap();
    for bad in [
        config(&made, 5),
        good.replace("version\\\":1", "version\\\":2").into_bytes(),
        good.replace("own\\\":1", "own\\\":4294967295").into_bytes(),
        b"{}".to_vec(),
        b"no json".to_vec(),
    ] {
        let text = batch(&plan, Some(&of(&bad)), &[2]).unwrap();
        assert!(
            text.contains("/gowork/results-image = ") && !text.contains("layerlimit"),
            "{text}"
        );
    }
    // The keys of steps know nothing of it.
    let step = plan.images[0].link;
    let linked = |image: Option<ResultsImage>| {
        lowering(&plan, |mut lowering| {
            lowering.read_results(image);
            lowering.step(step).unwrap()
        })
    };
    assert_eq!(linked(None), linked(Some(known)));
}
