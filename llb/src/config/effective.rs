//! What holds for one image: `[images.NAME]` over `[go]` and `[runtime]` over the defaults. Plain
//! values for the planner.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::image_name::ImageName;
use super::runtime::{RuntimeConfig, resolve_runtime};
use super::spanned::{set, strings};
use super::values::{Cache, STAGE};
use super::{Build, Config, Levels, Runtime, Spanned, Stage};
use crate::diag::{Diagnostic, Span};
use crate::tree::TreePath;

/// The default of `ldflags`: no symbol table, no DWARF.
const DEFAULT_LDFLAGS: &str = "-s -w";

/// What holds for one image.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImageConfig {
    /// Its name.
    pub name: ImageName,
    /// Where `[images.NAME]` stands, if it does.
    pub at: Option<Span>,
    /// Its main package as written: a directory or an import path.
    pub main: Option<Spanned<String>>,
    /// File name of the binary.
    pub binary: Option<Spanned<String>>,
    /// What its packages are compiled with. Images with equal ones can share compile results.
    pub compile: CompileConfig,
    /// `-ldflags`: decides the link, and no package's compile result.
    pub ldflags: String,
    /// Whether the program says which commit it is made of (`-buildvcs`): decides the link as well.
    pub buildvcs: bool,
    /// What is in the image in addition to the binary.
    pub runtime: RuntimeConfig,
}

/// What decides the compile results of packages, in addition to sources, platform and Go version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CompileConfig {
    /// `-tags`.
    pub tags: BTreeSet<String>,
    /// `-gcflags`, empty for none.
    pub gcflags: String,
    /// `-asmflags`, empty for none.
    pub asmflags: String,
    /// CGO_ENABLED.
    pub cgo: bool,
    /// Whether its module is built by itself (GOWORK=off), whatever go.work uses it.
    pub gowork_off: bool,
    /// GOEXPERIMENT.
    pub experiment: BTreeSet<String>,
    /// GOAMD64 and variables like it: variable to value, those that are set.
    pub levels: BTreeMap<String, String>,
}

/// A directory that is laid over a directory of the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OverlayConfig {
    /// The stage or named context that has it.
    pub from: Spanned<String>,
    /// Where it is there, an absolute path.
    pub source: Spanned<String>,
    /// The directory of the repository.
    pub to: Spanned<TreePath>,
}

impl OverlayConfig {
    /// The whole of a named context, laid at a directory that no configuration names.
    pub fn of_context(name: &str, to: TreePath) -> Self {
        let unwritten = |value: String| Spanned { value, span: None };
        Self {
            from: unwritten(name.to_owned()),
            source: unwritten("/".to_owned()),
            to: Spanned {
                value: to,
                span: None,
            },
        }
    }
}

impl Stage {
    /// Whether its `dockerfile` is a path, and not a text.
    pub(super) fn has_path(&self) -> bool {
        self.text().is_none()
    }

    /// The text of its Dockerfile, if that stands in the configuration: with empty lines before it,
    /// so that its lines have the numbers that they have there.
    pub fn text(&self) -> Option<String> {
        let dockerfile = self.dockerfile.as_ref()?;
        if !dockerfile.contains('\n') {
            return None;
        }
        let lines = dockerfile.matches('\n').count();
        let end = dockerfile.span.as_ref().map_or(0, |span| span.end.line);
        let above = (end as usize).saturating_sub(lines + 1);
        Some("\n".repeat(above) + dockerfile)
    }
}

impl Config {
    /// What was found, without what belongs to a rule that is switched off: what is to be shown.
    #[must_use]
    pub fn without_skipped(&self, mut found: Vec<Diagnostic>) -> Vec<Diagnostic> {
        let skipped = self.check.skip.iter().flatten();
        let skipped: BTreeSet<&str> = skipped.map(|rule| rule.value.as_str()).collect();
        found.retain(|it| !it.rule.is_some_and(|rule| skipped.contains(rule.name())));
        found
    }

    /// The overlays, in the order in which they are laid.
    pub fn overlays(&self) -> Vec<OverlayConfig> {
        let mut overlays = Vec::new();
        for overlay in &self.overlay {
            let Ok(to) = TreePath::new(&overlay.to) else {
                continue;
            };
            let source = overlay.source.clone();
            overlays.push(OverlayConfig {
                from: overlay.from.clone(),
                source: source.unwrap_or_else(|| overlay.from.with("/".to_owned())),
                to: overlay.to.with(to),
            });
        }
        overlays
    }

    /// The stages and named contexts that images take from.
    pub fn stages_of_images(&self) -> BTreeSet<&str> {
        let images = self.images.values().map(|image| &image.runtime);
        let mut stages = BTreeSet::new();
        for runtime in images.chain([&self.runtime]) {
            let base = runtime.base.as_ref();
            let files = runtime.files.iter().flatten().map(|file| &file.from);
            let named = base.into_iter().chain(files);
            let named = named.filter_map(|named| named.strip_prefix(STAGE));
            stages.extend(named.filter_map(|named| named.split('/').next()));
        }
        stages
    }

