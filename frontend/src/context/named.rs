//! Named contexts (`--build-context NAME=..`), and images, which named contexts may stand in for.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use gowork_llb::diag::Diagnostic;
use gowork_llb::ops::source::{Image, OciLayout};
use gowork_llb::ops::{Digest, Output, Platform, Reference};
use gowork_llb::tree::Ignore;
use serde_json::Value;

use super::local::{Directory, Filter};
use super::{Context, IGNORE_FILE, git_source, http, input, read_optional, solve};
use crate::error::BuildError;
use crate::gateway::{ImageQuery, OciStore, ResolvedImage};

/// The name that stands for the empty filesystem.
const SCRATCH: &str = "scratch";

/// A named context.
#[derive(Debug, Clone)]
pub struct NamedContext {
    /// The filesystem.
    pub output: Output,
    /// The image's config, JSON, if it is an image.
    pub config: Option<Vec<u8>>,
    /// The image's digest, if it has one.
    pub digest: Option<String>,
}

/// An image to build on or to run steps in.
#[derive(Debug, Clone)]
pub struct BaseImage {
    /// The filesystem, for the platform asked for.
    pub output: Output,
    /// The config as the registry has it, JSON; none for `scratch` and for contexts that are no
    /// images.
    pub config: Option<Vec<u8>>,
    /// The digest it is pinned to, if there is one.
    pub digest: Option<String>,
    /// What it is called in full; the name itself for a named context.
    pub reference: String,
}

