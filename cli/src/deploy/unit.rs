//! What the files of systemd have in common.

use gowork_llb::config::ImageConfig;
use gowork_llb::lower::Mark;

/// The lines above a unit, and its first section.
pub(super) fn head(image: &ImageConfig, usage: &str) -> String {
    let name = &image.name;
    format!(
        "# {}; run it again when the image changes.\n{usage}\n[Unit]\nDescription={name}\nWants=network-online.target\nAfter=network-online.target\n",
        Mark::SYSTEMD
    )
}

/// A word of a command line in a unit. systemd replaces `%` and, in commands, `$`.
pub(super) fn word(text: &str) -> String {
    let text = text.replace('%', "%%").replace('$', "$$");
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-:=@+,%$".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        text
    } else {
        quoted(&text)
    }
}

/// An assignment for `Environment=`.
pub(super) fn assignment(name: &str, value: &str) -> String {
    quoted(&format!("{name}={}", value.replace('%', "%%")))
}

fn quoted(text: &str) -> String {
    let text = text.replace('\\', r"\\").replace('"', "\\\"");
    format!("\"{}\"", text.replace('\n', r"\n").replace('\t', r"\t"))
}

/// Ports below this one are for root.
const FIRST_FREE_PORT: u16 = 1024;

/// Whether the program needs a right to listen.
pub(super) fn has_low_port(image: &ImageConfig) -> bool {
    let mut ports = image.runtime.ports.iter();
    ports.any(|port| port.first < FIRST_FREE_PORT)
}

/// When and how often it starts again.
pub(super) const RESTART: &str = "Restart=on-failure\nRestartSec=2\n";

#[cfg(test)]
mod tests {
    use super::{assignment, word};

    #[test]
    fn words_are_what_systemd_reads_back() {
        assert_eq!(word("/usr/local/bin/api"), "/usr/local/bin/api");
        assert_eq!(word("100%"), "100%%");
        assert_eq!(word("$HOME"), "$$HOME");
        assert_eq!(word("two words"), "\"two words\"");
        assert_eq!(word("a\"b\\c"), r#""a\"b\\c""#);
        assert_eq!(word(""), "\"\"");
        assert_eq!(assignment("A", "1 %d $x"), "\"A=1 %%d $x\"");
    }
}
