//! `--call=subrequests.describe`: which calls there are.

use buildkit_proto::moby::buildkit::v1::frontend as proto;

use super::answer::answer;
use super::definition::Definition;
use super::table::table;
use super::{lint, outline, targets};

/// The request id.
pub const NAME: &str = "frontend.subrequests.describe";
const VERSION: &str = "1.0.0";

/// The answer.
pub fn result() -> proto::Result {
    let own = Definition::new(NAME, VERSION, "List available subrequest types");
    let all = [
        outline::definition(),
        targets::definition(),
        lint::definition(),
        own,
    ];
    let mut rows = vec![["NAME", "VERSION", "DESCRIPTION"]];
    for call in &all {
        rows.push([call.name, call.version, call.description]);
    }
    let rows: Vec<Vec<String>> = rows
        .into_iter()
        .map(|row| row.map(str::to_owned).to_vec())
        .collect();
    answer(VERSION, &all, table(&rows))
}
