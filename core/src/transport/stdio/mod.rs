//! stdio, for both eras at once: JSON-RPC messages, one a line, over any two streams of bytes
//! (MCP 2026-07-28, Transports, stdio).

mod asked;
mod calls;
mod connection;
mod lines;
mod listening;
mod outbox;
mod process;
mod session;

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;

use connection::Connection;
use lines::Lines;
pub(crate) use process::{stdin, stdout};

use crate::auth::Principal;
use crate::context::Shared;
use crate::dispatch::Registry;
use crate::transport::handshake::Handshakes;

/// How long calls may run on when the client has closed its side. Clients wait about two seconds for a server to end
/// before they kill it, so all of these together are less.
const GRACE: Duration = Duration::from_millis(1000);

/// How long calls that are told of their cancellation then have to come to their end.
const CANCELLED_GRACE: Duration = Duration::from_millis(400);

/// How long the client may take to read the last messages.
const WRITE_GRACE: Duration = Duration::from_millis(400);

/// A server whose clients are at the other end of a pipe.
pub(crate) struct Stdio {
    registry: Registry,
    shared: Arc<Shared>,
    handshakes: Handshakes,
    /// Who calls: whoever started the process.
    principal: Option<Principal>,
    /// The longest message that is read, in bytes.
    line_limit: usize,
}

impl Stdio {
    pub(crate) fn new(
        registry: Registry,
        shared: Arc<Shared>,
        principal: Option<Principal>,
        line_limit: usize,
    ) -> Self {
        Self { handshakes: Handshakes::new(&registry.handshake), registry, shared, principal, line_limit }
    }

    /// Serves until the client closes its side or goes away, or `stop` resolves.
    pub(crate) async fn serve(
        self: Arc<Self>,
        input: impl AsyncRead + Unpin + Send,
        output: impl AsyncWrite + Unpin + Send + 'static,
        stop: impl Future<Output = ()>,
    ) -> io::Result<()> {
        let (outbox, writer) = outbox::outbox();
        let mut writing = tokio::spawn(writer.run(output));
        let cancel_all = CancellationToken::new();
        // However this ends, no call outlives it.
        let _cancel_at_last = cancel_all.clone().drop_guard();
        let mut lines = Lines::new(input, self.line_limit);
        let connection = Arc::new(Connection::new(self, outbox.clone(), cancel_all));
        let reading = async {
            while let Some(line) = lines.next().await? {
                connection.take(line).await;
            }
            Ok(())
        };
        let read = tokio::select! {
            read = reading => read,
            () = stop => Ok(()),
            _ = &mut writing => {
                tracing::debug!("the client reads no more");
                return Ok(());
            }
        };
        connection.finish(GRACE, CANCELLED_GRACE).await;
        outbox.close();
        if tokio::time::timeout(WRITE_GRACE, &mut writing).await.is_err() {
            tracing::warn!("the client did not read its last messages within {WRITE_GRACE:?}");
            writing.abort();
        }
        read
    }
}
