//! A failed gateway call, with everything the daemon said. Owns no rendering: [`crate::error`]
//! makes the answer of it.

use buildkit_proto::google::protobuf::Any;
use buildkit_proto::google::rpc;
use prost::Message;

/// gRPC code 2: the one that adds no prefix to the message the user sees.
pub const UNKNOWN: i32 = 2;
const DEADLINE_EXCEEDED: i32 = 4;
const RESOURCE_EXHAUSTED: i32 = 8;
const OUT_OF_RANGE: i32 = 11;

/// What each BuildKit takes in one message, in bytes.
const LEAST_LIMIT: usize = 4 << 20;

/// The end of the type URL of the detail that names the op that failed.
const VERTEX: &str = "errdefs.Vertex+json";

/// A failed gateway call.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{}", status.message)]
pub struct GatewayError {
    /// The call, for example `Solve`.
    pub call: &'static str,
    /// The daemon's whole answer. Its details (failing vertex, source ranges, mounts for the
    /// debugger) must reach the user unchanged, else error boxes vanish.
    pub status: Box<rpc::Status>,
}

impl GatewayError {
    /// Whether the daemon failed while it handled the failure of a step, and reports that instead.
    /// BuildKit
    /// 0.34 does so where the step mounts an output twice, at different selectors
    /// (frontend/gateway, gateway.go, `registerResultIDsLocked`: the mounts of such a step are
    /// released once too often).
    pub fn is_about_itself(&self) -> bool {
        self.status
            .message
            .contains("releasing already released reference")
    }

    /// A failure of our own making, in the daemon's terms.
    pub fn new(call: &'static str, message: impl Into<String>) -> Self {
        Self {
            call,
            status: Box::new(rpc::Status {
                code: UNKNOWN,
                message: message.into(),
                details: Vec::new(),
            }),
        }
    }

    /// No answer in time: the daemon is gone or stuck.
    pub(super) fn timeout(call: &'static str, seconds: u64) -> Self {
        let mut error = Self::new(
            call,
            format!("BuildKit did not answer {call} within {seconds} s"),
        );
        error.status.code = DEADLINE_EXCEEDED;
        error
    }

    /// The call's status; details travel as an encoded `google.rpc.Status` in a trailer.
    pub(super) fn from_tonic(call: &'static str, status: &tonic::Status) -> Self {
        let whole = rpc::Status::decode(status.details())
            .ok()
            .filter(|whole| whole.code != 0);
        let whole = whole.unwrap_or_else(|| rpc::Status {
            code: i32::from(status.code()),
            message: status.message().to_owned(),
            details: Vec::new(),
        });
        Self {
            call,
            status: Box::new(whole),
        }
    }

    /// The same failure, its message led by what was being done: `while: message`.
    #[must_use]
    pub fn context(mut self, doing: &str) -> Self {
        self.status.message = format!("{doing}: {}", self.status.message);
        self
    }

    /// The same failure, its message without `lead` if it starts with it.
    #[must_use]
    pub fn without_lead(mut self, lead: &str) -> Self {
        if let Some(rest) = self.status.message.strip_prefix(lead) {
            self.status.message = rest.to_owned();
        }
        self
    }

    /// Why it failed, without the command line of a step that did: that is ours, and says nothing
    /// to the user.
    pub fn reason(&self) -> &str {
        const ENDED: &str = "did not complete successfully: ";
        let message = self.status.message.as_str();
        message
            .rfind(ENDED)
            .map_or(message, |at| &message[at + ENDED.len()..])
    }

    /// The same failure, its message without our command line and led by the name of the step.
    #[must_use]
    pub fn of_step(mut self, name: &str) -> Self {
        self.status.message = format!("{name}: {}", self.reason());
        self
    }

    /// The same failure as that of the op with this digest.
    #[must_use]
    pub fn of_vertex(mut self, digest: &str) -> Self {
        self.status.details.push(Any {
            type_url: format!("github.com/moby/buildkit/{VERTEX}"),
            value: serde_json::json!({ "digest": digest })
                .to_string()
                .into_bytes(),
        });
        self
    }

    /// The digest of the op that failed. Returns `None` if the daemon does not say, or if no op
    /// failed.
    pub fn vertex(&self) -> Option<String> {
        let detail = self
            .status
            .details
            .iter()
            .find(|detail| detail.type_url.ends_with(VERTEX))?;
        let vertex: serde_json::Value = serde_json::from_slice(&detail.value).ok()?;
        Some(vertex["digest"].as_str()?.to_owned())
    }

    /// Whether a message of this size was larger than one side takes: this one refuses to send it, or
    /// the daemon to read it. BuildKit takes 16 MiB (util/defaults, `DefaultMaxRecvMsgSize`), and
    /// 0.12 takes gRPC's default of 4 MiB.
    pub fn is_too_large(&self, bytes: usize) -> bool {
        let message = &self.status.message;
        match self.status.code {
            // The daemon says no while most of the message is still on its way. Then what this side
            // sees is that nobody reads it any more.
            UNKNOWN => bytes > LEAST_LIMIT && message.ends_with("http2 error"),
            RESOURCE_EXHAUSTED => message.contains("message larger than max"),
            OUT_OF_RANGE => message.contains("message length too large"),
            _ => false,
        }
    }

    /// Whether a path or ref was not there. The daemon has no code for it: it passes the operating
    /// system's words on.
    pub fn is_not_found(&self) -> bool {
        const NOT_FOUND: i32 = 5;
        self.status.code == NOT_FOUND || self.status.message.ends_with("no such file or directory")
    }
}
