//! One build from the process's point of view: connect, build, return, exit code.

use buildkit_proto::moby::buildkit::v1::frontend as proto;
use gowork_llb::diag::Diagnostic;
use gowork_llb::ops::{Definition, Output};

use crate::builder;
use crate::error::{BuildError, SourceFiles};
use crate::gateway::grpc::GrpcGateway;
use crate::gateway::stdio::Stdio;
use crate::gateway::{Gateway, GatewayError};
use crate::opts::{Options, RawOptions};

/// Runs the frontend over stdin and stdout, with the options from the environment. Returns the exit code: 0 as soon as
/// the daemon has an answer, also if that is an error; anything else would discard it.
pub fn run() -> i32 {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error),
    };
    runtime.block_on(async {
        let stdio = match Stdio::open() {
            Ok(stdio) => stdio,
            Err(error) => {
                return failed(&format!("{error}; it is to be started by BuildKit, which speaks HTTP/2 over stdin and stdout"));
            }
        };
        // Connected before anything else is looked at: the daemon's patience is short.
        let gateway = match GrpcGateway::connect(stdio).await {
            Ok(gateway) => gateway,
            Err(error) => return failed(&error),
        };
        match serve(&gateway, &RawOptions::from_env(std::env::vars_os())).await {
            Ok(()) => 0,
            Err(error) => failed(&error),
        }
    })
}

/// Does what the options ask for and returns result or error to the daemon. Fails only if that cannot be done.
pub async fn serve(gateway: &dyn Gateway, raw: &RawOptions) -> Result<(), GatewayError> {
    let mut files = SourceFiles::default();
    let outcome = match Options::parse(raw) {
        Ok(options) => build(gateway, &options, &mut files).await,
        Err(problems) => Err(BuildError::from(problems)),
    };
    match outcome {
        Ok(result) => gateway.return_ok(result).await,
        Err(error) => gateway.return_error(error.status(&files)).await,
    }
}

/// BuildKit mounts the definition of the frontend's own image here, so that its programs can run in steps (frontend/gateway/gateway.go).
const OWN_DEFINITION: &str = "/run/config/buildkit/metadata/frontend.bin";

async fn build(gateway: &dyn Gateway, options: &Options, files: &mut SourceFiles) -> Result<proto::Result, BuildError> {
    let bytes = std::fs::read(OWN_DEFINITION).map_err(|error| {
        Diagnostic::error(format!("cannot read {OWN_DEFINITION}: {error}"))
            .help("BuildKit v0.11 or later puts it there: update the builder")
    })?;
    let programs = Definition::from_bytes(&bytes).and_then(|definition| Output::from_definition(definition.as_pb()));
    let programs = programs.map_err(|error| Diagnostic::error(format!("{OWN_DEFINITION}: {error}")))?;
    builder::build(gateway, options, &programs, files).await
}

fn failed(error: &dyn std::fmt::Display) -> i32 {
    eprintln!("gowork-frontend: {error}");
    1
}
