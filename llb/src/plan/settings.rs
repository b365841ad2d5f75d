//! What decides how Go code is compiled, evaluated for one platform.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::CompileConfig;
use crate::gosrc::{BuildContext, arch, ports};
use crate::tree::TreePath;

/// The platform an image is for, in BuildKit's words.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target {
    /// GOOS.
    pub os: String,
    /// GOARCH.
    pub arch: String,
    /// Variant as in `linux/arm/v7`; empty for none.
    pub variant: String,
}

impl Target {
    /// linux, on an architecture as Go calls it: `amd64`, `arm64`.
    pub fn linux(arch: impl Into<String>) -> Self {
        Self {
            os: "linux".to_owned(),
            arch: arch.into(),
            variant: String::new(),
        }
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.os, self.arch)?;
        if self.variant.is_empty() {
            Ok(())
        } else {
            write!(f, "/{}", self.variant)
        }
    }
}

impl Target {
    /// The file name of a program called `name`: on Windows it ends in `.exe`, as `go build` has
    /// it.
    pub fn file_name(&self, name: &str) -> String {
        let suffix = ports::exe_suffix(&self.os);
        let has_suffix = name.to_ascii_lowercase().ends_with(suffix);
        format!("{name}{}", if has_suffix { "" } else { suffix })
    }

    /// What the variant asks of the compiler: the variable that sets the level of the architecture,
    /// and its value.
    pub fn level(&self) -> Option<(&'static str, &str)> {
        let variable = arch::level_variable(&self.arch)?;
        let level = match (self.arch.as_str(), self.variant.as_str()) {
            (_, "") => return None,
            // In 32 bits Go has nothing beyond the seventh.
            ("arm", "v8") => "7",
            ("arm", variant) => variant.trim_start_matches('v'),
            ("arm64", "v9") => "v9.0",
            (_, variant) => variant,
        };
        Some((variable, level))
    }
}

/// Flags and environment of every go command of a build. Two images with equal settings share
/// steps.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct GoSettings {
    /// GOOS, GOARCH, CGO_ENABLED and, if they are set, GOEXPERIMENT, GOAMD64 and similar ones.
    pub env: BTreeMap<String, String>,
    /// `-tags`.
    pub tags: BTreeSet<String>,
    /// `-gcflags`, empty for none.
    pub gcflags: String,
    /// `-asmflags`, empty for none.
    pub asmflags: String,
    /// The `default.pgo` of the main that is built: the go command compiles a main that has one,
    /// and all that it is made of, by it (`go help build`, `-pgo`). A build of such a main shares
    /// no compile results with others.
    pub profile: Option<TreePath>,
}

impl GoSettings {
    /// The build context that files are chosen in, with the release tags of `go1.<minor>`. Values
    /// that the toolchain would refuse (the configuration refuses them first) count as absent.
    pub fn context(&self, go_minor: u32) -> BuildContext {
        let get = |name: &str| self.env.get(name).map(String::as_str).unwrap_or_default();
        let (goos, goarch) = (get("GOOS"), get("GOARCH"));
        let level = arch::level_variable(goarch).map(get).unwrap_or_default();
        let mut context = BuildContext::new(goos, goarch);
        context.cgo = self.cgo();
        context.tags = self.tags.clone();
        context.go_minor = go_minor;
        if let Ok(tags) = arch::tool_tags(goos, goarch, go_minor, get("GOEXPERIMENT"), level) {
            context.tool_tags = tags;
        }
        context
    }

    /// Whether C may be part of packages.
    pub fn cgo(&self) -> bool {
        self.env
            .get("CGO_ENABLED")
            .is_some_and(|enabled| enabled == "1")
    }

    /// Flags of a `go build` that names a main, in addition to `-trimpath -buildvcs=false`.
    pub(crate) fn flags(&self) -> Vec<String> {
        self.flags_where(|_| true)
    }

    /// Flags of a `go build` that names the packages a main is made of, so that they are compiled
    /// as for the main: compiler flags without a pattern go to the packages named on the command
    /// line alone (`go help build`), which for a user is the main.
    pub(crate) fn package_flags(&self) -> Vec<String> {
        self.flags_where(|flags| flags.starts_with("all="))
    }

    fn flags_where(&self, takes: impl Fn(&str) -> bool) -> Vec<String> {
        let mut flags = Vec::new();
        if !self.tags.is_empty() {
            flags.push(format!(
                "-tags={}",
                self.tags
                    .iter()
                    .map(String::as_str)
                    .collect::<Vec<_>>()
                    .join(",")
            ));
        }
        for (name, value) in [("gcflags", &self.gcflags), ("asmflags", &self.asmflags)] {
            if !value.is_empty() && takes(value) {
                flags.push(format!("-{name}={value}"));
            }
        }
        flags
    }
}

impl GoSettings {
    /// What `compile` asks for, on `target`.
    pub(crate) fn new(compile: &CompileConfig, target: &Target) -> Self {
        let mut env = compile.levels.clone();
        env.insert("GOOS".to_owned(), target.os.clone());
        env.insert("GOARCH".to_owned(), target.arch.clone());
        env.insert(
            "CGO_ENABLED".to_owned(),
            if compile.cgo { "1" } else { "0" }.to_owned(),
        );
        if let Some((variable, level)) = target.level() {
            env.entry(variable.to_owned())
                .or_insert_with(|| level.to_owned());
        }
        if !compile.experiment.is_empty() {
            let names: Vec<&str> = compile.experiment.iter().map(String::as_str).collect();
            env.insert("GOEXPERIMENT".to_owned(), names.join(","));
        }
        // A level of another architecture changes nothing of this one, so it must not be part of
        // any key.
        let own = arch::level_variable(&target.arch);
        env.retain(|name, _| !compile.levels.contains_key(name) || own == Some(name));
        Self {
            env,
            tags: compile.tags.clone(),
            gcflags: compile.gcflags.clone(),
            asmflags: compile.asmflags.clone(),
            profile: None,
        }
    }
}
