//! The `gowork.toml` that says what the Go commands of a Dockerfile said.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use gowork_llb::config::MODULE_ARGS;
use gowork_llb::plan::MIN_GO_MINOR;

use super::config_text::{quoted, text};
use super::fate::{Fates, root};
use super::images::Images;
use super::release::{self, version};
use super::repo::Repo;
use super::scope::Scope;
use super::value::{Part, Value};
use super::walked::{Overlay, Settings};
use super::walker::Walker;

/// Writes the settings. Notes what they cannot say.
pub(crate) fn write(
    walker: &mut Walker<'_>,
    fates: &Fates,
    (images, repo): (&Images, &Repo),
) -> String {
    let used: Vec<(usize, String)> = images
        .used()
        .map(|(compile, name)| (compile, name.clone()))
        .collect();
    let mut tables: BTreeMap<String, Lines> = BTreeMap::new();
    for (compile, name) in &used {
        let lines = lines(walker, *compile);
        tables.entry(name.clone()).or_insert(lines);
    }
    let mut go = shared(&mut tables);
    if let Some(first) = used.first() {
        builder(walker, fates, (first.0, repo), &mut go);
    }
    let mut out = String::new();
    for (name, dir) in &images.pointed {
        let main = if dir.is_empty() {
            ".".to_owned()
        } else {
            format!("./{dir}")
        };
        let table = tables.entry(name.clone()).or_default();
        table.insert("main", quoted(&main));
    }
    table(&mut out, "[go]", &go);
    let modules = modules(walker, &used);
    table(&mut out, "[modules]", &modules);
    for (name, lines) in &tables {
        // A point would part the key.
        let is_bare = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
        let key = if name.chars().all(is_bare) {
            name.clone()
        } else {
            quoted(name)
        };
        table(&mut out, &format!("[images.{key}]"), lines);
    }
    for overlay in overlays(walker, fates) {
        let lines = BTreeMap::from([
            ("from", quoted(&overlay.from)),
            ("source", quoted(&overlay.source)),
            ("to", quoted(&overlay.to)),
        ]);
        table(&mut out, "[[overlay]]", &lines);
    }
    out.trim_start().to_owned()
}

/// Keys with their values, as TOML has them.
type Lines = BTreeMap<&'static str, String>;

fn table(out: &mut String, head: &str, lines: &Lines) {
    if lines.is_empty() {
        return;
    }
    let _ = write!(out, "\n{head}\n");
    for (key, value) in lines {
        let _ = writeln!(out, "{key} = {value}");
    }
}

/// Takes out of the tables what all of them say.
fn shared(tables: &mut BTreeMap<String, Lines>) -> Lines {
    let mut every = tables.values();
    let mut go = every.next().cloned().unwrap_or_default();
    for lines in every {
        go.retain(|key, value| lines.get(key) == Some(value));
    }
    for lines in tables.values_mut() {
        lines.retain(|key, _| !go.contains_key(key));
    }
    tables.retain(|_, lines| !lines.is_empty());
    go
}

/// The keys of one compile.
fn lines(walker: &mut Walker<'_>, compile: usize) -> Lines {
    let settings: Settings = walker.compiles[compile].settings.clone();
    let at = walker.compiles[compile].at;
    let mut lines = Lines::new();
    let ldflags = flags(walker, at, (&settings.ldflags, settings.cgo));
    let ldflags = text(walker, at, &ldflags);
    lines.insert("ldflags", quoted(ldflags.trim()));
    for (key, value) in [
        ("gcflags", &settings.gcflags),
        ("asmflags", &settings.asmflags),
    ] {
        if !value.is_empty() {
            let value = text(walker, at, value);
            lines.insert(key, quoted(value.trim()));
        }
    }
    for (key, values) in [
        ("tags", &settings.tags),
        ("experiment", &settings.experiment),
    ] {
        let items: Vec<String> = values
            .iter()
            .map(|value| quoted(&text(walker, at, value)))
            .collect();
        if !items.is_empty() {
            lines.insert(key, format!("[{}]", items.join(", ")));
        }
    }
    for (key, value) in &settings.levels {
        let value = text(walker, at, value);
        lines.insert(key, quoted(&value));
    }
    if settings.cgo {
        lines.insert("cgo", "true".to_owned());
    }
    if settings.buildvcs {
        lines.insert("buildvcs", "true".to_owned());
    }
    if settings.alone {
        lines.insert("workspace", "false".to_owned());
    }
    lines
}

