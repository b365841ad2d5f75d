//! Files that programs open and their images do not have.

use std::fmt::Write as _;
use std::path::PathBuf;

use expect_test::{Expect, expect};
use gowork_llb::Repository;
use gowork_llb::limits;
use gowork_llb::packages::{self, OpenQuestion, Opened};
use gowork_llb::plan::{self, NotInImages, Outline};
use gowork_llb::tree::{MemTree, TreePath};

use crate::support::linux;

/// A main that does this, beside files of every kind.
fn with(statements: &str) -> MemTree {
    let main = format!(
        "package main\n\nimport (\n\t\"os\"\n\t\"net/http\"\n\t\"path/filepath\"\n\t\"html/template\"\n\t\"github.com/spf13/viper\"\n\t\"github.com/golang-migrate/migrate/v4\"\n)\n\nfunc main() {{\n{statements}\n}}\n"
    );
    let mut tree = MemTree::from_txtar(FILES);
    insert(&mut tree, "api/cmd/api/main.go", &main);
    tree
}

const FILES: &str = "
-- api/go.mod --
module example.com/api
go 1.26
require github.com/spf13/viper v1.21.0
require github.com/golang-migrate/migrate/v4 v4.19.0
-- api/cmd/api/beside.json --
-- api/cmd/api/both.json --
-- api/both.json --
-- api/module.json --
-- top.json --
-- api/page-one.html --
-- api/page-two.html --
-- api/pages/a.html --
-- api/pages/deep/b.html --
-- api/migrations/1.sql --
-- api/config/config.go --
package config
-- api/config/app.yaml --
-- api/code/code.go --
package code
-- api/only/sub/x.txt --
-- api/testdata/t.json --
-- api/.hidden/h.json --
-- api/.env --
";

fn insert(tree: &mut MemTree, path: &str, text: &str) {
    tree.insert(TreePath::new(path).unwrap(), text.as_bytes());
}

fn found(tree: &MemTree, config: &str) -> NotInImages {
    let repository = Repository::read(tree, PathBuf::from("/src"), config);
    let outlines = repository.outlines(&[linux()]);
    assert!(
        !outlines.diagnostics.iter().any(|found| found.is_error()),
        "{:?}",
        outlines.diagnostics
    );
    repository.not_in_images(tree, &outlines.outlines)
}

/// What is missing in the image of a main with these statements: the paths.
fn paths(statements: &str, config: &str) -> Vec<String> {
    let found = found(&with(statements), config);
    found.paths.iter().map(ToString::to_string).collect()
}

/// The warnings about a tree.
fn check(tree: &MemTree, config: &str, expected: &Expect) {
    let mut said = String::new();
    for found in found(tree, config).diagnostics {
        let _ = writeln!(said, "{found}");
    }
    expected.assert_eq(&said);
}

#[test]
fn paths_start_at_the_main_the_module_or_the_top() {
    for (statement, path) in [
        ("os.ReadFile(\"beside.json\")", "api/cmd/api/beside.json"),
        ("os.ReadFile(\"./beside.json\")", "api/cmd/api/beside.json"),
        ("os.ReadFile(\"both.json\")", "api/cmd/api/both.json"),
        ("os.ReadFile(\"module.json\")", "api/module.json"),
        ("os.ReadFile(\"top.json\")", "top.json"),
        ("os.ReadFile(\"../../module.json\")", "api/module.json"),
        ("os.ReadFile(\"api/module.json\")", "api/module.json"),
    ] {
        assert_eq!(paths(statement, ""), [path], "{statement}");
    }
}

