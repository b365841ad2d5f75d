//! Building the copy of `examples/shop`: one `docker buildx bake` of all images, and BuildKit's own
//! record of which steps ran.

use crate::engine::environment::{Variables, value};
use crate::state::State;
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What buildx calls the image of the shop's syntax line: it looks contexts up by the short name,
/// and bake does not shorten.
const FRONTEND: &str = "gowork/gowork:1";
/// How many lines of a failed build are shown.
const SHOWN_LINES: usize = 40;

/// A copy of the example with all that a build of it needs.
pub(super) struct Shop {
    buildx: PathBuf,
    variables: Variables,
    directory: PathBuf,
    workshop: PathBuf,
}

impl Shop {
    /// Copies the example into `workshop`, to be built with the frontend in `layout`.
    ///
    /// # Errors
    /// If it cannot be copied.
    pub(super) fn copy(
        state: &State,
        workshop: &Path,
        layout: &Path,
        variables: &Variables,
    ) -> Result<Self> {
        let directory = workshop.join("shop");
        super::copy_tree(&state.repository().join("examples/shop"), &directory)?;
        let buildx = value(variables, "GOWORK_TEST_BUILDX")
            .context("there is no buildx")?
            .into();
        let shop = Self {
            buildx,
            variables: variables.clone(),
            directory,
            workshop: workshop.to_path_buf(),
        };
        std::fs::write(shop.definition(), shop.bake(layout).to_string())?;
        Ok(shop)
    }

    /// Builds all images.
    ///
    /// # Errors
    /// If a build fails; the error shows the end of what it printed.
    pub(super) fn build(&self) -> Result<Build> {
        let started = Instant::now();
        let mut bake = Command::new(&self.buildx);
        bake.args(["bake", "--progress", "rawjson", "--file"])
            .arg(self.definition())
            .args(super::IMAGES);
        bake.envs(self.variables.iter().map(|(name, value)| (name, value)));
        // The definition is ours; the files it names need no further permission.
        bake.env("BUILDX_BAKE_ENTITLEMENTS_FS", "0")
            .current_dir(&self.workshop);
        bake.stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let mut child = bake
            .spawn()
            .with_context(|| format!("cannot start {}", self.buildx.display()))?;
        let record = Record::read(
            child
                .stderr
                .take()
                .context("buildx was started without a pipe")?,
        );
        let status = child.wait()?;
        let record = record?;
        if !status.success() {
            bail!(
                "the build failed: {status}\n{}",
                crate::command::last_lines(&record.printed, SHOWN_LINES)
            );
        }
        Ok(Build {
            steps: record.steps(),
            time: started.elapsed(),
        })
    }

    /// Where a build puts an image, as a tar file of an OCI layout.
    pub(super) fn archive(&self, image: &str) -> PathBuf {
        self.workshop.join(format!("{image}.tar"))
    }

    /// Where an image is unpacked to.
    pub(super) fn unpacked(&self, image: &str) -> PathBuf {
        self.workshop.join("unpacked").join(image)
    }

    /// The first line of the Dockerfile.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(super) fn syntax(&self) -> Result<String> {
        let text = std::fs::read_to_string(self.directory.join("Dockerfile"))?;
        Ok(text.lines().next().unwrap_or_default().to_owned())
    }

    /// Changes a file of the copy.
    ///
    /// # Errors
    /// If it cannot be read or written, or `change` fails.
    pub(super) fn edit(
        &self,
        file: &str,
        change: impl FnOnce(&str) -> Result<String>,
    ) -> Result<()> {
        let path = self.directory.join(file);
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        std::fs::write(&path, change(&text)?)
            .with_context(|| format!("cannot write {}", path.display()))
    }

    fn definition(&self) -> PathBuf {
        self.workshop.join("bake.json")
    }

    fn bake(&self, layout: &Path) -> Value {
        let secrets: Vec<String> = value(&self.variables, "GOWORK_TEST_CA")
            .map(|bundle| format!("id=ca,src={}", bundle.to_string_lossy()))
            .into_iter()
            .collect();
        let target = |image: &str| {
            json!({
                "context": self.directory,
                "contexts": { FRONTEND: format!("oci-layout://{}", layout.display()) },
                "secret": secrets,
                "target": image,
                "output": [format!("type=oci,dest={}", self.archive(image).display())],
            })
        };
        let targets: BTreeMap<&str, Value> = super::IMAGES
            .into_iter()
            .map(|image| (image, target(image)))
            .collect();
        json!({ "target": targets })
    }
}