/// Linker flags as gowork takes them: a build-arg that has flags is all of the value.
fn flags(walker: &mut Walker<'_>, at: usize, (value, cgo): (&Value, bool)) -> Value {
    let words = value.split();
    let is_open = |word: &Value| matches!(word.0.as_slice(), [Part::Arg { .. }]);
    let Some(open) = words.iter().find(|word| is_open(word)) else {
        return value.clone();
    };
    let [Part::Arg { name, default }] = open.0.as_slice() else {
        return value.clone();
    };
    let mut fixed = Vec::new();
    let mut skipped = false;
    for word in words.iter().filter(|word| *word != open) {
        let text = word.to_string();
        // Without cgo the external linker is not asked.
        if !cgo && text.starts_with("-extldflags") {
            skipped = !text.contains('=');
            continue;
        }
        if skipped {
            skipped =
                !(text.ends_with('\'') || text.ends_with('"') || !text.starts_with(['\'', '"']));
            continue;
        }
        fixed.push(text);
    }
    if fixed.is_empty() {
        return Value::of(Part::Arg {
            name: name.clone(),
            default: default.clone(),
        });
    }
    walker.leave(
        at,
        format!("the build-arg {name} adds flags to {}", fixed.join(" ")),
        format!(
            "pass all of them in it: --build-arg {name}=\"{} ...\"",
            fixed.join(" ")
        ),
    );
    let before = default.clone().unwrap_or_default();
    Value::of(Part::Arg {
        name: name.clone(),
        default: Some(format!("{} {before}", fixed.join(" ")).trim().to_owned()),
    })
}

/// Where modules come from, by the variables of the stages that compile.
fn modules(walker: &mut Walker<'_>, used: &[(usize, String)]) -> Lines {
    let mut lines = Lines::new();
    for (compile, _) in used {
        let stage = walker.compiles[*compile].stage;
        let at = walker.compiles[*compile].at;
        let scope: Scope = walker.walked[stage].scope.clone();
        for (variable, key) in MODULE_ARGS {
            let Some(value) = scope.get(variable) else {
                continue;
            };
            let has_default = value.by_default().is_some_and(|text| !text.is_empty());
            // A build-arg of that name needs no mention.
            let is_own = matches!(value.0.as_slice(), [Part::Arg { name, .. }] if name == variable);
            if !has_default || (is_own && value.by_default().as_deref() == Some("")) {
                continue;
            }
            let value = text(walker, at, value);
            let value = match key {
                "private" | "noproxy" | "nosumdb" | "insecure" => {
                    let items: Vec<String> = value.split(',').map(quoted).collect();
                    format!("[{}]", items.join(", "))
                }
                _ => quoted(&value),
            };
            lines.insert(key, value);
        }
    }
    lines
}

