//! `docker-bake.hcl` beside the Dockerfile: every image with one `docker buildx bake`.

use std::collections::BTreeMap;

use crate::plan::Plan;

/// The bake file for the targets of the plan's Dockerfile. `args` are the build-args that stay open, with their defaults.
pub fn bake(plan: &Plan, args: &BTreeMap<String, Option<String>>) -> String {
    let mut blocks = vec![
        "# Every image: docker buildx bake. One: docker buildx bake NAME. Programs into ./bin: docker buildx bake binaries."
            .to_owned(),
    ];
    for (name, default) in args {
        let default = default.as_deref().map(|default| format!("\n  default = {}\n", string(default)));
        blocks.push(format!("variable {} {{{}}}", string(name), default.unwrap_or_default()));
    }
    let names: Vec<String> = plan.images.iter().map(|image| string(&target(&image.name))).collect();
    blocks.push(format!("group \"default\" {{\n  targets = [{}]\n}}", names.join(", ")));
    let given = if args.is_empty() {
        String::new()
    } else {
        let lines: Vec<String> = args.keys().map(|name| format!("    {name} = {name}\n")).collect();
        format!("  args = {{\n{}  }}\n", lines.concat())
    };
    for image in &plan.images {
        let name = string(&image.name);
        blocks.push(format!("target {} {{\n  target = {name}\n  tags = [{name}]\n{given}}}", string(&target(&image.name))));
    }
    blocks.push(format!("target \"binaries\" {{\n  target = \"binaries\"\n  output = [\"type=local,dest=bin\"]\n{given}}}"));
    blocks.join("\n\n") + "\n"
}

/// A name as bake takes it: without dots.
fn target(name: &str) -> String {
    name.replace('.', "-")
}

/// A string of HCL.
fn string(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n").replace("${", "$${").replace("%{", "%%{");
    format!("\"{text}\"")
}