impl Context<'_> {
    /// The image `reference` (as people write it: `golang:1.26`) for `platform`. A named context of
    /// that name takes its place. Looked up once, and pinned to its digest where it has one.
    pub async fn image(
        &self,
        reference: &str,
        platform: &Platform,
    ) -> Result<BaseImage, BuildError> {
        let key = format!("{reference} {platform}");
        if let Some(known) = self.images.borrow().get(&key) {
            return Ok(known.clone());
        }
        let image = self.find_image(reference, platform).await?;
        self.images.borrow_mut().insert(key, image.clone());
        Ok(image)
    }

    async fn find_image(
        &self,
        reference: &str,
        platform: &Platform,
    ) -> Result<BaseImage, BuildError> {
        if reference == SCRATCH {
            return Ok(BaseImage {
                output: Output::scratch(),
                config: None,
                digest: None,
                reference: SCRATCH.to_owned(),
            });
        }
        if let Some(NamedContext {
            output,
            config,
            digest,
        }) = self.named(reference, platform).await?
        {
            return Ok(BaseImage {
                output,
                config,
                digest,
                reference: reference.to_owned(),
            });
        }
        let parsed =
            Reference::parse(reference).map_err(|error| Diagnostic::error(error.to_string()))?;
        let log_name = format!("[{platform} internal] load metadata for {parsed}");
        self.registry_image(&parsed, platform, &log_name, &parsed.familiar())
            .await
    }

    /// The named context `name`, in the variant for `platform` if there is one; none if the build
    /// has none of that name.
    pub async fn named(
        &self,
        name: &str,
        platform: &Platform,
    ) -> Result<Option<NamedContext>, BuildError> {
        let contexts = &self.options.contexts;
        // Clients write names in the short form of image references.
        let name = match Reference::parse(name) {
            Ok(reference) => reference.familiar().trim_end_matches(":latest").to_owned(),
            Err(_) => name.to_owned(),
        };
        let with_platform = format!("{name}::{platform}");
        for key in [with_platform, name.clone()] {
            if let Some(place) = contexts.named.get(&key) {
                let asked = Asked {
                    name: &name,
                    key: &key,
                    platform,
                };
                return self.load(&asked, place).await.map(Some);
            }
        }
        Ok(None)
    }

    async fn load(&self, asked: &Asked<'_>, place: &str) -> Result<NamedContext, BuildError> {
        let key = asked.key;
        let (scheme, rest) = place
            .split_once(':')
            .ok_or_else(|| asked.problem("it has no scheme such as docker-image://"))?;
        let plain = |output| NamedContext {
            output,
            config: None,
            digest: None,
        };
        match scheme {
            "docker-image" => {
                self.image_context(asked, rest.trim_start_matches("//"))
                    .await
            }
            "oci-layout" => {
                self.layout_context(asked, rest.trim_start_matches("//"))
                    .await
            }
            "local" => Ok(plain(self.local_context(asked, rest).await?)),
            "input" => self.input_context(asked, rest).await,
            _ => match git_source(
                self.gateway,
                self.options,
                place,
                &format!("[context {key}] load git source"),
            )? {
                Some(output) => Ok(plain(output)),
                None if http::is_url(place) => Ok(plain(http::source(
                    place,
                    &format!("[context {key}] {place}"),
                )?)),
                None => Err(asked
                    .problem(&format!("{scheme} is not a kind of context"))
                    .into()),
            },
        }
    }

    async fn image_context(
        &self,
        asked: &Asked<'_>,
        reference: &str,
    ) -> Result<NamedContext, BuildError> {
        if reference == SCRATCH {
            return Ok(NamedContext {
                output: Output::scratch(),
                config: None,
                digest: None,
            });
        }
        let parsed =
            Reference::parse(reference).map_err(|error| asked.problem(&error.to_string()))?;
        let log_name = format!("[context {}] load metadata for {reference}", asked.key);
        let shown = format!("[context {}] {reference}", asked.key);
        let BaseImage {
            output,
            config,
            digest,
            ..
        } = self
            .registry_image(&parsed, asked.platform, &log_name, &shown)
            .await?;
        Ok(NamedContext {
            output,
            config,
            digest,
        })
    }

    async fn registry_image(
        &self,
        reference: &Reference,
        platform: &Platform,
        log_name: &str,
        shown: &str,
    ) -> Result<BaseImage, BuildError> {
        let mode = self.options.image_resolve_mode;
        let query = ImageQuery {
            reference: reference.to_string(),
            platform: Some(platform.clone()),
            resolve_mode: mode.as_str().to_owned(),
            log_name: log_name.to_owned(),
            oci_layout: None,
        };
        let found = self.gateway.resolve_image(query).await.map_err(|error| {
            // The daemon leads with the reference in its long form; people know the short one.
            let error = error.without_lead(&format!("{reference}: "));
            error.context(&format!("image {}", reference.familiar()))
        })?;
        let pinned = pinned(&found, reference)?;
        let image = Image::new(&pinned)
            .platform(platform.clone())
            .resolve_mode(mode)
            .named(shown);
        let output = if is_empty(&found.config) {
            Output::scratch()
        } else {
            image.output()
        };
        Ok(BaseImage {
            output,
            config: Some(found.config),
            digest: found.digest,
            reference: pinned.to_string(),
        })
    }

    async fn layout_context(
        &self,
        asked: &Asked<'_>,
        place: &str,
    ) -> Result<NamedContext, BuildError> {
        let (store, digest) = place
            .split_once('@')
            .ok_or_else(|| asked.problem("an oci-layout context needs a digest"))?;
        let digest = Digest::parse(digest).map_err(|error| asked.problem(&error.to_string()))?;
        let store = match store.rsplit_once(':') {
            Some((name, tag)) if !tag.contains('/') => name,
            _ => store,
        };
        // The layout's own name means nothing outside the client: people know the image by the
        // context's name.
        let reference = Reference::parse(asked.name)
            .map_err(|error| asked.problem(&error.to_string()))?
            .pinned(&digest);
        let session = self.options.contexts.session.clone();
        let query = ImageQuery {
            reference: reference.to_string(),
            platform: Some(asked.platform.clone()),
            log_name: format!("[context {}] load metadata for {reference}", asked.key),
            oci_layout: Some(OciStore {
                session_id: session.clone(),
                store_id: store.to_owned(),
            }),
            ..ImageQuery::default()
        };
        let found = self
            .gateway
            .resolve_image(query)
            .await
            .map_err(|error| error.context(&format!("context {}", asked.key)))?;
        let layout = OciLayout::new(&reference)
            .session(&session)
            .store(store)
            .platform(asked.platform.clone());
        let output = layout
            .named(format!("[context {}] OCI load from client", asked.key))
            .output();
        Ok(NamedContext {
            output,
            config: Some(found.config),
            digest: found.digest,
        })
    }

    /// A directory of the client, with its own ignore file.
    async fn local_context(&self, asked: &Asked<'_>, name: &str) -> Result<Output, BuildError> {
        let contexts = &self.options.contexts;
        let key = asked.key;
        let mut directory = Directory {
            name: name.to_owned(),
            session: contexts.session_of(name).to_owned(),
            hint: format!("context:{key}-"),
            group: format!("[context {key}]"),
            shown: "from client".to_owned(),
            excludes: Vec::new(),
        };
        let ignored = directory.files(&[IGNORE_FILE.to_owned()], IGNORE_FILE, IGNORE_FILE);
        let reference = solve(self.gateway, &ignored).await?;
        let text = read_optional(self.gateway, &reference, IGNORE_FILE).await?;
        directory.excludes = match text {
            Some(text) => Ignore::parse(&text).patterns(),
            None => Vec::new(),
        };
        directory
            .hint
            .push_str(contexts.shared_keys.get(key).map_or("", String::as_str));
        Ok(directory.source(&Filter::Whole))
    }

    /// Another build's result, with its image config if it has one.
    async fn input_context(
        &self,
        asked: &Asked<'_>,
        name: &str,
    ) -> Result<NamedContext, BuildError> {
        let inputs = self.gateway.inputs().await?;
        let definition = inputs
            .get(name)
            .ok_or_else(|| asked.problem(&format!("the client passed no input {name}")))?;
        let output = input(name, definition)?;
        let metadata = self.options.contexts.input_metadata.get(name);
        let config = metadata.map(|metadata| input_config(metadata)).transpose();
        let config = config.map_err(|problem| asked.problem(&problem))?.flatten();
        Ok(NamedContext {
            output,
            config,
            digest: None,
        })
    }
}

