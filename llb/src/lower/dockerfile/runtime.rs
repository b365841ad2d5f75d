//! The stages that are images: what lies around the binary, equal to what `lower/runtime.rs` makes
//! of it in LLB.

use std::collections::BTreeMap;
use std::time::Duration;

use super::merged::MergedImage;
use super::stages::StageNames;
use super::users;
use super::words::{
    assignment, copy_word, env_assignment, json_array, literal_pattern, open_args, shell_word,
};
use crate::config::{FileConfig, HealthcheckConfig, RuntimeConfig, SCRATCH};
use crate::diag::Diagnostic;
use crate::lower::oci_labels::labels_of;
use crate::lower::rootfs::{
    CERTIFICATES, GROUP, Made, PASSWD, ZONEINFO, binary_path, path_beside, surroundings,
};

/// What is put under a binary: certificates, time zones, and on scratch users and /tmp.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Root {
    scratch: bool,
    certificates: bool,
    timezones: bool,
}

impl Root {
    /// What this image wants; none for nothing at all.
    pub(super) fn of(runtime: &RuntimeConfig) -> Option<Self> {
        let scratch = runtime.base.value == SCRATCH;
        let root = Self {
            scratch,
            certificates: runtime.certificates,
            timezones: runtime.timezones,
        };
        (scratch || root.certificates || root.timezones).then_some(root)
    }

    /// The stage that gathers it in `/rootfs`.
    pub(super) fn stage(self, name: &str, go: &str) -> String {
        let mut what = Vec::new();
        let mut lines = Vec::new();
        let mut run = Vec::new();
        if self.certificates {
            what.push("certificates");
            run.push(format!(
                "install -D -m 0644 {CERTIFICATES} /rootfs{CERTIFICATES}"
            ));
        }
        if self.timezones {
            what.push("time zones");
            run.push(format!(
                "install -D -m 0644 \"$(go env GOROOT)/lib/time/zoneinfo.zip\" /rootfs{ZONEINFO}"
            ));
        }
        if self.scratch {
            what.extend(["users", "/tmp"]);
            lines.push(format!("COPY <<EOF /rootfs/etc/passwd\n{PASSWD}EOF"));
            lines.push(format!("COPY <<EOF /rootfs/etc/group\n{GROUP}EOF"));
            run.insert(0, "mkdir -m 1777 /rootfs/tmp".to_owned());
        }
        lines.push(format!("RUN {}", run.join(" \\\n && ")));
        let all = match what.split_last() {
            Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
            _ => what.concat(),
        };
        let base = if self.scratch {
            "an image from scratch does not have by itself"
        } else {
            "the base image may not have"
        };
        format!(
            "# What programs expect and {base}: {all}.\nFROM {go} AS {name}\n{}",
            lines.join("\n")
        )
    }
}

/// One image's stage.
pub(super) struct RuntimeStage<'a> {
    pub(super) name: &'a str,
    /// Its base image.
    pub(super) from: &'a str,
    pub(super) binary: &'a str,
    pub(super) runtime: &'a RuntimeConfig,
    /// Where the binary comes from.
    pub(super) build_stage: &'a str,
    /// The binaries beside it: the stage of each, and its file name.
    pub(super) others: Vec<(&'a str, &'a str)>,
    /// The stage of its [`Root`].
    pub(super) root_stage: Option<&'a str>,
    /// The stage of its directories and links.
    pub(super) made_stage: &'a str,
    /// The stage that adds its users.
    pub(super) users_stage: &'a str,
    /// Defaults of the build-args that stay open.
    pub(super) args: &'a BTreeMap<String, Option<String>>,
}

