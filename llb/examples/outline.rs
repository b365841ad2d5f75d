//! Prints the images and steps of the repository in a directory: `cargo run --example outline --
//! DIR`.
#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "an example program"
)]

use gowork_llb::config::Config;
use gowork_llb::packages;
use gowork_llb::plan::{self, PlanInput, Target};
use gowork_llb::tree::LocalTree;
use gowork_llb::workspace;

fn main() {
    let dir = std::env::args().nth(1).unwrap_or_else(|| ".".to_owned());
    let scan = packages::scan(&LocalTree::new(dir));
    let loaded = workspace::load(&scan.mod_files);
    let target = Target {
        os: "linux".to_owned(),
        arch: "amd64".to_owned(),
        variant: String::new(),
    };
    let (outline, diagnostics) =
        plan::outline(&scan, &loaded.workspace, &Config::default(), &target);
    for diagnostic in loaded.diagnostics.iter().chain(&diagnostics) {
        println!("{diagnostic}");
    }
    let plan = plan::plan(PlanInput {
        outline: &outline,
        resolutions: None,
    });
    for wrong in plan::verify(&plan) {
        println!("bug: {wrong}");
    }
    for image in &plan.images {
        println!(
            "image {} of {}: {} files",
            image.name,
            image.package,
            plan.step(image.link).inputs.files.len()
        );
    }
    println!(
        "{} directories scanned, builder {}",
        scan.dirs.len(),
        plan.builder.image
    );
}
