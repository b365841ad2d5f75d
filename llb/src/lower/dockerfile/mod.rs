//! A plan as a plain Dockerfile, for people who want no frontend of ours.
//!
//! | stage | what |
//! |---|---|
//! | `go` | the toolchain and its environment |
//! | `deps` | mod files; std and third-party packages, downloaded and compiled into the layer |
//! | `build-NAME` | the sources that one binary is made of, and its `go build` |
//! | `rootfs` | what images from scratch need in addition to the binary |
//! | `NAME` | the image |
//! | `binaries` | all binaries |
//!
//! It is coarser than the LLB form: one step compiles all packages of an image that are the
//! repository's own.

mod copy;
mod edits;
mod flags;
mod header;
mod levels;
mod merged;
mod options;
mod runtime;
mod stages;
mod users;
mod words;

use std::collections::BTreeSet;

use super::platform::docker_platform;
use crate::diag::Diagnostic;
use crate::gomod::ImportPath;
use crate::plan::Plan;
use merged::{Group, Merged, MergedBinary, MergedImage};
pub use options::{CacheForm, DockerfileOptions, ModuleContext};
use runtime::{Binary, Root, RuntimeStage};
use stages::StageNames;
pub use words::open_arg;
use words::{WIDTH, assignment, capital, flag_word, shell_word, wrap};

/// GOOS of what Docker calls `wasi`.
const WASI: &str = "wasip1";

const SECRETS: &str = "# Both secrets are optional: `ca`, certificates of a proxy; `netrc`, logins for private modules.";
const TIMES: &str = "# Times in the future keep go from touching entries in later layers, and from removing those it finds old (golang/go#69565).";

/// The Dockerfile of `plans`: of one repository and one configuration, a platform each.
///
/// # Errors
/// Where the platforms differ in more than files, or the configuration asks for what a Dockerfile
/// cannot say.
pub fn dockerfile(plans: &[Plan], options: &DockerfileOptions) -> Result<String, Diagnostic> {
    let Some(first) = plans.first() else {
        return Ok(String::new());
    };
    let merged = merged::merge(plans)?;
    check(&merged.groups, options)?;
    let images = &merged.images;
    let mut roots: Vec<Root> = images
        .iter()
        .filter_map(|image| Root::of(image.runtime))
        .collect();
    roots.sort_unstable();
    roots.dedup();
    let names: Vec<&str> = images.iter().map(|image| image.name).collect();
    let binaries = merged.binaries.iter().map(|binary| binary.name.as_str());
    let binaries: Vec<&str> = binaries.collect();
    let stages = StageNames::new(&names, &binaries, merged.groups.len(), roots.len());
    for context in &options.contexts {
        stages.check(&context.name, None)?;
    }
    for overlay in &options.overlays {
        stages.check(&overlay.from, overlay.from.span.as_ref())?;
    }
    if let Some(builder) = first.builder.stage() {
        stages.check(builder, first.builder.at.as_ref())?;
    }
    for image in images {
        stages.check_taken(image.runtime)?;
    }
    Printer {
        plans,
        first,
        merged: &merged,
        roots,
        stages,
        options,
    }
    .text()
}

/// Whether a Dockerfile can hold what is asked for.
fn check(groups: &[Group], options: &DockerfileOptions) -> Result<(), Diagnostic> {
    if let Some((name, _)) = options
        .args
        .iter()
        .find(|(_, default)| default.iter().any(|default| default.contains('\n')))
    {
        return Err(Diagnostic::error(format!(
            "a Dockerfile cannot hold the line break in the default of build-arg {name}"
        ))
        .help("write the default on one line, or build with the gowork frontend"));
    }
    for flag in groups.iter().flat_map(|group| &group.flags) {
        let (_, value) = flag.split_once('=').unwrap_or_default();
        flags::check(value)?;
    }
    Ok(())
}

struct Printer<'a> {
    plans: &'a [Plan],
    first: &'a Plan,
    merged: &'a Merged<'a>,
    /// What images need in addition to their binary, each once.
    roots: Vec<Root>,
    stages: StageNames,
    options: &'a DockerfileOptions,
}

