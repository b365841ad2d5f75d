//! BuildKit's own record of a build, as `buildx build --progress rawjson` writes it: what ran,
//! when, and how long.

use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// What is shorter is not worth a line.
const SHOWN: f64 = 0.02;

/// What buildx wrote.
#[derive(Debug, Default)]
pub(super) struct Records {
    /// By digest and start.
    spans: BTreeMap<(String, String), Span>,
    /// Text for people: the error, if there was one.
    pub(super) printed: String,
}

/// One stretch of work at a vertex.
#[derive(Clone, Debug)]
struct Span {
    name: String,
    started: f64,
    ended: Option<f64>,
    cached: bool,
}

impl Records {
    /// Reads what buildx wrote to its standard error.
    pub(super) fn parse(text: &str) -> Self {
        let mut records = Self::default();
        for line in text.lines() {
            match serde_json::from_str::<Value>(line) {
                Ok(event) if event.is_object() => records.take(&event),
                _ => {
                    records.printed.push_str(line);
                    records.printed.push('\n');
                }
            }
        }
        records
    }

    fn take(&mut self, event: &Value) {
        for vertex in event["vertexes"].as_array().into_iter().flatten() {
            let text = |key: &str| vertex[key].as_str().unwrap_or_default().to_owned();
            let Some(started) = seconds(&text("started")) else {
                continue;
            };
            let span = Span {
                name: text("name"),
                started,
                ended: seconds(&text("completed")),
                cached: vertex["cached"].as_bool().unwrap_or_default(),
            };
            self.spans.insert((text("digest"), text("started")), span);
        }
    }

    /// How many steps ran that compile or link. A step whose layer is fetched from an imported cache
    /// has more stretches than one, and in one of them it is said to be cached.
    pub(super) fn compiled(&self) -> usize {
        let is_go = |span: &Span| {
            ["compile ", "link "]
                .iter()
                .any(|verb| span.name.starts_with(verb))
        };
        let mut is_cached: BTreeMap<&str, bool> = BTreeMap::new();
        for ((digest, _), span) in self.spans.iter().filter(|(_, span)| is_go(span)) {
            *is_cached.entry(digest).or_default() |= span.cached;
        }
        is_cached.values().filter(|cached| !**cached).count()
    }

    /// The work in the order in which it began: seconds since the first start, seconds that it
    /// took, and its name. Vertices that lasted no time to speak of are left out, and so is what
    /// BuildKit remembers of earlier builds.
    pub(super) fn table(&self) -> String {
        let mut spans: Vec<&Span> = self.spans.values().collect();
        spans.sort_by(|a, b| a.started.total_cmp(&b.started));
        let Some(began) = spans
            .iter()
            .find(|span| span.name.starts_with("[internal]"))
            .or(spans.first())
            .map(|span| span.started)
        else {
            return String::new();
        };
        let mut text = String::new();
        for span in spans.iter().filter(|span| span.started >= began) {
            let took = span.ended.unwrap_or(span.started) - span.started;
            if took < SHOWN {
                continue;
            }
            let known = if span.cached { " (cached)" } else { "" };
            let _ = writeln!(
                text,
                "  {:8.2} {took:8.2}  {}{known}",
                span.started - began,
                span.name
            );
        }
        text
    }
}

/// Seconds of `2026-01-31T12:34:56.789Z` since the day before its month began: enough to subtract
/// two of them, but where a month ends between.
fn seconds(time: &str) -> Option<f64> {
    let (date, time) = time.split_once('T')?;
    let day: f64 = date.rsplit('-').next()?.parse().ok()?;
    let mut parts = time.trim_end_matches('Z').split(':').map(str::parse::<f64>);
    Some(
        day * 86_400.0
            + parts.next()?.ok()? * 3600.0
            + parts.next()?.ok()? * 60.0
            + parts.next()?.ok()?,
    )
}

#[cfg(test)]
mod tests {
    use super::Records;

    #[test]
    fn a_step_that_is_fetched_was_not_compiled() {
        let text = r#"{"vertexes":[{"digest":"a","name":"compile std","started":"2026-01-01T00:00:01Z","cached":true}]}
{"vertexes":[{"digest":"a","name":"compile std","started":"2026-01-01T00:00:02Z","completed":"2026-01-01T00:00:03Z"}]}
{"vertexes":[{"digest":"b","name":"link api","started":"2026-01-01T00:00:03Z","completed":"2026-01-01T00:00:04Z"}]}
{"vertexes":[{"digest":"c","name":"sources of api","started":"2026-01-01T00:00:03Z"}]}"#;
        assert_eq!(Records::parse(text).compiled(), 1);
    }

    #[test]
    fn each_stretch_of_work_has_a_line_and_text_is_kept() {
        let text = r#"{"vertexes":[{"digest":"a","name":"[internal] load","started":"2026-01-01T23:59:59Z","completed":"2026-01-01T23:59:59.5Z"}]}
{"vertexes":[{"digest":"b","name":"old","started":"2026-01-01T23:59:01Z","completed":"2026-01-01T23:59:09Z"}]}
{"vertexes":[{"digest":"c","name":"compile","started":"2026-01-01T23:59:59.5Z"}]}
{"vertexes":[{"digest":"c","name":"compile","started":"2026-01-01T23:59:59.5Z","completed":"2026-01-02T00:00:01Z"}]}
ERROR: no such thing"#;
        let records = Records::parse(text);
        assert_eq!(
            records.table(),
            "      0.00     0.50  [internal] load\n      0.50     1.50  compile\n"
        );
        assert_eq!(records.printed, "ERROR: no such thing\n");
    }
}
