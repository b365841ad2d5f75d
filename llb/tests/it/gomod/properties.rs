//! Properties of the parsers, over invented files.

use std::path::Path;

use gowork_llb::diag::{Diagnostic, Position};
use gowork_llb::gomod::syntax::{self, Comment, File, Line, Statement, Token};
use gowork_llb::gomod::{ModFile, SumFile, Vendored, WorkFile};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::Value;

use super::go_command;
use super::modfile_example::Style;
use super::recorded::{diagnostics, without_help};

const FRAGMENTS: &[&str] = &[
    "module",
    "go",
    "toolchain",
    "godebug",
    "require",
    "exclude",
    "replace",
    "retract",
    "tool",
    "ignore",
    "use",
    "=>",
    "(",
    ")",
    "[",
    "]",
    "{",
    ",",
    "\"",
    "`",
    "'",
    "\\",
    "//",
    "// indirect",
    "// Deprecated: x",
    "/*",
    "\n",
    "\n\n",
    "\r\n",
    " ",
    "\t",
    "\r",
    "v1",
    "v1.2.3",
    "v2.0.0+incompatible",
    "1.26",
    "go1.26",
    "default",
    "a=b",
    "a.example/b",
    "a.example/b/v2",
    "gopkg.in/c.v3",
    "./d",
    "..",
    "\"e f\"",
    "\"\\u00e9\"",
    "\u{feff}",
    "é",
    "\0",
    "\u{2028}",
];

fn soup() -> impl Strategy<Value = String> {
    prop::collection::vec(select(FRAGMENTS), 0..40).prop_map(|words| words.concat())
}

fn check_spans(text: &str, diagnostics: &[Diagnostic]) -> Result<(), TestCaseError> {
    let lines = u32::try_from(text.split('\n').count()).unwrap();
    for diagnostic in diagnostics {
        let span = diagnostic
            .span
            .as_ref()
            .expect("every error of a mod file has a place");
        prop_assert!(span.start <= span.end);
        prop_assert!(
            span.start >= Position::new(1, 1) && span.end.line <= lines,
            "{span:?} in {lines} lines"
        );
    }
    Ok(())
}

/// Every token and comment of a file with its place.
fn pieces(file: &File) -> Vec<(Position, &str)> {
    fn comments<'a>(
        list: impl IntoIterator<Item = &'a Comment>,
        out: &mut Vec<(Position, &'a str)>,
    ) {
        out.extend(
            list.into_iter()
                .map(|comment| (comment.start, comment.text.as_str())),
        );
    }
    fn tokens<'a>(list: &'a [Token], out: &mut Vec<(Position, &'a str)>) {
        out.extend(list.iter().map(|token| (token.start, token.text.as_str())));
    }
    fn line<'a>(line: &'a Line, out: &mut Vec<(Position, &'a str)>) {
        comments(line.before.iter().chain(&line.suffix), out);
        tokens(&line.tokens, out);
    }
    let mut out = Vec::new();
    for statement in &file.statements {
        match statement {
            Statement::Comments(list) => comments(list, &mut out),
            Statement::Line(one) => line(one, &mut out),
            Statement::Block(block) => {
                comments(
                    block
                        .before
                        .iter()
                        .chain(&block.open.suffix)
                        .chain(&block.close.before)
                        .chain(&block.close.suffix),
                    &mut out,
                );
                tokens(&block.head, &mut out);
                out.extend([(block.open.at, "("), (block.close.at, ")")]);
                block.lines.iter().for_each(|one| line(one, &mut out));
            }
        }
    }
    out.sort();
    out
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = (ModFile::parse("go.mod", &bytes), ModFile::parse_lax("go.mod", &bytes), WorkFile::parse("go.work", &bytes));
        let _ = (SumFile::parse("go.sum", &bytes), Vendored::parse(&bytes));
    }

    #[test]
    fn errors_lie_in_the_file(text in soup()) {
        check_spans(&text, &ModFile::parse("go.mod", text.as_bytes()).1)?;
        check_spans(&text, &ModFile::parse_lax("go.mod", text.as_bytes()).1)?;
        check_spans(&text, &WorkFile::parse("go.work", text.as_bytes()).1)?;
    }

    #[test]
    fn syntax_keeps_everything_but_white_space(text in soup()) {
        let (file, error) = syntax::parse("go.mod", text.as_bytes());
        if error.is_none() {
            let kept: String = pieces(&file).into_iter().flat_map(|(_, text)| text.chars()).filter(|c| !c.is_whitespace()).collect();
            let written: String = text.chars().filter(|c| !c.is_whitespace()).collect();
            prop_assert_eq!(kept, written);
        }
    }

    #[test]
    fn tokens_stand_where_they_say(text in soup()) {
        let (file, _) = syntax::parse("go.mod", text.as_bytes());
        let lines: Vec<Vec<char>> = text.split('\n').map(|line| line.chars().collect()).collect();
        for (at, piece) in pieces(&file).into_iter().filter(|(_, piece)| !piece.is_empty()) {
            let first = lines[at.line as usize - 1][at.column as usize - 1];
            prop_assert_eq!(Some(first), piece.chars().next());
        }
    }

    #[test]
    fn lax_accepts_what_strict_accepts(text in soup()) {
        let (strict, errors) = ModFile::parse("go.mod", text.as_bytes());
        if errors.is_empty() {
            let (lax, errors) = ModFile::parse_lax("go.mod", text.as_bytes());
            prop_assert_eq!(errors, vec![]);
            prop_assert_eq!((lax.module, lax.go, lax.require, lax.retract), (strict.module, strict.go, strict.require, strict.retract));
        }
    }
}