#[test]
fn every_kind_of_path_is_looked_up() {
    for (statement, expected) in [
        ("os.Open(\"pages\")", &["api/pages"][..]),
        ("os.Open(\"pages/a.html\")", &["api/pages/a.html"]),
        ("os.ReadDir(\"pages/\")", &["api/pages"]),
        ("os.DirFS(\"only\")", &["api/only"]),
        ("http.Dir(\"./pages/deep\")", &["api/pages/deep"]),
        ("template.ParseGlob(\"pages/*.html\")", &["api/pages"]),
        ("filepath.Glob(\"pages/*/*.html\")", &["api/pages"]),
        (
            "filepath.Glob(\"page-*.html\")",
            &["api/page-one.html", "api/page-two.html"],
        ),
        (
            "template.ParseFiles(\"pages/a.html\", \"no.html\", \"pages/deep/b.html\")",
            &["api/pages/a.html", "api/pages/deep/b.html"],
        ),
        (
            "migrate.New(\"file://migrations\", url)",
            &["api/migrations"],
        ),
        ("viper.AddConfigPath(\"config\")", &["api/config"]),
        (
            "viper.SetConfigFile(\"config/app.yaml\")",
            &["api/config/app.yaml"],
        ),
        (
            "os.ReadFile(filepath.Join(\"pages\", \"a.html\"))",
            &["api/pages/a.html"],
        ),
    ] {
        assert_eq!(paths(statement, ""), expected, "{statement}");
    }
}

#[test]
fn what_is_no_data_of_the_program_is_not_reported() {
    for statement in [
        "os.ReadFile(\"missing.json\")",
        "os.ReadFile(\"/etc/top.json\")",
        "os.ReadFile(\"pages\")",
        "os.ReadDir(\"top.json\")",
        "os.ReadDir(\".\")",
        "os.ReadDir(\"..\")",
        "os.ReadDir(\"../..\")",
        "os.ReadFile(\"../../../../top.json\")",
        "os.ReadFile(\"testdata/t.json\")",
        "os.ReadFile(\".hidden/h.json\")",
        "os.ReadFile(\".env\")",
        "os.ReadFile(\"go.mod\")",
        "os.ReadFile(\"main.go\")",
        "os.ReadDir(\"code\")",
        "viper.AddConfigPath(\".\")",
        "viper.AddConfigPath(\"pages\")",
        "template.ParseGlob(\"pages/*.txt\")",
        "template.ParseGlob(\"[\")",
        "filepath.Glob(\"*/*.html\")",
        "migrate.New(\"file:///migrations\", url)",
        "migrate.New(\"migrations\", url)",
        "os.Create(\"top.json\")",
        "os.WriteFile(\"top.json\", nil, 0); os.ReadFile(\"./top.json\")",
        "os.MkdirAll(\"pages\", 0); os.ReadFile(\"pages/a.html\")",
        "os.Stat(\"top.json\")",
    ] {
        assert_eq!(paths(statement, ""), [""; 0], "{statement}");
    }
}

#[test]
fn what_the_image_has_is_not_reported() {
    let reads = "os.ReadFile(\"module.json\"); os.ReadDir(\"pages\")";
    assert_eq!(paths(reads, "").len(), 2);
    let file =
        |from: &str, to: &str| format!("[[images.api.files]]\nfrom = {from:?}\nto = {to:?}\n");
    for (config, missing) in [
        (file("api/module.json", "/elsewhere"), &["api/pages"][..]),
        (file("api", "/"), &[]),
        (file("api/pages/a.html", "/x/"), &["api/module.json"]),
        (file("top.json", "/module.json"), &["api/pages"]),
        (file("top.json", "/pages/x"), &["api/module.json"]),
        (file("api/migrations", "/pages"), &["api/module.json"]),
        (file("top.json", "/"), &["api/module.json", "api/pages"]),
        (
            "[runtime]\nvolumes = [\"/pages\"]\n".to_owned(),
            &["api/module.json"],
        ),
        (
            "[images.api]\nworkdir = \"/srv\"\nvolumes = [\"/pages\", \"/srv/module.json\"]\n"
                .to_owned(),
            &["api/pages"],
        ),
    ] {
        assert_eq!(paths(reads, &config), missing, "{config}");
    }
}

