//! A buildkitd whose clock can be set ahead, to see what becomes of caches with time.
//!
//! Nothing outside of it can tell buildkitd another time: it is static, so a library cannot be put
//! before its own, and it asks the kernel for the time without a system call. `go build -overlay`
//! can: it replaces one file of Go's runtime. Programs in containers keep the true time.

use anyhow::{Context, Result};
use serde_json::json;
use std::path::{Path, PathBuf};

/// Environment variable of such a buildkitd: by how many seconds it is ahead.
const SECONDS_AHEAD: &str = "GOWORK_CLOCK_SECONDS_AHEAD";
/// The file of Go's runtime that tells the time to package `time`.
const FILE: &str = "src/runtime/time.go";
/// The end of the function in it that does.
const TRUE_END: &str = "\treturn time_now()\n}\n";
/// What takes its place.
pub(crate) const END: &str = "\tsec, nsec, mono = time_now()
\treturn sec + secondsAhead(), nsec, mono
}

func secondsAhead() (seconds int64) {
\tfor _, digit := range gogetenv(\"GOWORK_CLOCK_SECONDS_AHEAD\") {
\t\tseconds = seconds*10 + int64(digit-'0')
\t}
\treturn seconds
}
";

/// The variable for a clock that is `days` ahead.
pub(crate) fn variable(days: u32) -> (&'static str, String) {
    (SECONDS_AHEAD, (u64::from(days) * 24 * 60 * 60).to_string())
}

/// Writes the replacement and the file that names it for `go build -overlay` into `directory`;
/// returns the latter.
///
/// # Errors
/// If the Go release at `goroot` tells the time in another way than is known here.
pub(crate) fn overlay(goroot: &Path, directory: &Path) -> Result<PathBuf> {
    let original = goroot.join(FILE);
    let text = std::fs::read_to_string(&original)
        .with_context(|| format!("cannot read {}", original.display()))?;
    let replaced = replaced(&text)
        .with_context(|| format!("no known function in {} tells the time", original.display()))?;
    let replacement = directory.join("time.go");
    std::fs::write(&replacement, replaced)?;
    let overlay = directory.join("overlay.json");
    std::fs::write(
        &overlay,
        json!({ "Replace": { original.to_string_lossy(): replacement } }).to_string(),
    )?;
    Ok(overlay)
}

fn replaced(text: &str) -> Option<String> {
    let start = text.find("\nfunc time_runtimeNow() ")?;
    let end = start + text[start..].find(TRUE_END)?;
    // The function ends there: no other begins before.
    let body = &text[start + 1..end];
    (!body.contains("\nfunc "))
        .then(|| format!("{}{END}{}", &text[..end], &text[end + TRUE_END.len()..]))
}

#[cfg(test)]
mod tests {
    use super::{END, SECONDS_AHEAD, replaced, variable};

    #[test]
    fn only_the_function_that_tells_the_time_is_replaced() {
        let before = "package runtime\n\nfunc time_runtimeNow() (sec int64, nsec int32, mono int64) {\n\tif bubble {\n\t\treturn 0, 0, 0\n\t}\n";
        let after = "\nfunc other() {\n\treturn time_now()\n}\n";
        let text = format!("{before}\treturn time_now()\n}}\n{after}");
        assert_eq!(replaced(&text), Some(format!("{before}{END}{after}")));
        assert_eq!(replaced(&format!("{before}}}\n{after}")), None);
        assert_eq!(replaced("package runtime\n"), None);
        assert!(END.contains(&format!("{SECONDS_AHEAD:?}")));
    }

    #[test]
    fn days_are_told_in_seconds() {
        assert_eq!(variable(366), (SECONDS_AHEAD, "31622400".to_owned()));
    }
}