impl RuntimeStage<'_> {
    /// Its text.
    ///
    /// # Errors
    /// Where a Dockerfile cannot say it.
    pub(super) fn text(&self) -> Result<String, Diagnostic> {
        let runtime = self.runtime;
        let mut lines = vec![format!("FROM {} AS {}", self.from, self.name)];
        if let Some(stage) = self.root_stage {
            lines.extend(self.surroundings(stage));
        }
        lines.extend(users::lines(self.users_stage, runtime)?);
        let dirs = Made::dirs(runtime);
        lines.extend(self.made(&dirs, 0));
        lines.extend(runtime.files.iter().map(extra_file));
        lines.extend(self.made(&Made::links(runtime), dirs.len()));
        let path = binary_path(runtime, self.binary);
        for (stage, file) in &self.others {
            let beside = path_beside(runtime, self.binary, file);
            lines.push(copy_binary(stage, file, beside));
        }
        lines.push(copy_binary(self.build_stage, self.binary, path.clone()));
        lines.extend(self.args());
        let mut env = runtime.env.clone();
        if runtime.timezones {
            env.entry("ZONEINFO".to_owned())
                .or_insert_with(|| ZONEINFO.to_owned());
        }
        lines.extend(assignments("ENV", &env, env_assignment)?);
        lines.extend(assignments("LABEL", &self.labels(), assignment)?);
        if let Some(dir) = &runtime.workdir {
            lines.push(format!("WORKDIR {}", copy_word(dir)));
        }
        let user = runtime.user.as_ref();
        lines.extend(user.map(|user| format!("USER {}", copy_word(user))));
        if !runtime.ports.is_empty() {
            let ports: Vec<String> = runtime.ports.iter().map(ToString::to_string).collect();
            lines.push(format!("EXPOSE {}", ports.join(" ")));
        }
        if !runtime.volumes.is_empty() {
            let volumes = runtime.volumes.iter().map(String::as_str);
            lines.push(format!("VOLUME {}", json_array(volumes)));
        }
        if let Some(signal) = &runtime.stop_signal {
            lines.push(format!("STOPSIGNAL {signal}"));
        }
        lines.extend(runtime.healthcheck.as_ref().map(healthcheck));
        lines.push(format!("ENTRYPOINT {}", self.entrypoint(&path)?));
        if let Some(cmd) = &runtime.cmd {
            let words = cmd.iter().map(String::as_str);
            lines.push(format!("CMD {}", json_array(words)));
        }
        Ok(lines.join("\n"))
    }

    /// What is put under the binary. Upon a base each file by itself: a directory that is copied
    /// over one of the base gives it its mode and owner, and cannot be copied over a link.
    fn surroundings(&self, stage: &str) -> Vec<String> {
        if self.runtime.base.value == SCRATCH {
            return vec![format!("COPY --from={stage} /rootfs /")];
        }
        surroundings(self.runtime)
            .into_iter()
            .map(|path| format!("COPY --from={stage} /rootfs{path} {path}"))
            .collect()
    }

    /// The lines that copy directories or links from the stage that makes them. There they have the
    /// numbers from `first` on.
    fn made(&self, all: &[Made<'_>], first: usize) -> Vec<String> {
        let mut lines = Vec::new();
        for (number, made) in all.iter().enumerate() {
            let (dir, _) = made.place();
            let from = format!("/made/{}/", first + number);
            lines.push(format!(
                "COPY --from={} {}",
                self.made_stage,
                words(&[from, dir])
            ));
        }
        lines
    }

    fn entrypoint(&self, binary: &str) -> Result<String, Diagnostic> {
        let runtime = self.runtime;
        match (&runtime.entrypoint, runtime.base_stage()) {
            (Some(words), _) => Ok(json_array(words.iter().map(String::as_str))),
            (None, None) => Ok(json_array([binary])),
            (None, Some(stage)) => {
                let error = Diagnostic::error(format!(
                    "image {} has the entrypoint of the stage {stage} if that has one, and else its binary: a Dockerfile cannot say that",
                    self.name
                ));
                let help = format!("write entrypoint = [{binary:?}], or what the stage has");
                Err(error.at(runtime.base.span.clone()).help(help))
            }
        }
    }

    fn labels(&self) -> BTreeMap<String, String> {
        labels_of(self.name, self.runtime, None, None)
    }

    fn args(&self) -> Vec<String> {
        let labels = self.labels();
        let texts = self.runtime.env.values().chain(labels.values());
        arg_lines(texts.map(String::as_str), self.args)
    }
}

/// The line that copies the binary `file` from its stage.
fn copy_binary(stage: &str, file: &str, to: String) -> String {
    let from = literal_pattern(&format!("/out/{file}"));
    format!("COPY --from={stage} {}", words(&[from, to]))
}

/// The stages that make the directories and links of images.
pub(super) fn made_stages(names: &StageNames, images: &[MergedImage<'_>]) -> Vec<String> {
    let mut stages = Vec::new();
    for image in images {
        stages.extend(made_stage(names.made(image.name), names.go(), image));
    }
    stages
}

/// The stage that makes the directories and links of an image, each in a directory of its own.
/// Returns `None` if it has none.
fn made_stage(name: &str, go: &str, image: &MergedImage<'_>) -> Option<String> {
    let runtime = image.runtime;
    let all = [Made::dirs(runtime), Made::links(runtime)].concat();
    if all.is_empty() {
        return None;
    }
    let mut commands = Vec::new();
    for (number, made) in all.iter().enumerate() {
        let path = shell_word(&format!("/made/{number}/{}", made.place().1));
        commands.push(format!("mkdir -p /made/{number}"));
        commands.push(match made {
            Made::Dir(dir) => {
                let (user, group) = dir.owner;
                format!("install -d -o {user} -g {group} -m {:04o} {path}", dir.mode)
            }
            Made::Link(_, says) => format!("ln -s {} {path}", shell_word(says)),
        });
    }
    Some(format!(
        "# Directories and links of {}.\nFROM {go} AS {name}\nRUN {}",
        image.name,
        commands.join(" \\\n && ")
    ))
}

/// `ARG` lines for the open build-args of `texts`.
pub(super) fn arg_lines<'a>(
    texts: impl Iterator<Item = &'a str>,
    defaults: &BTreeMap<String, Option<String>>,
) -> Vec<String> {
    let names: std::collections::BTreeSet<&str> = texts.flat_map(open_args).collect();
    let line = |name: &str| match defaults.get(name).and_then(Option::as_ref) {
        Some(default) => format!("ARG {}", assignment(name, default)),
        None => format!("ARG {name}"),
    };
    names.into_iter().map(line).collect()
}