/// What a build did.
pub(super) struct Build {
    steps: Vec<Step>,
    /// How long it took.
    pub(super) time: Duration,
}

/// A step of a build.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Step {
    /// As the progress output shows it.
    pub(super) name: String,
    /// How long it ran; of no meaning for what came from cache.
    pub(super) seconds: f64,
    cached: bool,
    /// When it began, as text that sorts by time.
    started: String,
}

impl Build {
    /// The steps that ran, in the order in which they began.
    pub(super) fn ran(&self) -> Vec<Step> {
        self.steps
            .iter()
            .filter(|step| !step.cached)
            .cloned()
            .collect()
    }

    /// The steps whose result was known.
    pub(super) fn cached(&self) -> Vec<Step> {
        self.steps
            .iter()
            .filter(|step| step.cached)
            .cloned()
            .collect()
    }
}

/// What buildx wrote: a line of JSON for each event, and text for people where something is wrong.
#[derive(Default)]
struct Record {
    /// Digests of steps in the order of appearance, with the last thing said of each.
    order: Vec<String>,
    vertexes: BTreeMap<String, Value>,
    printed: String,
}

impl Record {
    fn read(from: impl std::io::Read) -> Result<Self> {
        let mut record = Self::default();
        let live = std::io::stderr().is_terminal();
        for line in BufReader::new(from).split(b'\n') {
            let line = line?;
            match serde_json::from_slice::<Value>(&line) {
                Ok(event) if event.is_object() => record.take(&event, live),
                _ => {
                    record.printed += &String::from_utf8_lossy(&line);
                    record.printed.push('\n');
                }
            }
        }
        if live {
            show("");
        }
        Ok(record)
    }

    fn take(&mut self, event: &Value, live: bool) {
        for vertex in event["vertexes"].as_array().into_iter().flatten() {
            let digest = vertex["digest"].as_str().unwrap_or_default().to_owned();
            if live && vertex["completed"].is_null() && !vertex["started"].is_null() {
                show(&step_name(vertex).unwrap_or_default());
            }
            if !self.vertexes.contains_key(&digest) {
                self.order.push(digest.clone());
            }
            self.vertexes.insert(digest, vertex.clone());
        }
    }

    /// One step a name: what several images share is listed for each, the work is done once.
    fn steps(&self) -> Vec<Step> {
        let mut steps: Vec<Step> = Vec::new();
        for vertex in self
            .order
            .iter()
            .filter_map(|digest| self.vertexes.get(digest))
        {
            let Some(name) = step_name(vertex) else {
                continue;
            };
            if vertex["started"].is_null() {
                continue;
            }
            let cached = vertex["cached"].as_bool().unwrap_or_default();
            let started = vertex["started"].as_str().unwrap_or_default().to_owned();
            let step = Step {
                name,
                seconds: seconds(vertex),
                cached,
                started,
            };
            match steps.iter_mut().find(|other| other.name == step.name) {
                Some(other) if other.cached || !cached && other.seconds < step.seconds => {
                    *other = step
                }
                Some(_) => {}
                None => steps.push(step),
            }
        }
        steps.sort_by(|a, b| a.started.cmp(&b.started));
        steps
    }
}

/// Shows what a build is at, at the end of the phase's line.
fn show(step: &str) {
    // Save and restore the cursor, so that the line's beginning stays.
    eprint!(
        "\x1b7\x1b[K{}\x1b8",
        step.chars().take(40).collect::<String>()
    );
    // Nothing depends on it.
    let _ = std::io::stderr().flush();
}

