//! Which main packages are images.

use expect_test::expect;

use crate::support::sound;
use crate::workspace::{images, module};

/// `go build ./...` passes over them, too.
#[test]
fn mains_that_cannot_be_built_are_no_images() {
    let with_c = "-- cmd/c/c.go --\npackage main\nimport \"C\"\nfunc main() {}\n-- cmd/c/c_test.go --\npackage main\n";
    let tests = "-- cmd/tests/a_test.go --\npackage main\n-- cmd/left/a.go --\n//go:build ignore\npackage main\nfunc main() {}\n-- cmd/left/a_test.go --\npackage main_test\n";
    let names = |config: &str| -> Vec<String> {
        let good = "-- cmd/good/main.go --\npackage main\nfunc main() {}\n";
        let outline = sound(&module(&format!("{with_c}{tests}{good}")), config);
        outline
            .images
            .iter()
            .map(|image| image.config.name.to_string())
            .collect()
    };
    assert_eq!(names(""), ["good"]);
    assert_eq!(names("[go]\ncgo = true\n"), ["c", "good"]);
    assert_eq!(names("[images.c]\ncgo = true\n"), ["c", "good"]);
    images(
        &module(&format!("{with_c}{tests}")),
        "",
        &expect![[r#"
        no main package for linux/amd64: there is nothing to make an image of (without cgo there is nothing to build of ./cmd/c: set `cgo = true` under [go])
    "#]],
    );
    images(
        &module(with_c),
        "[images.c]\n",
        &expect![[r#"
        Dockerfile:1:9: ./cmd/c cannot be built without cgo: `func main`, or every file of its package, imports "C" or asks for cgo (set `cgo = true` for this image)
    "#]],
    );
}

/// `go build` compiles such packages, plugins for example, and the linker refuses them.
#[test]
fn mains_without_func_main_are_no_images() {
    let plugin =
        "-- plugin/plugin.go --\npackage main\n\n// func main() {}\nfunc (p *plugin) main() {}\n";
    let elsewhere = "-- elsewhere/a.go --\npackage main\n-- elsewhere/main_windows.go --\npackage main\nfunc main() {}\n";
    let with_c = "-- withc/a.go --\npackage main\n-- withc/main.go --\npackage main\nimport \"C\"\nfunc main() {}\n";
    let skipped = "-- skipped/a.go --\npackage main\n";
    let tree = module(&format!("{plugin}{elsewhere}{with_c}{skipped}"));
    let good = "-- good/main.go --\npackage main\nfunc main() {}\n";
    let list = |config: &str| {
        let outline = sound(&format!("{tree}{good}"), config);
        let images: Vec<_> = outline
            .images
            .iter()
            .map(|image| image.config.name.as_str())
            .collect();
        let left: Vec<_> = outline
            .without_func
            .iter()
            .map(|dir| dir.as_str())
            .collect();
        format!("{}; not {}", images.join(" "), left.join(" "))
    };
    assert_eq!(
        list("skip = [\"./skipped\"]\n"),
        "good; not elsewhere plugin withc"
    );
    assert_eq!(
        list("[go]\ncgo = true\n"),
        "good withc; not elsewhere plugin skipped"
    );
    images(
        &tree,
        "",
        &expect![[r#"
            no main package for linux/amd64: there is nothing to make an image of (without cgo there is nothing to build of ./withc: set `cgo = true` under [go])
        "#]],
    );
    images(
        &module(plugin),
        "",
        &expect![[r#"
            no main package for linux/amd64: there is nothing to make an image of (these main packages have no `func main`: ./plugin)
        "#]],
    );
    images(
        &tree,
        "[images.plugin]\n[images.x]\nmain = \"./elsewhere\"\n[images.y]\nmain = \"example.com/m/withc\"\n",
        &expect![[r#"
            Dockerfile:1:9: ./plugin cannot be an image: function main is undeclared in the main package (a program needs `func main`, in a file that is built for this platform and these tags)
            Dockerfile:3:8: ./elsewhere cannot be an image: function main is undeclared in the main package (a program needs `func main`, in a file that is built for this platform and these tags)
            Dockerfile:5:8: ./withc cannot be built without cgo: `func main`, or every file of its package, imports "C" or asks for cgo (set `cgo = true` for this image)
        "#]],
    );
}
