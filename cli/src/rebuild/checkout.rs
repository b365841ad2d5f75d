//! Whether a directory is the checkout that an image was built from.

use std::collections::BTreeSet;
use std::path::Path;

use gowork_llb::config::GitValue;

use super::provenance::Provenance;
use crate::git;

/// What the user should know about the directory.
pub(crate) fn checkout_notes(provenance: &Provenance, source: &Path) -> Vec<String> {
    let shown = source.display();
    let Some((commit, was_dirty)) = provenance.revision() else {
        return vec![format!(
            "provenance names no commit, so it is not known whether {shown} has the files of the build"
        )];
    };
    let mut notes = Vec::new();
    if was_dirty {
        notes.push("files had changed since the commit that the image was built from".to_owned());
    }
    let asked = BTreeSet::from([GitValue::Revision, GitValue::Dirty]);
    let values = git::values(source, &asked);
    let value = |asked: GitValue| values.get(asked.name()).map(String::as_str);
    match value(GitValue::Revision) {
        Some(found) if found != commit => notes.push(format!(
            "{shown} is at commit {found}, and the image was built from {commit}"
        )),
        None => notes.push(format!(
            "{shown} is no git checkout; the image was built from commit {commit}"
        )),
        Some(_) => {}
    }
    if value(GitValue::Dirty) == Some("true") && !was_dirty {
        notes.push(format!("files in {shown} have changed since its commit"));
    }
    notes
}
