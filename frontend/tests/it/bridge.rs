//! A server of the real protocol with made-up answers, over any byte stream.

use std::sync::{Arc, Mutex};

use buildkit_proto::google::protobuf::Any;
use buildkit_proto::google::rpc;
use buildkit_proto::moby::buildkit::v1::apicaps::ApiCap;
use buildkit_proto::moby::buildkit::v1::frontend as proto;
use buildkit_proto::moby::buildkit::v1::frontend::llb_bridge_server::{LlbBridge, LlbBridgeServer};
use buildkit_proto::moby::buildkit::v1::frontend::{
    EvaluateRequest, EvaluateResponse, ExecMessage, FileRange, InputsRequest, InputsResponse,
    NewContainerRequest, NewContainerResponse, PingRequest, PongResponse, ReadDirRequest,
    ReadDirResponse, ReadFileRequest, ReadFileResponse, Ref, ReleaseContainerRequest,
    ReleaseContainerResponse, ResolveImageConfigRequest, ResolveImageConfigResponse,
    ResolveSourceImageResponse, ResolveSourceMetaRequest, ResolveSourceMetaResponse, ReturnRequest,
    ReturnResponse, SolveRequest, SolveResponse, StatFileRequest, StatFileResponse, WarnRequest,
    WarnResponse, result,
};
use prost::Message;
use tokio::io::{AsyncRead, AsyncWrite};
use tonic::codegen::async_trait;
use tonic::transport::server::Connected;
use tonic::{Request, Response, Status};

/// Part of a file that is called by its size: `5000000`.
fn content(path: &str, range: Option<FileRange>) -> Result<Vec<u8>, Status> {
    let size: usize = path
        .parse()
        .map_err(|_| Status::unknown(format!("open {path}: no such file or directory")))?;
    let place = |at: i64| usize::try_from(at).unwrap().min(size);
    let range = range.map_or(0..size, |range| {
        place(range.offset)..place(range.offset + range.length)
    });
    Ok(range.map(|at| u8::try_from(at % 251).unwrap()).collect())
}

/// An error whose details are `size` bytes.
pub(crate) fn error_with_details(size: usize) -> Status {
    let detail = Any {
        type_url: "github.com/moby/buildkit/errdefs.Source+json".into(),
        value: vec![b'x'; size],
    };
    let status = rpc::Status {
        code: 2,
        message: "step failed".into(),
        details: vec![detail],
    };
    Status::with_details(
        tonic::Code::Unknown,
        "step failed",
        status.encode_to_vec().into(),
    )
}

/// What the server was asked.
#[derive(Default)]
pub(crate) struct Bridge {
    pub(crate) caps: Vec<&'static str>,
    pub(crate) returned: Arc<Mutex<Vec<ReturnRequest>>>,
    pub(crate) solved: Arc<Mutex<Vec<SolveRequest>>>,
    pub(crate) calls: Arc<Mutex<Vec<&'static str>>>,
}

impl Bridge {
    fn note(&self, call: &'static str) {
        self.calls.lock().unwrap().push(call);
    }

    /// Serves until the other end closes.
    pub(crate) async fn serve<T>(self, stream: T)
    where
        T: AsyncRead + AsyncWrite + Connected + Unpin + Send + 'static,
    {
        let service = LlbBridgeServer::new(self)
            .max_encoding_message_size(16 << 20)
            .max_decoding_message_size(16 << 20);
        let incoming = tokio_stream::iter([Ok::<_, std::io::Error>(stream)]);
        tonic::transport::Server::builder()
            .add_service(service)
            .serve_with_incoming(incoming)
            .await
            .unwrap();
    }
}

type Answer<T> = Result<Response<T>, Status>;

#[async_trait]
impl LlbBridge for Bridge {
    async fn ping(&self, _: Request<PingRequest>) -> Answer<PongResponse> {
        let cap = |id: &&str| ApiCap {
            id: (*id).to_owned(),
            enabled: true,
            ..ApiCap::default()
        };
        let frontend_api_caps = self.caps.iter().map(cap).collect();
        let of_llb = [
            "file.base",
            "constraints",
            "platform",
            "meta.description",
            "meta.exportcache",
            "meta.ignorecache",
            "exec.meta.linux.resources",
        ];
        let llb_caps = of_llb.iter().map(cap).collect();
        Ok(Response::new(PongResponse {
            frontend_api_caps,
            llb_caps,
            workers: Vec::new(),
        }))
    }

