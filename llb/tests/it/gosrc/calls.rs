//! Which calls open files by a literal path: the same as go/parser says, and what it does not know.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use expect_test::{Expect, expect};
use gowork_llb::diag::Position;
use gowork_llb::gosrc::{Opens, file_calls};
use gowork_llb::limits;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, TestRunner};

use super::go;

/// The calls in a file with these imports and statements, a line each.
fn check(imports: &[&str], statements: &str, expected: &Expect) {
    let imports: String = imports
        .iter()
        .map(|import| format!("import {import}\n"))
        .collect();
    let text = format!("package main\n{imports}func main() {{\n{statements}\n}}\n");
    let first = 3 + u32::try_from(text.matches("\nimport ").count()).unwrap();
    let calls = file_calls(text.as_bytes());
    let mut said = String::new();
    for call in calls.opened {
        let _ = write!(said, "{}", call.function);
        for path in call.paths {
            let (line, start, end) = (
                path.start.line + 1 - first,
                path.start.column,
                path.end.column,
            );
            let _ = write!(said, " {:?} {line}:{start}-{end}", path.path);
        }
        said.push('\n');
    }
    for path in calls.written {
        let _ = writeln!(said, "written {path:?}");
    }
    expected.assert_eq(&said);
}

#[test]
fn functions_of_std() {
    let statements = r#"os.ReadFile("a.json")
f, err := os.Open(`b.json`)
if _, err := os.ReadDir("dir"); err != nil {}
x := os.DirFS("dir")
os.OpenFile("read", os.O_RDONLY, 0)
os.OpenFile("zero", 0, 0)
os.OpenFile("log", os.O_CREATE|os.O_WRONLY, 0o644)
os.OpenFile("both", os.O_RDONLY|os.O_CREATE, 0o644)
os.Create("out.txt")
os.WriteFile("w", nil, 0)
os.Rename("from", "to")
filepath.Glob("pages/*.html")
http.Handle("/", http.FileServer(http.Dir("static")))
http.ServeFile(w, r, "index.html")
template.Must(template.ParseFiles("a.html", name, "b.html",
	"c.html",
))
template.Must(template.New("").Funcs(f).ParseGlob("t/*"))
set.ParseFiles("d.html")"#;
    let imports = [
        "\"os\"",
        "\"net/http\"",
        "\"path/filepath\"",
        "\"html/template\"",
    ];
    check(
        &imports,
        statements,
        &expect![[r#"
            os.ReadFile "a.json" 1:13-21
            os.Open "b.json" 2:19-27
            os.ReadDir "dir" 3:25-30
            os.DirFS "dir" 4:15-20
            os.OpenFile "read" 5:13-19
            os.OpenFile "zero" 6:13-19
            filepath.Glob "pages/*.html" 12:15-29
            http.Dir "static" 13:43-51
            http.ServeFile "index.html" 14:22-34
            template.ParseFiles "a.html" 15:35-43 "b.html" 15:51-59 "c.html" 16:2-10
            template.ParseGlob "t/*" 18:51-56
            template.ParseFiles "d.html" 19:16-24
            written "log"
            written "both"
            written "out.txt"
            written "w"
            written "from"
            written "to"
        "#]],
    );
}

#[test]
fn what_is_no_such_call() {
    let statements = r#"// os.ReadFile("a")
/* os.ReadFile("a") */
s := "os.ReadFile(\"a\")"
r := `
os.ReadFile("a")`
c := '"'; d := '\''
os.ReadFile(name)
os.ReadFile("a" + name)
os.ReadFile(name + "a")
os.ReadFile(("a"))
os.ReadFile(f("a"))
os.ReadFile(filepath.Join(dir, "a"))
os.ReadFile
("a")
x.os.ReadFile("a")
other.File("a")
os.Stat("a")
f.ReadFile("a")
os.ReadFile()
os.ReadFile("")
os.ReadFile("a
b")"#;
    let imports = [
        "\"os\"",
        "\"path/filepath\"",
        "\"github.com/gin-gonic/gin\"",
        "\"example.com/other/v2\"",
    ];
    check(&imports, statements, &expect![""]);
}

#[test]
fn paths_of_several_parts() {
    let statements = r#"os.ReadFile(filepath.Join("a", "b.json"))
os.ReadFile(path.Join("a", filepath.Clean("b")) + ".json")
os.ReadFile("a/" + `b` + ".json")
os.ReadFile(filepath.FromSlash("a/b"))
ioutil.ReadFile(/* which */ "c" /* one */)"#;
    let imports = ["\"os\"", "\"path\"", "\"path/filepath\"", "\"io/ioutil\""];
    check(
        &imports,
        statements,
        &expect![[r#"
        os.ReadFile "a/b.json" 1:13-41
        os.ReadFile "a/b.json" 2:13-58
        os.ReadFile "a/b.json" 3:13-33
        os.ReadFile "a/b" 4:13-38
        ioutil.ReadFile "c" 5:29-32
    "#]],
    );
}

#[test]
fn packages_under_other_names() {
    let statements = r#"sys.ReadFile("a")
os.ReadFile("b")
ReadFile("c")
r.LoadHTMLGlob("templates/*")
r.Static("/assets", "./assets")
c.File("page.html")
m, _ := migrate.New("file://migrations", url)
viper.AddConfigPath("config")
v.AddConfigPath(".")"#;
    let imports = [
        "sys \"os\"",
        "_ \"io/ioutil\"",
        ". \"io/fs\"",
        "web \"github.com/gin-gonic/gin\"",
        "\"github.com/golang-migrate/migrate/v4\"",
        "\"github.com/spf13/viper\"",
    ];
    check(
        &imports,
        statements,
        &expect![[r#"
        os.ReadFile "a" 1:14-17
        gin.LoadHTMLGlob "templates/*" 4:16-29
        gin.Static "./assets" 5:21-31
        gin.File "page.html" 6:8-19
        migrate.New "file://migrations" 7:21-40
        viper.AddConfigPath "config" 8:21-29
        viper.AddConfigPath "." 9:17-20
    "#]],
    );
}

#[test]
fn what_is_opened_is_told_apart() {
    let text = "package x\nimport (\"os\"; \"github.com/spf13/viper\"; \"github.com/golang-migrate/migrate/v4\")\nvar a = os.DirFS(\"a\")\nvar b, _ = os.Open(\"b\")\nvar c, _ = migrate.New(\"file://c\", \"\")\nfunc init() { viper.AddConfigPath(\"d\"); viper.SetConfigFile(\"e\") }\n";
    let opens: Vec<Opens> = file_calls(text.as_bytes())
        .opened
        .iter()
        .map(|call| call.opens)
        .collect();
    let expected = [
        Opens::Dir,
        Opens::Any,
        Opens::DirUrl,
        Opens::ConfigDir,
        Opens::File,
    ];
    assert_eq!(opens, expected);
}

#[test]
fn too_many_paths_and_too_deep_brackets_are_cut_off() {
    let head = "package x\nimport \"os\"\nfunc f() {\n";
    let many = "os.Open(\"a\")\n".repeat(limits::OPEN_FILE_PATHS + 10);
    let calls = file_calls(format!("{head}{many}}}\n").as_bytes());
    assert!(calls.is_cut);
    assert_eq!(calls.opened.len(), limits::OPEN_FILE_PATHS + 1);
    let deep = "(".repeat(1 << 20);
    let calls = file_calls(format!("{head}os.Open(\"a\")\n{deep}").as_bytes());
    assert!(calls.is_cut);
    assert_eq!(calls.opened.len(), 1);
}

/// A call: function, first argument, line.
type Seen = (String, String, u32);

/// What go/parser says of the files below `root` that it takes, and what we say, compared. Returns
/// how many calls there are.
fn compare(root: &Path) -> usize {
    let lines = go::output(Command::new(go::oracle()).arg("-calls").arg(root), "");
    let mut count = 0;
    for line in lines.lines() {
        let file: serde_json::Value = serde_json::from_str(line).unwrap();
        let path = file["Path"].as_str().unwrap();
        let mut expected: BTreeSet<Seen> = BTreeSet::new();
        for call in file["Calls"].as_array().unwrap() {
            let text = |key: &str| call[key].as_str().unwrap().to_owned();
            let line = u32::try_from(call["Line"].as_u64().unwrap()).unwrap();
            // What is no path of a repository is left out here.
            let argument = text("Argument");
            if !argument.is_empty() && !argument.contains(['\n', '\0', '\u{fffd}']) {
                expected.insert((text("Function"), argument, line));
            }
        }
        let names: BTreeSet<&str> = FUNCTIONS.into_iter().collect();
        let mut seen: BTreeSet<Seen> = BTreeSet::new();
        for call in file_calls(&fs::read(path).unwrap()).opened {
            if names.contains(call.function.as_str()) {
                let first = &call.paths[0];
                let path = first.path.clone();
                if !path.contains('\u{fffd}') {
                    seen.insert((call.function, path, first.start.line));
                }
            }
        }
        assert_eq!(seen, expected, "{path}");
        count += expected.len();
    }
    count
}

/// The functions that the oracle looks for: none that may be a method too.
const FUNCTIONS: [&str; 11] = [
    "os.ReadFile",
    "os.Open",
    "os.ReadDir",
    "os.DirFS",
    "os.OpenRoot",
    "ioutil.ReadFile",
    "ioutil.ReadDir",
    "filepath.Glob",
    "filepath.Walk",
    "filepath.WalkDir",
    "http.Dir",
];

#[test]
fn every_call_in_the_go_sources_is_seen_as_go_parses_it() {
    let count = compare(&go::goroot().join("src"));
    assert!(count > 10, "{count} calls");
}

const WORDS: &[&str] = &[
    "os.ReadFile(\"a\")",
    "os.Open(",
    "os.",
    "os",
    ".",
    "ReadFile",
    "(",
    ")",
    "\"a\"",
    "`b`",
    "\"\\x63\"",
    "+",
    ",",
    ";",
    "\n",
    "{",
    "}",
    "[",
    "]",
    "x := ",
    "filepath.Join(",
    "filepath.Join(\"a\", \"b\")",
    "path.Clean(\"a\")",
    "x.ParseGlob(\"t\")",
    "template.ParseGlob(\"t\")",
    "// os.Open(\"a\")\n",
    "/* c */",
    "/*\n*/",
    "'\"'",
    "'('",
    "func() { os.Open(\"f\") }()",
    "http.Dir(\"d\")",
    "[]string{\"a\"}",
    "if x ",
    "f(",
    "é",
    "1.5",
];

const HEAD: &str = "package p\nimport (\"os\"; \"path\"; \"path/filepath\"; \"net/http\"; \"html/template\")\nfunc f() {\n";

#[test]
fn calls_in_random_files_are_seen_as_go_parses_them() {
    let root = tempfile::tempdir().unwrap();
    let mut runner =
        TestRunner::new_with_rng(Config::default(), TestRunner::deterministic().new_rng());
    let body = proptest::collection::vec(proptest::sample::select(WORDS), 0..8);
    for number in 0..20_000 {
        let words = body.new_tree(&mut runner).unwrap().current();
        let text = format!("{HEAD}{}\n}}\n", words.concat());
        fs::write(root.path().join(format!("{number}.go")), text).unwrap();
    }
    let count = compare(root.path());
    assert!(count > 200, "{count} calls");
}

proptest! {
    #[test]
    fn any_words_are_read_without_a_panic(words in proptest::collection::vec(proptest::sample::select(WORDS), 0..40)) {
        let text = format!("{HEAD}{}", words.concat());
        let calls = file_calls(text.as_bytes());
        let lines = u32::try_from(text.lines().count()).unwrap();
        for path in calls.opened.iter().flat_map(|call| &call.paths) {
            prop_assert!(path.start < path.end && path.end.line <= lines);
            prop_assert!(path.start > Position::new(3, 1));
        }
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let text = [HEAD.as_bytes(), &bytes].concat();
        let _ = file_calls(&text);
        let _ = file_calls(&bytes);
    }
}
