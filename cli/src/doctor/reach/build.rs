//! The build: one step in the builder image, by BuildKit's own frontend for Dockerfiles, which needs
//! no image.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, ErrorKind, Read};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use super::ask::Question;
use crate::bounded;

/// How long everything may take: a builder image of some 300 MB comes over a slow line, and each
/// proxy has its time.
const LIMIT: Duration = Duration::from_secs(600);
/// How long buildx may take to end when it is asked to.
const END: Duration = Duration::from_secs(10);
const INTERVAL: Duration = Duration::from_millis(50);
/// How many of the last lines that buildx prints are kept.
const LINES: usize = 40;
/// How many bytes of a line are kept.
const LINE: usize = 2000;

/// The script's name as a secret of the build.
const SCRIPT: &str = "gowork-reach";

/// How it ended.
pub(super) enum Outcome {
    /// The step ran, and said this.
    Answered(String),
    /// It did not run, for this reason.
    Failed(String),
}

/// Runs it.
pub(super) fn run(question: &Question) -> anyhow::Result<Outcome> {
    let place = tempfile::tempdir()?;
    let path = |name: &str| place.path().join(name);
    let (context, answers) = (path("context"), path("answers"));
    std::fs::create_dir(&context)?;
    // The directory's name is random.
    let once = place.path().file_name().unwrap_or_default();
    let dockerfile = dockerfile(&question.image, &once.to_string_lossy());
    std::fs::write(path("Dockerfile"), dockerfile)?;
    std::fs::write(path("script"), question.script())?;
    let mut command = Command::new("docker");
    command
        .args(["buildx", "build", "--progress=plain", "--no-cache"])
        .arg(format!("--output=type=local,dest={}", answers.display()))
        .arg(format!(
            "--secret=id={SCRIPT},src={}",
            path("script").display()
        ))
        .arg(format!("--file={}", path("Dockerfile").display()))
        .args(&question.arguments)
        .arg(&context)
        .env("BUILDX_NO_DEFAULT_ATTESTATIONS", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| match error.kind() {
        ErrorKind::NotFound => anyhow::anyhow!(
            "docker: command not found\n--reach needs Docker's client with buildx, which knows your builder"
        ),
        _ => anyhow::anyhow!("docker: {error}"),
    })?;
    let said = Last::of(child.stderr.take().context("docker buildx")?);
    let Some(status) = wait(&mut child, LIMIT)? else {
        stop(&mut child);
        return Ok(Outcome::Failed(format!(
            "no answer after {} s; buildx printed last:\n{}",
            LIMIT.as_secs(),
            said.text()
        )));
    };
    if !status.success() {
        said.end();
        return Ok(Outcome::Failed(reason(&said.text())));
    }
    let file = answers.join(ANSWERS);
    let text = bounded::read(&file).with_context(|| file.display().to_string())?;
    Ok(Outcome::Answered(
        String::from_utf8_lossy(&text).into_owned(),
    ))
}

/// The file that the step leaves.
const ANSWERS: &str = "gowork-reach.txt";

/// BuildKit runs a step once for all builds that have it at the same time, whatever their secrets say:
/// so each build has a step of its own.
fn dockerfile(image: &str, once: &str) -> String {
    format!(
        "FROM --platform=$BUILDPLATFORM {image} AS reach
USER 0
RUN --mount=type=secret,id={SCRIPT} --mount=type=secret,id=netrc --mount=type=secret,id=ca \\
    : {once}; sh /run/secrets/{SCRIPT} >/{ANSWERS}
FROM scratch
COPY --from=reach /{ANSWERS} /
"
    )
}

