//! The gateway over gRPC. Owns messages, limits and deadlines; bytes travel by [`super::stdio`].

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::time::Duration;

use buildkit_proto::fsutil::types::Stat;
use buildkit_proto::google::rpc;
use buildkit_proto::moby::buildkit::v1::frontend as proto;
use buildkit_proto::pb;
use gowork_llb::ops::caps::{self as llb_caps, Supported};
use gowork_llb::ops::{Definition, Platform};
use http::Uri;
use http::uri::PathAndQuery;
use tokio::io::{AsyncRead, AsyncWrite};
use tonic::client::Grpc;
use tonic_prost::ProstCodec;

use super::caps;
use super::connection::{Connection, chain};
use super::step_limits::SolveRequest;
use super::{
    Answer, FrontendSolve, Gateway, GatewayError, ImageQuery, Pong, Ref, ResolvedImage, Solve,
    Solved, StepLimits, Warning,
};

/// BuildKit's limit per message, both ways. tonic's own for decoding is 4 MiB.
const MAX_MESSAGE: usize = 16 << 20;
/// For calls that BuildKit answers from memory. Solve, Evaluate and reads wait for builds and have
/// none: a daemon that dies closes the pipes, which fails them all.
const QUICK: u64 = 15;
/// Return waits until the daemon has taken the result over.
const RETURN: u64 = 60;

/// The gateway of the BuildKit at the other end of a byte stream.
pub struct GrpcGateway {
    client: Grpc<Connection>,
    pong: Pong,
}