/// A main that reads what is embedded, in one of the ways; or with a package of the same.
#[test]
fn what_the_program_embeds_is_not_reported() {
    let mut tree =
        with("os.ReadFile(\"pages/a.html\"); os.DirFS(\"pages\"); os.ReadFile(\"top.json\")");
    assert_eq!(found(&tree, "").paths.len(), 3);
    insert(
        &mut tree,
        "api/pages.go",
        "package api\n\nimport \"embed\"\n\n//go:embed pages/a.html\nvar Pages embed.FS\n",
    );
    assert_eq!(found(&tree, "").paths.len(), 3);
    insert(
        &mut tree,
        "api/cmd/api/uses.go",
        "package main\n\nimport _ \"example.com/api\"\n",
    );
    let paths: Vec<String> = found(&tree, "")
        .paths
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(paths, ["top.json"]);
}

#[test]
fn only_code_of_the_program_counts() {
    let reads = "import \"os\"\n\nfunc Read() { os.ReadFile(\"top.json\") }\n";
    for (path, head, counts) in [
        ("api/cmd/api/more.go", "package main\n", true),
        ("api/cmd/api/more_linux.go", "package main\n", true),
        ("api/cmd/api/more_windows.go", "package main\n", false),
        ("api/cmd/api/more_test.go", "package main\n", false),
        (
            "api/cmd/api/more.go",
            "//go:build ignore\n\npackage main\n",
            false,
        ),
        (
            "api/cmd/api/more.go",
            "package main\n\nimport \"testing\"\n",
            false,
        ),
        ("api/data/data.go", "package data\n", true),
        ("api/testutil/data.go", "package data\n", false),
        ("api/testdata/data.go", "package data\n", false),
        ("api/other/data.go", "package data\n", false),
    ] {
        let mut tree = with("");
        insert(&mut tree, path, &format!("{head}{reads}"));
        if let Some((dir, "data.go")) = path.rsplit_once('/')
            && dir != "api/other"
        {
            let import = format!("package main\n\nimport _ \"example.com/{dir}\"\n");
            insert(&mut tree, "api/cmd/api/uses.go", &import);
        }
        assert_eq!(
            found(&tree, "").paths.len(),
            usize::from(counts),
            "{path} {head}"
        );
    }
}

#[test]
fn tools_for_developers_run_in_the_repository() {
    for (dir, counts) in [("cmd/gen", 1), ("hack/gen", 0), ("docs", 0), ("tools/x", 0)] {
        let mut tree = MemTree::from_txtar("\n-- go.mod --\nmodule example.com/m\n-- a.json --\n");
        let main = "package main\n\nimport \"os\"\n\nfunc main() { os.ReadFile(\"a.json\") }\n";
        insert(&mut tree, &format!("{dir}/main.go"), main);
        assert_eq!(found(&tree, "").paths.len(), counts, "{dir}");
    }
}

