//! Docker's own frontend, which is part of BuildKit: it runs the stages of a definition file that
//! is an ordinary Dockerfile.
//!
//! It is asked with the options and inputs of this build, so it reads the same file and the same
//! context, and all that Dockerfiles can do is done by it. To these comes the named context
//! [`CONTEXT`], which has the binaries.

use std::collections::BTreeMap;

use buildkit_proto::moby::buildkit::v1::frontend as proto;
use buildkit_proto::pb;
use futures_util::future::try_join_all;
use gowork_llb::ops::file::{File, Mkdir, Mkfile};
use gowork_llb::ops::{Definition, Output, Platform};

use super::session::Session;
use crate::context::Filter;
use crate::gateway::{FrontendSolve, GatewayError, Ref, Solve};
use crate::opts::keys;

/// The named context that has the binaries: `COPY --from=gowork`.
pub(super) const CONTEXT: &str = "gowork";

/// Its name in BuildKit.
const FRONTEND: &str = "dockerfile.v0";

/// Its option with the whole syntax line. BuildKit gives it to the frontend that the line chose.
const CMDLINE: &str = "cmdline";
/// Prefix of its options for attestations.
pub(super) const ATTEST: &str = "attest:";
/// Its option with the rules of checks.
pub(super) const CHECK: &str = "build-arg:BUILDKIT_DOCKERFILE_CHECK";

/// A request to Docker's frontend.
pub(super) struct Request {
    options: BTreeMap<String, String>,
    inputs: BTreeMap<String, pb::Definition>,
}

impl Request {
    /// What this build was asked for.
    pub(super) async fn new(session: &Session<'_>) -> Result<Self, GatewayError> {
        let mut request = Self {
            options: session.options.given.clone(),
            inputs: session.gateway.inputs().await?,
        };
        // Without it, Docker's frontend would find the syntax line and call this one.
        let chosen = request.options.entry(CMDLINE.to_owned());
        chosen.or_insert_with(|| CONTEXT.to_owned());
        Ok(request)
    }

    /// The same with the binaries for stages of a platform, or for those of any other.
    #[must_use]
    pub(super) fn binaries(mut self, platform: Option<&Platform>, output: &Output) -> Self {
        let name = match platform {
            Some(platform) => format!("{CONTEXT}::{platform}"),
            None => CONTEXT.to_owned(),
        };
        let definition = output.to_definition().into_pb();
        self.inputs.insert(name.clone(), definition);
        let place = format!("input:{name}");
        self.options
            .insert(format!("{}{name}", keys::NAMED_CONTEXT), place);
        self
    }

    /// The same for a Dockerfile with this text, which people know by this name. Docker's frontend
    /// takes a text only with a context that is no URL, so one that is a URL is handed over as well.
    #[must_use]
    pub(super) fn dockerfile(mut self, session: &Session<'_>, name: &str, text: String) -> Self {
        let mut file = File::on(&Output::scratch());
        if let Some((dir, _)) = name.rsplit_once('/') {
            file = file.mkdir(Mkdir::new(&format!("/{dir}"), 0o755).parents().timestamp(0));
        }
        let path = format!("/{name}");
        let mkfile = Mkfile::new(&path, 0o644, text.into_bytes()).timestamp(0);
        let output = file.mkfile(mkfile).named("[internal] load stage").output();
        self.options.remove(keys::DOCKERFILE_KEY);
        self.insert("dockerfile", &output);
        if session.options.contexts.remote.is_some() {
            for key in [keys::CONTEXT, keys::CONTEXT_KEY, keys::CONTEXT_SUBDIR] {
                self.options.remove(key);
            }
            let context = session.context.source(&Filter::Whole);
            self.insert("context", &context);
        }
        self.option(keys::FILENAME, name)
    }

    fn insert(&mut self, name: &str, output: &Output) {
        let definition = output.to_definition().into_pb();
        self.inputs.insert(name.to_owned(), definition);
    }

    /// The same with another value for an option.
    #[must_use]
    pub(super) fn option(mut self, key: &str, value: &str) -> Self {
        self.options.insert(key.to_owned(), value.to_owned());
        self
    }

    /// The same without the options whose names begin so.
    #[must_use]
    pub(super) fn without(mut self, prefix: &str) -> Self {
        self.options.retain(|key, _| !key.starts_with(prefix));
        self
    }

    /// Asks. Nothing is built before a ref of the result is evaluated.
    pub(super) async fn solve(self, session: &Session<'_>) -> Result<proto::Result, GatewayError> {
        let request = FrontendSolve {
            frontend: FRONTEND.to_owned(),
            options: self.options,
            inputs: self.inputs,
        };
        session.gateway.solve_frontend(request).await
    }

    /// Asks for what this build hands back. Its refs are ours, made from the LLB of the answer:
    /// BuildKit's provenance of a ref names the frontend that solved it, with the image and the
    /// options of that, and what it looked up. Docker's frontend knows of us only inputs.
    pub(super) async fn build(self, session: &Session<'_>) -> Result<proto::Result, GatewayError> {
        let mut result = self.solve(session).await?;
        let owning = refs_mut(&mut result)
            .into_iter()
            .map(|one| own(session, one));
        try_join_all(owning).await?;
        Ok(result)
    }
}

/// Makes a ref of another frontend one of ours. It is built once, when ours is evaluated.
async fn own(session: &Session<'_>, one: &mut proto::Ref) -> Result<(), GatewayError> {
    // Old builders do not say what a ref is made from.
    if let Some(definition) = one.def.take() {
        let request = Solve {
            definition: Definition::from_pb(definition),
            evaluate: false,
            cache_imports: session.options.cache_imports.clone(),
            limits: session.options.limits.clone(),
        };
        one.id = session.gateway.solve(request).await?.reference.0;
    }
    Ok(())
}

/// Whether the user gave a context in place of the binaries.
pub(super) fn has_own_context(session: &Session<'_>) -> bool {
    let mut named = session.options.contexts.named.keys();
    named.any(|name| name.split("::").next() == Some(CONTEXT))
}

/// The refs of a result: one, or one a platform.
pub(super) fn refs(result: &proto::Result) -> Vec<&proto::Ref> {
    match &result.result {
        Some(proto::result::Result::Ref(one)) => vec![one],
        Some(proto::result::Result::Refs(all)) => all.refs.values().collect(),
        _ => Vec::new(),
    }
}

fn refs_mut(result: &mut proto::Result) -> Vec<&mut proto::Ref> {
    match &mut result.result {
        Some(proto::result::Result::Ref(one)) => vec![one],
        Some(proto::result::Result::Refs(all)) => all.refs.values_mut().collect(),
        _ => Vec::new(),
    }
}

/// Builds all refs of a result, side by side.
pub(super) async fn evaluate(
    session: &Session<'_>,
    result: &proto::Result,
) -> Result<(), GatewayError> {
    let refs = refs(result)
        .into_iter()
        .map(|one| Ref(one.id.clone()))
        .filter(|one| !one.is_scratch());
    let refs: Vec<Ref> = refs.collect();
    try_join_all(refs.iter().map(|one| session.gateway.evaluate(one))).await?;
    Ok(())
}
