//! Small facts, one table each: places, cures, versions, paths, go.sum and modules.txt.

use std::path::Path;

use expect_test::expect;
use gowork_llb::diag::Span;
use gowork_llb::gomod::path::{self, check_import_path, check_module_path};
use gowork_llb::gomod::{ModFile, SumFile, Vendored, WorkFile, version};

use super::go_command;

/// The part of `text` that the span covers.
fn slice(text: &str, span: &Span) -> String {
    assert_eq!(span.start.line, span.end.line);
    let line = text.split('\n').nth(span.start.line as usize - 1).unwrap();
    line.chars()
        .skip(span.start.column as usize - 1)
        .take((span.end.column - span.start.column) as usize)
        .collect()
}

#[test]
fn every_directive_points_at_its_words() {
    let text = "module \"é.example/m\" // x\n  go 1.26\ntoolchain default\ngodebug a=b\nrequire a.example/b v1.2 // indirect\n\
                require (\n\ta.example/ü v1.0.0\n)\nexclude a.example/b v1.0.0\nreplace (\n\tx v1 => ./y // z\n)\nretract [v1.0.0, v1.1.0]\n\
                tool t\nignore ./i\n";
    let (file, errors) = ModFile::parse("go.mod", text.as_bytes());
    assert_eq!(errors, []);
    assert_eq!(slice(text, &file.module.unwrap().span), "\"é.example/m\"");
    assert_eq!(slice(text, &file.go.unwrap().span), "1.26");
    assert_eq!(slice(text, &file.toolchain.unwrap().span), "default");
    assert_eq!(slice(text, &file.godebug[0].span), "a=b");
    assert_eq!(
        slice(text, &file.require[0].span),
        "require a.example/b v1.2"
    );
    assert_eq!(slice(text, &file.require[1].span), "a.example/ü v1.0.0");
    assert_eq!(slice(text, &file.exclude[0].span), "a.example/b v1.0.0");
    assert_eq!(slice(text, &file.replace[0].span), "x v1 => ./y");
    assert_eq!(
        slice(text, &file.retract[0].span),
        "retract [v1.0.0, v1.1.0]"
    );
    assert_eq!(slice(text, &file.tool[0].span), "t");
    assert_eq!(slice(text, &file.ignore[0].span), "./i");
    let text = "use (\n\t./a\n)\nuse \"b c\"";
    let (file, _) = WorkFile::parse("go.work", text.as_bytes());
    assert_eq!(slice(text, &file.uses[0].span), "./a");
    assert_eq!(slice(text, &file.uses[1].span), "use \"b c\"");
}

fn rendered(file: &str, text: &str) -> String {
    let diagnostics = if file == "go.work" {
        WorkFile::parse(file, text.as_bytes()).1
    } else {
        ModFile::parse(file, text.as_bytes()).1
    };
    diagnostics
        .iter()
        .map(|diagnostic| format!("{diagnostic}\n"))
        .collect()
}

