//! Variants of images for a debugger.

use expect_test::expect;
use gowork_llb::lower::{self, BakeOptions, DockerfileOptions, placed_binaries};
use gowork_llb::plan::{Plan, StepKind, verify};
use gowork_llb::tree::MemTree;

use crate::support::{outline, resolved_plan, sound};

const API: &str = "\
-- go.mod --
module example.com/api
go 1.26
tool github.com/go-delve/delve/cmd/dlv
-- main.go --
package main
func main() {}
";

const DEBUG: &str = "[runtime]\ndebug = true\n";

fn described(plan: &Plan, image: &str) -> String {
    let image = plan.image(image).unwrap();
    let mut lines = format!("{:?}\n", image.runtime.entrypoint);
    for binary in placed_binaries(image) {
        let step = plan.step(binary.link);
        let StepKind::Link(link) = &step.kind else {
            panic!("{} is no link", step.name)
        };
        let gcflags = &plan.build(step.build).settings.gcflags;
        lines.push_str(&format!(
            "{}: {} ldflags {:?} gcflags {gcflags:?}\n",
            binary.path, link.package, link.ldflags
        ));
    }
    lines
}

#[test]
fn a_variant_is_compiled_for_the_debugger_that_starts_it() {
    let plan = resolved_plan(&sound(API, DEBUG));
    assert_eq!(verify(&plan), Vec::<String>::new());
    expect![[r#"
        Some(["/usr/local/bin/dlv", "exec", "/usr/local/bin/api", "--headless", "--listen=:2345", "--api-version=2", "--accept-multiclient", "--continue", "--"])
        /usr/local/bin/dlv: github.com/go-delve/delve/cmd/dlv ldflags "-s -w" gcflags ""
        /usr/local/bin/api: example.com/api ldflags "" gcflags "all=-N -l"
    "#]].assert_eq(&described(&plan, "api-debug"));
    expect![[r#"
        None
        /usr/local/bin/api: example.com/api ldflags "-s -w" gcflags ""
    "#]]
    .assert_eq(&described(&plan, "api"));
    let config = "[images.api]\ndebug = true\npath = \"/srv/run\"\nldflags = \"-s -X 'main.v=a b' -w\"\nentrypoint = [\"tini\", \"--\", \"/srv/run\", \"serve\"]\n";
    expect![[r#"
        Some(["tini", "--", "/srv/dlv", "exec", "/srv/run", "--headless", "--listen=:2345", "--api-version=2", "--accept-multiclient", "--continue", "--", "serve"])
        /srv/dlv: github.com/go-delve/delve/cmd/dlv ldflags "-s -X 'main.v=a b' -w" gcflags ""
        /srv/run: example.com/api ldflags "-X 'main.v=a b'" gcflags "all=-N -l"
    "#]].assert_eq(&described(&resolved_plan(&sound(API, config)), "api-debug"));
}

/// The image is still the only one.
#[test]
fn a_variant_is_made_only_if_it_is_asked_for() {
    let plan = resolved_plan(&sound(API, DEBUG));
    let bake = lower::bake(&plan, &BakeOptions::default());
    assert!(bake.contains("targets = [\"api\"]"), "{bake}");
    assert!(bake.contains("target \"api-debug\""), "{bake}");
    let text = lower::dockerfile(&[plan], &DockerfileOptions::default()).unwrap();
    let binaries = text.find("FROM scratch AS binaries").unwrap();
    let end = text[binaries..].find("\n\n").unwrap();
    assert_eq!(
        text[binaries..binaries + end]
            .lines()
            .skip(1)
            .collect::<Vec<_>>(),
        ["COPY --from=build-api /out/api /api"]
    );
    // What a build without a target makes.
    let last = text.rfind("FROM ").unwrap();
    assert!(
        text[last..].starts_with("FROM scratch AS api\n"),
        "{}",
        &text[last..]
    );
}

#[test]
fn what_is_in_the_way_of_a_variant_has_its_place() {
    let errors = |archive: &str, config: &str| -> String {
        let (_, said) = outline(&MemTree::from_txtar(archive), config);
        said.iter().map(|found| format!("{found}\n")).collect()
    };
    let without = API.replace("tool github.com/go-delve/delve/cmd/dlv\n", "");
    expect![[r#"
        Dockerfile:2:9: `debug`: no go.mod names delve, the debugger, as a tool (go get -tool github.com/go-delve/delve/cmd/dlv)
    "#]].assert_eq(&errors(&without, DEBUG));
    let taken = format!("{DEBUG}[images.api-debug]\nmain = \".\"\n[images.api]\nmain = \".\"\n");
    expect![[r#"
        Dockerfile:2:9: `debug`: the variant for a debugger would be called api-debug, and an image is (give the image api-debug another name)
    "#]].assert_eq(&errors(API, &taken));
    let other = format!("{DEBUG}entrypoint = [\"/bin/run\"]\n");
    expect![[r#"
        Dockerfile:2:9: `debug`: the entrypoint of image api does not name its binary /usr/local/bin/api (delve takes the place of the binary there: write its path as an item)
    "#]].assert_eq(&errors(API, &other));
}
