//! Whether a converted Dockerfile and its settings say what the facts say. This knows nothing of how
//! they were written.

use serde_json::Value;

use super::facts::{Line, strings};
use super::said::File;

/// What was found missing.
#[derive(Default)]
pub(super) struct Missing(pub(super) Vec<String>);

impl Missing {
    fn unless(&mut self, holds: bool, what: impl Into<String>) {
        if !holds {
            self.0.push(what.into());
        }
    }
}

/// Compares.
pub(super) fn judge(line: &Line, dockerfile: &str, settings: &str) -> Missing {
    let mut missing = Missing::default();
    missing.unless(
        dockerfile.starts_with("# syntax=docker.io/gowork/gowork:1\n"),
        "syntax line",
    );
    if let Err(error) = parse_dockerfile::parse(&dockerfile.replace("[]", "x ")) {
        missing.0.push(format!("does not parse: {error}"));
    }
    let file = File::read(dockerfile);
    file.base(line, &mut missing);
    file.user(line, &mut missing);
    file.runtime(line, &mut missing);
    file.binaries(line, &mut missing);
    file.files(line, &mut missing);
    settings_say(line, settings, &mut missing);
    needs(line, &file, settings, &mut missing);
    missing
}

impl File {
    fn base(&self, line: &Line, missing: &mut Missing) {
        let Some(base) = line.text("base") else {
            return;
        };
        let base = if base == "the builder" {
            line.text("builder").unwrap_or_default()
        } else {
            base
        };
        let froms: Vec<String> = self.all("FROM").map(|words| self.filled(words)).collect();
        for base in base.split([';', ',']) {
            let name = base.split(" = ").last().unwrap_or_default().trim();
            let name = name.split_whitespace().next().unwrap_or_default();
            if name.is_empty() || name == "and" || name == "by" {
                continue;
            }
            let name = self.filled(name);
            let found = froms.iter().any(|from| from.contains(&name));
            missing.unless(found, format!("base {name}"));
        }
    }

    fn user(&self, line: &Line, missing: &mut Missing) {
        let Some(user) = line.text("user") else {
            return;
        };
        for user in user.split(';') {
            let is_made = user.contains("made");
            let name = user.split_whitespace().next().unwrap_or_default();
            let switches = self.all("USER").any(|words| words.starts_with(name));
            let makes = is_made && self.all("RUN").any(|words| words.contains(name));
            let is_env = self.all("USER").any(|words| words.starts_with('$'));
            missing.unless(
                switches || makes || is_env || name == "root",
                format!("user {name}"),
            );
        }
    }

    fn runtime(&self, line: &Line, missing: &mut Missing) {
        for port in strings(line.fact("ports")) {
            let port = port
                .split(['/', ' ', ','])
                .next()
                .unwrap_or_default()
                .to_owned();
            let found = self.all("EXPOSE").any(|words| words.contains(&port));
            missing.unless(found, format!("port {port}"));
        }
        for (fact, keyword) in [("entrypoint", "ENTRYPOINT"), ("cmd", "CMD")] {
            match line.fact(fact) {
                Value::Array(words) => {
                    let same = |written: &str| {
                        let list = serde_json::from_str::<Vec<Value>>(written);
                        list.is_ok_and(|list| list == *words)
                    };
                    let named = words
                        .iter()
                        .any(|word| word.as_str().is_some_and(|w| w.contains("NAME")));
                    let found =
                        self.all(keyword).any(same) || (named && self.all(keyword).count() > 0);
                    missing.unless(found, format!("{fact} {words:?}"));
                }
                Value::String(text) => {
                    let text = text.split(": ").last().unwrap_or_default();
                    let found = self.all(keyword).any(|words| words.contains(text));
                    missing.unless(found, format!("{fact} {text}"));
                }
                _ => {}
            }
        }
        if let Some(dir) = line.text("workdir") {
            let dir = dir.trim_end_matches('/');
            let found = self
                .all("WORKDIR")
                .any(|words| words.trim_end_matches('/') == dir || words.starts_with('$'));
            missing.unless(found, format!("workdir {dir}"));
        }
        for (fact, keyword) in [("env", "ENV"), ("labels", "LABEL")] {
            let said: Vec<&str> = self.all(keyword).collect();
            match line.fact(fact) {
                Value::Object(pairs) => {
                    for name in pairs.keys() {
                        let name = name.trim_end_matches(['*', '_']);
                        let found = said.iter().any(|words| words.contains(name));
                        missing.unless(found, format!("{fact} {name}"));
                    }
                }
                Value::Array(_) => missing.unless(!said.is_empty(), fact),
                _ => {}
            }
        }
        for volume in strings(line.fact("volumes")) {
            let found = self.all("VOLUME").any(|words| words.contains(&volume));
            missing.unless(found, format!("volume {volume}"));
        }
        let check = !line.fact("healthcheck").is_null();
        missing.unless(!check || self.all("HEALTHCHECK").count() > 0, "healthcheck");
        for package in strings(line.fact("pkgs_r")) {
            let package = package
                .split([',', ' '])
                .next()
                .unwrap_or_default()
                .to_owned();
            let found = self.all("RUN").any(|words| words.contains(&package));
            missing.unless(found, format!("package {package}"));
        }
        let runs = strings(line.fact("run")).len();
        missing.unless(
            self.all("RUN").count() >= runs.min(1),
            "commands on the image",
        );
    }