impl Printer<'_> {
    fn text(&self) -> Result<String, Diagnostic> {
        let Merged {
            groups,
            binaries,
            images,
            ..
        } = self.merged;
        let (variants, main_images): (Vec<_>, Vec<_>) =
            images.iter().partition(|image| image.is_variant);
        let names: Vec<&str> = main_images.iter().map(|image| image.name).collect();
        let has_workspace = groups.iter().any(|group| group.workspace);
        let all = self.stages.binaries();
        let header = header::header(&names, all, has_workspace, self.options);
        let mut stages = vec![header, self.go()];
        for (number, group) in groups.iter().enumerate() {
            stages.push(self.deps(number, group));
            for binary in binaries.iter().filter(|binary| binary.group == number) {
                stages.push(self.build(binary)?);
            }
        }
        let roots = self.roots.iter().enumerate();
        stages.extend(
            roots.map(|(number, root)| root.stage(self.stages.rootfs(number), self.stages.go())),
        );
        stages.extend(runtime::made_stages(&self.stages, images));
        let built = main_images.iter().map(|image| self.binary(image));
        let built: Vec<Binary<'_>> = built.collect();
        let binaries = runtime::binaries(self.stages.binaries(), &built);
        // The last stage is what a build without --target makes: the image, if there is but one.
        let one_image = built.len() == 1;
        stages.extend(one_image.then(|| binaries.clone()));
        for image in variants.into_iter().chain(main_images) {
            let others = image.others.iter().map(|&other| {
                let binary = &self.merged.binaries[other];
                (self.stages.build(&binary.name), binary.file)
            });
            let root = Root::of(image.runtime)
                .and_then(|root| self.roots.iter().position(|other| *other == root));
            let from = match image.runtime.base_stage() {
                Some(stage) => stage.to_owned(),
                None => self.stages.from(&image.runtime.base.value),
            };
            stages.extend(users::stages(
                &self.stages,
                image.name,
                &from,
                image.runtime,
            ));
            let stage = RuntimeStage {
                name: image.name,
                from: &from,
                binary: self.merged.own(image).file,
                runtime: image.runtime,
                build_stage: self.stages.build(image.name),
                others: others.collect(),
                root_stage: root.map(|root| self.stages.rootfs(root)),
                made_stage: self.stages.made(image.name),
                users_stage: self.stages.users(image.name),
                args: &self.options.args,
            };
            stages.push(stage.text()?);
        }
        stages.extend((!one_image).then_some(binaries));
        Ok(stages.join("\n\n") + "\n")
    }

    fn binary(&self, image: &MergedImage<'_>) -> Binary<'_> {
        Binary {
            stage: self.stages.build(image.name),
            path: format!("/out/{}", self.merged.own(image).file),
            name: self.first.target.file_name(image.name),
        }
    }

    /// The toolchain.
    fn go(&self) -> String {
        let platforms = self.platforms();
        let mut env = vec![("GOOS", self.goos()), ("GOARCH", "$TARGETARCH")];
        env.extend([
            ("GOTOOLCHAIN", self.first.toolchain.as_str()),
            ("GOMODCACHE", "/go/pkg/mod"),
            ("GOCACHE", "/go/cache"),
        ]);
        env.push(("GODEBUG", "goindex=0"));
        let env: Vec<String> = env
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let names: Vec<&str> = platforms.iter().map(String::as_str).collect();
        let mut lines = vec![
            "# The Go toolchain, on the platform of the builder: it compiles for any other.".to_owned(),
            format!("FROM --platform=$BUILDPLATFORM {} AS {}", self.builder(), self.stages.go()),
            "ARG TARGETOS TARGETARCH TARGETVARIANT".to_owned(),
            "# goindex=0: go must not know sources by their times, which say nothing in a build (golang/go#69179).".to_owned(),
            format!("ENV {}", env.join(" \\\n    ")),
            "# Which files are needed is known for these platforms.".to_owned(),
            format!("RUN case $TARGETOS/$TARGETARCH in {}) ;; *) \\", names.join(" | ")),
            "    echo \"for $TARGETOS/$TARGETARCH print this Dockerfile with --platform=$TARGETOS/$TARGETARCH\" >&2; exit 1 ;; esac"
                .to_owned(),
        ];
        lines.extend(levels::run(self.plans.iter().map(|plan| &plan.target)));
        let mut binaries = self.merged.binaries.iter();
        let needs_quotes = binaries.any(|binary| flags::needs_quotes(binary.ldflags));
        lines.extend(needs_quotes.then(flags::quote_program));
        lines.join("\n")
    }

    /// The image of the toolchain, or the named context that stands for it.
    fn builder(&self) -> &str {
        let builder = &self.first.builder;
        builder.stage().unwrap_or(&builder.image)
    }

    /// The platforms that the Dockerfile is for, as `$TARGETOS/$TARGETARCH` has them.
    fn platforms(&self) -> BTreeSet<String> {
        let mut platforms = BTreeSet::new();
        for plan in self.plans {
            let platform = docker_platform(&plan.target);
            platforms.insert(format!("{}/{}", platform.os(), platform.architecture()));
        }
        if self.plans.iter().all(|plan| plan.target.os == WASI) {
            // Docker takes Go's name too, and then gives it to the build.
            platforms.insert(format!("{WASI}/wasm"));
        }
        platforms
    }

    /// GOOS, from what Docker calls the operating system.
    fn goos(&self) -> &'static str {
        let is_wasi = |plan: &Plan| plan.target.os == WASI;
        match (
            self.plans.iter().all(is_wasi),
            self.plans.iter().any(is_wasi),
        ) {
            (true, _) => WASI,
            (false, true) => "${TARGETOS/wasi/wasip1}",
            (false, false) => "$TARGETOS",
        }
    }

    /// Mod files, and everything from outside the repository.
    fn deps(&self, number: usize, group: &Group) -> String {
        let of_root = if self.merged.groups.len() == 1 {
            String::new()
        } else {
            format!(", for {}", self.names_of(number))
        };
        let outside = if group.third_party.is_empty() {
            "the standard library"
        } else {
            "std and third-party packages"
        };
        let mut lines = vec![match self.cache(group) {
            CacheForm::Layer => format!(
                "# {}, compiled once into this layer{of_root}.",
                capital(outside)
            ),
            CacheForm::Mount => format!(
                "# {}, compiled into the cache mount{of_root}. All other stages start from here: side by side on\n\
                 # an empty cache mount each would compile them for itself, three times as slow for seven images of one repository.",
                capital(outside)
            ),
        }];
        lines.push(format!(
            "FROM {} AS {}",
            self.stages.go(),
            self.stages.deps(number)
        ));
        lines.push(format!("WORKDIR {}", words::copy_word(&source_dir(group))));
        lines.push(format!("ENV {}", group_env(group).join(" \\\n    ")));
        lines.extend(self.module_args(group));
        let mut files = copy::patterns(&group.mod_files);
        if group.vendored {
            let vendor = group.dir.child("vendor");
            files.retain(|file| !file.starts_with(vendor.as_str()));
            files.insert(words::literal_pattern(vendor.as_str()));
        }
        files.extend(
            group
                .profile
                .iter()
                .map(|profile| words::literal_pattern(profile.as_str())),
        );
        lines.extend(copy::copies(&[], &files, &self.options.contexts));
        lines.extend(edits::instructions(group, self.options));
        lines.extend(group.behind.for_third_party(self.options));
        lines.extend(self.needs_network(group).then(|| SECRETS.to_owned()));
        lines.extend((self.cache(group) == CacheForm::Layer).then(|| TIMES.to_owned()));
        lines.push(self.deps_run(group));
        lines.join("\n")
    }

    fn deps_run(&self, group: &Group) -> String {
        let mut words = vec!["go build".to_owned()];
        words.extend(group.package_flags.iter().map(|flag| flag_word(flag)));
        words.extend(
            group
                .profile
                .iter()
                .map(|profile| flag_word(&format!("-pgo=/src/{profile}"))),
        );
        let std: Vec<&str> = group.std.iter().map(ImportPath::as_str).collect();
        let mut packages = wrap(&std);
        packages.extend(group.third_party.iter().map(|path| shell_word(path)));
        let first = words.join(" ");
        let mut command = match packages.as_slice() {
            [line] if first.len() + line.len() < WIDTH => format!("{first} {line}"),
            lines => format!("{first} \\\n        {}", lines.join(" \\\n        ")),
        };
        if self.cache(group) == CacheForm::Layer {
            command.push_str(
                " \\\n && find $GOCACHE -type f -exec touch -d '2100-01-01 00:00' {} + \\\n && rm -f $GOCACHE/trim.txt",
            );
            if self.needs_network(group) {
                command.push_str(" \\\n && find $GOMODCACHE/cache/download -name '*.zip' -delete");
            }
        }
        self.run(group, self.needs_network(group), &command)
    }

    /// One binary.
    fn build(&self, binary: &MergedBinary<'_>) -> Result<String, Diagnostic> {
        let group = &self.merged.groups[binary.group];
        let mut lines = vec![format!(
            "FROM {} AS {}",
            self.stages.deps(binary.group),
            self.stages.build(&binary.name)
        )];
        lines.extend(binary.sources.instructions(self.options));
        lines.extend(runtime::arg_lines(
            std::iter::once(binary.ldflags),
            &self.options.args,
        ));
        let mut words = vec!["go build".to_owned()];
        words.extend(group.flags.iter().map(|flag| flag_word(flag)));
        let flags = flags::shell_flags(binary.ldflags)?;
        if !binary.ldflags.is_empty() {
            words.push(format!("-ldflags={}", flags.word));
        }
        words.extend(binary.main.words(&group.dir, binary.file));
        let network = self.cache(group) == CacheForm::Mount && self.needs_network(group);
        if network {
            // The mount may have been emptied since the deps stage ran.
            lines.extend(self.module_args(group));
        }
        let commands: Vec<String> = flags.before.into_iter().chain([words.join(" ")]).collect();
        lines.push(self.run(group, network, &commands.join(" \\\n && ")));
        Ok(lines.join("\n"))
    }

    /// Where the group's modules and compile results are kept. In a mount the results outlive an
    /// edit of what C and assembly include, which the go command does not see.
    fn cache(&self, group: &Group) -> CacheForm {
        if group.includes {
            CacheForm::Layer
        } else {
            self.options.cache
        }
    }

    fn needs_network(&self, group: &Group) -> bool {
        !group.third_party.is_empty() && !group.vendored
    }

    /// `RUN` with the mounts that `command` needs.
    fn run(&self, group: &Group, network: bool, command: &str) -> String {
        let mut mounts = Vec::new();
        if self.cache(group) == CacheForm::Mount {
            mounts.extend((!group.vendored).then_some("--mount=type=cache,target=/go/pkg/mod"));
            mounts.push("--mount=type=cache,target=/go/cache");
        }
        if network {
            // Go takes every file of that directory for certificates, so a company's own is added
            // to the image's.
            mounts.push("--mount=type=secret,id=ca,target=/etc/ssl/certs/build-ca.pem");
            mounts.push("--mount=type=secret,id=netrc,target=/root/.netrc");
            let private = ["GOPRIVATE", "GONOPROXY"]
                .iter()
                .any(|name| self.first.module_env.contains_key(*name));
            mounts.extend(private.then_some("--mount=type=ssh"));
        } else {
            mounts.insert(0, "--network=none");
        }
        match mounts.as_slice() {
            [only] => format!("RUN {only} {command}"),
            several => format!("RUN {} \\\n    {command}", several.join(" \\\n    ")),
        }
    }

    /// GOPROXY and variables like it, for this stage only: build-args, as the frontend takes them.
    fn module_args(&self, group: &Group) -> Vec<String> {
        if !self.needs_network(group) {
            return Vec::new();
        }
        let mut lines = Vec::new();
        if !self.first.module_env.contains_key("GOPROXY") {
            lines.push("ARG GOPROXY".to_owned());
        }
        lines.extend(
            self.first
                .module_env
                .iter()
                .map(|(name, value)| format!("ARG {}", assignment(name, value))),
        );
        lines
    }

    fn names_of(&self, group: usize) -> String {
        let images = self.merged.images.iter();
        let of_group = images.filter(|image| self.merged.own(image).group == group);
        let names: Vec<&str> = of_group.map(|image| image.name).collect();
        names.join(", ")
    }
}

/// Environment of a group's go commands.
fn group_env(group: &Group) -> Vec<String> {
    let mut flags = vec!["-trimpath".to_owned(), "-buildvcs=false".to_owned()];
    flags.push(
        if group.vendored {
            "-mod=vendor"
        } else {
            "-mod=readonly"
        }
        .to_owned(),
    );
    let work = if group.workspace {
        format!("{}/go.work", source_dir(group))
    } else {
        "off".to_owned()
    };
    let mut env = vec![
        assignment("GOFLAGS", &flags.join(" ")),
        assignment("GOWORK", &work),
    ];
    env.extend(
        group
            .env
            .iter()
            .map(|(name, value)| assignment(name, value)),
    );
    env
}

fn source_dir(group: &Group) -> String {
    if group.dir.is_root() {
        "/src".to_owned()
    } else {
        format!("/src/{}", group.dir)
    }
}
