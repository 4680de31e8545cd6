//! The load: connections that send the same request again and again, each as soon as its answer is whole.

use std::io;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// What a run of the load came to.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Run {
    /// Requests that were answered, a second.
    pub per_second: f64,
    /// Half of them were answered faster, in microseconds.
    pub p50: f64,
    /// 99 of 100 were answered faster, in microseconds.
    pub p99: f64,
    /// Requests that were answered.
    pub requests: u64,
}

/// One connection.
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// Where the answer ends.
enum Body {
    Length(usize),
    Chunked,
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    ///
    /// Those of the socket.
    pub async fn open(address: &str) -> io::Result<Self> {
        Self::open_with(address, true).await
    }

    /// The same, with or without TCP_NODELAY.
    ///
    /// # Errors
    ///
    /// Those of the socket.
    pub async fn open_with(address: &str, nodelay: bool) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(nodelay)?;
        Ok(Self { stream, buffer: Vec::new() })
    }

    /// Sends a request that is answered with a stream, and reads its head.
    ///
    /// # Errors
    ///
    /// Those of the socket, and an answer that is not 2xx.
    pub async fn open_stream(&mut self, request: &[u8]) -> io::Result<()> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        while find(&self.buffer, b"\r\n\r\n").is_none() {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        if self.buffer.starts_with(b"HTTP/1.1 2") { Ok(()) } else { Err(io::Error::other(self.answer())) }
    }

    /// Sends a request, and reads the answer to its end. What was read is in [`answer`](Self::answer).
    ///
    /// # Errors
    ///
    /// Those of the socket, and an answer that is not 2xx.
    pub async fn exchange(&mut self, request: &[u8]) -> io::Result<()> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        let mut end_of_head = None;
        loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if end_of_head.is_none() {
                end_of_head = find(&self.buffer, b"\r\n\r\n").map(|at| (at + 4, body(&self.buffer[..at])));
            }
            match &end_of_head {
                Some((start, Body::Length(length))) if self.buffer.len() >= start + length => break,
                Some((_, Body::Chunked)) if self.buffer.ends_with(b"0\r\n\r\n") => break,
                _ => {}
            }
        }
        if self.buffer.starts_with(b"HTTP/1.1 2") { Ok(()) } else { Err(io::Error::other(self.answer())) }
    }

    /// The last answer, head and all.
    #[must_use]
    pub fn answer(&self) -> String {
        String::from_utf8_lossy(&self.buffer).into_owned()
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

fn body(head: &[u8]) -> Body {
    const LENGTH: &[u8] = b"content-length: ";
    match find(head, LENGTH) {
        Some(at) => {
            let digits = head[at + LENGTH.len()..].iter().take_while(|byte| byte.is_ascii_digit());
            Body::Length(digits.fold(0, |length, digit| length * 10 + usize::from(digit - b'0')))
        }
        None => Body::Chunked,
    }
}

/// The request under an id of its own: in a session two that run at once must not have the same.
fn numbered(request: &[u8], number: usize) -> Vec<u8> {
    const ID: &[u8] = b"\"id\":10,";
    let mut request = request.to_vec();
    if let Some(at) = find(&request, ID) {
        // Two digits, so that the length stays what the head says.
        let id = format!("\"id\":{},", 10 + number % 90);
        request[at..at + ID.len()].copy_from_slice(id.as_bytes());
    }
    request
}

/// Loads a server for a while.
///
/// # Errors
///
/// Those of [`Connection::exchange`].
pub async fn run(address: &str, request: &[u8], connections: usize, time: Duration) -> io::Result<Run> {
    let until = Instant::now() + time;
    let mut loads = Vec::with_capacity(connections);
    for number in 0..connections {
        let (mut connection, request) = (Connection::open(address).await?, numbered(request, number));
        loads.push(tokio::spawn(async move {
            let mut times = Vec::with_capacity(1 << 18);
            loop {
                let start = Instant::now();
                if start >= until {
                    return Ok::<_, io::Error>(times);
                }
                connection.exchange(&request).await?;
                times.push(u32::try_from(start.elapsed().as_nanos()).unwrap_or(u32::MAX));
            }
        }));
    }
    let mut times = Vec::new();
    for load in loads {
        times.extend(load.await??);
    }
    times.sort_unstable();
    let at = |share: f64| {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index below the length")]
        let index = ((times.len() as f64 * share) as usize).min(times.len().saturating_sub(1));
        times.get(index).map_or(0.0, |nanos| f64::from(*nanos) / 1000.0)
    };
    let (p50, p99, requests) = (at(0.5), at(0.99), times.len() as u64);
    Ok(Run { per_second: requests as f64 / time.as_secs_f64(), p50, p99, requests })
}