fn comment() -> impl Strategy<Value = &'static str> {
    select(vec![
        "",
        "",
        "",
        "",
        "// indirect",
        "//indirect",
        "// indirect; x",
        "// indirect x",
        "// why",
        "// Deprecated: no",
        "//",
    ])
}

/// A directive's verb and arguments. Now and then one that is wrong.
fn directive(work: bool) -> impl Strategy<Value = (&'static str, String)> {
    let pair = || {
        select(vec![
            "a.example/b v1.2",
            "a.example/b v1.3.0",
            "a.example/c/v2 v2.0.1",
            "gopkg.in/d.v3 v3.0.0",
            "\"a.example/e\" v0.1.0-rc.1",
            "f v4.5.6+incompatible",
            "gopkg.in/g.v1 v0.0.0-20161208181325-20d25e280405",
            "a.example/h v1.0.0+meta",
            "a.example/i v2.0.0",
        ])
    };
    let old = || {
        select(vec![
            "a.example/b",
            "a.example/b v1.3",
            "a.example/c/v2",
            "\"a.example/j k\"",
            "a.example/c/v2 v2.0.1",
        ])
    };
    let new = || {
        select(vec![
            "./b",
            "..",
            "/abs",
            "\"./x y\"",
            "a.example/fork v1.0.0",
            "C:z",
            "a.example/fork master",
        ])
    };
    let retract = vec![
        "v1.0.0",
        "[v1.0.0, v1.2.0]",
        "[v1,v2]",
        "latest",
        "[ v1 , v2 ]",
        "\"v1.4.0\"",
        "[v1.0.0",
    ];
    let replace = (old(), new())
        .prop_map(|(old, new)| ("replace", format!("{old} => {new}")))
        .boxed();
    let words = |verb, list: Vec<&'static str>| {
        select(list)
            .prop_map(move |word| (verb, word.to_owned()))
            .boxed()
    };
    let godebug = words(
        "godebug",
        vec!["a=b", "default=go1.21", "=x", "a=b=c", "a="],
    );
    if work {
        let dirs = words(
            "use",
            vec![
                ".",
                "./a",
                "a",
                "../b/",
                "\"./c d\"",
                "/abs",
                "./a/../e",
                "`raw`",
            ],
        );
        return prop_oneof![dirs, replace, godebug].boxed();
    }
    prop_oneof![
        pair().prop_map(|pair| ("require", pair.to_owned())),
        pair().prop_map(|pair| ("exclude", pair.to_owned())),
        replace,
        godebug,
        words("retract", retract),
        words("tool", vec!["a.example/b/cmd/c", "\"x\"", "y"]),
        words("ignore", vec!["./node_modules", "static", "\"a b\""]),
    ]
    .boxed()
}

/// Lines, single or in a block, with comments, blank lines and odd white space around.
fn mod_text(work: bool) -> impl Strategy<Value = String> {
    let once = vec![
        "go 1.26",
        "go 1.21rc1",
        "go 1.20.3 // why",
        "toolchain go1.26.3",
        "toolchain default",
        "module a.example/m",
    ];
    let single = (directive(work), comment())
        .prop_map(|((verb, args), comment)| format!("{verb} {args} {comment}"))
        .boxed();
    let block = (
        directive(work),
        prop::collection::vec((directive(work), comment(), comment()), 0..4),
        comment(),
    )
        .prop_map(|((verb, _), lines, head)| {
            let inside = lines.iter().filter(|((other, _), ..)| *other == verb);
            let inside: String = inside
                .map(|((_, args), above, behind)| format!("\t{above}\n\t{args} {behind}\n"))
                .collect();
            format!("{head}\n{verb} (\n{inside})")
        })
        .boxed();
    let item = prop_oneof![5 => single, 3 => block, 1 => select(once).prop_map(str::to_owned), 1 => comment().prop_map(str::to_owned)];
    let ends = select(vec!["\n", "\n\n", "\r\n", " \t\n"]);
    prop::collection::vec((item, ends), 0..9)
        .prop_map(|items| items.into_iter().map(|(item, end)| item + end).collect())
}

#[test]
fn invented_files_mean_what_go_says() {
    const FILES: usize = 300;
    let dir = tempfile::tempdir().unwrap();
    let mut runner = TestRunner::default();
    let files: Vec<_> = (0..FILES)
        .map(|index| {
            let work = index % 3 == 0;
            let text = mod_text(work).new_tree(&mut runner).unwrap().current();
            let file = dir
                .path()
                .join(format!("{index}.{}", if work { "work" } else { "mod" }));
            std::fs::write(&file, text).unwrap();
            file
        })
        .collect();
    let go = go_command::version();
    let good: usize = std::thread::scope(|scope| {
        let check =
            |part: &[std::path::PathBuf]| part.iter().filter(|file| agrees(&go, file)).count();
        let threads: Vec<_> = files
            .chunks(FILES / 4)
            .map(|part| scope.spawn(move || check(part)))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .sum()
    });
    assert!(
        good > FILES / 4,
        "only {good} of the invented files are good: they test little"
    );
}

/// Whether the file is good; panics unless Go agrees about that and about its meaning or its
/// errors.
fn agrees(go: &str, file: &Path) -> bool {
    let ours: Result<Value, Vec<String>> =
        match (Style { omits_absent: true }).file(file.to_str().unwrap()) {
            Ok(value) => Ok(go_command::as_printed_by(go, file, value)),
            Err(_) => Err(diagnostics(file).iter().map(without_help).collect()),
        };
    let text = || std::fs::read_to_string(file).unwrap();
    assert_eq!(
        ours,
        go_command::edit_json(file),
        "of {}:\n{}",
        file.display(),
        text()
    );
    ours.is_ok()
}
