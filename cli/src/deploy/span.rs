//! Spans of time, as these files spell them.

use std::time::Duration;

/// `1500ms` or `30s`, which both compose and Podman read.
pub(super) fn span(duration: Duration) -> String {
    if duration.subsec_millis() == 0 {
        format!("{}s", duration.as_secs())
    } else {
        format!("{}ms", duration.as_millis())
    }
}
