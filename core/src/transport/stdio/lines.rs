//! Messages out of bytes: one a line, no longer than allowed.

use std::io;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt as _};

/// How much is read at once.
const CHUNK: usize = 16 * 1024;

/// Splits what is read into lines.
pub(super) struct Lines<R> {
    input: R,
    buffer: BytesMut,
    /// The longest line that is taken.
    limit: usize,
    /// How much of the buffer holds no line break.
    searched: usize,
    /// Whether the rest of a line that is too long is being passed over.
    skipping: bool,
}

/// One line, without its end.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// A message, or what is to be one.
    Message(Bytes),
    /// It was longer than allowed; nothing of it was kept.
    TooLong,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    pub(super) fn new(input: R, limit: usize) -> Self {
        Self { input, buffer: BytesMut::new(), limit, searched: 0, skipping: false }
    }

    /// The next line that is not blank; `None` at the end of the input.
    pub(super) async fn next(&mut self) -> io::Result<Option<Line>> {
        loop {
            if let Some(line) = self.buffered() {
                return Ok(Some(line));
            }
            self.buffer.reserve(CHUNK);
            if self.input.read_buf(&mut self.buffer).await? == 0 {
                return Ok(self.rest());
            }
        }
    }

    /// The next line of what was read.
    fn buffered(&mut self) -> Option<Line> {
        loop {
            let Some(end) = self.buffer[self.searched..].iter().position(|byte| *byte == b'\n') else {
                self.searched = self.buffer.len();
                if self.searched > self.limit {
                    self.skipping = true;
                }
                if self.skipping {
                    // What is passed over takes no memory.
                    self.buffer.clear();
                    self.searched = 0;
                }
                return None;
            };
            let end = self.searched + end;
            self.searched = 0;
            let mut line = self.buffer.split_to(end + 1);
            line.truncate(end);
            if let Some(line) = self.finished(line) {
                return Some(line);
            }
        }
    }

    /// What stands after the last line break.
    fn rest(&mut self) -> Option<Line> {
        self.searched = 0;
        let rest = self.buffer.split();
        self.finished(rest)
    }

    fn finished(&mut self, line: BytesMut) -> Option<Line> {
        if std::mem::take(&mut self.skipping) || line.len() > self.limit {
            return Some(Line::TooLong);
        }
        let blank = line.iter().all(u8::is_ascii_whitespace);
        (!blank).then(|| Line::Message(line.freeze()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All lines of an input that comes in pieces of this size.
    async fn lines(text: &str, limit: usize, piece: usize) -> Vec<Line> {
        let (mut write, read) = tokio::io::duplex(piece);
        let text = text.to_owned();
        tokio::spawn(async move { tokio::io::AsyncWriteExt::write_all(&mut write, text.as_bytes()).await });
        let (mut lines, mut all) = (Lines::new(read, limit), Vec::new());
        while let Some(line) = lines.next().await.unwrap() {
            all.push(line);
        }
        all
    }

    fn message(text: &'static str) -> Line {
        Line::Message(Bytes::from_static(text.as_bytes()))
    }

    #[tokio::test]
    async fn lines_are_the_same_in_whatever_pieces_they_come() {
        for piece in [1, 2, 3, 7, 1000] {
            let read = lines("{}\n\n  \r\n{\"한\":1}\r\nlast", 10, piece).await;
            assert_eq!(read, [message("{}"), message("{\"한\":1}\r"), message("last")], "{piece}");
        }
    }

    #[tokio::test]
    async fn a_line_that_is_too_long_is_passed_over() {
        for piece in [1, 3, 1000] {
            let read = lines("1234567890\n12345678901\nnext\n1234567890123456789", 10, piece).await;
            assert_eq!(read, [message("1234567890"), Line::TooLong, message("next"), Line::TooLong], "{piece}");
        }
    }
}
