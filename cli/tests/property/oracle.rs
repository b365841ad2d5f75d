//! What the go command makes of a repository: for each main everything it is compiled from, by
//! build ID, and the binary.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use crate::proxy::Proxy;
use crate::world::{Layout, World};

/// One image as go makes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Made {
    /// Build IDs (action and content) by import path, of the main and of all it imports.
    pub(crate) ids: BTreeMap<String, String>,
    /// The binary's own ID, and its bytes' digest.
    pub(crate) binary: String,
}

/// Every image of the world in `dir`; or what go says against it.
pub(crate) fn made(
    world: &World,
    proxy: &Proxy,
    dir: &Path,
) -> Result<BTreeMap<String, Made>, String> {
    let mains: Vec<String> = world
        .packages
        .iter()
        .filter(|p| p.main)
        .map(|p| world.import_path(p))
        .collect();
    let tags = format!(
        "-tags={}",
        world.tags.iter().cloned().collect::<Vec<_>>().join(",")
    );
    let gcflags = format!("-gcflags={}", world.gcflags);
    let ldflags = format!("-ldflags=-s -w -X main.version={}", world.version);
    let flags = ["-trimpath", "-buildvcs=false", &tags, &gcflags, &ldflags];
    let run = |words: &[&str]| -> Result<String, String> {
        let mut command = Command::new("go");
        let work = if world.layout == Layout::Workspace {
            dir.join("go.work").into_os_string()
        } else {
            "off".into()
        };
        command
            .args(words)
            .args(flags)
            .args(&mains)
            .current_dir(dir.join(world.root()))
            .envs(proxy.env());
        command
            .env("GOFLAGS", "-mod=readonly")
            .env("GOWORK", work)
            .env("GOOS", "linux")
            .env("GOARCH", "amd64");
        let output = command.env("CGO_ENABLED", "0").output().unwrap();
        if output.status.success() {
            Ok(String::from_utf8(output.stdout).unwrap())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    };
    // In the system's directory for temporary files nothing else is named so: an up-to-date binary
    // there is not linked again.
    let bin = proxy.dir.join(format!("bin-{:?}", world.layout));
    std::fs::create_dir_all(&bin).unwrap();
    let out = format!("{}/", bin.display());
    run(&["build", "-o", &out])?;
    // After the build: `go list` takes a profile into account only if a build has left its
    // preprocessed form in the cache.
    let listed = run(&[
        "list",
        "-export",
        "-deps",
        "-f",
        "{{.ImportPath}}\t{{.BuildID}}\t{{join .Deps \",\"}}",
    ])?;
    let mut packages: BTreeMap<&str, (&str, &str)> = BTreeMap::new();
    for line in listed.lines() {
        let words: Vec<&str> = line.split('\t').collect();
        packages.insert(words[0], (words[1], words[2]));
    }
    let image = |main: &String| {
        let (_, deps) = packages[main.as_str()];
        let all = deps
            .split(',')
            .chain([main.as_str()])
            .filter(|path| !path.is_empty());
        // `p [main]` is p as it is compiled by the profile of a main.
        let name = |path: &str| path.split(' ').next().unwrap().to_owned();
        let ids = all
            .map(|path| (name(path), packages[path].0.to_owned()))
            .filter(|(path, _)| path != "unsafe")
            .collect();
        let name = main.rsplit('/').next().unwrap().to_owned();
        let bytes = std::fs::read(bin.join(&name)).unwrap();
        (
            name,
            Made {
                ids,
                binary: digest(&bytes),
            },
        )
    };
    Ok(mains.iter().map(image).collect())
}

fn digest(bytes: &[u8]) -> String {
    use sha2::Digest as _;
    sha2::Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// What is not alike.
pub(crate) fn differences(before: &Made, after: &Made) -> Vec<String> {
    let paths: std::collections::BTreeSet<&String> =
        before.ids.keys().chain(after.ids.keys()).collect();
    let unlike = paths
        .into_iter()
        .filter(|path| before.ids.get(*path) != after.ids.get(*path))
        .cloned();
    unlike
        .chain((before.binary != after.binary).then(|| "the binary".to_owned()))
        .collect()
}