/// Two programs that share a package.
const TWO: &str = "
-- go.mod --
module example.com/m
go 1.26
-- cmd/api/main.go --
package main
import \"example.com/m/pages\"
func main() { pages.Read() }
-- cmd/web/main.go --
package main
import (
\t\"example.com/m/pages\"
\t\"os\"
)
func main() { pages.Read(); os.ReadFile(\"own.json\") }
-- cmd/web/own.json --
-- pages/pages.go --
package pages
import \"html/template\"
func Read() {
\ttemplate.ParseGlob(\"static/pages/*\")
\ttemplate.ParseFiles(\"a.html\", \"b.html\", \"c.html\", \"d.html\")
}
-- pages/static.go --
package pages
import \"net/http\"
func Serve() { http.Dir(\"static\") }
-- static/pages/x.html --
-- a.html --
-- b.html --
-- c.html --
-- d.html --
";

#[test]
fn images_without_the_same_files_share_a_warning() {
    check(
        &MemTree::from_txtar(TWO),
        "[images.api]\nworkdir = \"/srv/app\"\n",
        &expect![[r#"
            cmd/web/main.go:6:41: image web does not have cmd/web/own.json, which os.ReadFile opens at run time
            compile it in with //go:embed, or put it into the image; the program starts in /:
            [[images.web.files]]
            from = "cmd/web/own.json"
            to = "/own.json"
            pages/pages.go:5:22: images api and web do not have a.html, b.html, c.html and 1 more, which template.ParseFiles opens at run time
            compile them in with //go:embed, or put them into the image; the program starts in /srv/app:
            [[images.api.files]]
            from = "a.html"
            to = "/srv/app/a.html"
            [[images.api.files]]
            from = "b.html"
            to = "/srv/app/b.html"
            [[images.api.files]]
            from = "c.html"
            to = "/srv/app/c.html"
            [[images.api.files]]
            from = "d.html"
            to = "/srv/app/d.html"
            # the same for web
            pages/static.go:3:25: images api and web do not have static/, which http.Dir opens at run time; pages/pages.go:4:21: opened here too
            compile it in with //go:embed, or put it into the image; the program starts in /srv/app:
            [[images.api.files]]
            from = "static"
            to = "/srv/app/static"
            # the same for web
        "#]],
    );
}

#[test]
fn the_text_to_paste_is_for_the_image_as_it_is_configured() {
    let tree = with("os.ReadFile(\"module.json\")");
    for config in [
        "[runtime]\nbase = \"gcr.io/distroless/static\"\n",
        "[[runtime.files]]\nfrom = \"top.json\"\nto = \"/x\"\n",
    ] {
        let said = &found(&tree, config).diagnostics[0];
        let said = said.to_string();
        let pasted = said
            .split_once(":\n[[")
            .map(|(_, rest)| format!("[[{rest}"));
        let config = format!("{config}\n{}", pasted.unwrap());
        assert_eq!(found(&tree, &config), NotInImages::default(), "{said}");
    }
    check(
        &tree,
        "[runtime]\nbase = \"gcr.io/distroless/static\"\n",
        &expect![[r#"
            api/cmd/api/main.go:13:13: image api does not have api/module.json, which os.ReadFile opens at run time
            compile it in with //go:embed, or put it into the image; the program starts in /, unless the base image has another working directory:
            [[images.api.files]]
            from = "api/module.json"
            to = "/module.json"
        "#]],
    );
}

#[test]
fn question_and_answer_survive_json() {
    let tree = MemTree::from_txtar(TWO);
    let repository = Repository::read(&tree, PathBuf::from("/src"), "");
    let outlines = repository.outlines(&[linux()]).outlines;
    let outlines: Vec<&Outline> = outlines.iter().collect();
    let question =
        plan::open_question(&outlines, repository.scan(), repository.workspace()).unwrap();
    let json = serde_json::to_string(&question).unwrap();
    assert_eq!(
        serde_json::from_str::<OpenQuestion>(&json).unwrap(),
        question
    );
    let opened = packages::opened(&tree, &question);
    assert_eq!(opened.calls.len(), 4);
    let json = serde_json::to_string(&opened).unwrap();
    assert_eq!(serde_json::from_str::<Opened>(&json).unwrap(), opened);
}

#[test]
fn what_is_beyond_a_limit_is_said() {
    let tree = with(&"os.ReadFile(\"top.json\")\n".repeat(limits::OPEN_FILE_PATHS + 5));
    let said = found(&tree, "").diagnostics;
    assert_eq!(said.len(), 2);
    assert_eq!(
        said[1].to_string(),
        "not looked at for files that are opened at run time: calls in api/cmd/api/main.go after the first 1000 paths (docs/limits.md has the limits; no build depends on this)"
    );
    let mut tree = with("");
    let reads = "os.ReadFile(\"top.json\")\n".repeat(limits::OPEN_FILE_PATHS);
    for number in 0..70 {
        let text = format!("package main\nimport \"os\"\nfunc f{number}() {{\n{reads}}}\n");
        insert(&mut tree, &format!("api/cmd/api/f{number:03}.go"), &text);
    }
    let said = found(&tree, "").diagnostics;
    assert_eq!(said.len(), 1);
    assert!(
        said[0]
            .to_string()
            .contains("since all open more than 20000 paths"),
        "{}",
        said[0]
    );
}

#[test]
fn the_documentation_names_every_function() {
    let text = include_str!("../../../docs/cli.md");
    let (_, section) = text.split_once("### Files opened at run time").unwrap();
    for function in gowork_llb::gosrc::openers() {
        assert!(section.contains(&format!("`{function}`")), "{function}");
    }
}
