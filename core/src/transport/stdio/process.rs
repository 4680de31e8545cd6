//! The standard streams of the process, each on a thread of its own.
//!
//! A read from the standard input cannot be given up, so on a thread of the runtime it would keep the process from
//! ending (`tokio::io::Stdin` says the same of itself). Nobody waits for these threads.

use std::io::{self, Read as _, Write as _};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::thread;

use bytes::{Buf as _, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::{mpsc, oneshot};

/// How much is read at once.
const CHUNK: usize = 64 * 1024;

/// The standard input.
pub(crate) struct Stdin {
    chunks: mpsc::Receiver<io::Result<Bytes>>,
    /// What was read and not yet taken.
    rest: Bytes,
}

/// The standard output.
pub(crate) struct Stdout {
    chunks: mpsc::UnboundedSender<Chunk>,
    /// The chunk that the thread is writing: one at a time, so that whoever flushes knows whether it was read.
    writing: Option<oneshot::Receiver<io::Result<()>>>,
}

/// What is to be written, and who is told of it.
struct Chunk {
    bytes: Bytes,
    written: oneshot::Sender<io::Result<()>>,
}

/// Reads the standard input from here on.
pub(crate) fn stdin() -> io::Result<Stdin> {
    let (sender, chunks) = mpsc::channel(1);
    thread::Builder::new().name("stdin".to_owned()).spawn(move || {
        let mut buffer = vec![0; CHUNK];
        loop {
            let chunk = match io::stdin().lock().read(&mut buffer) {
                Ok(0) => return,
                Ok(length) => Ok(Bytes::copy_from_slice(&buffer[..length])),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => Err(error),
            };
            let failed = chunk.is_err();
            if sender.blocking_send(chunk).is_err() || failed {
                return;
            }
        }
    })?;
    Ok(Stdin { chunks, rest: Bytes::new() })
}

/// Writes to the standard output.
pub(crate) fn stdout() -> io::Result<Stdout> {
    let (chunks, mut received) = mpsc::unbounded_channel::<Chunk>();
    thread::Builder::new().name("stdout".to_owned()).spawn(move || {
        let mut stdout = io::stdout().lock();
        while let Some(Chunk { bytes, written }) = received.blocking_recv() {
            let result = stdout.write_all(&bytes).and_then(|()| stdout.flush());
            // Whoever wanted to know may have gone.
            drop(written.send(result));
        }
    })?;
    Ok(Stdout { chunks, writing: None })
}

impl AsyncRead for Stdin {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.rest.is_empty() {
            match ready!(self.chunks.poll_recv(context)) {
                Some(chunk) => self.rest = chunk?,
                None => return Poll::Ready(Ok(())),
            }
        }
        let length = self.rest.len().min(into.remaining());
        into.put_slice(&self.rest[..length]);
        self.rest.advance(length);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Stdout {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.as_mut().poll_flush(context))?;
        let (written, writing) = oneshot::channel();
        let chunk = Chunk { bytes: Bytes::copy_from_slice(bytes), written };
        self.chunks.send(chunk).map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
        self.writing = Some(writing);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(writing) = &mut self.writing else { return Poll::Ready(Ok(())) };
        let written = ready!(Pin::new(writing).poll(context));
        self.writing = None;
        Poll::Ready(written.unwrap_or_else(|_| Err(io::ErrorKind::BrokenPipe.into())))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(context)
    }
}