/// The name of a step that images are made of, without the image that bake puts in front. None for
/// what every build does to know whether anything changed: looking at the definition, the sources'
/// list and content, the frontend, the base image (all that starts from nothing); and for the
/// export.
fn step_name(vertex: &Value) -> Option<String> {
    let name = vertex["name"].as_str()?;
    let (origin, name) = match name
        .strip_prefix('[')
        .and_then(|rest| rest.split_once("] "))
    {
        Some((origin, name)) => (origin, name),
        None => ("", name),
    };
    let words: Vec<&str> = origin.split(' ').collect();
    let is_housekeeping = words.contains(&"internal") || words.contains(&"context");
    let has_inputs = vertex["inputs"]
        .as_array()
        .is_some_and(|inputs| !inputs.is_empty());
    (has_inputs && !is_housekeeping && !name.starts_with("exporting to ")).then(|| name.to_owned())
}

/// Seconds from start to end, by the times of day in `2026-01-31T12:34:56.789Z`.
fn seconds(vertex: &Value) -> f64 {
    const DAY: f64 = 86_400.0;
    let time = |key: &str| -> Option<f64> {
        let mut parts = vertex[key]
            .as_str()?
            .split_once('T')?
            .1
            .trim_end_matches('Z')
            .split(':')
            .map(str::parse::<f64>);
        Some(parts.next()?.ok()? * 3600.0 + parts.next()?.ok()? * 60.0 + parts.next()?.ok()?)
    };
    match (time("started"), time("completed")) {
        (Some(started), Some(completed)) => (completed - started).rem_euclid(DAY),
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::Record;

    fn steps(events: &str) -> Vec<(String, bool)> {
        let record = Record::read(events.as_bytes()).expect("a record");
        record
            .steps()
            .into_iter()
            .map(|step| (step.name, step.cached))
            .collect()
    }

    #[test]
    fn a_step_that_ran_for_one_image_and_was_known_to_the_next_ran() {
        let events = r#"{"vertexes":[{"digest":"a","name":"[api] compile ./x","inputs":["i"],"started":"2026-01-01T00:00:00Z","cached":true}]}
{"vertexes":[{"digest":"b","name":"[web] compile ./x","inputs":["i"],"started":"2026-01-01T23:59:59.5Z"}]}
{"vertexes":[{"digest":"b","name":"[web] compile ./x","inputs":["i"],"started":"2026-01-01T23:59:59.5Z","completed":"2026-01-02T00:00:01Z"}]}
{"vertexes":[{"digest":"c","name":"[api] link api","inputs":["i"],"started":"2026-01-01T23:59:59.6Z","cached":true}]}"#;
        assert_eq!(
            steps(events),
            [
                ("compile ./x".to_owned(), false),
                ("link api".to_owned(), true)
            ]
        );
        let record = Record::read(events.as_bytes()).expect("a record");
        assert!((record.steps()[0].seconds - 1.5).abs() < 1e-9);
    }

    #[test]
    fn housekeeping_is_no_step_and_text_is_kept() {
        let events = r#"{"vertexes":[{"digest":"a","name":"[api internal] load .dockerignore","inputs":["i"],"started":"2026-01-01T00:00:00Z"}]}
{"vertexes":[{"digest":"b","name":"golang:1.26","started":"2026-01-01T00:00:00Z"}]}
{"vertexes":[{"digest":"c","name":"exporting to oci image format","inputs":["i"],"started":"2026-01-01T00:00:00Z"}]}
{"vertexes":[{"digest":"d","name":"[api] never started","inputs":["i"]}]}
ERROR: no such thing"#;
        assert!(steps(events).is_empty());
        assert_eq!(
            Record::read(events.as_bytes()).expect("a record").printed,
            "ERROR: no such thing\n"
        );
    }
}