impl GrpcGateway {
    /// Connects and pings. Call it before anything else: BuildKit gives a frontend 10 s for its
    /// first bytes.
    pub async fn connect<T>(stream: T) -> Result<Self, GatewayError>
    where
        T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let connection = Connection::open(stream).await;
        let connection = connection.map_err(|error| {
            GatewayError::new(
                "Ping",
                format!("no connection to BuildKit: {}", chain(&error)),
            )
        })?;
        let client = Grpc::with_origin(connection, Uri::from_static("http://localhost"))
            .max_decoding_message_size(MAX_MESSAGE)
            .max_encoding_message_size(MAX_MESSAGE);
        let mut gateway = Self {
            client,
            pong: Pong::default(),
        };
        let pong: proto::PongResponse = gateway.quick("Ping", proto::PingRequest {}).await?;
        gateway.pong = Pong {
            frontend_caps: Supported::from_api(&pong.frontend_api_caps),
            llb_caps: Supported::from_api(&pong.llb_caps),
        };
        Ok(gateway)
    }

    /// One unary call, for as long as it takes.
    async fn call<Q, A>(&self, name: &'static str, request: Q) -> Result<A, GatewayError>
    where
        Q: prost::Message + Send + Sync + 'static,
        A: prost::Message + Default + Send + Sync + 'static,
    {
        let path = PathAndQuery::try_from(format!("/moby.buildkit.v1.frontend.LLBBridge/{name}"))
            .map_err(|error| GatewayError::new(name, error.to_string()))?;
        let mut client = self.client.clone();
        client.ready().await.map_err(|error| {
            GatewayError::new(
                name,
                format!("connection to BuildKit lost: {}", chain(&error)),
            )
        })?;
        let answer = client
            .unary(
                tonic::Request::new(request),
                path,
                ProstCodec::<Q, A>::default(),
            )
            .await;
        match answer {
            Ok(answer) => Ok(answer.into_inner()),
            Err(status) => Err(GatewayError::from_tonic(name, &status)),
        }
    }

    /// One unary call that has to be answered soon.
    async fn quick<Q, A>(&self, name: &'static str, request: Q) -> Result<A, GatewayError>
    where
        Q: prost::Message + Send + Sync + 'static,
        A: prost::Message + Default + Send + Sync + 'static,
    {
        within(QUICK, name, self.call(name, request)).await
    }

    async fn solve_now(&self, solve: Solve) -> Result<Solved, GatewayError> {
        llb_caps::check(&solve.definition, &self.pong.llb_caps)?;
        let in_one_call = self.pong.frontend_caps.has(caps::SOLVE_EVALUATE);
        let request = proto::SolveRequest {
            definition: (!solve.definition.is_scratch()).then(|| sendable(solve.definition)),
            allow_result_return: true,
            allow_result_array_ref: true,
            cache_imports: solve.cache_imports.into_iter().map(cache_import).collect(),
            evaluate: solve.evaluate && in_one_call,
            ..proto::SolveRequest::default()
        };
        let answer: proto::SolveResponse = if self.takes(&solve.limits) {
            let request = SolveRequest::new(request, &solve.limits);
            self.call("Solve", request).await?
        } else {
            self.call("Solve", request).await?
        };
        let result = answer.result.unwrap_or_default();
        let reference = match result.result {
            Some(proto::result::Result::Ref(reference)) => Ref(reference.id),
            Some(proto::result::Result::RefDeprecated(id)) => Ref(id),
            None => Ref::default(),
            Some(_) => {
                return Err(GatewayError::new(
                    "Solve",
                    "BuildKit answered one definition with several results",
                ));
            }
        };
        if solve.evaluate && !in_one_call && !reference.is_scratch() {
            self.evaluate_now(&reference).await?;
        }
        Ok(Solved { reference })
    }

    /// Whether there are limits that the daemon can give to steps.
    fn takes(&self, limits: &StepLimits) -> bool {
        *limits != StepLimits::default() && self.pong.llb_caps.has(caps::STEP_LIMITS)
    }

    async fn solve_by_frontend(
        &self,
        request: FrontendSolve,
    ) -> Result<proto::Result, GatewayError> {
        let request = proto::SolveRequest {
            frontend: request.frontend,
            frontend_opt: request.options.into_iter().collect(),
            frontend_inputs: frontend_inputs(request.inputs),
            allow_result_return: true,
            allow_result_array_ref: true,
            ..proto::SolveRequest::default()
        };
        let answer: proto::SolveResponse = self.call("Solve", request).await?;
        Ok(answer.result.unwrap_or_default())
    }

    /// Forces a lazy ref to be built now.
    async fn evaluate_now(&self, reference: &Ref) -> Result<(), GatewayError> {
        if !self.pong.frontend_caps.has(caps::EVALUATE) {
            self.stat_file(reference, ".").await?;
            return Ok(());
        }
        let request = proto::EvaluateRequest {
            r#ref: reference.0.clone(),
        };
        let _: proto::EvaluateResponse = self.call("Evaluate", request).await?;
        Ok(())
    }

    async fn resolve_source(&self, query: ImageQuery) -> Result<ResolvedImage, GatewayError> {
        let (scheme, attrs) = match &query.oci_layout {
            Some(store) => ("oci-layout://", oci_attrs(store)),
            None => ("docker-image://", BTreeMap::new()),
        };
        let request = proto::ResolveSourceMetaRequest {
            source: Some(pb::SourceOp {
                identifier: format!("{scheme}{}", query.reference),
                attrs,
            }),
            platform: query.platform.as_ref().map(Platform::to_pb),
            log_name: query.log_name,
            resolve_mode: query.resolve_mode,
            image: query
                .oci_layout
                .is_none()
                .then(proto::ResolveSourceImageRequest::default),
            ..proto::ResolveSourceMetaRequest::default()
        };
        let answer: proto::ResolveSourceMetaResponse =
            self.call("ResolveSourceMeta", request).await?;
        let identifier = answer
            .source
            .map(|source| source.identifier)
            .unwrap_or_default();
        let Some(image) = answer.image else {
            return Err(GatewayError::new(
                "ResolveSourceMeta",
                format!(
                    "{}: a source policy turns it into {identifier}, which is not an image",
                    query.reference
                ),
            ));
        };
        let reference = identifier
            .split_once("://")
            .map_or(query.reference.as_str(), |(_, reference)| reference);
        Ok(resolved(reference.to_owned(), image.digest, image.config))
    }

    async fn resolve_config(&self, query: ImageQuery) -> Result<ResolvedImage, GatewayError> {
        let store = query.oci_layout.clone().unwrap_or_default();
        let request = proto::ResolveImageConfigRequest {
            r#ref: query.reference.clone(),
            platform: query.platform.as_ref().map(Platform::to_pb),
            resolve_mode: query.resolve_mode,
            log_name: query.log_name,
            resolver_type: i32::from(query.oci_layout.is_some()),
            session_id: store.session_id,
            store_id: store.store_id,
            source_policies: Vec::new(),
        };
        let answer: proto::ResolveImageConfigResponse =
            self.call("ResolveImageConfig", request).await?;
        let reference = if answer.r#ref.is_empty() {
            query.reference
        } else {
            answer.r#ref
        };
        Ok(resolved(reference, answer.digest, answer.config))
    }

    async fn end(&self, request: proto::ReturnRequest) -> Result<(), GatewayError> {
        let _: proto::ReturnResponse =
            within(RETURN, "Return", self.call("Return", request)).await?;
        Ok(())
    }
}

