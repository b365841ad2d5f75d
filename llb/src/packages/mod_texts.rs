//! The texts of mod files, within their limits.

use super::scanned::Refused;
use crate::limits;
use crate::tree::{SourceTree, TreePath};
use crate::workspace::ModTexts;

/// Reads those of `paths` that exist into `texts`.
pub(super) fn read(
    tree: &dyn SourceTree,
    paths: &[TreePath],
    texts: &mut ModTexts,
) -> Result<(), Refused> {
    let mut refused = None;
    let mut totals = [false, true].map(|sums| {
        texts
            .iter()
            .filter(|(path, _)| is_sum(path) == sums)
            .map(|(_, text)| text.len())
            .sum::<usize>()
    });
    let mut rest = paths.iter();
    // By heads, not whole: whatever its size, no more of a file is read than may be.
    tree.heads(paths, limits::SUM_FILE + 1, &mut |head| {
        let (Some(path), Ok(head)) = (rest.next(), head) else {
            return;
        };
        let (most, most_of_all) = if is_sum(path) {
            (limits::SUM_FILE, limits::SUM_FILES)
        } else {
            (limits::MOD_FILE, limits::MOD_FILES)
        };
        let total = &mut totals[usize::from(is_sum(path))];
        *total = total.saturating_add(head.bytes.len());
        let message = if head.size > most as u64 {
            format!(
                "{} bytes; gowork reads a mod file of up to {most}",
                head.size
            )
        } else if *total > most_of_all {
            format!("more than {most_of_all} bytes of mod files, gowork's limit for a repository")
        } else {
            texts.insert(
                path.clone(),
                String::from_utf8_lossy(head.bytes).into_owned(),
            );
            return;
        };
        refused.get_or_insert_with(|| Refused::new(message).at(path.clone()));
    });
    refused.map_or(Ok(()), Err)
}

/// Whether a mod file only holds hashes: nothing of it is parsed.
fn is_sum(path: &TreePath) -> bool {
    path.name().ends_with(".sum")
}
