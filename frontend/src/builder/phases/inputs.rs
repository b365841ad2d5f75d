//! Phase: look up the images and files that steps read, and settle how steps run.

use std::collections::BTreeMap;

use futures_util::future::{join, try_join_all};
use gowork_llb::config::SCRATCH;
use gowork_llb::diag::Span;
use gowork_llb::lower::{GOLANG_PATH, LlbInputs, LlbOptions, MODULES_CONTEXT, NoCache};
use gowork_llb::ops::exec::{Exec, Network};
use gowork_llb::ops::{Output, Platform, caps};
use gowork_llb::plan::{Builder, Outline, OutlineImage};
use serde_json::Value;

use super::made::{self, Asked};
use super::scan::Scanned;
use crate::builder::job::Job;
use crate::builder::session::Session;
use crate::builder::target;
use crate::context::{BaseImage, Filter, transfer_pattern};
use crate::error::BuildError;

/// What the steps for one platform read.
#[derive(Clone)]
pub(in crate::builder) struct Inputs {
    pub(in crate::builder) llb: LlbInputs,
    /// Configs of bases, by what the configuration calls these.
    base_configs: BTreeMap<String, BaseConfig>,
}

/// The config of a base, JSON.
#[derive(Clone)]
pub(in crate::builder) struct BaseConfig {
    /// Its own.
    pub(in crate::builder) config: Vec<u8>,
    /// As the registry has it: its own, or for a stage that of the image that the stage starts from.
    pub(in crate::builder) of_registry: Option<Vec<u8>>,
    /// The digest that an image is pinned to, if it has one.
    pub(in crate::builder) digest: Option<String>,
}

impl Inputs {
    /// The config of a base. Returns `None` for scratch.
    pub(in crate::builder) fn base_config(&self, base: &str) -> Option<&BaseConfig> {
        self.base_configs.get(base)
    }
}

/// What the wanted image is built upon and takes from.
#[derive(Default)]
struct Below {
    bases: BTreeMap<String, Output>,
    stages: BTreeMap<String, Output>,
    base_configs: BTreeMap<String, BaseConfig>,
}

/// Looks up the images, and names the files of the context that any step may read.
pub(in crate::builder) async fn look_up(
    session: &Session<'_>,
    job: Job<'_>,
    scanned: &Scanned,
) -> Result<Inputs, BuildError> {
    let builder = &job.outline.builder;
    let build_platform = session.options.build_platform.clone();
    let modules = session
        .context
        .named(MODULES_CONTEXT, &build_platform)
        .await?;
    // Side by side: each may ask a registry.
    let (go, below) = join(
        self::builder(session, builder, scanned),
        below(session, job, scanned),
    )
    .await;
    let (go, below) = (go?, below?);
    let llb = LlbInputs {
        context: context(session, job.outline, scanned),
        builder: go.output,
        builder_digest: go.digest,
        builder_env: environment_of(go.config.as_deref().unwrap_or_default()),
        programs: session.programs.clone(),
        build_platform,
        bases: below.bases,
        stages: below.stages,
        accounts: BTreeMap::new(),
        modules: modules.map(|context| context.output),
        checkout: None,
    };
    Ok(Inputs {
        llb,
        base_configs: below.base_configs,
    })
}

/// The image that has the go command.
pub(super) async fn builder(
    session: &Session<'_>,
    builder: &Builder,
    scanned: &Scanned,
) -> Result<BaseImage, BuildError> {
    let Some(name) = builder.stage() else {
        let platform = &session.options.build_platform;
        let image = session.context.image(&builder.image, platform).await;
        return image.map_err(|error| {
            let keys = "`version` or `builder` under [go]";
            asked_for(error, builder.at.as_ref(), keys)
        });
    };
    let asked = Asked {
        name,
        at: builder.at.as_ref(),
        stages: &scanned.stages,
        platform: &session.options.build_platform,
        made_from: "these are compiled in it",
    };
    let made = made::make(session, asked).await?;
    Ok(BaseImage {
        output: made.output,
        config: made.config,
        digest: made.digest,
        image: None,
    })
}

/// Looks up what the wanted image is built upon and takes from.
async fn below(
    session: &Session<'_>,
    job: Job<'_>,
    scanned: &Scanned,
) -> Result<Below, BuildError> {
    let mut below = Below::default();
    for image in &job.outline.images {
        if job.wanted.image() != Some(image.config.name.as_str()) {
            continue;
        }
        let base = &image.config.runtime.base;
        if image.config.runtime.base_stage().is_none() && base.value != SCRATCH {
            let found = session.context.image(base, job.platform).await;
            let found = found.map_err(|error| asked_for(error, base.span.as_ref(), "`base`"))?;
            below.bases.insert(base.value.clone(), found.output);
            let configs = (found.config.clone(), found.config);
            below.add_config(base, configs, found.digest);
        }
        below.add_stages(session, job, scanned, image).await?;
    }
    Ok(below)
}