impl Gateway for GrpcGateway {
    fn pong(&self) -> &Pong {
        &self.pong
    }

    fn solve(&self, request: Solve) -> Answer<'_, Solved> {
        Box::pin(self.solve_now(request))
    }

    fn solve_frontend(&self, request: FrontendSolve) -> Answer<'_, proto::Result> {
        Box::pin(self.solve_by_frontend(request))
    }

    fn evaluate<'a>(&'a self, reference: &'a Ref) -> Answer<'a, ()> {
        Box::pin(self.evaluate_now(reference))
    }

    fn read_range<'a>(
        &'a self,
        from: &'a Ref,
        path: &'a str,
        range: Option<Range<u64>>,
    ) -> Answer<'a, Vec<u8>> {
        let range = range.map(|range| proto::FileRange {
            offset: range.start.cast_signed(),
            length: range.end.saturating_sub(range.start).cast_signed(),
        });
        let request = proto::ReadFileRequest {
            r#ref: from.0.clone(),
            file_path: path.to_owned(),
            range,
            mount_index: 0,
        };
        Box::pin(async move {
            let answer: proto::ReadFileResponse = self.call("ReadFile", request).await?;
            Ok(answer.data)
        })
    }

    fn stat_file<'a>(&'a self, from: &'a Ref, path: &'a str) -> Answer<'a, Stat> {
        let request = proto::StatFileRequest {
            r#ref: from.0.clone(),
            path: path.to_owned(),
            mount_index: 0,
        };
        Box::pin(async move {
            let answer: proto::StatFileResponse = self.call("StatFile", request).await?;
            Ok(answer.stat.unwrap_or_default())
        })
    }

    fn read_dir<'a>(&'a self, from: &'a Ref, path: &'a str) -> Answer<'a, Vec<Stat>> {
        let request = proto::ReadDirRequest {
            r#ref: from.0.clone(),
            dir_path: path.to_owned(),
            include_pattern: String::new(),
            mount_index: 0,
        };
        Box::pin(async move {
            let answer: proto::ReadDirResponse = self.call("ReadDir", request).await?;
            Ok(answer.entries)
        })
    }

    fn resolve_image(&self, query: ImageQuery) -> Answer<'_, ResolvedImage> {
        if self.pong.frontend_caps.has(caps::SOURCE_META_RESOLVER) {
            Box::pin(self.resolve_source(query))
        } else {
            Box::pin(self.resolve_config(query))
        }
    }

    fn inputs(&self) -> Answer<'_, BTreeMap<String, pb::Definition>> {
        Box::pin(async move {
            if !self.pong.frontend_caps.has(caps::INPUTS) {
                return Ok(BTreeMap::new());
            }
            let answer: proto::InputsResponse =
                self.quick("Inputs", proto::InputsRequest {}).await?;
            Ok(answer.definitions.into_iter().collect())
        })
    }

    fn warn(&self, warning: Warning) -> Answer<'_, ()> {
        Box::pin(async move {
            if !self.pong.frontend_caps.has(caps::WARNINGS) {
                return Ok(());
            }
            let request = proto::WarnRequest {
                digest: warning.digest,
                level: 1,
                short: warning.short.into_bytes(),
                ..proto::WarnRequest::default()
            };
            let _: proto::WarnResponse = self.quick("Warn", request).await?;
            Ok(())
        })
    }

    fn return_ok(&self, mut result: proto::Result) -> Answer<'_, ()> {
        make_refs_present(&mut result);
        Box::pin(self.end(proto::ReturnRequest {
            result: Some(result),
            error: None,
        }))
    }

    fn return_error(&self, status: rpc::Status) -> Answer<'_, ()> {
        Box::pin(self.end(proto::ReturnRequest {
            result: None,
            error: Some(status),
        }))
    }
}

