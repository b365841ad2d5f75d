//! `--call=subrequests.describe`: which calls there are.

use buildkit_proto::moby::buildkit::v1::frontend as proto;

use super::definition::Definition;
use super::{answer, lint, outline, table, targets};

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
    let mut rows = vec![
        ["NAME", "VERSION", "DESCRIPTION"]
            .map(str::to_owned)
            .to_vec(),
    ];
    rows.extend(all.iter().map(|call| {
        [call.name, call.version, call.description]
            .map(str::to_owned)
            .to_vec()
    }));
    answer(VERSION, &all, table(&rows))
}
