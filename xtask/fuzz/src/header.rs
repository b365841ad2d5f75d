//! Heads of source files: what is read does not depend on what stands around the head.
//!
//! - The first bytes of a file either say that they are too few, or tell what the whole file tells.
//! - What follows a sound head changes nothing, and a comment line above it moves it down by one
//!   line.
//! - Names, imports and patterns stand where they say.
//! - JSON carries all of it.

use gowork_llb::diag::Position;
use gowork_llb::gosrc::{
    BuildContext, Header, SourceFile, declares_main, is_compiled, package_name, select,
};

use crate::places::Text;

const NAMES: [&str; 8] = [
    "a.go",
    "a_test.go",
    "a_linux.go",
    "a.s",
    "a.c",
    "a.h",
    "a.syso",
    "a.txt",
];

/// Text that no head reaches into.
const BODY: &str =
    "\nfunc f() { import \"not\" }\n//go:build not\n// +build not\n\n//go:embed not\nvar s = `";

/// Checks one text. The first byte says what the file is called, the second where its first bytes
/// end.
pub fn check(data: &[u8]) {
    let [name, cut, text @ ..] = data else { return };
    let name = NAMES[usize::from(*name) % NAMES.len()];
    let file = SourceFile::parse(name, text);
    check_main(name, text, &file);
    let json = serde_json::to_string(&file).unwrap();
    assert_eq!(serde_json::from_str::<SourceFile>(&json).unwrap(), file);
    check_places(text, &file);
    for end in [
        usize::from(*cut),
        text.len() / 2,
        text.len().saturating_sub(1),
    ] {
        let start = &text[..end.min(text.len())];
        if let Some(read) = SourceFile::parse_start(name, start) {
            assert_eq!(
                read,
                file,
                "the first {} bytes gave something else",
                start.len()
            );
        }
    }
    let embeds = file
        .header
        .imports
        .iter()
        .any(|import| import.path == "embed");
    if name.ends_with(".go") && file.problem.is_none() && !embeds {
        let longer = [text, BODY.as_bytes()].concat();
        assert_eq!(
            SourceFile::parse(name, &longer),
            file,
            "what follows the head changed what is read"
        );
        let start = SourceFile::parse_start(name, &longer);
        assert!(start.is_none_or(|start| start == file));
    }
    // Not of a byte order mark, of UTF-16 too; and an empty text ends on the line above it, as Go
    // has it.
    if text.first().is_some_and(|byte| *byte < 0xef) {
        let lower = [b"// c\n", text].concat();
        assert_eq!(
            SourceFile::parse(name, &lower),
            moved(&file),
            "a comment line above changed more than lines"
        );
    }
    check_selection(file);
}

/// A function that follows is found, unless it stands in a comment or literal; one in a comment is
/// not.
fn check_main(name: &str, text: &[u8], file: &SourceFile) {
    let with = |more: &str| {
        SourceFile::parse(name, &[text, more.as_bytes()].concat())
            .header
            .declares_main
    };
    let declares = file.header.declares_main;
    assert!(
        !declares || file.header.package == "main" && name.ends_with(".go") && name != "a_test.go"
    );
    assert!(
        !declares || with("\nfunc main() {}"),
        "a declaration was lost by one that follows"
    );
    assert!(
        declares || !with("\n//func main() {}") || with("\n"),
        "a comment was taken for a declaration"
    );
}

fn check_places(text: &[u8], file: &SourceFile) {
    let without_bom = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let text = Text::new(without_bom);
    let Header {
        package,
        package_at,
        imports,
        embeds,
        cgo,
        ..
    } = &file.header;
    if !package.is_empty() {
        let rest = text.rest(*package_at);
        // A name that is not UTF-8 has become U+FFFD, perhaps fewer of them.
        assert!(
            rest.starts_with(package.as_str()) || package.contains('\u{fffd}'),
            "{package:?} at {rest:?}"
        );
    }
    for import in imports {
        let rest = text.rest(import.at);
        let literal = rest.starts_with(['"', '`']);
        assert!(
            literal
                || rest.starts_with('.')
                || rest.starts_with(|c: char| c == '_' || c.is_alphabetic()),
            "{import:?} at {rest:?}"
        );
        let plain = import
            .path
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"/.-".contains(&byte));
        assert!(
            !literal
                || !plain
                || rest[1..].starts_with(&import.path)
                || rest.contains('\\')
                || rest.contains('\r'),
            "{import:?} at {rest:?}"
        );
    }
    for embed in embeds {
        let (line, rest) = (
            text.rest(Position::new(embed.at.line, 1)),
            text.rest(embed.at),
        );
        assert!(line.contains("//go:embed"), "{embed:?} in {line:?}");
        // Go counts without carriage returns, and what is not UTF-8 has become U+FFFD, perhaps
        // fewer of them.
        let reported = rest.starts_with(&embed.pattern)
            || rest.starts_with(['"', '`'])
            || line.contains(['\r', '\u{fffd}']);
        assert!(reported, "{embed:?} at {rest:?}");
    }
    for at in cgo.iter().flat_map(|cgo| &cgo.directives_at) {
        assert!(text.rest(*at).starts_with("#cgo"));
    }
    if let Some(problem) = &file.problem {
        // Go has the end of a file behind its last line's end, on that line.
        let before = Position::new(problem.at.line, problem.at.column.saturating_sub(1));
        assert!(
            text.holds(problem.at) || text.rest(before).is_empty(),
            "{problem:?}"
        );
        assert!(!problem.message.is_empty());
    }
}

/// The file one line lower.
fn moved(file: &SourceFile) -> SourceFile {
    let down = |at: &mut Position| at.line += u32::from(*at != Position::default());
    let mut file = file.clone();
    down(&mut file.header.package_at);
    file.header
        .imports
        .iter_mut()
        .for_each(|import| down(&mut import.at));
    file.header
        .embeds
        .iter_mut()
        .for_each(|embed| down(&mut embed.at));
    file.header
        .cgo
        .iter_mut()
        .flat_map(|cgo| &mut cgo.directives_at)
        .for_each(down);
    file.problem
        .iter_mut()
        .for_each(|problem| down(&mut problem.at));
    file
}

/// A file alone in its directory is in one list, or in one of those for files left out.
fn check_selection(file: SourceFile) {
    let name = file.name.clone();
    for cgo in [false, true] {
        let context = BuildContext {
            cgo,
            ..BuildContext::new("linux", "amd64")
        };
        let matches = context.matches(&name, &file.header);
        let package = select(std::slice::from_ref(&file), &context);
        assert_eq!(
            package_name(std::slice::from_ref(&file), &context),
            package.name
        );
        let built = [
            &package.go_files,
            &package.cgo_files,
            &package.test_go_files,
            &package.x_test_go_files,
        ];
        let built = built.into_iter().any(|list| list.contains(&name));
        let compiled = package.go_files.len() + package.cgo_files.len() > 0;
        assert_eq!(
            is_compiled(std::slice::from_ref(&file), &context),
            compiled,
            "{package:?}"
        );
        let main = declares_main(std::slice::from_ref(&file), &context);
        assert!(!main || compiled || file.problem.is_some(), "{package:?}");
        assert!(
            !main || package.name == "main" || file.problem.is_some(),
            "{package:?}"
        );
        let left_out = package.ignored_go_files.contains(&name);
        let reported = package.invalid_go_files.contains(&name);
        if name.ends_with(".go") {
            assert!(
                u8::from(built) + u8::from(left_out) == 1 || reported && !built,
                "{package:?}"
            );
            assert!(reported || built == matches, "{matches}: {package:?}");
        }
    }
}
