//! The single writer: all messages go out through it, one a line, and as fast as the client reads.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use tokio::io::{AsyncWrite, AsyncWriteExt as _};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

/// How many bytes of messages wait for a client that reads slowly. Who has another one to send waits, too.
const ROOM: usize = 1024 * 1024;

/// The least that a message takes of the room, for what it costs besides its text.
const LEAST: usize = 128;

/// How much is written at once.
const CHUNK: usize = 64 * 1024;

/// Where messages are put that are to be sent.
#[derive(Clone)]
pub(super) struct Outbox {
    queue: UnboundedSender<Waiting>,
    room: Arc<Semaphore>,
    close: CancellationToken,
}

/// A message, and the room that it takes until it is written.
struct Waiting {
    message: Bytes,
    _room: OwnedSemaphorePermit,
}

/// Writes what is put into an [`Outbox`].
pub(super) struct Writer {
    queue: UnboundedReceiver<Waiting>,
    room: Arc<Semaphore>,
    close: CancellationToken,
}

pub(super) fn outbox() -> (Outbox, Writer) {
    let (sender, queue) = unbounded_channel();
    let room = Arc::new(Semaphore::new(ROOM));
    let close = CancellationToken::new();
    (Outbox { queue: sender, room: room.clone(), close: close.clone() }, Writer { queue, room, close })
}

impl Outbox {
    /// Sends a message, as soon as there is room for it. Once nobody reads any more it is gone.
    pub(super) async fn send(&self, message: Bytes) {
        let size = u32::try_from(message.len().clamp(LEAST, ROOM)).unwrap_or(u32::MAX);
        if let Ok(room) = Arc::clone(&self.room).acquire_many_owned(size).await {
            // That the writer has gone is seen by whoever waits for it.
            drop(self.queue.send(Waiting { message, _room: room }));
        }
    }

    /// Nothing more is sent than what waits already.
    pub(super) fn close(&self) {
        self.close.cancel();
    }
}

impl Writer {
    /// Writes until the outbox is closed, or nobody reads any more.
    pub(super) async fn run(mut self, mut output: impl AsyncWrite + Unpin) -> io::Result<()> {
        let written = self.write_all(&mut output).await;
        // Whoever waits for room waits for nothing.
        self.room.close();
        written
    }

    async fn write_all(&mut self, output: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
        let mut lines = Vec::new();
        loop {
            let next = tokio::select! {
                biased;
                next = self.queue.recv() => next,
                () = self.close.cancelled() => {
                    self.queue.close();
                    self.queue.recv().await
                }
            };
            let Some(first) = next else { break };
            let mut rooms = Vec::new();
            let mut add = |Waiting { message, _room: room }, lines: &mut Vec<u8>| {
                lines.extend_from_slice(&message);
                lines.push(b'\n');
                rooms.push(room);
            };
            add(first, &mut lines);
            while lines.len() < CHUNK
                && let Ok(more) = self.queue.try_recv()
            {
                add(more, &mut lines);
            }
            output.write_all(&lines).await?;
            output.flush().await?;
            lines.clear();
            // One long message should not be paid for ever after.
            lines.shrink_to(CHUNK);
        }
        output.shutdown().await
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::AsyncReadExt as _;

    use super::*;

    #[tokio::test]
    async fn who_does_not_read_makes_senders_wait() {
        let (outbox, writer) = outbox();
        let (output, mut client) = tokio::io::duplex(16);
        let writing = tokio::spawn(writer.run(output));
        let sender = outbox.clone();
        let sending = tokio::spawn(async move {
            for _ in 0..100 {
                sender.send(Bytes::from(vec![b'x'; ROOM / 10])).await;
            }
        });
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert!(!sending.is_finished(), "nobody reads");
        assert!(outbox.room.available_permits() < ROOM / 10);

        let mut read = vec![0; 100 * (ROOM / 10 + 1)];
        client.read_exact(&mut read).await.unwrap();
        sending.await.unwrap();
        assert_eq!(read.iter().filter(|byte| **byte == b'\n').count(), 100);
        outbox.close();
        writing.await.unwrap().unwrap();
        assert_eq!(outbox.room.available_permits(), ROOM, "nothing waits any more");
    }

    #[tokio::test]
    async fn what_waits_is_written_and_a_reader_that_left_holds_nobody_up() {
        let (first, writer) = outbox();
        let (output, mut client) = tokio::io::duplex(1024);
        first.send(Bytes::from_static(b"{}")).await;
        first.close();
        writer.run(output).await.unwrap();
        let mut read = String::new();
        client.read_to_string(&mut read).await.unwrap();
        assert_eq!(read, "{}\n");

        let (second, writer) = outbox();
        let (output, client) = tokio::io::duplex(16);
        drop(client);
        let writing = tokio::spawn(writer.run(output));
        second.send(Bytes::from_static(b"{}")).await;
        writing.await.unwrap().unwrap_err();
        for _ in 0..100 {
            second.send(Bytes::from(vec![b'x'; ROOM])).await;
        }
    }
}
