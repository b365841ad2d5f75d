//! A program with a bound on its memory and its time.

use std::fs;
use std::io::Read as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Bytes.
pub(crate) const MEMORY: u64 = 512 << 20;

/// Nothing takes that long, also not in a debug build on a busy machine: a program that does hangs.
const PATIENCE: Duration = Duration::from_secs(240);

/// How a program ended.
pub(crate) struct Ended {
    /// None if it was killed.
    pub(crate) code: Option<i32>,
    pub(crate) how: String,
    pub(crate) out: String,
    pub(crate) errors: String,
    /// Bytes that it had in memory at most.
    pub(crate) peak: u64,
    pub(crate) seconds: f64,
}

/// A cgroup with the bound, where one can be made.
pub(crate) struct Fence {
    group: Option<PathBuf>,
}

impl Fence {
    pub(crate) fn new() -> Self {
        let name = format!("gowork-hostile-{}", std::process::id());
        // Version 1 of cgroups, and 2.
        let kinds = [
            ("/sys/fs/cgroup/memory", "memory.limit_in_bytes"),
            ("/sys/fs/cgroup", "memory.max"),
        ];
        let made = kinds.iter().find_map(|(parent, limit)| {
            let group = Path::new(parent).join(&name);
            fs::create_dir(&group).ok()?;
            let set = fs::write(group.join(limit), MEMORY.to_string());
            if set.is_err() {
                let _ = fs::remove_dir(&group);
            }
            set.ok().map(|()| group)
        });
        Self { group: made }
    }

    pub(crate) fn words(&self) -> &'static str {
        if self.group.is_some() {
            "in a cgroup of 512 MB"
        } else {
            "memory is measured only: no cgroup can be made here"
        }
    }

    pub(crate) fn run(&self, command: Command) -> Ended {
        let began = Instant::now();
        let mut child = self
            .fenced(command)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (out, errors) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let reader = |mut from: Box<dyn std::io::Read + Send>| {
            std::thread::spawn(move || {
                let mut bytes = Vec::new();
                let _ = from.read_to_end(&mut bytes);
                String::from_utf8_lossy(&bytes).into_owned()
            })
        };
        let (out, errors) = (reader(Box::new(out)), reader(Box::new(errors)));
        let (status, peak) = wait(&mut child, began);
        let seconds = began.elapsed().as_secs_f64();
        let (out, errors) = (out.join().unwrap(), errors.join().unwrap());
        Ended {
            code: status.code(),
            how: status.to_string(),
            out,
            errors,
            peak,
            seconds,
        }
    }

    /// The command, begun inside of the group.
    fn fenced(&self, command: Command) -> Command {
        let Some(group) = &self.group else {
            return command;
        };
        let mut fenced = Command::new("/bin/sh");
        fenced
            .arg("-c")
            .arg("echo $$ >\"$0\" && exec \"$@\"")
            .arg(group.join("cgroup.procs"));
        fenced
            .arg(command.get_program())
            .args(command.get_args())
            .process_group(0);
        fenced
    }
}

impl Drop for Fence {
    fn drop(&mut self) {
        if let Some(group) = &self.group {
            let _ = fs::remove_dir(group);
        }
    }
}

/// Waits for the end, which comes sooner or later; how it came, and the most memory that was seen.
fn wait(child: &mut Child, began: Instant) -> (std::process::ExitStatus, u64) {
    let mut peak = 0;
    loop {
        peak = peak.max(high_water(child.id()).unwrap_or_default());
        if let Some(status) = child.try_wait().unwrap() {
            return (status, peak);
        }
        if began.elapsed() > PATIENCE {
            let _ = child.kill();
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The most bytes that a process had in memory so far.
fn high_water(process: u32) -> Option<u64> {
    let mut status = String::new();
    fs::File::open(format!("/proc/{process}/status"))
        .ok()?
        .read_to_string(&mut status)
        .ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(
        line.trim()
            .trim_end_matches(" kB")
            .trim()
            .parse::<u64>()
            .ok()?
            << 10,
    )
}
