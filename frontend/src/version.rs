//! `gowork-frontend --version`.

use std::io::Write as _;

/// The image's environment names the commit that its programs are of. The programs do not: the same
/// sources give the same bytes, whatever the commit, and steps that mount a program run again when
/// its bytes change.
const REVISION: &str = "GOWORK_REVISION";

/// Prints the version.
///
/// # Errors
/// If standard output cannot be written to.
pub fn print() -> std::io::Result<()> {
    let revision = std::env::var(REVISION).unwrap_or_default();
    writeln!(std::io::stdout(), "gowork-frontend {}", version(&revision))
}

/// The release, and the commit in as many digits as git shows.
fn version(revision: &str) -> String {
    let release = env!("CARGO_PKG_VERSION");
    let (commit, dirty) = match revision.split_once('-') {
        Some((commit, _)) => (commit, "-dirty"),
        None => (revision, ""),
    };
    match commit.get(..7) {
        Some(short) => format!("{release} ({short}{dirty})"),
        None => release.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn the_commit_is_short() {
        let release = env!("CARGO_PKG_VERSION");
        let cases = [
            ("", release.to_owned()),
            ("3d", release.to_owned()),
            (
                "3d89b0734cf2ee7b6c2c8a0a4b9f35a9a0d0a3a1",
                format!("{release} (3d89b07)"),
            ),
            ("3d89b0734cf2-dirty", format!("{release} (3d89b07-dirty)")),
        ];
        for (revision, expected) in cases {
            assert_eq!(version(revision), expected);
        }
    }
}