/// A named context being looked up.
struct Asked<'a> {
    /// Its name in the short form.
    name: &'a str,
    /// The key that was found: the name, perhaps with a platform.
    key: &'a str,
    platform: &'a Platform,
}

impl Asked<'_> {
    fn problem(&self, problem: &str) -> Diagnostic {
        Diagnostic::error(format!("build context {}: {problem}", self.key))
    }
}

/// The reference to build from: what the daemon answered (a policy may have changed it), pinned to
/// the digest.
fn pinned(found: &ResolvedImage, asked: &Reference) -> Result<Reference, BuildError> {
    let unusable = |problem: String| {
        Diagnostic::error(format!(
            "image {}: BuildKit answered {problem}",
            asked.familiar()
        ))
    };
    let reference =
        Reference::parse(&found.reference).map_err(|error| unusable(error.to_string()))?;
    match &found.digest {
        None => Ok(reference),
        Some(digest) => {
            Ok(reference
                .pinned(&Digest::parse(digest).map_err(|error| unusable(error.to_string()))?))
        }
    }
}

/// Whether an image has no layers: such a one cannot be mounted.
fn is_empty(config: &[u8]) -> bool {
    let config: Value = serde_json::from_slice(config).unwrap_or_default();
    config
        .pointer("/rootfs/diff_ids")
        .and_then(Value::as_array)
        .is_some_and(Vec::is_empty)
}

/// The image config in an input's metadata.
fn input_config(metadata: &str) -> Result<Option<Vec<u8>>, String> {
    let metadata: Value = serde_json::from_str(metadata)
        .map_err(|error| format!("its metadata is not JSON: {error}"))?;
    let Some(config) = metadata
        .get("containerimage.config")
        .and_then(Value::as_str)
    else {
        return Ok(None);
    };
    STANDARD
        .decode(config)
        .map(Some)
        .map_err(|error| format!("its image config is not base64: {error}"))
}