/// `ENV` or `LABEL` with all of `values`, one a line.
fn assignments(
    instruction: &str,
    values: &BTreeMap<String, String>,
    assign: fn(&str, &str) -> String,
) -> Result<Option<String>, Diagnostic> {
    if let Some((name, _)) = values
        .iter()
        .find(|(name, value)| name.contains('\n') || value.contains('\n'))
    {
        return Err(Diagnostic::error(format!(
            "a Dockerfile cannot hold a line break in {instruction} {name}"
        ))
        .help("write the value on one line, or build with the gowork frontend"));
    }
    let all: Vec<String> = values
        .iter()
        .map(|(name, value)| assign(name, value))
        .collect();
    Ok((!all.is_empty()).then(|| format!("{instruction} {}", all.join(" \\\n    "))))
}

fn extra_file(file: &FileConfig) -> String {
    let source = &file.from.value;
    let path = source.path().as_str();
    let path = if source.is_pattern() {
        path.to_owned()
    } else {
        literal_pattern(path)
    };
    let (flag, from) = match source.stage() {
        Some(stage) => (format!("--from={stage} "), format!("/{path}")),
        None if path.is_empty() => (String::new(), ".".to_owned()),
        None => (String::new(), path),
    };
    let mode = file
        .mode
        .map(|mode| format!(" --chmod={mode:04o}"))
        .unwrap_or_default();
    format!(
        "COPY {flag}--chown={}:{}{mode} {}",
        file.owner.0,
        file.owner.1,
        words(&[from, file.to.clone()])
    )
}

/// Source and destination of a COPY.
fn words(paths: &[String; 2]) -> String {
    let words = paths.each_ref().map(|path| copy_word(path));
    if words.iter().any(|word| word.contains(char::is_whitespace)) {
        json_array(words.iter().map(String::as_str))
    } else {
        words.join(" ")
    }
}

fn healthcheck(check: &HealthcheckConfig) -> String {
    let HealthcheckConfig::Run {
        cmd,
        interval,
        timeout,
        start_period,
        start_interval,
        retries,
    } = check
    else {
        return "HEALTHCHECK NONE".to_owned();
    };
    let times = [
        ("interval", interval),
        ("timeout", timeout),
        ("start-period", start_period),
        ("start-interval", start_interval),
    ];
    let mut words = vec!["HEALTHCHECK".to_owned()];
    words.extend(
        times
            .into_iter()
            .filter_map(|(flag, time)| Some(format!("--{flag}={}", go_duration((*time)?)))),
    );
    words.extend(retries.map(|retries| format!("--retries={retries}")));
    words.push(format!(
        "CMD {}",
        json_array(cmd.iter().map(String::as_str))
    ));
    words.join(" ")
}

/// As Go writes it, in the largest unit that has no fraction.
fn go_duration(time: Duration) -> String {
    let nanos = time.as_nanos();
    for (unit, size) in [
        ("h", 3_600_000_000_000),
        ("m", 60_000_000_000),
        ("s", 1_000_000_000),
        ("ms", 1_000_000),
        ("us", 1_000),
    ] {
        if nanos.is_multiple_of(size) {
            return format!("{}{unit}", nanos / size);
        }
    }
    format!("{nanos}ns")
}

/// The stage with all binaries in one directory, for `--output`.
pub(super) fn binaries(name: &str, all: &[Binary<'_>]) -> String {
    let copy = |binary: &Binary<'_>| {
        let from = literal_pattern(&binary.path);
        format!(
            "COPY --from={} {}",
            binary.stage,
            words(&[from, format!("/{}", binary.name)])
        )
    };
    let copies: Vec<String> = all.iter().map(copy).collect();
    format!(
        "# Every binary, for `--output`.\nFROM scratch AS {name}\n{}",
        copies.join("\n")
    )
}

/// Where a binary is, and what it is called among others.
pub(super) struct Binary<'a> {
    /// Stage that built it.
    pub(super) stage: &'a str,
    /// Its path there.
    pub(super) path: String,
    /// File name: two images may have binaries of one name, so this is the image's.
    pub(super) name: String,
}
