//! The go command as an oracle for mod files.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

/// Runs the `go` on the PATH in `dir`, neutral to the machine's settings. Tests fail without it.
pub(super) fn go(dir: &Path, args: &[&str]) -> Output {
    let mut command = Command::new("go");
    command
        .args(args)
        .current_dir(dir)
        .env("GOENV", "off")
        .env("GOTOOLCHAIN", "local")
        .env("GOWORK", "off")
        .env("GOFLAGS", "");
    command
        .output()
        .expect("these tests compare with the go command: put one on the PATH")
}

/// The version of that `go`, without `go` in front.
pub(super) fn version() -> String {
    let output = go(Path::new("."), &["env", "GOVERSION"]);
    let text = String::from_utf8(output.stdout).unwrap();
    gowork_llb::gomod::version::toolchain_go(text.trim())
        .expect("a released Go")
        .to_owned()
}

/// What `go mod edit -json` or `go work edit -json` says of the file: its value without `null`s, or
/// its error lines.
pub(super) fn edit_json(file: &Path) -> Result<Value, Vec<String>> {
    let kind = if file
        .extension()
        .is_some_and(|extension| extension == "work")
    {
        "work"
    } else {
        "mod"
    };
    let name = file.file_name().unwrap().to_str().unwrap();
    let output = go(file.parent().unwrap(), &[kind, "edit", "-json", name]);
    if output.status.success() {
        return Ok(without_nulls(
            serde_json::from_slice(&output.stdout).unwrap(),
        ));
    }
    // One error of Go's goes over two lines.
    let text = String::from_utf8_lossy(&output.stderr).replace("\n\t or replace", " or replace");
    Err(text
        .lines()
        .filter(|line| !line.contains("errors parsing "))
        .map(str::to_owned)
        .collect())
}

/// Up to 1.26 absent lists are `null`, later they are absent.
pub(super) fn without_nulls(mut value: Value) -> Value {
    if let Some(object) = value.as_object_mut() {
        object.retain(|_, value| !value.is_null());
    }
    value
}

/// `value` as `go` of this version prints it: up to 1.26 less of a go.work file.
pub(super) fn as_printed_by(go: &str, file: &Path, mut value: Value) -> Value {
    let work = file
        .extension()
        .is_some_and(|extension| extension == "work");
    if work && gowork_llb::gomod::version::compare_go(go, "1.27rc1").is_lt() {
        let object = value.as_object_mut().unwrap();
        object.remove("Toolchain");
        object.remove("Godebug");
    }
    value
}
