//! Adds our headers to the error answers that hyper sends by itself (400, 431), before our layers see a request.

use super::http::headers;
use http::HeaderMap;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The beginning and the end of such an answer: a client error, without a body.
const START: &[u8] = b"HTTP/1.1 4";
const END: &[u8] = b"\r\n\r\n";
/// A header that all other answers have already.
const MARK: &[u8] = b"x-content-type-options: ";

/// The header lines that are added.
pub(super) fn lines(https: bool) -> Vec<u8> {
    let mut all = HeaderMap::new();
    headers::complete(&mut all, https);
    let line = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat()
    };
    all.iter().flat_map(line).collect()
}

/// A connection that adds the lines to such answers.
#[derive(Debug)]
pub(super) struct Completed<S> {
    stream: S,
    lines: std::sync::Arc<[u8]>,
    /// The rest of a completed answer, still to be written.
    rest: Vec<u8>,
}

impl<S: AsyncWrite + Unpin> Completed<S> {
    pub(super) fn new(stream: S, lines: std::sync::Arc<[u8]>) -> Self {
        Self { stream, lines, rest: Vec::new() }
    }

    /// Completes `answer` if hyper sent it by itself. Such an answer is written in one piece.
    fn take(&mut self, answer: &[u8]) -> bool {
        let is_early = answer.starts_with(START)
            && answer.ends_with(END)
            && !answer.windows(MARK.len()).any(|part| part.eq_ignore_ascii_case(MARK));
        if is_early {
            let head = answer.strip_suffix(b"\r\n").unwrap_or(answer);
            self.rest = [head, &self.lines, b"\r\n"].concat();
        }
        is_early
    }

    fn poll_rest(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.rest.is_empty() {
            match ready!(Pin::new(&mut self.stream).poll_write(context, &self.rest))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => drop(self.rest.drain(..written)),
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Completed<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.poll_rest(context))?;
        if self.take(bytes) {
            return Poll::Ready(Ok(bytes.len()));
        }
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_rest(context))?;
        let first = slices.iter().find(|slice| !slice.is_empty());
        if let Some(first) = first
            && self.take(first)
        {
            return Poll::Ready(Ok(first.len()));
        }
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_rest(context))?;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_rest(context))?;
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Completed<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    /// Writes pieces through a connection that accepts a few bytes at a time.
    async fn written(pieces: &[&str]) -> String {
        let (near, mut far) = tokio::io::duplex(7);
        let mut near = Completed::new(near, b"x-content-type-options: nosniff\r\n".as_slice().into());
        let writing = async {
            for piece in pieces {
                near.write_all(piece.as_bytes()).await.unwrap();
            }
            near.shutdown().await.unwrap();
        };
        let mut read = String::new();
        let (_, result) = tokio::join!(writing, far.read_to_string(&mut read));
        result.unwrap();
        read
    }

    #[tokio::test]
    async fn an_early_answer_is_completed_and_nothing_else_is_touched() {
        assert_eq!(
            written(&["HTTP/1.1 431 Too Large\r\ncontent-length: 0\r\n\r\n"]).await,
            "HTTP/1.1 431 Too Large\r\ncontent-length: 0\r\nx-content-type-options: nosniff\r\n\r\n"
        );
        for others in [
            &["HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n", "{}"][..],
            &["HTTP/1.1 404 Not Found\r\nX-Content-Type-Options: nosniff\r\ncontent-length: 0\r\n\r\n"],
            &["HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\n{}"],
            &["a body that says HTTP/1.1 400 Bad Request\r\n\r\n"],
            &["HTTP/1.1 4"],
            &[""],
        ] {
            assert_eq!(written(others).await, others.concat());
        }
    }

    #[test]
    fn the_lines_are_those_of_every_answer() {
        let lines = String::from_utf8(lines(true)).unwrap();
        for line in
            ["x-content-type-options: nosniff\r\n", "cache-control: no-store\r\n", "strict-transport-security: "]
        {
            assert!(lines.contains(line), "{lines}");
        }
    }
}
