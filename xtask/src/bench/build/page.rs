//! The page that shows figures: a section for each repository, between two comments, that a run
//! replaces.

use anyhow::{Context, Result};
use std::path::Path;

/// Puts the table of a repository into a page, and its picture and data beside that.
///
/// # Errors
/// If the page cannot be read, or a file cannot be written.
pub(super) fn update(page: &Path, name: &str, table: &str, files: [(&str, &str); 2]) -> Result<()> {
    let text =
        std::fs::read_to_string(page).with_context(|| format!("cannot read {}", page.display()))?;
    let stem = page
        .file_stem()
        .map(|stem| stem.to_string_lossy().into_owned())
        .unwrap_or_default();
    let beside = |suffix: &str| format!("{stem}-{name}.{suffix}");
    for (suffix, content) in files {
        let path = page.with_file_name(beside(suffix));
        std::fs::write(&path, content)
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    let section = format!(
        "![Seconds that builds of {name} take]({})\n\n{}",
        beside("svg"),
        table.trim_end()
    );
    std::fs::write(page, replaced(&text, name, &section))
        .with_context(|| format!("cannot write {}", page.display()))
}

/// The text with another section of this name; at the end, if there was none.
fn replaced(text: &str, name: &str, section: &str) -> String {
    let (begin, end) = (
        format!("<!-- figures of {name} -->\n"),
        format!("<!-- end of {name} -->\n"),
    );
    let whole = format!("{begin}\n{section}\n\n{end}");
    match (text.find(&begin), text.find(&end)) {
        (Some(from), Some(to)) if from < to => {
            format!("{}{whole}{}", &text[..from], &text[to + end.len()..])
        }
        _ => format!("{}\n\n{whole}", text.trim_end()),
    }
}

#[cfg(test)]
mod tests {
    use super::replaced;

    #[test]
    fn a_section_is_added_once_and_then_replaced() {
        let one = replaced("# Page\n", "a", "1");
        let both = replaced(&one, "b", "2");
        assert_eq!(
            both,
            "# Page\n\n<!-- figures of a -->\n\n1\n\n<!-- end of a -->\n\n<!-- figures of b -->\n\n2\n\n<!-- end of b -->\n"
        );
        assert_eq!(replaced(&both, "a", "3"), both.replace('1', "3"));
    }
}
