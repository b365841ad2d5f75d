//! Packages that are not for the platform, although something imports them.

use expect_test::expect;

use crate::workspace::{images, module};

const SERVICE: &str = "-- winsvc/svc_windows.go --\npackage winsvc\n-- cmd/svc/main.go --\npackage main\nimport _ \"example.com/m/winsvc\"\nfunc main() {}\n";

#[test]
fn an_import_of_a_package_for_another_platform_is_the_error() {
    images(
        &module(SERVICE),
        "",
        &expect![[r#"
            cmd/svc/main.go:2:8: package example.com/m/winsvc cannot be built for linux/amd64: build constraints exclude all its Go files (svc_windows.go) (./cmd/svc cannot be built for linux/amd64: build for another platform, put a build constraint on the import, or list the main package under `skip`)
        "#]],
    );
}

#[test]
fn the_chain_of_imports_leads_there() {
    let tags = "-- deep/a.go --\n//go:build pro\n\npackage deep\n-- deep/b_arm64.go --\npackage deep\n-- lib/lib.go --\npackage lib\n\nimport (\n\t_ \"example.com/m/deep\"\n)\n";
    let mains = ["one", "two"]
        .map(|name| format!("-- cmd/{name}/main.go --\npackage main\nimport _ \"example.com/m/mid\"\nfunc main() {{}}\n"));
    images(
        &module(&format!(
            "{tags}{}-- mid/mid.go --\npackage mid\nimport _ \"example.com/m/lib\"\n",
            mains.concat()
        )),
        "",
        &expect![[r#"
            lib/lib.go:4:2: package example.com/m/deep cannot be built for linux/amd64: build constraints exclude all its Go files (a.go, b_arm64.go); cmd/one/main.go:2:8: example.com/m/mid is imported here; mid/mid.go:2:8: example.com/m/lib is imported here (./cmd/one and 1 more cannot be built for linux/amd64: build for another platform, put a build constraint on the import, or list the main package under `skip`)
        "#]],
    );
}

/// With the tags and the platform that it is for, nothing is wrong.
#[test]
fn what_is_for_the_platform_is_built() {
    images(
        &module(&SERVICE.replace("svc_windows", "svc_linux")),
        "",
        &expect![[""]],
    );
    let tagged = SERVICE.replace("svc_windows.go --\n", "svc.go --\n//go:build pro\n\n");
    images(&module(&tagged), "[go]\ntags = [\"pro\"]\n", &expect![[""]]);
}
