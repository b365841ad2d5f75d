//! GOCACHEPROG's wire form: a stream of JSON values, requests in, responses out. Owns parsing and
//! writing; not what the answers are.
//!
//! A request is one JSON object on its own line. A put whose `BodySize` is not 0 is followed by an
//! empty line and the body: one JSON string of base64, on its own line too. (Source:
//! cmd/go/internal/cacheprog and cache/prog.go of Go 1.26.)

use std::fmt;
use std::io::{self, BufRead, Read, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::id::Id;

/// Longest request line that is accepted, in bytes. The go command's have about 200.
const MAX_LINE: u64 = 64 << 10;

/// Largest body that is accepted, in bytes.
pub const MAX_BODY: u64 = 4 << 30;

/// What the go command asks.
#[derive(Debug, PartialEq, Eq)]
pub enum Command {
    /// The output of this action.
    Get(Id),
    /// Keep this output for this action.
    Put(Put),
    /// Finish: after the answer the program ends.
    Close,
    /// An unknown command, or IDs of a wrong form; with the reason.
    Unknown(String),
}

/// The parts of a put.
#[derive(Debug, PartialEq, Eq)]
pub struct Put {
    /// The key.
    pub action: Id,
    /// SHA-256 of the body, according to the go command.
    pub output: Id,
    /// Bytes of the decoded body.
    pub size: u64,
    /// The body, still base64: a worker thread decodes it, not the one that reads.
    pub body: Vec<u8>,
}

impl Put {
    /// The body's bytes.
    ///
    /// # Errors
    /// If it is not base64, or not as long as announced, or not what its output ID says.
    pub fn decode(&self) -> Result<Vec<u8>, String> {
        let bytes = STANDARD
            .decode(&self.body)
            .map_err(|error| format!("body of output {}: {error}", self.output))?;
        if bytes.len() as u64 != self.size || Id::of(&bytes) != self.output {
            return Err(format!(
                "body of output {} is not what its ID says ({} bytes of {})",
                self.output,
                bytes.len(),
                self.size
            ));
        }
        Ok(bytes)
    }
}

/// A request with the number its response must carry.
#[derive(Debug, PartialEq, Eq)]
pub struct Request {
    /// Unique in a process.
    pub id: i64,
    /// What is asked.
    pub command: Command,
}

/// The stream is not the protocol's: nothing after this point can be understood.
#[derive(Debug)]
pub struct ProtocolError(String);

impl fmt::Display for ProtocolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "request from the go command: {}", self.0)
    }
}

impl std::error::Error for ProtocolError {}

impl From<io::Error> for ProtocolError {
    fn from(error: io::Error) -> Self {
        ProtocolError(error.to_string())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RawRequest {
    #[serde(rename = "ID")]
    id: i64,
    command: String,
    #[serde(rename = "ActionID", default)]
    action: Option<String>,
    #[serde(rename = "OutputID", default)]
    output: Option<String>,
    #[serde(default)]
    body_size: i64,
}

/// The next request. Returns `None` at the end of the stream.
///
/// # Errors
/// If the stream breaks off inside a request, or holds anything but requests.
pub fn read_request(input: &mut impl BufRead) -> Result<Option<Request>, ProtocolError> {
    if peek(input)?.is_none() {
        return Ok(None);
    }
    let mut line = Vec::new();
    input.by_ref().take(MAX_LINE).read_until(b'\n', &mut line)?;
    let raw: RawRequest =
        serde_json::from_slice(&line).map_err(|error| ProtocolError(error.to_string()))?;
    // The body is read even for a request that will be refused: the stream goes on after it.
    let size = u64::try_from(raw.body_size)
        .map_err(|_| ProtocolError(format!("negative BodySize {}", raw.body_size)))?;
    let body = read_body(input, size)?;
    let action = decode_id(raw.action.as_deref());
    let command = match (
        raw.command.as_str(),
        action,
        decode_id(raw.output.as_deref()),
    ) {
        ("get", Some(action), _) => Command::Get(action),
        ("put", Some(action), Some(output)) => Command::Put(Put {
            action,
            output,
            size,
            body,
        }),
        ("close", ..) => Command::Close,
        ("get" | "put", ..) => Command::Unknown(format!("{}: IDs must have 32 bytes", raw.command)),
        (other, ..) => Command::Unknown(format!("unknown command {other:?}")),
    };
    Ok(Some(Request {
        id: raw.id,
        command,
    }))
}

fn decode_id(text: Option<&str>) -> Option<Id> {
    Id::from_bytes(&STANDARD.decode(text?).ok()?)
}

/// The next byte that is not white space, left in place.
fn peek(input: &mut impl BufRead) -> io::Result<Option<u8>> {
    loop {
        let buffer = match input.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            other => other?,
        };
        if buffer.is_empty() {
            return Ok(None);
        }
        let blank = buffer
            .iter()
            .take_while(|byte| byte.is_ascii_whitespace())
            .count();
        if let Some(byte) = buffer.get(blank).copied() {
            input.consume(blank);
            return Ok(Some(byte));
        }
        input.consume(blank);
    }
}

fn read_body(input: &mut impl BufRead, size: u64) -> Result<Vec<u8>, ProtocolError> {
    if size == 0 {
        return Ok(Vec::new());
    }
    if size > MAX_BODY {
        return Err(ProtocolError(format!(
            "body of {size} bytes: more than {MAX_BODY}"
        )));
    }
    if peek(input)? != Some(b'"') {
        return Err(ProtocolError("a put without its body".into()));
    }
    input.consume(1);
    // One more than the text: its closing quote. The buffer grows with what arrives, not with what
    // was announced.
    let length = size.div_ceil(3) * 4 + 1;
    let mut body = Vec::with_capacity(usize::try_from(length.min(1 << 20)).unwrap_or_default());
    input.by_ref().take(length).read_to_end(&mut body)?;
    match body.pop() {
        Some(b'"') if body.len() as u64 == length - 1 => Ok(body),
        _ => Err(ProtocolError(format!(
            "body is not the {} characters that {size} bytes take",
            length - 1
        ))),
    }
}

/// One answer. The first one of a process has ID 0 and says which commands are known.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Response<'a> {
    /// The request's.
    #[serde(rename = "ID")]
    pub id: i64,
    /// Why the request failed; empty if it did not.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub err: &'a str,
    /// Only in the first answer.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub known_commands: &'a [&'a str],
    /// No output of the action is known.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub miss: bool,
    /// Base64 of the output's ID.
    #[serde(rename = "OutputID", skip_serializing_if = "String::is_empty")]
    pub output: String,
    /// Bytes of the output.
    #[serde(skip_serializing_if = "is_zero")]
    pub size: u64,
    /// Absolute path of the file that holds the output until the program ends.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub disk_path: &'a str,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde's form
fn is_zero(n: &u64) -> bool {
    *n == 0
}

/// An ID as responses carry it.
pub fn encode_id(id: &Id) -> String {
    STANDARD.encode(id.as_bytes())
}

/// Writes one answer and flushes: the go command may be waiting for just this one.
///
/// # Errors
/// If it cannot be written.
pub fn write_response(output: &mut impl Write, response: &Response<'_>) -> io::Result<()> {
    let mut line = serde_json::to_vec(response)?;
    line.push(b'\n');
    output.write_all(&line)?;
    output.flush()
}