impl Below {
    /// Finds the stages that an image takes from, side by side.
    async fn add_stages(
        &mut self,
        session: &Session<'_>,
        job: Job<'_>,
        scanned: &Scanned,
        image: &OutlineImage,
    ) -> Result<(), BuildError> {
        let runtime = &image.config.runtime;
        let mut asked: BTreeMap<&str, Option<&Span>> = BTreeMap::new();
        if let Some(name) = runtime.base_stage() {
            asked.insert(name, runtime.base.span.as_ref());
        }
        for file in &runtime.files {
            if let Some(name) = file.from.stage() {
                asked.entry(name).or_insert(file.from.span.as_ref());
            }
        }
        let looking = asked.into_iter().map(|(name, at)| async move {
            let asked = Asked {
                name,
                at,
                stages: &scanned.stages,
                platform: job.platform,
                made_from: "images are made from it",
            };
            let found = made::find(session, asked).await?;
            Ok::<_, BuildError>((name, found))
        });
        for (name, found) in try_join_all(looking).await? {
            self.stages.insert(name.to_owned(), found.output);
            if runtime.base_stage() == Some(name) {
                self.add_config(&runtime.base, (found.config, found.registry_config), None);
            }
        }
        Ok(())
    }

    /// Keeps the config of a base, and the one that the registry has.
    fn add_config(
        &mut self,
        base: &str,
        (config, of_registry): (Option<Vec<u8>>, Option<Vec<u8>>),
        digest: Option<String>,
    ) {
        if let Some(config) = config {
            let config = BaseConfig {
                config,
                of_registry,
                digest,
            };
            self.base_configs.insert(base.to_owned(), config);
        }
    }
}

/// The build context: what was transferred for the scan, if that is enough, else another transfer.
fn context(session: &Session<'_>, outline: &Outline, scanned: &Scanned) -> Output {
    if let Some(scanned) = scanned.context(outline) {
        return scanned.clone();
    }
    let overlays = &scanned.overlays;
    let mut paths: Vec<String> = outline
        .tree_paths()
        .iter()
        .filter(|path| !overlays.has(path))
        .map(|path| transfer_pattern(path.as_str()))
        .collect();
    let patterns = outline.file_patterns().into_iter();
    paths.extend(patterns.map(|pattern| pattern.as_str().to_owned()));
    let context = session.context.source(&Filter::Paths {
        hint: "sources",
        paths: &paths,
    });
    overlays.over(&context)
}

/// The failure to look up an image, with the place that asks for it. If no such image exists, also
/// names the keys that choose another.
fn asked_for(error: BuildError, span: Option<&Span>, keys: &str) -> BuildError {
    let error = if is_missing_image(&error) {
        error.help(format!("name an image that exists with {keys}"))
    } else {
        error
    };
    error.at(span.cloned())
}

/// Whether a registry says that it has no such tag, or does not say whether it has the repository.
/// BuildKit passes the registry's words on, and no code.
fn is_missing_image(error: &BuildError) -> bool {
    let BuildError::Gateway { error, .. } = error else {
        return false;
    };
    let message = &error.status.message;
    message.ends_with("not found") || message.contains("repository does not exist")
}

/// How the steps for one platform run.
pub(in crate::builder) struct Manner<'a> {
    prefix: String,
    no_cache: NoCache,
    decorate_exec: Box<dyn Fn(Exec) -> Exec + 'a>,
}

impl<'a> Manner<'a> {
    /// As the options of the build say.
    pub(in crate::builder) fn of(session: &'a Session<'_>, platform: &Platform) -> Self {
        let options = session.options;
        // What stands before the names of steps, if there is more than one platform.
        let prefix = if options.multi_platform || options.platforms.len() > 1 {
            format!("[{platform}] ")
        } else {
            String::new()
        };
        Self {
            prefix,
            no_cache: target::no_cache(&options.no_cache),
            decorate_exec: Box::new(|exec| options.exec.apply(exec)),
        }
    }

    /// In the words of the library.
    pub(in crate::builder) fn options<'m>(&'m self, session: &'m Session<'_>) -> LlbOptions<'m> {
        let options = session.options;
        LlbOptions {
            no_cache: &self.no_cache,
            cache_namespace: &options.cache_mount_namespace,
            prefix: &self.prefix,
            decorate_exec: &*self.decorate_exec,
            network: options.exec.network.unwrap_or(Network::Sandbox),
            epoch: session.epoch().unwrap_or(0),
            merge: session.gateway.pong().llb_caps.has(caps::MERGE),
        }
    }
}

/// The environment of an image. One that has no PATH gets that of the golang images.
pub(super) fn environment_of(config: &[u8]) -> BTreeMap<String, String> {
    let config: Value = serde_json::from_slice(config).unwrap_or_default();
    let mut environment = BTreeMap::new();
    for line in config["config"]["Env"].as_array().into_iter().flatten() {
        if let Some((name, value)) = line.as_str().and_then(|line| line.split_once('=')) {
            environment.insert(name.to_owned(), value.to_owned());
        }
    }
    environment
        .entry("PATH".to_owned())
        .or_insert_with(|| GOLANG_PATH.to_owned());
    environment
}