/// Why a build failed: what buildx says at the end.
fn reason(said: &str) -> String {
    let lines = || said.lines();
    let last = lines().rfind(|line| line.starts_with("ERROR: "));
    let error = last.map(|line| line.trim_start_matches("ERROR: "));
    let Some(error) = error.filter(|error| !error.trim().is_empty()) else {
        return said.trim().to_owned();
    };
    // What the step itself printed: `#7 0.081 sh: go: not found`.
    let failed = lines().rfind(|line| line.starts_with('#') && line.contains(" ERROR: "));
    let number = failed.and_then(|line| line.split(' ').next());
    let printed = lines().filter_map(|line| {
        let rest = line.strip_prefix(number?)?.strip_prefix(' ')?;
        let (seconds, text) = rest.split_once(' ')?;
        seconds.parse::<f64>().is_ok().then_some(text)
    });
    let mut reason = error.to_owned();
    for line in printed {
        reason.push('\n');
        reason.push_str(line);
    }
    reason
}

/// The status, unless the time is over first.
fn wait(child: &mut Child, limit: Duration) -> anyhow::Result<Option<std::process::ExitStatus>> {
    let started = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(Some(status)),
            Ok(None) if started.elapsed() > limit => return Ok(None),
            Ok(None) => thread::sleep(INTERVAL),
            Err(error) => bail!("docker: {error}"),
        }
    }
}

/// Ends buildx. Docker's client passes a signal on to it, and it cancels the build.
fn stop(child: &mut Child) {
    if cfg!(unix) {
        let asked = Command::new("kill").arg(child.id().to_string()).status();
        if asked.is_ok_and(|status| status.success()) && matches!(wait(child, END), Ok(Some(_))) {
            return;
        }
    }
    // It may have ended by itself just now.
    let _ = child.kill();
    let _ = child.wait();
}

/// The last lines of a pipe, read as they come: a full pipe would stop who writes.
struct Last {
    lines: Arc<Mutex<VecDeque<String>>>,
    reader: thread::JoinHandle<()>,
}

impl Last {
    fn of(pipe: impl Read + Send + 'static) -> Self {
        let lines: Arc<Mutex<VecDeque<String>>> = Arc::default();
        let kept = Arc::clone(&lines);
        let reader = thread::spawn(move || {
            let mut pipe = BufReader::new(pipe);
            let mut bytes = Vec::new();
            // A line without an end comes in pieces.
            while let Ok(1..) = (&mut pipe).take(LINE as u64).read_until(b'\n', &mut bytes) {
                let line = String::from_utf8_lossy(&bytes).trim_end().to_owned();
                bytes.clear();
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                if kept.len() == LINES {
                    kept.pop_front();
                }
                kept.push_back(line);
            }
        });
        Self { lines, reader }
    }

    /// Waits for the end of the pipe, which a process that has ended has closed; one that it started
    /// may hold it open for ever.
    fn end(&self) {
        let started = Instant::now();
        while !self.reader.is_finished() && started.elapsed() < END {
            thread::sleep(INTERVAL);
        }
    }

    fn text(&self) -> String {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        lines.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_the_error_and_what_the_step_printed() {
        let said = "#6 [reach 1/2] FROM docker.io/library/busybox
#6 DONE 0.1s
#7 [reach 2/2] RUN sh /run/secrets/gowork-reach >/gowork-reach.txt
#7 0.081 /run/secrets/gowork-reach: line 9: go: not found
#7 ERROR: process \"/bin/sh -c ...\" did not complete successfully: exit code: 1
------
 > [reach 2/2] RUN:
------
ERROR: failed to solve: process \"/bin/sh -c ...\" did not complete successfully: exit code: 1";
        assert_eq!(
            reason(said),
            "failed to solve: process \"/bin/sh -c ...\" did not complete successfully: exit code: 1\n/run/secrets/gowork-reach: line 9: go: not found"
        );
        assert_eq!(reason("permission denied\n"), "permission denied");
    }

    #[test]
    fn only_the_last_lines_are_kept() {
        let mut text: String = (0..100).map(|number| format!("{number}\n")).collect();
        text += &"x".repeat(LINE + 5);
        let last = Last::of(std::io::Cursor::new(text.into_bytes()));
        last.end();
        let text = last.text();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), LINES);
        assert_eq!((lines[0], lines[LINES - 1]), ("62", "xxxxx"));
    }
}
