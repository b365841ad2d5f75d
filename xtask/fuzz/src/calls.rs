//! Calls that open files: what is read does not depend on what stands around them.
//!
//! - Paths stand where they say, in order.
//! - What follows, if it has no such call, changes nothing, and a comment line above moves all of it
//!   down by one line.
//! - Text in a comment or in a literal has no calls.

use gowork_llb::diag::Position;
use gowork_llb::gosrc::{FileCalls, file_calls};

use crate::places::Text;

/// A file that imports what matters, up to its statements.
const HEAD: &str = "package p\nimport (\"os\"; \"path\"; \"path/filepath\"; \"net/http\"; \"html/template\"; \"github.com/gin-gonic/gin\")\nfunc f() {\n";

/// Checks one text, as a file and as the statements of one.
pub fn check(data: &[u8]) {
    check_file(data);
    check_file(&[HEAD.as_bytes(), data].concat());
    let plain: Vec<u8> = data
        .iter()
        .copied()
        .filter(|byte| !matches!(byte, b'\n' | b'`'))
        .collect();
    for (before, after) in [("// ", "\n"), ("var s = `", "`\n")] {
        let text = [HEAD.as_bytes(), before.as_bytes(), &plain, after.as_bytes()].concat();
        assert_eq!(file_calls(&text), FileCalls::default());
    }
}

fn check_file(text: &[u8]) {
    let calls = file_calls(text);
    let without_bom = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let shown = Text::new(without_bom);
    let mut last = Position::default();
    for call in &calls.opened {
        for path in &call.paths {
            assert!(shown.holds(path.start) && shown.holds(path.end), "{path:?}");
            assert!(path.start < path.end && !path.path.is_empty(), "{path:?}");
        }
        assert!(last <= call.paths[0].start, "{:?}", calls.opened);
        last = call.paths[0].start;
    }
    // Not of a byte order mark, of UTF-16 too.
    if text.first().is_some_and(|byte| *byte < 0xef) {
        let mut lower = file_calls(&[b"// c\n", text].concat());
        for path in lower.opened.iter_mut().flat_map(|call| &mut call.paths) {
            path.start.line -= 1;
            path.end.line -= 1;
        }
        assert_eq!(lower, calls, "a comment line above changed more than lines");
    }
    if text.ends_with(b"\n") && !calls.is_cut {
        let longer = file_calls(&[text, b"// os.Open(\"a\")\n"].concat());
        assert_eq!(longer, calls, "a comment that follows changed what is read");
    }
}
