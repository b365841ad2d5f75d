//! Images with several binaries: mains of the repository, and tools of its go.mod.

use std::collections::BTreeSet;

use expect_test::expect;
use gowork_llb::lower::{self, DockerfileOptions, placed_binaries};
use gowork_llb::plan::{Plan, StepKind, verify};
use gowork_llb::tree::MemTree;

use crate::support::{outline, outline_of, resolved_plan, sound};

/// A service, a second main with settings of its own, a main without an image, and a tool.
const SHOP: &str = "\
-- go.mod --
module example.com/shop
go 1.26
tool third.party/lint/cmd/lint
require third.party v1.0.0
-- cmd/api/main.go --
package main
import _ \"example.com/shop/both\"
func main() {}
-- cmd/migrate/main.go --
package main
import _ \"example.com/shop/both\"
func main() {}
-- tools/seed/main.go --
package main
import _ \"example.com/shop/seeds\"
func main() {}
-- both/both.go --
package both
-- seeds/seeds.go --
package seeds
import _ \"third.party/rows\"
";

const BINARIES: &str = "skip = [\"./tools/...\"]\n[images.api]\nldflags = \"-w\"\nbinaries = [\"migrate\", \"./tools/seed\", \"third.party/lint/cmd/lint\"]\n[images.migrate]\nbinary = \"up\"\ntags = [\"x\"]\n";

/// Where the binaries of an image lie, and which steps link them.
fn placed(plan: &Plan, image: &str) -> String {
    let image = plan.image(image).unwrap();
    let mut lines = String::new();
    for binary in placed_binaries(image) {
        let step = plan.step(binary.link);
        let StepKind::Link(link) = &step.kind else {
            panic!("{} is no link", step.name)
        };
        lines.push_str(&format!(
            "{} by {}: {} {:?} {:?}\n",
            binary.path,
            step.name,
            link.package,
            link.ldflags,
            plan.build(step.build).settings.tags
        ));
    }
    lines
}

fn errors(config: &str) -> String {
    let (_, said) = outline(&MemTree::from_txtar(SHOP), config);
    said.iter().map(|found| format!("{found}\n")).collect()
}

