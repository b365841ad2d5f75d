//! What BuildKit says about a build: its vertices, which of them ran, and their output. Read from
//! `--progress rawjson`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use crate::rows::{Group, Rows};

/// All records of one build.
#[derive(Debug, Default)]
pub(crate) struct Records {
    /// By digest, in the order of their first mention.
    vertices: Vec<Vertex>,
    /// Output of the steps, by digest.
    logs: BTreeMap<String, Vec<u8>>,
    /// Warnings, one line each.
    pub(crate) warnings: Vec<String>,
    /// When the first vertex of this build started.
    began: Option<String>,
    rows: Rows,
}

/// A vertex.
#[derive(Debug, Default)]
pub(crate) struct Vertex {
    digest: String,
    /// As in the progress output.
    pub(crate) name: String,
    /// Whether it works on the results of others. Sources do not, and they always run: an
    /// up-to-date one transfers nothing.
    pub(crate) has_inputs: bool,
    /// Whether it was executed in this build. Its first start tells: later ones in the same build
    /// find its result, and say so.
    pub(crate) ran: bool,
    /// Whether its result was wanted and found in the cache. Later starts then fetch layers from an
    /// imported cache.
    pub(crate) cached: bool,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Line {
    vertexes: Vec<VertexRecord>,
    logs: Vec<LogRecord>,
    warnings: Vec<WarningRecord>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct VertexRecord {
    digest: String,
    name: String,
    inputs: Vec<String>,
    started: Option<String>,
    completed: Option<String>,
    cached: bool,
    error: String,
    #[serde(rename = "progressGroup")]
    group: Option<Group>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct LogRecord {
    vertex: String,
    data: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct WarningRecord {
    short: String,
}

impl Records {
    /// The records in what buildx wrote, and the rest of its lines.
    pub(crate) fn parse(stderr: &str) -> (Self, String) {
        let mut records = Self::default();
        let mut text = String::new();
        for line in stderr.lines() {
            match serde_json::from_str::<Line>(line) {
                Ok(line) => records.add(line),
                // buildx, of its own connection to the daemon, when a build fails at once.
                Err(_) if line.contains("http2: server connection error") => {}
                Err(_) => text.extend([line, "\n"]),
            }
        }
        (records, text)
    }

    fn add(&mut self, line: Line) {
        for record in line.vertexes {
            if self.is_memory(&record) {
                continue;
            }
            if record.started.is_some() {
                self.rows.add(
                    (&record.digest, &record.name),
                    record.group.as_ref(),
                    &record.error,
                );
            }
            let at = self
                .vertices
                .iter()
                .position(|vertex| vertex.digest == record.digest)
                .unwrap_or_else(|| {
                    self.vertices.push(Vertex {
                        digest: record.digest.clone(),
                        name: record.name.clone(),
                        ..Vertex::default()
                    });
                    self.vertices.len() - 1
                });
            let vertex = &mut self.vertices[at];
            vertex.has_inputs |= !record.inputs.is_empty();
            if record.started.is_some() && !vertex.ran && !vertex.cached {
                vertex.ran = !record.cached;
                vertex.cached = record.cached;
            }
        }
        for log in line.logs {
            self.logs
                .entry(log.vertex)
                .or_default()
                .extend(STANDARD.decode(log.data).unwrap_or_default());
        }
        let decoded = |text: String| {
            String::from_utf8_lossy(&STANDARD.decode(text).unwrap_or_default()).into_owned()
        };
        self.warnings.extend(
            line.warnings
                .into_iter()
                .map(|warning| decoded(warning.short)),
        );
    }

    /// Whether a record tells of an earlier build. BuildKit keeps the progress of whatever made a
    /// layer, and shows it again where that is used.
    fn is_memory(&mut self, record: &VertexRecord) -> bool {
        let Some(started) = &record.started else {
            return false;
        };
        let began = self.began.get_or_insert_with(|| started.clone());
        started < began
    }

    /// Names of the steps that ran: everything but sources, the making of small files and
    /// `[internal]` ones; and what is done beside the steps ([`Self::compiled_at_once`]), which
    /// depends on how long these take.
    pub(crate) fn ran(&self) -> BTreeSet<&str> {
        self.steps()
            .filter(|vertex| vertex.ran)
            .map(|vertex| vertex.name.as_str())
            .collect()
    }

    /// Names of the steps that ran a program: scan, ask git, resolve, compile and link.
    pub(crate) fn programs_ran(&self) -> BTreeSet<&str> {
        self.ran()
            .into_iter()
            .filter(|name| is_program(name))
            .collect()
    }

    /// Names of the steps whose result came from the cache.
    pub(crate) fn cached(&self) -> BTreeSet<&str> {
        self.steps()
            .filter(|vertex| vertex.cached)
            .map(|vertex| vertex.name.as_str())
            .collect()
    }

    /// Whether several steps were compiled at once.
    pub(crate) fn compiled_at_once(&self) -> bool {
        self.vertices
            .iter()
            .any(|vertex| vertex.ran && vertex.name.contains(BESIDE))
    }

    fn steps(&self) -> impl Iterator<Item = &Vertex> {
        let is_beside = |name: &str| name.contains(BESIDE);
        let is_step = move |vertex: &&Vertex| {
            vertex.has_inputs && !vertex.name.contains("internal]") && !is_beside(&vertex.name)
        };
        self.vertices.iter().filter(is_step)
    }

    /// The rows that a person sees.
    pub(crate) fn rows(&self) -> &Rows {
        &self.rows
    }

    /// The output of one step.
    pub(crate) fn log_of(&self, name: &str) -> String {
        let log = |vertex: &Vertex| {
            self.logs
                .get(&vertex.digest)
                .map(|log| String::from_utf8_lossy(log).into_owned())
        };
        self.vertices
            .iter()
            .filter(|vertex| vertex.name == name)
            .filter_map(log)
            .collect()
    }

    /// The output of all steps.
    pub(crate) fn logs(&self) -> String {
        self.logs
            .values()
            .map(|log| String::from_utf8_lossy(log))
            .collect()
    }
}

/// What is done beside the steps, if these take their time.
const BESIDE: &str = "compile and link in one batch";

/// Whether a step's name is that of one that runs a program, rather than copies files.
fn is_program(name: &str) -> bool {
    let words = name
        .split_once("] ")
        .filter(|_| name.starts_with('['))
        .map_or(name, |(_, words)| words);
    [
        "scan ",
        "ask git ",
        "resolve ",
        "compile ",
        "link ",
        "find out ",
    ]
    .iter()
    .any(|verb| words.starts_with(verb))
}

impl fmt::Display for Records {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for vertex in self.steps() {
            let state = if vertex.ran {
                "ran"
            } else if vertex.cached {
                "cached"
            } else {
                "not reached"
            };
            writeln!(out, "{state:11} {}", vertex.name)?;
        }
        Ok(())
    }
}