/// The inputs of another frontend. An empty message as a value of a map is left out on its way, and
/// the daemon takes what is left out for no message at all: so no message is empty, and places that
/// say nothing are not sent.
fn frontend_inputs(inputs: BTreeMap<String, pb::Definition>) -> HashMap<String, pb::Definition> {
    let mut sent = HashMap::new();
    for (name, mut input) in inputs {
        input.source.get_or_insert_default();
        remove_empty_places(&mut input);
        sent.insert(name, input);
    }
    sent
}

/// A definition for the daemon. Those of another frontend have places that say nothing, see above.
fn sendable(definition: Definition) -> pb::Definition {
    let mut definition = definition.into_pb();
    remove_empty_places(&mut definition);
    definition
}

/// Also those in the definitions that files of the places come from.
fn remove_empty_places(definition: &mut pb::Definition) {
    let Some(source) = &mut definition.source else {
        return;
    };
    source.locations.retain(|_, at| !at.locations.is_empty());
    for info in &mut source.infos {
        if let Some(definition) = &mut info.definition {
            remove_empty_places(definition);
        }
    }
}

/// Lets no ref of a result be left out, as above. The daemon of BuildKit 0.34 dies of that
/// (frontend/gateway, gateway.go, `Return`).
fn make_refs_present(result: &mut proto::Result) {
    if let Some(proto::result::Result::Refs(refs)) = &mut result.result {
        for one in refs.refs.values_mut() {
            one.def.get_or_insert_default();
        }
    }
}

async fn within<T>(
    seconds: u64,
    name: &'static str,
    call: impl Future<Output = Result<T, GatewayError>>,
) -> Result<T, GatewayError> {
    let answer = tokio::time::timeout(Duration::from_secs(seconds), call).await;
    answer.unwrap_or_else(|_| Err(GatewayError::timeout(name, seconds)))
}

fn cache_import(import: super::CacheImport) -> proto::CacheOptionsEntry {
    proto::CacheOptionsEntry {
        r#type: import.kind,
        attrs: import.attrs.into_iter().collect::<HashMap<_, _>>(),
    }
}

fn oci_attrs(store: &super::OciStore) -> BTreeMap<String, String> {
    let mut attrs = BTreeMap::from([
        ("oci.session".to_owned(), store.session_id.clone()),
        ("oci.store".to_owned(), store.store_id.clone()),
    ]);
    attrs.retain(|_, value| !value.is_empty());
    attrs
}

fn resolved(reference: String, digest: String, config: Vec<u8>) -> ResolvedImage {
    ResolvedImage {
        reference,
        digest: (!digest.is_empty()).then_some(digest),
        config,
    }
}
