//! A Dockerfile and a repository made of the facts alone, where the original is not at hand.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::Result;
use serde_json::Value;

use super::facts::{Line, strings};

/// Writes both into a directory. With `original` that text is the Dockerfile.
pub(super) fn write(line: &Line, dir: &Path, original: Option<&str>) -> Result<()> {
    let mains = line.mains();
    let file = line.path();
    for (ix, (module, package)) in mains.iter().enumerate() {
        let module = module.trim_matches('/');
        let root = dir.join(module);
        fs::create_dir_all(&root)?;
        if !root.join("go.mod").exists() {
            let name = module.rsplit('/').next().filter(|name| !name.is_empty());
            let name = name.unwrap_or(line.id());
            fs::write(
                root.join("go.mod"),
                format!("module example.com/{name}\n\ngo 1.24\n"),
            )?;
        }
        let at = root.join(package_dir(line, package, ix));
        fs::create_dir_all(&at)?;
        fs::write(at.join("main.go"), "package main\n\nfunc main() {}\n")?;
    }
    if let Value::Array(files) = line.fact("files") {
        for file in files {
            let from = strings(file).first().cloned().unwrap_or_default();
            if from.is_empty()
                || from.contains([' ', '*', '{', ',', '…', '/']) && from.starts_with('/')
            {
                continue;
            }
            let at = dir.join(from.split([' ', ',']).next().unwrap_or_default());
            if let Some(above) = at.parent() {
                fs::create_dir_all(above)?;
            }
            if !at.exists() {
                fs::write(at, "text\n")?;
            }
        }
    }
    let at = dir.join(file);
    if let Some(above) = at.parent() {
        fs::create_dir_all(above)?;
    }
    fs::write(
        at,
        original.map_or_else(|| dockerfile(line), ToOwned::to_owned),
    )?;
    Ok(())
}

/// The directory of a package, below its module.
fn package_dir(line: &Line, package: &str, ix: usize) -> String {
    let package = package.split(" by ").next().unwrap_or_default().trim();
    let is_path = !package.contains(' ') && !package.contains('$');
    if is_path && package.ends_with(".go") {
        return package
            .rsplit_once('/')
            .map_or(".", |(dir, _)| dir)
            .to_owned();
    }
    if is_path && !package.starts_with("make") {
        return package.to_owned();
    }
    let binaries = line.binaries();
    let path = binaries
        .get(ix)
        .or(binaries.first())
        .map_or("/app", |(_, path)| path.as_str());
    format!("cmd/{}", path.rsplit('/').next().unwrap_or("app"))
}

fn dockerfile(line: &Line) -> String {
    let mut text = String::new();
    let first = |text: &str| {
        text.split_whitespace()
            .next()
            .unwrap_or_default()
            .to_owned()
    };
    let builder = line
        .text("builder")
        .map_or_else(|| "golang".to_owned(), first);
    let _ = writeln!(text, "FROM {builder} AS build");
    if let Value::Object(args) = line.fact("args") {
        for (name, default) in args {
            let default = default
                .as_str()
                .map(|text| format!("={text}"))
                .unwrap_or_default();
            let _ = writeln!(text, "ARG {name}{default}");
        }
    }
    let packages = strings(line.fact("pkgs_b"));
    if !packages.is_empty() {
        let _ = writeln!(text, "RUN apk add {}", packages.join(" "));
    }
    text.push_str("WORKDIR /src\nCOPY . .\n");
    let flags = strings(line.go("ldflags")).join(" ");
    let tags = strings(line.go("tags")).join(",");
    let cgo = match line.go("cgo").as_i64() {
        Some(value) => format!("CGO_ENABLED={value} "),
        None => String::new(),
    };
    let mut paths = Vec::new();
    for (ix, (module, package)) in line.mains().iter().enumerate() {
        let dir = package_dir(line, package, ix);
        let dir = dir.trim_start_matches("./");
        let out = format!("/out/{ix}");
        let _ = writeln!(
            text,
            "RUN cd /src/{module} && {cgo}go build -tags '{tags}' -ldflags \"{flags}\" -o {out} ./{dir}"
        );
        paths.push(out);
    }
    let base = line
        .text("base")
        .map_or_else(|| "scratch".to_owned(), first);
    let base = if base == "the" { builder } else { base };
    let _ = writeln!(text, "FROM {base}");
    let binaries = line.binaries();
    for (ix, path) in paths.iter().enumerate() {
        let to = binaries
            .get(ix)
            .or(binaries.last())
            .map_or("/app", |(_, path)| path.as_str());
        let _ = writeln!(text, "COPY --from=build {path} {to}");
    }
    runtime(line, &mut text);
    text
}

/// What the image says beside the binaries.
fn runtime(line: &Line, text: &mut String) {
    if let Value::Array(files) = line.fact("files") {
        for file in files {
            let parts = strings(file);
            if let [from, to, ..] = parts.as_slice() {
                let _ = writeln!(text, "COPY {from} {to}");
            }
        }
    }
    let packages = strings(line.fact("pkgs_r"));
    if !packages.is_empty() {
        let _ = writeln!(text, "RUN apk add {}", packages.join(" "));
    }
    if let Some(dir) = line.text("workdir") {
        let _ = writeln!(text, "WORKDIR {dir}");
    }
    for (fact, keyword) in [("env", "ENV"), ("labels", "LABEL")] {
        if let Value::Object(pairs) = line.fact(fact) {
            for (name, value) in pairs {
                let _ = writeln!(text, "{keyword} {name}={value}");
            }
        } else if !line.fact(fact).is_null() {
            let _ = writeln!(
                text,
                "{keyword} text=\"{}\"",
                strings(line.fact(fact)).join(" ")
            );
        }
    }
    for port in strings(line.fact("ports")) {
        let _ = writeln!(text, "EXPOSE {port}");
    }
    for volume in strings(line.fact("volumes")) {
        let _ = writeln!(text, "VOLUME {volume}");
    }
    if let Some(user) = line.text("user") {
        let name = user.split_whitespace().next().unwrap_or_default();
        if user.contains("made") {
            let _ = writeln!(text, "RUN adduser -D {name}");
        }
        let _ = writeln!(text, "USER {name}");
    }
    for (fact, keyword) in [("entrypoint", "ENTRYPOINT"), ("cmd", "CMD")] {
        match line.fact(fact) {
            Value::Null => {}
            Value::String(shell) => {
                let _ = writeln!(
                    text,
                    "{keyword} {}",
                    shell.split(": ").last().unwrap_or_default()
                );
            }
            list => {
                let _ = writeln!(text, "{keyword} {list}");
            }
        }
    }
}