#[test]
fn errors_say_what_to_do() {
    let text = "modul m\nuse .\nxyz\n<<<<<<< HEAD\ngo (\n)\nrequire (\n\ta.example/b 1.2.3\n\ta.example/b main\n\ta.example/b v2.0.0\n\
                \ta.example/b/v3 v1.0.0\n\ta.example/b/v1 v1.0.0\n)\nreplace a => b\nreplace a => b@v1.0.0\nreplace a => .\\b\n";
    expect![[r#"
        go.mod:1: unknown directive: modul (did you mean `module`?)
        go.mod:2: unknown directive: use (`use` belongs into go.work)
        go.mod:3: unknown directive: xyz (known here: module, go, toolchain, godebug, require, exclude, replace, retract, tool, ignore)
        go.mod:4: unknown directive: <<<<<<< (resolve the merge conflict)
        go.mod:5: unknown block type: go (write `go …` on one line, without parentheses)
        go.mod:8:2: require a.example/b: version "1.2.3" invalid: must be of the form v1.2.3 (did you mean v1.2.3?)
        go.mod:9:2: require a.example/b: version "main" invalid: must be of the form v1.2.3 (run `go get a.example/b@main` to have its version written)
        go.mod:10:2: require a.example/b: version "v2.0.0" invalid: should be v0 or v1, not v2 (require a.example/b/v2, or v2.0.0+incompatible if that release has no go.mod)
        go.mod:11:2: require a.example/b/v3: version "v1.0.0" invalid: should be v3, not v1 (v1 has the path without /v3)
        go.mod:12:2: invalid module path (a major version at the end of a path is /v2 or higher, without zeros in front and dots)
        go.mod:14: replacement module without version must be directory path (rooted or starting with . or ..) (write `./b` for a directory, or add a version)
        go.mod:15: replacement module must match format 'path version', not 'path@version' (write `b v1.0.0`)
        go.mod:16: replacement directory appears to be Windows path (on a non-windows system) (write slashes: Go accepts them on all systems)
    "#]]
    .assert_eq(&rendered("go.mod", text));
    expect![[r#"
        go.work:1: unknown directive: require (`require` belongs into go.mod)
        go.work:2: unknown block type: user (did you mean `use`?)
    "#]]
    .assert_eq(&rendered("go.work", "require a v1.0.0\nuser (\n)\n"));
    expect![[r#"
        go.mod:1: unexpected input character '\ufeff' (save the file as UTF-8 without a byte order mark)
    "#]]
    .assert_eq(&rendered("go.mod", "\u{feff}module m"));
}

#[test]
fn a_file_with_errors_still_says_what_was_understood() {
    let (file, errors) = ModFile::parse(
        "go.mod",
        b"module m\nfoo\nrequire a v1.0.0\nreplace a => ./a /*",
    );
    assert_eq!(errors.len(), 1, "a syntax error is alone: {errors:?}");
    assert_eq!(
        (
            file.module.unwrap().value.as_str(),
            file.require.len(),
            file.replace.len()
        ),
        ("m", 1, 0)
    );
}

#[test]
fn main_modules_have_a_fit_path() {
    let check = |text: &str| {
        ModFile::parse("go.mod", text.as_bytes())
            .0
            .check_main("go.mod")
            .map(|error| error.to_string())
    };
    assert_eq!(check("module a.example/b"), None);
    assert_eq!(check("module m"), None);
    assert_eq!(
        check("go 1.26").unwrap(),
        "go.mod: missing module declaration (add `module example.com/name`)"
    );
    assert_eq!(
        check("module ./m").unwrap(),
        r#"go.mod:1:8: malformed import path "./m": invalid path element ".""#
    );
    assert_eq!(
        check("module go").unwrap(),
        r#"go.mod:1:8: invalid module path: "go" (the name is reserved)"#
    );
}

#[test]
fn go_versions_and_characters_are_as_the_go_command_has_them() {
    let versions = [
        "1",
        "1.0",
        "1.0.0",
        "1.20",
        "1.20.0",
        "1.21",
        "1.21rc1",
        "1.21rc2",
        "1.21rc10",
        "1.21.0",
        "1.21.1",
        "1.9",
        "1.9rc2",
        "1.9beta1",
        "1.22",
        "1.26.8",
        "2",
        "2.1",
        "1.99999999999999999999",
        "1.021",
        "1.21.x",
        "1.21.0rc1",
        "x",
        "v1.21",
        "1.21alpha",
        "1.",
        "01.2",
        "1.21rc01",
    ];
    let oracle = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/gomod/oracle.go");
    let mut args = vec!["run", oracle.to_str().unwrap()];
    args.extend(versions);
    let output = go_command::go(&std::env::temp_dir(), &args);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).unwrap();
    let mut lines = text.lines();
    for (v, line) in versions.iter().zip(&mut lines) {
        let lang = version::go_lang(v);
        let lang = if lang.is_empty() {
            lang
        } else {
            format!("go{lang}")
        };
        let orders = versions
            .iter()
            .map(|w| format!(" {}", version::compare_go(v, w) as i32))
            .collect::<String>();
        assert_eq!(format!("{v} {} {lang}{orders}", version::is_go(v)), line);
    }
    let same_unicode = lines.next() == Some("15.0.0");
    let printable: Vec<u32> = lines
        .map(|line| line.parse().unwrap())
        .filter(|&c| c != u32::from(' '))
        .collect();
    let in_go = |c: u32| printable.binary_search(&c).is_ok();
    let near_change = |c: u32| in_go(c) != in_go(c.wrapping_sub(1)) || in_go(c) != in_go(c + 1);
    // Every character of the first plane; further up those at the edges, and samples of the long
    // runs between them.
    let chosen = |c: &char| {
        u32::from(*c) < 0x1_0000 || u32::from(*c) % 64 == 0 || near_change(u32::from(*c))
    };
    let is_word = |c: &char| !matches!(*c, '(' | ')' | '[' | ']' | '{' | '}' | ',');
    for c in ('\0'..=char::MAX).filter(is_word).filter(chosen) {
        let accepted = ModFile::parse("go.mod", format!("ignore a{c}b").as_bytes())
            .0
            .ignore
            .first()
            .is_some_and(|i| i.value.len() > 1);
        // Quotes and newlines are printed or not, but are no part of a word.
        let skip = matches!(c, '"' | '\'' | '`' | '\n' | '\r' | '\t' | ' ' | '/');
        let expected = in_go(u32::from(c));
        // A later Unicode only adds characters.
        assert!(
            skip || accepted == expected || (!same_unicode && expected),
            "{c:?}: {accepted}"
        );
    }
}

#[test]
fn module_versions_are_ordered() {
    let ascending = [
        "bad",
        "v0.0.0-0",
        "v0.0.0",
        "v1.0.0-alpha",
        "v1.0.0-alpha.1",
        "v1.0.0-alpha.beta",
        "v1.0.0-beta",
        "v1.0.0-beta.2",
        "v1.0.0-beta.11",
        "v1.0.0-rc.1",
        "v1",
        "v1.2",
        "v1.10.0",
        "v2.0.0+incompatible",
        "v99999999999999999999.0.0",
    ];
    for (i, a) in ascending.iter().enumerate() {
        for (j, b) in ascending.iter().enumerate() {
            assert_eq!(version::compare_semver(a, b), i.cmp(&j), "{a} {b}");
        }
    }
    assert!(version::compare_semver("v1.0.0+a", "v1").is_eq());
    assert_eq!(version::canonical("v1.2+x"), None);
    assert_eq!(version::canonical("v1.2.3+x").as_deref(), Some("v1.2.3"));
    assert_eq!(
        version::canonical_module("v2.0.0+incompatible").as_deref(),
        Some("v2.0.0+incompatible")
    );
    assert_eq!(
        (version::major("v12.3"), version::major("12.3")),
        ("v12", "")
    );
    assert_eq!(version::toolchain_go("go1.26.3-custom"), Some("1.26.3"));
    assert_eq!(
        (
            version::toolchain_go("default"),
            version::go_minor("1.26rc1")
        ),
        (None, Some(26))
    );
}

#[test]
fn paths_are_checked_as_go_checks_them() {
    let said = |result: Result<(), path::InvalidPath>| {
        result
            .err()
            .map(|error| error.to_string())
            .unwrap_or_default()
    };
    let text: String = [
        "a.example/b",
        "fmt",
        "a//b",
        "a/",
        "-a",
        "a/.b",
        "a/b.",
        "A.example/b",
        "a.example/c+",
        "a/nul.x",
        "a/x~1",
        "é",
        "a.b/v1",
        "",
    ]
    .map(|path| {
        format!(
            "{path} | {} | {}\n",
            said(check_import_path(path)),
            said(check_module_path(path))
        )
    })
    .concat();
    expect![[r#"
        a.example/b |  | 
        fmt |  | malformed module path "fmt": missing dot in first path element
        a//b | malformed import path "a//b": double slash | malformed module path "a//b": double slash
        a/ | malformed import path "a/": trailing slash | malformed module path "a/": trailing slash
        -a | malformed import path "-a": leading dash | malformed module path "-a": leading dash
        a/.b |  | malformed module path "a/.b": leading dot in path element
        a/b. | malformed import path "a/b.": trailing dot in path element | malformed module path "a/b.": trailing dot in path element
        A.example/b |  | malformed module path "A.example/b": invalid char 'A' in first path element
        a.example/c+ |  | malformed module path "a.example/c+": invalid char '+'
        a/nul.x | malformed import path "a/nul.x": "nul" disallowed as path element component on Windows | malformed module path "a/nul.x": "nul" disallowed as path element component on Windows
        a/x~1 | malformed import path "a/x~1": trailing tilde and digits in path element | malformed module path "a/x~1": trailing tilde and digits in path element
        é | malformed import path "é": invalid char 'é' | malformed module path "é": invalid char 'é'
        a.b/v1 |  | malformed module path "a.b/v1": invalid version
         | malformed import path "": empty string | malformed module path "": empty string
    "#]]
    .assert_eq(&text);
}

#[test]
fn majors_are_split_off_paths() {
    let cases = [
        ("a.b/c", Some(("a.b/c", ""))),
        ("a.b/c/v2", Some(("a.b/c", "/v2"))),
        ("a.b/c/v1", None),
        ("a.b/c/v02", None),
        ("a.b/c/v2.1", None),
        ("v2", Some(("v2", ""))),
        ("gopkg.in/x.v3", Some(("gopkg.in/x", ".v3"))),
        ("gopkg.in/x.v1", Some(("gopkg.in/x", ".v1"))),
        ("gopkg.in/x.v0", Some(("gopkg.in/x", ".v0"))),
        ("gopkg.in/x", None),
        (
            "gopkg.in/x.v2-unstable",
            Some(("gopkg.in/x", ".v2-unstable")),
        ),
    ];
    for (path, expected) in cases {
        assert_eq!(path::split_major(path), expected, "{path}");
    }
}

#[test]
fn the_module_cache_escapes_capitals() {
    assert_eq!(
        path::escape_path("github.com/Azure/azure-SDK").unwrap(),
        "github.com/!azure/azure-!s!d!k"
    );
    assert_eq!(
        path::unescape_path("github.com/!azure/azure-!s!d!k").unwrap(),
        "github.com/Azure/azure-SDK"
    );
    assert_eq!(path::escape_version("v1.0.0-RC1").unwrap(), "v1.0.0-!r!c1");
    assert_eq!(
        path::unescape_version("v1.0.0-!r!c1").unwrap(),
        "v1.0.0-RC1"
    );
    assert!(
        path::unescape_path("github.com/Azure").is_err()
            && path::unescape_path("github.com/azure!").is_err()
    );
    assert!(
        path::escape_path("x").is_err()
            && path::escape_version("a/b").is_err()
            && path::escape_version("a!b").is_err()
    );
}

#[test]
fn sums_are_three_words_a_line() {
    let text = "a v1.0.0 h1:x=\r\na v1.0.0/go.mod h1:y=\n\nb v1.0.0\n c  v2.0.0\th1:z= \nd v1.0.0/go.mod h1:G7mAYYxgmS0lVkHyy2hEOLQCFB0DlQFTMLWggykrydY=\n<<<<<<< HEAD\n";
    let (file, errors) = SumFile::parse("go.sum", text.as_bytes());
    let sums: Vec<_> = file
        .sums
        .iter()
        .map(|s| {
            (
                s.path.as_str(),
                s.version.as_str(),
                s.go_mod,
                s.hash.as_str(),
                s.span.start.line,
            )
        })
        .collect();
    let expected = [
        ("a", "v1.0.0", false, "h1:x=", 1),
        ("a", "v1.0.0", true, "h1:y=", 2),
        ("c", "v2.0.0", false, "h1:z=", 5),
    ];
    assert_eq!(sums, expected);
    let errors: Vec<_> = errors.iter().map(super::recorded::without_help).collect();
    assert_eq!(
        errors,
        [
            "go.sum:4: malformed go.sum: wrong number of fields 2",
            "go.sum:7: malformed go.sum: wrong number of fields 2"
        ]
    );
    assert_eq!(
        file.modules().keys().collect::<Vec<_>>(),
        [&("a", "v1.0.0"), &("c", "v2.0.0")]
    );
}

#[test]
fn vendored_modules_are_read() {
    let text = "## workspace\n# a.example/a v1.0.0\n## explicit; go 1.21\na.example/a/p\na.example/a/q\n# a.example/b v1.1.0 => ./b\n## explicit\n\
                a.example/b\n# not a module line\nlost/package\n# a.example/c v2.0.0+incompatible => a.example/d v1.2.3\na.example/c\n\
                # a.example/b => ./b\n# a.example/a v1.0.0 => ../late\n";
    let file = Vendored::parse(text.as_bytes());
    assert!(file.workspace);
    let said: String = file
        .modules
        .iter()
        .map(|m| {
            let (by, at) = (&m.replaced_by, &m.replaced_version);
            format!(
                "{} {:?} by {by:?} {at:?} explicit {} go {:?} {:?}\n",
                m.path, m.version, m.explicit, m.go, m.packages
            )
        })
        .collect();
    expect![[r#"
        a.example/a "v1.0.0" by "../late" "" explicit true go "1.21" ["a.example/a/p", "a.example/a/q"]
        a.example/b "v1.1.0" by "./b" "" explicit true go "" ["a.example/b"]
        a.example/c "v2.0.0+incompatible" by "a.example/d" "v1.2.3" explicit false go "" ["a.example/c"]
        a.example/b "" by "./b" "" explicit false go "" []
    "#]]
    .assert_eq(&said);
    assert_eq!(file.module_of("a.example/a/q").unwrap().path, "a.example/a");
    assert_eq!(file.module_of("lost/package"), None);
    assert!(!Vendored::parse(b"# a v1.0.0\n").workspace);
}
