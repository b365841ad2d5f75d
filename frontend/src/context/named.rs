//! Named contexts (`--build-context NAME=..`): each kind by its scheme.

use gowork_llb::diag::Diagnostic;
use gowork_llb::ops::source::OciLayout;
use gowork_llb::ops::{Digest, Output, Platform, Reference, short_name};
use gowork_llb::tree::Ignore;

use super::local::{Directory, Filter, IGNORE_FILE};
use super::read::{read_optional, solve};
use super::registry::{BaseImage, Lookup, SCRATCH};
use super::{git, http, input};
use crate::error::BuildError;
use crate::gateway::{Gateway, ImageQuery, OciStore};
use crate::opts::Options;

/// The named contexts of a build.
#[derive(Clone, Copy)]
pub(super) struct NamedContexts<'a> {
    pub(super) gateway: &'a dyn Gateway,
    pub(super) options: &'a Options,
}

impl NamedContexts<'_> {
    /// The named context `name`, in the variant for `platform` if there is one. Returns `None` if
    /// the build has no such context.
    pub(super) async fn find(
        &self,
        name: &str,
        platform: &Platform,
    ) -> Result<Option<BaseImage>, BuildError> {
        let contexts = &self.options.contexts;
        let name = short_name(name);
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

    async fn load(&self, asked: &Asked<'_>, place: &str) -> Result<BaseImage, BuildError> {
        let key = asked.key;
        let (scheme, rest) = place
            .split_once(':')
            .ok_or_else(|| asked.problem("it has no scheme such as docker-image://"))?;
        match scheme {
            "docker-image" => {
                self.image_context(asked, rest.trim_start_matches("//"))
                    .await
            }
            "oci-layout" => {
                self.layout_context(asked, rest.trim_start_matches("//"))
                    .await
            }
            "local" => Ok(BaseImage::plain(self.local_context(asked, rest).await?)),
            "input" => self.input_context(asked, rest).await,
            _ => {
                let doing = format!("[context {key}] load git source");
                let git = git::source(self.gateway, self.options, place, &doing)?;
                if let Some(output) = git {
                    return Ok(BaseImage::plain(output));
                }
                if http::is_url(place) {
                    let output = http::source(place, &format!("[context {key}] {place}"))?;
                    return Ok(BaseImage::plain(output));
                }
                Err(asked
                    .problem(&format!("{scheme} is not a kind of context"))
                    .into())
            }
        }
    }

    async fn image_context(
        &self,
        asked: &Asked<'_>,
        reference: &str,
    ) -> Result<BaseImage, BuildError> {
        if reference == SCRATCH {
            return Ok(BaseImage::plain(Output::scratch()));
        }
        let parsed =
            Reference::parse(reference).map_err(|error| asked.problem(&error.to_string()))?;
        let lookup = Lookup {
            reference: &parsed,
            platform: asked.platform,
            log_name: &format!("[context {}] load metadata for {reference}", asked.key),
            shown: &format!("[context {}] {reference}", asked.key),
        };
        lookup.image(self.gateway, self.options).await
    }

    async fn layout_context(
        &self,
        asked: &Asked<'_>,
        place: &str,
    ) -> Result<BaseImage, BuildError> {
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
        Ok(BaseImage {
            output,
            config: Some(found.config),
            digest: found.digest,
            image: None,
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
    async fn input_context(&self, asked: &Asked<'_>, name: &str) -> Result<BaseImage, BuildError> {
        let inputs = self.gateway.inputs().await?;
        let output = input::output(&inputs, name)?
            .ok_or_else(|| asked.problem(&format!("the client passed no input {name}")))?;
        let config = match self.options.contexts.input_metadata.get(name) {
            Some(metadata) => input::config(metadata).map_err(|problem| asked.problem(&problem))?,
            None => None,
        };
        Ok(BaseImage {
            output,
            config,
            digest: None,
            image: None,
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