    async fn solve(&self, request: Request<SolveRequest>) -> Answer<SolveResponse> {
        self.note("Solve");
        self.solved.lock().unwrap().push(request.into_inner());
        let result = Some(result::Result::Ref(Ref {
            id: "ref-1".into(),
            def: None,
        }));
        Ok(Response::new(SolveResponse {
            result: Some(proto::Result {
                result,
                ..Default::default()
            }),
            ..Default::default()
        }))
    }

    async fn read_file(&self, request: Request<ReadFileRequest>) -> Answer<ReadFileResponse> {
        self.note("ReadFile");
        let request = request.into_inner();
        let data = content(&request.file_path, request.range)?;
        Ok(Response::new(ReadFileResponse { data }))
    }

    async fn read_dir(&self, _: Request<ReadDirRequest>) -> Answer<ReadDirResponse> {
        Err(Status::unimplemented("ReadDir"))
    }

    async fn stat_file(&self, request: Request<StatFileRequest>) -> Answer<StatFileResponse> {
        self.note("StatFile");
        let size = request.into_inner().path.parse().unwrap_or(0);
        if size == 0 {
            Ok(Response::new(StatFileResponse { stat: None }))
        } else {
            Err(error_with_details(size))
        }
    }

    async fn evaluate(&self, _: Request<EvaluateRequest>) -> Answer<EvaluateResponse> {
        self.note("Evaluate");
        Ok(Response::new(EvaluateResponse {}))
    }

    async fn r#return(&self, request: Request<ReturnRequest>) -> Answer<ReturnResponse> {
        self.returned.lock().unwrap().push(request.into_inner());
        Ok(Response::new(ReturnResponse {}))
    }

    async fn resolve_image_config(
        &self,
        request: Request<ResolveImageConfigRequest>,
    ) -> Answer<ResolveImageConfigResponse> {
        self.note("ResolveImageConfig");
        let config = request.into_inner().r#ref.into_bytes();
        Ok(Response::new(ResolveImageConfigResponse {
            digest: String::new(),
            config,
            r#ref: String::new(),
        }))
    }

    async fn resolve_source_meta(
        &self,
        request: Request<ResolveSourceMetaRequest>,
    ) -> Answer<ResolveSourceMetaResponse> {
        self.note("ResolveSourceMeta");
        let mut source = request.into_inner().source.unwrap();
        let image = ResolveSourceImageResponse {
            digest: "sha256:1".into(),
            config: source.identifier.clone().into_bytes(),
            attestation_chain: None,
        };
        // As a source policy would: another image than asked for.
        source.identifier = source.identifier.replace("golang", "mirror/golang");
        Ok(Response::new(ResolveSourceMetaResponse {
            source: Some(source),
            image: Some(image),
            ..Default::default()
        }))
    }

    async fn inputs(&self, _: Request<InputsRequest>) -> Answer<InputsResponse> {
        self.note("Inputs");
        Ok(Response::new(InputsResponse::default()))
    }

    async fn warn(&self, _: Request<WarnRequest>) -> Answer<WarnResponse> {
        self.note("Warn");
        Ok(Response::new(WarnResponse {}))
    }

    async fn new_container(&self, _: Request<NewContainerRequest>) -> Answer<NewContainerResponse> {
        Err(Status::unimplemented("NewContainer"))
    }

    async fn release_container(
        &self,
        _: Request<ReleaseContainerRequest>,
    ) -> Answer<ReleaseContainerResponse> {
        Err(Status::unimplemented("ReleaseContainer"))
    }

    type ExecProcessStream = tokio_stream::Empty<Result<ExecMessage, Status>>;

    async fn exec_process(
        &self,
        _: Request<tonic::Streaming<ExecMessage>>,
    ) -> Answer<Self::ExecProcessStream> {
        Err(Status::unimplemented("ExecProcess"))
    }

    async fn read_file_container(&self, _: Request<ReadFileRequest>) -> Answer<ReadFileResponse> {
        Err(Status::unimplemented("ReadFileContainer"))
    }

    async fn read_dir_container(&self, _: Request<ReadDirRequest>) -> Answer<ReadDirResponse> {
        Err(Status::unimplemented("ReadDirContainer"))
    }

    async fn stat_file_container(&self, _: Request<StatFileRequest>) -> Answer<StatFileResponse> {
        Err(Status::unimplemented("StatFileContainer"))
    }
}
