//! The words by which a printed file is known again. A file without them was written by
//! hand, and must stay.

use std::collections::BTreeSet;
use std::fmt;

use crate::config::ImageName;

/// The words in a comment at the top of every file that a command prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// The command: `dockerfile` of `gowork dockerfile`.
    command: &'static str,
}

impl Mark {
    /// Of a Dockerfile.
    pub const DOCKERFILE: Self = Self {
        command: "dockerfile",
    };
    /// Of a docker-bake.hcl.
    pub const BAKE: Self = Self { command: "bake" };
    /// Of a .dockerignore.
    pub const DOCKERIGNORE: Self = Self {
        command: "dockerignore",
    };
    /// Of a workflow of GitHub Actions.
    pub const CI_GITHUB: Self = Self {
        command: "ci github",
    };
    /// Of a pipeline of GitLab.
    pub const CI_GITLAB: Self = Self {
        command: "ci gitlab",
    };
    /// Of a compose file.
    pub const COMPOSE: Self = Self { command: "compose" };
    /// Of a unit of systemd.
    pub const SYSTEMD: Self = Self { command: "systemd" };

    /// The command that prints files with this mark.
    pub fn command(self) -> &'static str {
        self.command
    }

    /// Whether it stands among the comments at the top of `text`.
    pub fn is_in(self, text: &str) -> bool {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut head = text
            .lines()
            .map(str::trim)
            .take_while(|line| line.is_empty() || line.starts_with('#'));
        let mark = self.to_string();
        head.any(|line| line.contains(&mark))
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Printed by `gowork {}`", self.command)
    }
}

/// The comment that names images which are missing in a printed file, without an end of the line.
/// Returns `None` if no image is missing.
pub fn missing(without: &BTreeSet<ImageName>) -> Option<String> {
    let names: Vec<&str> = without.iter().map(ImageName::as_str).collect();
    (!names.is_empty()).then(|| {
        format!(
            "# Missing, since they could not be built when this was printed: {}.",
            names.join(", ")
        )
    })
}
