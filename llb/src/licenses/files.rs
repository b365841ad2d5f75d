//! The names of files with licences and notices.

/// How such a name begins, in small letters.
const BEGIN: [&str; 5] = ["license", "licence", "copying", "unlicense", "copyright"];

/// How a name ends that begins with something else: `MIT-LICENSE`.
const END: [&str; 2] = ["-license", "-licence"];

/// Patterns that match every name of a file with licences or notices, and a few others: for those
/// who fetch files by pattern.
pub const LICENSE_FILE_PATTERNS: [&str; 5] = [
    "[Ll][Ii][Cc][Ee][Nn][CcSs][Ee]*",
    "[Cc][Oo][Pp][Yy]*",
    "[Uu][Nn][Ll][Ii][Cc][Ee][Nn]*",
    "*-[Ll][Ii][Cc][Ee][Nn][CcSs][Ee]*",
    "[Nn][Oo][Tt][Ii][Cc][Ee]*",
];

/// What is a program or a template, whatever it is called.
const OTHERS: [&str; 12] = [
    "go", "py", "js", "ts", "sh", "json", "yaml", "yml", "toml", "html", "tmpl", "tpl",
];

/// Whether a file with this name has the text of a licence: `LICENSE`, `COPYING.md`,
/// `LICENSE-APACHE`, `MIT-LICENSE.txt`.
pub fn is_license_file(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let (stem, extension) = name.rsplit_once('.').unwrap_or((&name, ""));
    if OTHERS.contains(&extension) {
        return false;
    }
    let begins = BEGIN.iter().any(|begin| is_word(&name, begin));
    begins
        || END
            .iter()
            .any(|end| name.ends_with(end) || stem.ends_with(end))
}

/// Whether a file with this name has the notices that go with a licence: `NOTICE`, `NOTICE.txt`.
pub fn is_notice_file(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    !OTHERS.contains(&extension) && (is_word(&name, "notice") || is_word(&name, "notices"))
}

/// Whether a file with this name has licences or notices: what goes with copies of a module.
pub fn is_license_text(name: &str) -> bool {
    is_license_file(name) || is_notice_file(name)
}

/// Whether the name is this word, or goes on behind it with a mark.
fn is_word(name: &str, word: &str) -> bool {
    let rest = name.strip_prefix(word);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-', '_']))
}

#[cfg(test)]
mod tests {
    use super::{is_license_file, is_notice_file};

    #[test]
    fn names() {
        for name in [
            "LICENSE",
            "License.txt",
            "LICENCE.md",
            "LICENSE-2.0.txt",
            "LICENSE.MIT",
            "license_apache",
            "COPYING",
            "COPYING.LESSER",
            "MIT-LICENSE.md",
            "MIT-LICENSE",
            "UNLICENSE",
            "COPYRIGHT",
        ] {
            assert!(is_license_file(name), "{name}");
        }
        for name in [
            "license.go",
            "license_test.go",
            "LICENSE.tmpl",
            "licenses",
            "licensing.md",
            "NOTICE",
            "mylicense",
        ] {
            assert!(!is_license_file(name), "{name}");
        }
        assert!(is_notice_file("NOTICE") && is_notice_file("notice.txt"));
        assert!(!is_notice_file("notice.go") && !is_notice_file("noticeboard"));
    }
}
