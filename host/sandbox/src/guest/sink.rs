//! Where a guest's standard output goes: a stream that never waits, into whatever takes its bytes.

use super::Stop;
use bytes::Bytes;
use std::{pin::Pin, sync::Arc, task};
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamError, StreamResult};

/// Most bytes a guest may hand over in one write.
const WRITE_BYTES_MAX: usize = 64 << 10;

/// The two streams that a guest prints to.
#[derive(Clone, Copy)]
pub(crate) enum Source {
    Stdout,
    Stderr,
}

/// What takes the bytes that a guest prints.
pub(super) trait Paper: Send + Sync + 'static {
    /// Takes them, or ends the guest.
    fn print(&self, source: Source, bytes: &[u8]) -> Result<(), Stop>;
}

/// One stream of a guest.
pub(super) struct Sink<P> {
    paper: Arc<P>,
    source: Source,
}

impl<P> Sink<P> {
    pub(super) fn new(paper: &Arc<P>, source: Source) -> Self {
        Self { paper: Arc::clone(paper), source }
    }
}

impl<P: Paper> IsTerminal for Sink<P> {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl<P: Paper> StdoutStream for Sink<P> {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(Self::new(&self.paper, self.source))
    }
    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(Self::new(&self.paper, self.source))
    }
}

#[async_trait::async_trait]
impl<P: Paper> Pollable for Sink<P> {
    async fn ready(&mut self) {}
}

impl<P: Paper> OutputStream for Sink<P> {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.paper.print(self.source, &bytes).map_err(|stop| StreamError::Trap(stop.into()))
    }
    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }
    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(WRITE_BYTES_MAX)
    }
}

impl<P: Paper> AsyncWrite for Sink<P> {
    fn poll_write(
        self: Pin<&mut Self>,
        _cx: &mut task::Context<'_>,
        bytes: &[u8],
    ) -> task::Poll<std::io::Result<usize>> {
        let printed = self.paper.print(self.source, bytes);
        task::Poll::Ready(printed.map(|()| bytes.len()).map_err(std::io::Error::other))
    }
    fn poll_flush(self: Pin<&mut Self>, _cx: &mut task::Context<'_>) -> task::Poll<std::io::Result<()>> {
        task::Poll::Ready(Ok(()))
    }
    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut task::Context<'_>) -> task::Poll<std::io::Result<()>> {
        task::Poll::Ready(Ok(()))
    }
}
