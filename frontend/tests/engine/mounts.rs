//! A look into cache mounts of the frontend's steps, which no Dockerfile can name: BuildKit's own
//! frontend puts a `/` before the names of its mounts.

use std::collections::BTreeMap;
use std::fs;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;

use gowork_llb::ops::exec::{Exec, Mount, Sharing};
use gowork_llb::ops::file::{File, Mkfile};
use gowork_llb::ops::source::Image;
use gowork_llb::ops::{Output, Reference};

use crate::engine::variable;
use crate::repository::files;

/// Runs a shell script on the engine that finds the cache mount `id` at `/mount` and `input` at
/// `/input/file`. Returns what it left in `/out`.
pub(crate) fn look(id: &str, script: &str, input: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let busybox =
        Image::new(&Reference::parse("docker.io/library/busybox:latest").unwrap()).output();
    let input = File::on(&Output::scratch())
        .mkfile(Mkfile::new("/file", 0o644, input.to_vec()))
        .output();
    // Not by leaving the cache out of account: that empties the step's cache mounts first.
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_nanos()
        .to_string();
    let step = Exec::new(["/bin/sh", "-c", script])
        .root(&busybox)
        .cwd("/")
        .env("PATH", "/bin")
        .env("NOW", &now);
    let step = step
        .mount(Mount::cache(id, "/mount", Sharing::Shared))
        .mount(Mount::scratch_output("/out"));
    let made = step
        .mount(Mount::read_only(&input, "/input"))
        .run()
        .unwrap()
        .output("/out")
        .unwrap();
    let dir = tempfile::tempdir().unwrap();
    let (definition, out) = (dir.path().join("definition"), dir.path().join("out"));
    fs::write(&definition, made.to_definition().to_bytes()).unwrap();
    let mut build = Command::new(variable("GOWORK_TEST_BUILDCTL"));
    build
        .arg("--addr")
        .arg(dialed(&dir.path().join("engine")))
        .args([
            "build",
            "--output",
            &format!("type=local,dest={}", out.display()),
        ]);
    let output = build
        .stdin(fs::File::open(definition).unwrap())
        .output()
        .expect("buildctl starts");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    files(&out)
}

/// The address of a socket that leads to the engine that buildx uses, which may be a Docker.
fn dialed(socket: &Path) -> String {
    let listener = UnixListener::bind(socket).unwrap();
    std::thread::spawn(move || {
        while let Ok((stream, _)) = listener.accept() {
            let input = OwnedFd::from(stream.try_clone().unwrap());
            let mut dial = Command::new(variable("GOWORK_TEST_BUILDX"));
            dial.arg("dial-stdio");
            dial.stdin(input).stdout(OwnedFd::from(stream));
            std::thread::spawn(move || dial.status().expect("buildx starts"));
        }
    });
    format!("unix://{}", socket.display())
}