    /// Where each `COPY` puts its sources: flags, sources and absolute destination.
    fn copies(&self) -> Vec<(String, Vec<String>, String)> {
        let mut dir = "/".to_owned();
        let mut copies = Vec::new();
        for said in &self.said {
            match said.keyword.as_str() {
                "FROM" => "/".clone_into(&mut dir),
                "WORKDIR" => dir = join(&dir, &said.words),
                "COPY" | "ADD" => {
                    let words = said.words.replace(['[', ']', '"'], "").replace(',', " ");
                    let (flags, paths): (Vec<&str>, Vec<&str>) = words
                        .split_whitespace()
                        .partition(|word| word.starts_with("--"));
                    let Some((dest, sources)) = paths.split_last() else {
                        continue;
                    };
                    let slash = dest.ends_with('/') || [".", ".."].contains(dest);
                    let path = join(&dir, dest) + if slash { "/" } else { "" };
                    let sources = sources.iter().map(|source| (*source).to_owned()).collect();
                    copies.push((flags.join(" "), sources, path));
                }
                _ => {}
            }
        }
        copies
    }

    fn binaries(&self, line: &Line, missing: &mut Missing) {
        let copies = self.copies();
        let taken: Vec<_> = copies
            .iter()
            .filter(|(flags, ..)| flags.contains("--from=gowork"))
            .collect();
        let mounted = self.all("RUN").any(|words| words.contains("from=gowork"));
        missing.unless(!taken.is_empty() || mounted, "nothing is taken from gowork");
        for (count, path) in line.binaries() {
            let dir = path.trim_end_matches('/');
            let last = dir.rsplit('/').next().unwrap_or_default();
            let above = dir
                .strip_suffix(last)
                .unwrap_or_default()
                .trim_end_matches('/');
            let mut found = 0;
            // Other programs may lie in the same directory.
            let others = copies
                .iter()
                .filter(|(flags, ..)| flags.contains("--from="));
            for (_, sources, dest) in others {
                let to = dest.trim_end_matches('/');
                let exact = to == dir && !dest.ends_with('/');
                let inside = to == dir || to.starts_with(&format!("{dir}/"));
                let beside = to == above && sources.iter().any(|source| source.ends_with(last));
                if exact
                    || beside
                    || to.starts_with('$')
                    || to.contains("/$")
                    || path.contains("NAME")
                    || path.contains('$')
                {
                    found += sources.len().max(1);
                } else if inside {
                    found += sources.len();
                }
            }
            missing.unless(
                found >= count,
                format!("{count} binaries at {path}: {found}"),
            );
        }
    }

