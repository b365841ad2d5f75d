//! One build from the process's point of view: connect, build, return, exit code.

use std::path::Path;

use buildkit_proto::moby::buildkit::v1::frontend as proto;
use gowork_llb::diag::Diagnostic;
use gowork_llb::ops::{Definition, Output};

use crate::builder;
use crate::error::{BuildError, SourceFiles};
use crate::gateway::grpc::GrpcGateway;
use crate::gateway::stdio::Stdio;
use crate::gateway::{Gateway, GatewayError, release};
use crate::opts::{Options, RawOptions};
use crate::subrequests::{Request, describe};

/// Runs the frontend over stdin and stdout, with the options from the environment. Returns the exit
/// code: 0 as soon as the daemon has an answer, also if that is an error; anything else would
/// discard it.
pub fn run() -> i32 {
    let runtime = match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error),
    };
    runtime.block_on(async {
        let stdio = match Stdio::open() {
            Ok(stdio) => stdio,
            Err(error) => {
                return failed(&format!("{error}; only BuildKit can start this program: it speaks HTTP/2 over stdin and stdout"));
            }
        };
        // Connected before anything else is looked at: the daemon's patience is short.
        let gateway = match GrpcGateway::connect(stdio).await {
            Ok(gateway) => gateway,
            Err(error) => return failed(&error),
        };
        match serve(&gateway, &RawOptions::from_env(std::env::vars_os()), Path::new(OWN_DEFINITION)).await {
            Ok(()) => 0,
            Err(error) => failed(&error),
        }
    })
}

/// Does what the options ask for and returns result or error to the daemon. The definition of this
/// frontend's own image is in the file `own`. Fails only if the daemon takes no answer.
pub async fn serve(
    gateway: &dyn Gateway,
    raw: &RawOptions,
    own: &Path,
) -> Result<(), GatewayError> {
    let mut files = SourceFiles::default();
    let options = Options::read(raw);
    match build(gateway, &options, (&raw.workers, own), &mut files).await {
        Ok(result) => gateway.return_ok(result).await,
        Err(error) => gateway.return_error(error.status(&files)).await,
    }
}

/// BuildKit mounts the definition of the frontend's own image here, so that its programs can run in
/// steps (frontend/gateway/gateway.go).
const OWN_DEFINITION: &str = "/run/config/buildkit/metadata/frontend.bin";

async fn build(
    gateway: &dyn Gateway,
    options: &Options,
    (workers, own): (&str, &Path),
    files: &mut SourceFiles,
) -> Result<proto::Result, BuildError> {
    let call = match Request::parse(options.request.as_deref())? {
        // On any builder, however old.
        Request::Describe => return Ok(describe::result()),
        Request::Call(call) => Some(call),
        Request::Build => None,
    };
    release::check(gateway.pong(), workers)?;
    let programs = programs(own).map_err(|reason| {
        Diagnostic::error(format!("this builder does not say which image the frontend was started from: {reason}"))
            .help("gowork runs programs of its own image in build steps, so BuildKit has to start it from an image")
    })?;
    match call {
        Some(call) => builder::answer(gateway, options, &programs, &call, files).await,
        None => builder::build(gateway, options, &programs, files).await,
    }
}

/// The image that this program was started from.
fn programs(own: &Path) -> Result<Output, String> {
    let bytes = std::fs::read(own).map_err(|error| error.to_string())?;
    let definition = Definition::from_bytes(&bytes).map_err(|error| error.to_string())?;
    Output::from_definition(definition.as_pb()).map_err(|error| error.to_string())
}

fn failed(error: &dyn std::fmt::Display) -> i32 {
    eprintln!("gowork-frontend: {error}");
    1
}
