//! One HTTP/2 connection over a byte stream, with the limits BuildKit's answers need.

use std::error::Error;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::body::Incoming;
use hyper::client::conn::http2::{Builder, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncWrite};
use tonic::body::Body;
use tower_service::Service;

/// Error details (whole source files, stack traces) come in a header; at the usual limit of 16 KiB
/// they are dropped, and at four times that the connection dies with the build's result unsent.
const MAX_HEADER_LIST: u32 = 16 << 20;
/// Flow control windows: larger than the usual 64 KiB, so that a file takes few round trips.
const WINDOW: u32 = 4 << 20;

/// The connection. Cheap to clone; every clone may call at the same time. It is never made anew: a
/// frontend has one.
#[derive(Clone)]
pub(super) struct Connection {
    sender: SendRequest<Body>,
}

impl Connection {
    /// Sends the HTTP/2 preface at once (BuildKit waits 10 s for it from before the container's
    /// start) and serves the connection in a task of the current runtime.
    pub(super) async fn open<T>(stream: T) -> Result<Self, hyper::Error>
    where
        T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let mut builder = Builder::new(TokioExecutor::new());
        builder
            .max_header_list_size(MAX_HEADER_LIST)
            .initial_stream_window_size(WINDOW)
            .initial_connection_window_size(2 * WINDOW);
        let (sender, connection) = builder.handshake(TokioIo::new(stream)).await?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                eprintln!("gowork-frontend: connection to BuildKit: {error}");
            }
        });
        Ok(Self { sender })
    }
}

impl Service<http::Request<Body>> for Connection {
    type Response = http::Response<Incoming>;
    type Error = hyper::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, hyper::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), hyper::Error>> {
        self.sender.poll_ready(cx)
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        Box::pin(self.sender.send_request(request))
    }
}

/// An error and all its causes in one line; hyper's own words alone say little ("http2 error").
pub(super) fn chain(error: &(dyn Error + 'static)) -> String {
    std::iter::successors(Some(error), |&error| error.source())
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}
