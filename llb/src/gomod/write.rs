//! Writing: the few lines of go.mod, go.work and vendor/modules.txt that gowork makes itself.
//!
//! Text that the parsers here read back as what was written.

use std::fmt::Write as _;

use super::printable::is_printable;
use super::quote::quote;
use super::vendor::Vendored;

/// A go.mod with a `module` line, and a `go` line if a version is given.
pub fn go_mod(module: &str, go: Option<&str>) -> String {
    let go = go.map(|go| format!("go {go}\n")).unwrap_or_default();
    format!("module {}\n{go}", word(module))
}

/// A go.work with a `go` line, and a `use` line for each directory.
pub fn go_work<'u>(go: &str, uses: impl IntoIterator<Item = &'u str>) -> String {
    let mut text = format!("go {go}\n");
    for dir in uses {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "use {}", word(dir));
    }
    text
}

/// A vendor/modules.txt, as `go mod vendor` and `go work vendor` write it (cmd/go/internal/modcmd,
/// vendor.go). Modules are in the order of `vendored`; each has a version, and no replacement.
pub fn modules_txt(vendored: &Vendored) -> String {
    let mut text = String::new();
    if vendored.workspace {
        text.push_str("## workspace\n");
    }
    for module in &vendored.modules {
        let _ = writeln!(text, "# {} {}", module.path, module.version);
        let mut notes = Vec::new();
        if module.explicit {
            notes.push("explicit".to_owned());
        }
        if !module.go.is_empty() {
            notes.push(format!("go {}", module.go));
        }
        if !notes.is_empty() {
            let _ = writeln!(text, "## {}", notes.join("; "));
        }
        for package in &module.packages {
            let _ = writeln!(text, "{package}");
        }
    }
    text
}

/// A word of a mod file, in quotes where it needs them (golang.org/x/mod/modfile, `AutoQuote`).
pub fn word(text: &str) -> String {
    if must_quote(text) {
        quote(text)
    } else {
        text.to_owned()
    }
}

/// golang.org/x/mod/modfile, `MustQuote`.
fn must_quote(text: &str) -> bool {
    let is_special = |c: char| match c {
        ' ' | '"' | '\'' | '`' => true,
        '(' | ')' | '[' | ']' | '{' | '}' | ',' => text.len() > 1,
        c => !is_printable(c),
    };
    text.is_empty() || text.chars().any(is_special) || text.contains("//") || text.contains("/*")
}