#[test]
fn each_binary_lies_beside_the_own_one_and_has_a_link() {
    let plan = resolved_plan(&sound(SHOP, BINARIES));
    assert_eq!(verify(&plan), Vec::<String>::new());
    expect![[r#"
        /usr/local/bin/up by 1/link:migrate: example.com/shop/cmd/migrate "-s -w" {"x"}
        /usr/local/bin/seed by 0/link:./tools/seed: example.com/shop/tools/seed "-w" {}
        /usr/local/bin/lint by 0/link:third.party/lint/cmd/lint: third.party/lint/cmd/lint "-w" {}
        /usr/local/bin/api by 0/link:api: example.com/shop/cmd/api "-w" {}
    "#]]
    .assert_eq(&placed(&plan, "api"));
    // The own binary of another image is linked once for both.
    let own = plan.image("migrate").unwrap().link;
    assert_eq!(plan.image("api").unwrap().binaries[0].link, own);
    let with_path = BINARIES.replace("ldflags", "path = \"/srv/run\"\nldflags");
    let plan = resolved_plan(&sound(SHOP, &with_path));
    let paths = placed_binaries(plan.image("api").unwrap());
    let paths: Vec<String> = paths.into_iter().map(|binary| binary.path).collect();
    assert_eq!(paths, ["/srv/up", "/srv/seed", "/srv/lint", "/srv/run"]);
}

/// Whatever names a main, it is the same binary.
#[test]
fn a_main_has_a_name_a_directory_and_an_import_path() {
    let of = |item: &str| {
        let config = format!("[images.api]\nbinaries = [{item}]\n");
        placed(&resolved_plan(&sound(SHOP, &config)), "api")
    };
    let by_name = of("\"migrate\"");
    assert!(
        by_name.starts_with("/usr/local/bin/migrate by link:migrate"),
        "{by_name}"
    );
    assert_eq!(of("\"./cmd/migrate\""), by_name);
    assert_eq!(
        of("\"example.com/shop/cmd/migrate\", \"MIGRATE\", \"api\""),
        by_name
    );
}

/// The link of a tool compiles its main, and reads what that imports from other steps.
#[test]
fn a_tool_is_asked_for_and_compiled_by_its_link_alone() {
    let outline = sound(SHOP, BINARIES);
    let build = &outline.builds[0];
    assert!(
        build
            .request
            .packages
            .iter()
            .any(|path| *path == "third.party/lint/cmd/lint")
    );
    let plan = resolved_plan(&outline);
    let mut compiling = plan.steps.iter().filter(|step| {
        let compiles = step.kind.compiles();
        compiles
            .iter()
            .any(|path| **path == "third.party/lint/cmd/lint")
    });
    let names: Vec<&str> = compiling.by_ref().map(|step| step.name.as_str()).collect();
    assert_eq!(names, ["0/link:third.party/lint/cmd/lint"]);
}

#[test]
fn an_image_by_itself_has_its_binaries() {
    let (alone, said) = outline_of(&MemTree::from_txtar(SHOP), BINARIES, Some("api"));
    assert_eq!(said, []);
    let plan = resolved_plan(&alone);
    let images: Vec<&str> = plan
        .images
        .iter()
        .map(|image| image.name.as_str())
        .collect();
    assert_eq!(images, ["api"]);
    assert_eq!(verify(&plan), Vec::<String>::new());
    let whole = resolved_plan(&sound(SHOP, BINARIES));
    let names = |plan: &Plan| -> BTreeSet<String> {
        let links = plan.image("api").unwrap().links();
        links.map(|link| plan.step(link).name.to_string()).collect()
    };
    assert_eq!(names(&plan), names(&whole));
}

#[test]
fn what_is_wrong_with_an_item_has_its_place() {
    expect![[r#"
        Dockerfile:2:13: `binaries`: no image, main package or tool is called "migrat"; did you mean migrate? (images are api, migrate, seed; tools are third.party/lint/cmd/lint)
        Dockerfile:2:23: `binaries`: no image, main package or tool is called "./cmd/migrat"; did you mean ./cmd/migrate? (images are api, migrate, seed; tools are third.party/lint/cmd/lint)
        Dockerfile:2:39: `binaries`: no image, main package or tool is called "third.party/lint/cmd/lit"; did you mean third.party/lint/cmd/lint? (images are api, migrate, seed; tools are third.party/lint/cmd/lint)
        Dockerfile:2:67: `binaries`: no image, main package or tool is called "third.party/other" (images are api, migrate, seed; tools are third.party/lint/cmd/lint)
    "#]].assert_eq(&errors(
        "[images.api]\nbinaries = [\"migrat\", \"./cmd/migrat\", \"third.party/lint/cmd/lit\", \"third.party/other\"]\n",
    ));
    expect![[r#"
        Dockerfile:2:13: image api would have two binaries called api: those of example.com/shop/cmd/api and example.com/shop/cmd/migrate (give one of them another name, with `binary` in the table of its image)
    "#]].assert_eq(&errors(
        "[images.api]\nbinaries = [\"migrate\"]\n[images.migrate]\nbinary = \"api\"\n",
    ));
    expect![[r#"
        Dockerfile:2:13: `binaries`: "./cmd/migrate" is the main package of several images: a, b (write the name of the image whose binary you mean)
    "#]].assert_eq(&errors(
        "[images.api]\nbinaries = [\"./cmd/migrate\"]\n[images.a]\nmain = \"./cmd/migrate\"\n[images.b]\nmain = \"./cmd/migrate\"\n",
    ));
    expect![[r#"
        Dockerfile:2:13: `images.api.binaries`: "./..." is a pattern, not one package (write the name of an image, a directory like "./cmd/migrate", or an import path)
        Dockerfile:2:22: `images.api.binaries`: "/bin/x" is not a package (write the name of an image, a directory like "./cmd/migrate", or an import path)
        Dockerfile:2:13: `binaries`: no image, main package or tool is called "./..." (images are api, migrate, seed; tools are third.party/lint/cmd/lint)
        Dockerfile:2:22: `binaries`: no image, main package or tool is called "/bin/x" (images are api, migrate, seed; tools are third.party/lint/cmd/lint)
    "#]].assert_eq(&errors(
        "[images.api]\nbinaries = [\"./...\", \"/bin/x\"]\n",
    ));
}

/// An image with a binary that cannot be built cannot be built.
#[test]
fn an_image_is_as_broken_as_its_binaries() {
    let broken = SHOP.replace(
        "package main\nimport _ \"example.com/shop/both\"\nfunc main() {}\n-- tools",
        "package main\nimport _ \"example.com/shop/nothing\"\nfunc main() {}\n-- tools",
    );
    let (outline, said) = outline(&MemTree::from_txtar(&broken), BINARIES);
    assert_eq!(said.len(), 1, "{said:?}");
    let broken: Vec<&str> = outline.broken.iter().map(|name| name.as_str()).collect();
    assert_eq!(broken, ["api", "migrate"]);
}

#[test]
fn the_printed_dockerfile_has_a_stage_for_each() {
    let plan = resolved_plan(&sound(SHOP, BINARIES));
    let text = lower::dockerfile(&[plan], &DockerfileOptions::default()).unwrap();
    let start = text.find("FROM scratch AS api").unwrap();
    expect![[r#"
        FROM scratch AS api
        COPY --from=rootfs /rootfs /
        COPY --from=build-migrate /out/up /usr/local/bin/up
        COPY --from=build-seed /out/seed /usr/local/bin/seed
        COPY --from=build-lint /out/lint /usr/local/bin/lint
        COPY --from=build-api /out/api /usr/local/bin/api
        ENV ZONEINFO=/usr/share/zoneinfo.zip
        USER 65532:65532
        ENTRYPOINT ["/usr/local/bin/api"]

        FROM scratch AS migrate
        COPY --from=rootfs /rootfs /
        COPY --from=build-migrate /out/up /usr/local/bin/up
        ENV ZONEINFO=/usr/share/zoneinfo.zip
        USER 65532:65532
        ENTRYPOINT ["/usr/local/bin/up"]

        # Every binary, for `--output`.
        FROM scratch AS binaries
        COPY --from=build-api /out/api /api
        COPY --from=build-migrate /out/up /migrate
    "#]]
    .assert_eq(&text[start..]);
    let builds: Vec<&str> = text
        .lines()
        .filter(|line| line.contains("go build"))
        .collect();
    expect![[r#"
            go build \
        RUN --network=none go build -ldflags="-w" -o /out/api ./cmd/api
        RUN --network=none go build -ldflags="-w" -o /out/seed ./tools/seed
        RUN --network=none go build -ldflags="-w" -o /out/ third.party/lint/cmd/lint
        RUN --network=none go build -tags=x runtime \
        RUN --network=none go build -tags=x -ldflags="-s -w" -o /out/up ./cmd/migrate"#]]
    .assert_eq(&builds.join("\n"));
}
