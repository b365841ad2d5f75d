//! The `golang` image: a Go release on the Debian stand-in.

use crate::command::output;
use crate::oci::{self, Layer, Packing};
use crate::progress::Phase;
use crate::state::State;
use anyhow::{Context, Result, bail};
use serde_json::json;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Makes the image of Go `version` on the layers of the layout `debian`, into `layout`.
///
/// # Errors
/// If that release cannot be had, or the layers cannot be packed.
pub(super) fn make(state: &State, version: &str, debian: &Path, layout: &Path) -> Result<()> {
    let phase = Phase::start(&format!("making golang:{version} (about 20 s)"));
    let goroot = find(state, version)?;
    let workshop = super::workshop(layout)?;
    let mut layers = oci::layers(debian)?;
    // A release that came as a module is read-only; what the image holds looks the same wherever it
    // came from.
    let rename = [
        "--owner=0",
        "--group=0",
        "--mode=u+w,a+rX",
        "--transform=flags=r;s,^[.],usr/local/go,",
    ];
    layers.push(Layer::pack(
        &goroot,
        &workshop.path().join("goroot"),
        Packing {
            tar: &rename,
            gzip: true,
        },
    )?);
    let root = workshop.path().join("root");
    for directory in ["go", "go/src", "go/bin"] {
        std::fs::create_dir_all(root.join(directory))?;
        std::fs::set_permissions(
            root.join(directory),
            std::fs::Permissions::from_mode(0o1777),
        )?;
    }
    let owned = Packing {
        tar: &["--owner=0", "--group=0"],
        gzip: true,
    };
    layers.push(Layer::pack(&root, &workshop.path().join("gopath"), owned)?);
    let config = json!({
        "Env": [
            "PATH=/go/bin:/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            format!("GOLANG_VERSION={version}"),
            "GOTOOLCHAIN=local",
            "GOPATH=/go",
        ],
        "Cmd": ["bash"],
        "WorkingDir": "/go",
    });
    oci::write_layout(layout, &layers, &config)?;
    phase.done();
    Ok(())
}

/// The GOROOT of a release: the machine's, if it is that one, else what the go command fetches as a
/// module.
fn find(state: &State, version: &str) -> Result<PathBuf> {
    let wanted = format!("go{version}");
    let ask = |toolchain: &str| {
        let mut go = crate::golang::go(state)?;
        go.args(["env", "GOVERSION", "GOROOT"])
            .current_dir(state.root());
        output(
            go.env("GOTOOLCHAIN", toolchain)
                .env("GOWORK", "off")
                .env_remove("GOROOT"),
        )
    };
    let mut answer = ask("local")
        .context("the go command is needed to provide a Go release for the golang image")?;
    if answer.lines().next() != Some(wanted.as_str()) {
        answer = ask(&wanted)
            .with_context(|| format!("cannot get {wanted} through the module proxy"))?;
    }
    match answer.split_once('\n') {
        Some((found, goroot)) if found == wanted => Ok(PathBuf::from(goroot)),
        _ => bail!("asked for {wanted}, the go command answered {answer:?}"),
    }
}
