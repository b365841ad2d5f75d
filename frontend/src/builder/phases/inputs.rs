//! Phase: the images and files that steps are fed with.

use std::collections::BTreeMap;

use gowork_llb::config::SCRATCH;
use gowork_llb::diag::Span;
use gowork_llb::lower::{LlbInputs, LlbOptions, NoCache};
use gowork_llb::ops::exec::{Exec, Network};
use gowork_llb::ops::{Platform, caps};
use gowork_llb::plan::Outline;

use super::scan::Scanned;
use crate::builder::Builder;
use crate::builder::target::Wanted;
use crate::context::Filter;
use crate::error::BuildError;

/// Everything at hand for one platform.
pub(in crate::builder) struct Gathered {
    pub(in crate::builder) llb: LlbInputs,
    /// Configs of base images by reference, as the registry has them.
    base_configs: BTreeMap<String, Vec<u8>>,
}

/// Looks up the images, and names the files of the context that any step may read.
pub(in crate::builder) async fn gather(
    builder: &Builder<'_>,
    platform: &Platform,
    outline: &Outline,
    wanted: &Wanted,
    scanned: &Scanned,
) -> Result<Gathered, BuildError> {
    let build_platform = builder.options.build_platform.clone();
    let go = builder
        .context
        .image(&outline.builder.image, &build_platform)
        .await;
    let go = go.map_err(|error| {
        asked_for(
            error,
            outline.builder.at.as_ref(),
            "`version` or `builder` under [go]",
        )
    })?;
    let mut bases = BTreeMap::new();
    let mut base_configs = BTreeMap::new();
    for image in outline
        .images
        .iter()
        .filter(|image| wanted.image() == Some(&image.config.name))
    {
        let reference = &image.config.runtime.base;
        if reference.value == SCRATCH {
            continue;
        }
        let found = builder.context.image(&reference.value, platform).await;
        let found = found.map_err(|error| asked_for(error, reference.span.as_ref(), "`base`"))?;
        bases.insert(reference.value.clone(), found.output);
        if let Some(config) = found.config {
            base_configs.insert(reference.value.clone(), config);
        }
    }
    let context = scanned.context(outline).cloned().unwrap_or_else(|| {
        let paths: Vec<String> = outline
            .tree_paths()
            .iter()
            .map(|path| transfer_pattern(path.as_str()))
            .collect();
        builder.context.source(&Filter::Paths {
            hint: "sources",
            paths: &paths,
        })
    });
    let llb = LlbInputs {
        context,
        builder: go.output,
        builder_digest: go.digest,
        builder_env: environment_of(go.config.as_deref().unwrap_or_default()),
        programs: builder.programs.clone(),
        build_platform,
        bases,
    };
    Ok(Gathered { llb, base_configs })
}

/// A path as the client is asked for it: wildcards are read in it, so a letter that would be one
/// stands for any letter. A file too many on the way harms nothing, since steps copy theirs by
/// name.
fn transfer_pattern(path: &str) -> String {
    path.replace(['*', '[', ']', '\\'], "?")
}

/// An image that could not be had, with the place that asks for it; if it is not there, with the
/// keys that name another.
fn asked_for(error: BuildError, span: Option<&Span>, keys: &str) -> BuildError {
    // The words of a registry that has no such tag, and of one that does not say whether it has the
    // repository.
    let gone =
        |words: &str| words.ends_with("not found") || words.contains("repository does not exist");
    let missing =
        matches!(&error, BuildError::Gateway { error, .. } if gone(&error.status.message));
    let error = if missing {
        error.help(format!("name an image that exists with {keys}"))
    } else {
        error
    };
    match span {
        Some(span) => error.at(span.clone()),
        None => error,
    }
}

/// How steps are run.
pub(in crate::builder) fn options<'a>(
    builder: &'a Builder<'_>,
    prefix: &'a str,
    no_cache: &'a NoCache,
    dress: &'a dyn Fn(Exec) -> Exec,
) -> LlbOptions<'a> {
    let network = builder.options.exec.network.unwrap_or(Network::Sandbox);
    let merge = builder.gateway.pong().llb_caps.has(caps::MERGE);
    LlbOptions {
        no_cache,
        cache_namespace: &builder.options.cache_mount_namespace,
        prefix,
        decorate_exec: dress,
        network,
        epoch: builder.options.source_date_epoch.unwrap_or(0),
        merge,
    }
}

impl Gathered {
    /// The config of a base image; none for scratch.
    pub(in crate::builder) fn base_config(&self, reference: &str) -> Option<&[u8]> {
        self.base_configs.get(reference).map(Vec::as_slice)
    }
}

/// Where programs are found in an image that does not say so: as the golang images have it.
const DEFAULT_PATH: &str =
    "/go/bin:/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Environment of an image, with a PATH in any case.
fn environment_of(config: &[u8]) -> BTreeMap<String, String> {
    let config: serde_json::Value = serde_json::from_slice(config).unwrap_or_default();
    let env = config["config"]["Env"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let pairs = env.iter().filter_map(|line| line.as_str()?.split_once('='));
    let mut env: BTreeMap<String, String> = pairs
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    env.entry("PATH".to_owned())
        .or_insert_with(|| DEFAULT_PATH.to_owned());
    env
}

/// A time as image configs have it. None for times that the calendar of such texts does not know.
pub(in crate::builder) fn rfc3339(seconds: i64) -> Option<String> {
    let since = std::time::Duration::from_secs(u64::try_from(seconds).ok()?);
    let time = std::time::UNIX_EPOCH.checked_add(since)?;
    // Beyond the year 9999 the formatter gives up.
    (seconds < 253_402_300_800).then(|| humantime::format_rfc3339_seconds(time).to_string())
}
