//! Reads the texts of this host. Nothing here needs root, and nothing is changed.

use std::io::ErrorKind;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;

use super::recording::{
    APPARMOR_USERNS, BUILDER, BUILDER_ERROR, DAEMON, DATE, DISK, GO_ENV, INFO, INFO_ERROR,
    IPTABLES, MAX_USER_NAMESPACES, MODULES, OS_RELEASE, Recording, USERNS_CLONE,
};
use crate::bounded;

const FILES: [(&str, &str); 6] = [
    (OS_RELEASE, "/etc/os-release"),
    (MAX_USER_NAMESPACES, "/proc/sys/user/max_user_namespaces"),
    (USERNS_CLONE, "/proc/sys/kernel/unprivileged_userns_clone"),
    (
        APPARMOR_USERNS,
        "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
    ),
    (MODULES, "/proc/modules"),
    (DAEMON, "/etc/docker/daemon.json"),
];

/// The texts of this host.
pub(crate) fn collect() -> Recording {
    let mut recording = Recording::default();
    for (name, path) in FILES {
        if let Ok(text) = bounded::read(Path::new(path)) {
            recording.add(name, String::from_utf8_lossy(&text).into_owned());
        }
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let info = run("docker", &["info", "--format", "{{json .}}"]);
    if let Ok(now) = now {
        recording.add(DATE, now.as_secs().to_string());
    }
    let dir = root_dir(&info.0);
    recording.add(INFO, info.0);
    recording.add(INFO_ERROR, info.1);
    let (builder, error) = run("docker", &["buildx", "inspect"]);
    recording.add(BUILDER, builder);
    recording.add(BUILDER_ERROR, error);
    recording.add(IPTABLES, run("iptables", &["--version"]).0);
    recording.add(GO_ENV, run("go", &["env", "-json"]).0);
    // Of an engine in a virtual machine, the directory is not here.
    if let Some(dir) = dir.filter(|dir| Path::new(dir).exists()) {
        recording.add(DISK, run("df", &["-Pk", &dir]).0);
    }
    recording
}

/// What a program prints on standard output and on standard error; why it did not start counts as
/// the latter.
fn run(program: &str, args: &[&str]) -> (String, String) {
    let output = Command::new(program)
        .args(args)
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .output();
    match output {
        Ok(output) => {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            (text(&output.stdout), text(&output.stderr))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            (String::new(), format!("{program}: command not found"))
        }
        Err(error) => (String::new(), format!("{program}: {error}")),
    }
}

fn root_dir(info: &str) -> Option<String> {
    let info: Value = serde_json::from_str(info).ok()?;
    Some(info["DockerRootDir"].as_str()?.to_owned())
}
