//! The process's stdin and stdout as one byte stream: that is where BuildKit speaks HTTP/2 to a
//! frontend.
//!
//! Nothing else may read or write these two. The file descriptors are used directly: tokio's own
//! stdin sits in a blocking thread that keeps a finished process alive.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::unix::pipe;

/// Stdin and stdout, joined.
#[derive(Debug)]
pub struct Stdio {
    stdin: pipe::Receiver,
    stdout: pipe::Sender,
}

impl Stdio {
    /// Takes the process's stdin and stdout. They must be pipes, as BuildKit makes them; needs a
    /// tokio runtime.
    pub fn open() -> io::Result<Self> {
        Self::from_fds(io::stdin().as_fd(), io::stdout().as_fd())
    }

    /// The same over any two pipe ends, which stay the caller's.
    pub fn from_fds(stdin: BorrowedFd<'_>, stdout: BorrowedFd<'_>) -> io::Result<Self> {
        Ok(Self {
            stdin: pipe::Receiver::from_owned_fd(stdin.try_clone_to_owned()?)?,
            stdout: pipe::Sender::from_owned_fd(stdout.try_clone_to_owned()?)?,
        })
    }
}

impl AsyncRead for Stdio {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stdin).poll_read(cx, buf)
    }
}

impl AsyncWrite for Stdio {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stdout).poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stdout).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stdout).poll_shutdown(cx)
    }
}