/// The builder: its Go release, or the image.
fn builder(
    walker: &mut Walker<'_>,
    fates: &Fates,
    (compile, repo): (usize, &Repo),
    go: &mut Lines,
) {
    let at = walker.compiles[compile].at;
    let stage = walker.compiles[compile].stage;
    if let Some(name) = fates.builder_name(walker.file) {
        go.insert("builder", quoted(&format!("stage:{name}")));
        if let Some(raised) = release::raised(walker, fates) {
            walker.notes.push(format!(
                "the builder is {} in place of {}; gowork takes Go 1.{MIN_GO_MINOR} or later, as go.mod and go.work ask for",
                raised.image, raised.before
            ));
        }
        return;
    }
    let from = &walker.file.stages[root(walker.file, stage)];
    let place = from.from.start;
    let mut globals = Scope::new();
    for (name, default) in &walker.file.globals {
        globals.declare(name, default.as_deref());
    }
    let image = globals.text(&from.image);
    let cgo = walker.compiles[compile].settings.cgo;
    let plain = image.by_default().unwrap_or_default();
    let name = plain.split(['@', ':']).next().unwrap_or_default();
    let is_golang = [
        "golang",
        "docker.io/golang",
        "library/golang",
        "docker.io/library/golang",
    ]
    .contains(&name);
    let tag = plain
        .split('@')
        .next()
        .and_then(|image| image.rsplit_once(':'));
    let tagged = tag.map(|(_, tag)| tag.split('-').next().unwrap_or_default().to_owned());
    let minor = tagged.as_deref().and_then(release::minor);
    let line = repo.go_line(&walker.compiles[compile].dir);
    if minor.is_some_and(|minor| minor < MIN_GO_MINOR) {
        walker.notes.push(format!(
            "the Dockerfile compiles with Go {}; gowork takes 1.{MIN_GO_MINOR} or later, as go.mod and go.work ask for",
            tagged.unwrap_or_default()
        ));
        return;
    }
    if is_golang && !(cgo && plain.contains("alpine")) {
        let is_older = line.and_then(release::minor) > minor;
        let version = version(&image).filter(|_| minor.is_some() && !is_older);
        if let Some(version) = version
            && line != tagged.as_deref()
        {
            let version = text(walker, at, &version);
            go.insert("version", quoted(&version));
        }
        return;
    }
    if plain.is_empty() || plain.contains("${") {
        let (is_arg, minor) = (!image.is_empty(), line.and_then(release::minor));
        if let ([Part::Arg { name, .. }], true) = (image.0.as_slice(), is_arg) {
            let minor = minor.unwrap_or(MIN_GO_MINOR).max(MIN_GO_MINOR);
            go.insert("builder", quoted(&format!("${{{name}:-golang:1.{minor}}}")));
        }
        return;
    }
    if walker.file.stages[root(walker.file, stage)]
        .image
        .starts_with("scratch")
    {
        return;
    }
    let value = text(walker, place, &image);
    go.insert("builder", quoted(&value));
}

/// What is laid over the repository.
fn overlays(walker: &mut Walker<'_>, fates: &Fates) -> Vec<Overlay> {
    let mut overlays: Vec<Overlay> = Vec::new();
    let stages: Vec<usize> = walker
        .compiles
        .iter()
        .map(|compile| compile.stage)
        .collect();
    for stage in stages {
        let walked = &walker.walked[stage];
        if fates.overlaid.contains(&stage) {
            let Some(name) = walker.file.stages[stage].name.clone() else {
                let at = walked.makes_sources.unwrap_or(0);
                walker.leave(
                    at,
                    "this stage makes sources, and has no name",
                    "name it, and lay its directory over the repository with [[overlay]]",
                );
                continue;
            };
            let overlay = Overlay {
                from: name,
                source: walked.scope.dir.clone(),
                to: walked
                    .layout
                    .would_be(&walked.scope.dir)
                    .unwrap_or_default(),
                is_file: false,
                at: 0,
            };
            push(&mut overlays, overlay);
            continue;
        }
        let needed = walked.overlays.iter().take(walked.needed);
        let (files, dirs): (Vec<Overlay>, Vec<Overlay>) =
            needed.cloned().partition(|overlay| overlay.is_file);
        for file in files {
            walker.leave(
                file.at,
                "this copies a file of another stage among the sources, and [[overlay]] takes directories only",
                "let that stage make the file in a directory of its own, and lay that over the repository with [[overlay]]",
            );
        }
        for overlay in dirs {
            push(&mut overlays, overlay);
        }
    }
    for overlay in &mut overlays {
        if overlay.to.is_empty() {
            overlay.to = ".".to_owned();
        }
    }
    overlays
}

fn push(overlays: &mut Vec<Overlay>, overlay: Overlay) {
    let is_known = overlays.iter().any(|known| {
        (&known.from, &known.source, &known.to) == (&overlay.from, &overlay.source, &overlay.to)
    });
    if !is_known {
        overlays.push(overlay);
    }
}
