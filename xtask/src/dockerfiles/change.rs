//! What a user changes by hand in what `gowork init --from` wrote, where the command says that it
//! could not carry something over. The changes are in `testdata/dockerfiles`, one file for each
//! Dockerfile, and hold facts in our own words.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;

use super::Converted;
use super::said::File;

/// A change by hand.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Change {
    /// What it is for, in one sentence.
    pub(super) why: String,
    /// How the warnings begin that it answers. The command must have given each of them.
    answers: Vec<String>,
    /// The `gowork.toml`, whole, in place of the one that was written.
    settings: Option<String>,
    /// Edits of the Dockerfile.
    #[serde(default)]
    replace: Vec<Replace>,
}

/// One edit.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Replace {
    /// Text that stands once in the Dockerfile.
    old: String,
    /// What takes its place.
    new: String,
}

impl Change {
    /// Reads the change for a Dockerfile, if a directory has one.
    ///
    /// # Errors
    /// If the file is not of this form.
    pub(super) fn read(dir: &Path, id: &str) -> Result<Option<Self>> {
        let path = dir.join(format!("{id}.toml"));
        let Ok(text) = fs::read_to_string(&path) else {
            return Ok(None);
        };
        let change = toml::from_str(&text).with_context(|| path.display().to_string())?;
        Ok(Some(change))
    }

    /// What the command wrote, with the change, and without the warnings that it answers. Whether
    /// it is sound is not known yet.
    ///
    /// # Errors
    /// If the change does not fit what the command wrote and said.
    pub(super) fn apply(&self, made: &Converted) -> Result<Converted> {
        let mut dockerfile = made.dockerfile.clone();
        for Replace { old, new } in &self.replace {
            let count = dockerfile.matches(old.as_str()).count();
            ensure!(count == 1, "{old:?} stands {count} times in the Dockerfile");
            dockerfile = dockerfile.replacen(old.as_str(), new, 1);
        }
        let mut answered = BTreeSet::new();
        let mut said = String::new();
        for line in made.said.lines() {
            let answer = warning(line).and_then(|warning| self.answer(warning));
            match answer {
                Some(answer) => drop(answered.insert(answer)),
                None => said.extend([line, "\n"]),
            }
        }
        for answer in &self.answers {
            ensure!(
                answered.contains(answer),
                "the command gave no warning {answer:?}"
            );
        }
        Ok(Converted {
            dockerfile,
            settings: self.settings.clone().unwrap_or(made.settings.clone()),
            said,
            is_sound: true,
        })
    }

    fn answer(&self, warning: &str) -> Option<&String> {
        let mut answers = self.answers.iter();
        answers.find(|answer| warning.starts_with(answer.as_str()))
    }
}

/// The message of a warning of the command, `warning[RULE]: MESSAGE`, if the line is one. A warning
/// in another form is its own message: it must not get lost.
pub(super) fn warning(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("warning")?;
    let message = rest.split_once("]: ").map(|(_, message)| message);
    Some(message.unwrap_or(line))
}

impl Converted {
    /// The images that the Dockerfile takes and the repository does not have with these settings, as
    /// `gowork list` shows them. Names with a build-arg in them are left out.
    ///
    /// # Errors
    /// If the files cannot be written, or the command cannot be run.
    pub(super) fn missing_images(&self, program: &Path, repository: &Path) -> Result<Vec<String>> {
        let out = tempfile::tempdir()?;
        let file = out.path().join("Dockerfile");
        fs::write(&file, &self.dockerfile)?;
        fs::write(out.path().join("gowork.toml"), &self.settings)?;
        let mut list = Command::new(program);
        list.arg("-C")
            .arg(repository.join(self.context()))
            .arg("-f");
        let output = list.arg(&file).arg("list").output()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let words = text.lines().filter_map(|line| line.split(' ').next());
        let listed: BTreeSet<&str> = words.collect();
        let file = File::read(&self.dockerfile);
        let mut missing = Vec::new();
        for words in file.all("COPY") {
            if !words.contains("--from=gowork ") {
                continue;
            }
            let paths = words
                .split_whitespace()
                .filter(|word| !word.starts_with('-'));
            let paths: Vec<&str> = paths.collect();
            let sources = paths.split_last().map_or(&[][..], |(_, sources)| sources);
            for name in sources.iter().map(|path| path.trim_start_matches('/')) {
                if !name.contains(['$', '*']) && !listed.contains(name) {
                    missing.push(name.to_owned());
                }
            }
        }
        Ok(missing)
    }
}

#[cfg(test)]
mod tests {
    use super::{Change, Converted};

    fn made() -> Converted {
        Converted {
            dockerfile: "FROM scratch\nCOPY --from=gowork /api /\n".to_owned(),
            settings: "[go]\n".to_owned(),
            said: "warning[X]: this is not known\nwarning[X]: nor this\nwrote a file\n".to_owned(),
            is_sound: false,
        }
    }

    fn change(text: &str) -> Change {
        toml::from_str(text).expect("a change")
    }

    #[test]
    fn a_change_answers_warnings_and_edits_both_files() {
        let text = "why = \"x\"\nanswers = [\"this is\"]\nsettings = \"[go]\\ncgo = true\\n\"\n\
                    [[replace]]\nold = \"/api /\"\nnew = \"/api /bin/\"\n";
        let changed = change(text).apply(&made()).expect("it fits");
        assert_eq!(
            changed.dockerfile,
            "FROM scratch\nCOPY --from=gowork /api /bin/\n"
        );
        assert_eq!(changed.settings, "[go]\ncgo = true\n");
        assert_eq!(changed.said, "warning[X]: nor this\nwrote a file\n");
    }

    #[test]
    fn a_change_that_no_longer_fits_is_an_error() {
        for text in [
            "why = \"x\"\nanswers = [\"that is\"]\n",
            "why = \"x\"\nanswers = []\n[[replace]]\nold = \"/worker\"\nnew = \"\"\n",
            "why = \"x\"\nanswers = []\n[[replace]]\nold = \"o\"\nnew = \"\"\n",
        ] {
            assert!(change(text).apply(&made()).is_err(), "{text}");
        }
    }
}
