//! The go command and the oracle program, as tests run them: offline, without the user's settings.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use gowork_llb::gosrc::BuildContext;
use serde_json::Value;

/// A `go` command that sees nothing of the machine but its caches.
pub(crate) fn go(dir: &Path) -> Command {
    let mut go = Command::new("go");
    go.current_dir(dir);
    for (name, value) in [
        ("GOENV", "off"),
        ("GOTOOLCHAIN", "local"),
        ("GOFLAGS", ""),
        ("GOWORK", "off"),
        ("GOPROXY", "off"),
        ("GOTELEMETRY", "off"),
    ] {
        go.env(name, value);
    }
    go
}

/// The output of a command that must succeed.
pub(crate) fn output(command: &mut Command, input: &str) -> String {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| {
            panic!("cannot run {command:?}: {error}; these tests need the go command on PATH")
        });
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

pub(crate) fn goroot() -> PathBuf {
    static GOROOT: OnceLock<PathBuf> = OnceLock::new();
    GOROOT
        .get_or_init(|| {
            output(go(Path::new("/")).args(["env", "GOROOT"]), "")
                .trim_end()
                .into()
        })
        .clone()
}

/// `testdata/oracle/goimportdir`, built once a run.
pub(crate) fn oracle() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("goimportdir");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/oracle/goimportdir");
        output(
            go(&source)
                .arg("build")
                .arg("-o")
                .arg(&program)
                .arg("main.go"),
            "",
        );
        program
    })
}

/// What go/build finds in every directory below `root`.
pub(crate) fn import_dirs(root: &Path, context: &BuildContext) -> Vec<Value> {
    let tags: Vec<&str> = context.tags.iter().map(String::as_str).collect();
    let mut command = Command::new(oracle());
    command.args(["-tags", &tags.join(",")]).arg(root);
    command
        .env("GOOS", &context.goos)
        .env("GOARCH", &context.goarch)
        .env("CGO_ENABLED", if context.cgo { "1" } else { "0" });
    for variable in ["GOEXPERIMENT", "GOAMD64", "GOARM64", "GOARM", "GO386"] {
        command.env_remove(variable);
    }
    output(&mut command, "")
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}