    fn files(&self, line: &Line, missing: &mut Missing) {
        let copies = self.copies();
        let Value::Array(files) = line.fact("files") else {
            return;
        };
        for file in files {
            let parts = strings(file);
            let [from, to, ..] = parts.as_slice() else {
                continue;
            };
            let to = to
                .split([' ', '(', '…', ','])
                .next()
                .unwrap_or_default()
                .trim_end_matches('/');
            let name = from.rsplit('/').next().unwrap_or_default();
            let is_made = from.contains(' ') && self.all("RUN").any(|words| words.contains(to));
            let found = is_made
                || copies.iter().any(|(_, sources, dest)| {
                    let dest = dest.trim_end_matches('/');
                    let at = dest == to || dest.starts_with(&format!("{to}/"));
                    let into = to.starts_with(&format!("{dest}/")) || dest.is_empty();
                    at || (into
                        && (to.ends_with(name)
                            || sources.iter().any(|source| to.ends_with(base(source)))))
                });
            missing.unless(found, format!("file {from} at {to}"));
        }
    }
}

fn base(path: &str) -> &str {
    path.trim_end_matches('/')
        .rsplit('/')
        .next()
        .unwrap_or_default()
}

fn join(dir: &str, path: &str) -> String {
    if path.starts_with(['/', '$']) {
        return path.trim_end_matches('/').to_owned();
    }
    let rest = path.trim_start_matches("./").trim_end_matches('/');
    let rest = if rest == "." { "" } else { rest };
    format!("{}/{rest}", dir.trim_end_matches('/'))
        .trim_end_matches('/')
        .to_owned()
}

fn settings_say(line: &Line, settings: &str, missing: &mut Missing) {
    match line.go("cgo").as_i64() {
        Some(0) => missing.unless(!settings.contains("cgo = true"), "cgo is on"),
        Some(1) => missing.unless(settings.contains("cgo = true"), "cgo is off"),
        _ => {}
    }
    for fact in ["tags", "experiment", "gcflags"] {
        for item in strings(line.go(fact)) {
            let item = item.split(" if ").next().unwrap_or_default();
            let name = item.trim_start_matches(['$', '{']).trim_end_matches('}');
            missing.unless(
                settings.contains(name) || item == "by make",
                format!("{fact} {item}"),
            );
        }
    }
    let flags = strings(line.go("ldflags")).join(" ");
    for word in flags.split_whitespace() {
        if ["-s", "-w"].contains(&word) {
            missing.unless(settings.contains(word), format!("ldflags {word}"));
        }
        let mut rest = word;
        while let Some((_, behind)) = rest.split_once('$') {
            let name: String = behind
                .trim_start_matches('{')
                .chars()
                .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
                .collect();
            let found = settings.contains(&format!("${{{name}"));
            missing.unless(found || name.is_empty(), format!("ldflags ${{{name}}}"));
            rest = behind;
        }
    }
}

/// What a need asks of the result, beyond the facts.
fn needs(line: &Line, file: &File, settings: &str, missing: &mut Missing) {
    let overlaid = settings.contains("[[overlay]]");
    for need in ["embed-build", "codegen", "source-edit"] {
        missing.unless(!line.needs(need) || overlaid, need);
    }
    if line.needs("computed-version") {
        let has_value = settings.contains("${GIT_") || settings.contains("_TIME");
        missing.unless(has_value, "computed-version");
    }
    let others = file
        .copies()
        .iter()
        .any(|(flags, ..)| flags.contains("--from=") && !flags.contains("--from=gowork"));
    let has_packages = !strings(line.fact("pkgs_b")).is_empty();
    if line.needs("packages-builder") || (line.needs("native-lib") && (has_packages || !others)) {
        let is_own = strings(line.fact("pkgs_b")).is_empty() && settings.contains("builder = ");
        let builder =
            settings.contains("builder = \"stage:") || !settings.contains("cgo = true") || is_own;
        missing.unless(builder, "packages of the builder");
    }
    if line.needs("go-install") {
        missing.unless(
            file.all("RUN").any(|words| words.contains("go install")),
            "go-install",
        );
    }
    for need in ["instrument", "gofips140"] {
        missing.unless(!line.needs(need), need);
    }
    if line.needs("download") || line.needs("stage-file") || line.needs("copy-from-image") {
        let copies = file.copies();
        let others = copies
            .iter()
            .any(|(flags, ..)| flags.contains("--from=") && !flags.contains("--from=gowork"));
        let fetches = file
            .all("RUN")
            .any(|words| words.contains("curl") || words.contains("wget") || words.contains("sh "));
        missing.unless(others || fetches, "files of other stages");
    }
}