    /// What holds for the image `name`, whether or not it has a table. Call it on what
    /// [`Config::expand`] returned without errors: wrong values count as absent.
    pub fn image(&self, name: &str) -> ImageConfig {
        let own = self.images.get(name);
        let build = Build::over(own.map(|image| &image.build), &self.go.build);
        let runtime = Runtime::over(own.map(|image| &image.runtime), &self.runtime);
        ImageConfig {
            name: ImageName::new(name),
            at: own.and_then(|image| image.at.clone()),
            main: own.and_then(|image| image.main.clone()),
            binary: own.and_then(|image| image.binary.clone()),
            compile: compile(&build),
            ldflags: build
                .ldflags
                .map_or_else(|| DEFAULT_LDFLAGS.to_owned(), |flags| flags.value),
            buildvcs: build.buildvcs.is_some_and(|buildvcs| buildvcs.value),
            runtime: resolve_runtime(runtime),
        }
    }

    /// Where it asks for programs that say which commit they are made of.
    pub fn stamped(&self) -> Vec<&Spanned<bool>> {
        let images = self.images.values().map(|image| &image.build);
        let builds = [&self.go.build].into_iter().chain(images);
        let keys = builds.filter_map(|build| build.buildvcs.as_ref());
        keys.filter(|buildvcs| buildvcs.value).collect()
    }

    /// Where it asks for licences in images.
    pub fn with_licenses(&self) -> Vec<&Spanned<bool>> {
        let images = self.images.values().map(|image| &image.runtime);
        let tables = [&self.runtime].into_iter().chain(images);
        let keys = tables.filter_map(|runtime| runtime.licenses.as_ref());
        keys.filter(|licenses| licenses.value).collect()
    }

    /// Where compile results are kept.
    pub(crate) fn cache(&self) -> Cache {
        let text = self.cache.as_ref().map(|cache| cache.value.as_str());
        Cache::ALL
            .into_iter()
            .find(|cache| Some(cache.as_str()) == text)
            .unwrap_or_default()
    }

    /// The environment that `[modules]` asks for, GOPROXY and variables like it: those that are
    /// set.
    pub fn module_env(&self) -> BTreeMap<String, String> {
        let modules = &self.modules;
        let list = |items: &Option<Vec<Spanned<String>>>| {
            items.as_ref().map(|items| strings(items).join(","))
        };
        let text =
            |value: &Option<Spanned<String>>| value.as_ref().map(|value| value.value.clone());
        let all = [
            ("GOPROXY", text(&modules.proxy)),
            ("GOPRIVATE", list(&modules.private)),
            ("GONOPROXY", list(&modules.noproxy)),
            ("GONOSUMDB", list(&modules.nosumdb)),
            ("GOSUMDB", text(&modules.sumdb)),
            ("GOINSECURE", list(&modules.insecure)),
            ("GOVCS", text(&modules.vcs)),
        ];
        all.into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?)))
            .collect()
    }
}

impl Levels {
    /// Each variable with its key's value.
    pub(crate) fn variables(&self) -> [(&'static str, &Option<Spanned<String>>); 8] {
        [
            ("GOAMD64", &self.goamd64),
            ("GOARM64", &self.goarm64),
            ("GOARM", &self.goarm),
            ("GO386", &self.go386),
            ("GOMIPS", &self.gomips),
            ("GOMIPS64", &self.gomips64),
            ("GOPPC64", &self.goppc64),
            ("GORISCV64", &self.goriscv64),
        ]
    }

    fn over(&self, below: &Self) -> Self {
        let pick = |own: &Option<Spanned<String>>, below: &Option<Spanned<String>>| {
            own.clone().or_else(|| below.clone())
        };
        Self {
            goamd64: pick(&self.goamd64, &below.goamd64),
            goarm64: pick(&self.goarm64, &below.goarm64),
            goarm: pick(&self.goarm, &below.goarm),
            go386: pick(&self.go386, &below.go386),
            gomips: pick(&self.gomips, &below.gomips),
            gomips64: pick(&self.gomips64, &below.gomips64),
            goppc64: pick(&self.goppc64, &below.goppc64),
            goriscv64: pick(&self.goriscv64, &below.goriscv64),
        }
    }
}

impl Build {
    fn over(own: Option<&Self>, below: &Self) -> Self {
        let Some(own) = own.cloned() else {
            return below.clone();
        };
        let below = below.clone();
        Self {
            tags: own.tags.or(below.tags),
            ldflags: own.ldflags.or(below.ldflags),
            gcflags: own.gcflags.or(below.gcflags),
            asmflags: own.asmflags.or(below.asmflags),
            cgo: own.cgo.or(below.cgo),
            workspace: own.workspace.or(below.workspace),
            buildvcs: own.buildvcs.or(below.buildvcs),
            experiment: own.experiment.or(below.experiment),
            levels: own.levels.over(&below.levels),
        }
    }
}

fn compile(build: &Build) -> CompileConfig {
    let text = |value: &Option<Spanned<String>>| {
        value
            .as_ref()
            .map(|value| value.value.clone())
            .unwrap_or_default()
    };
    let level = |(name, value): (&str, &Option<Spanned<String>>)| {
        Some((name.to_owned(), value.as_ref()?.value.clone()))
    };
    CompileConfig {
        tags: set(build.tags.as_ref()),
        gcflags: text(&build.gcflags),
        asmflags: text(&build.asmflags),
        cgo: build.cgo.as_ref().is_some_and(|cgo| cgo.value),
        gowork_off: build
            .workspace
            .as_ref()
            .is_some_and(|workspace| !workspace.value),
        experiment: set(build.experiment.as_ref()),
        levels: build
            .levels
            .variables()
            .into_iter()
            .filter_map(level)
            .collect(),
    }
}
