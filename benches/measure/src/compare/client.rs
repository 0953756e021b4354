//! A client that costs as little as possible, since it shares the machine with the server: one connection, one request
//! at a time, written as bytes.

use std::io::{Error, ErrorKind};
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// What a browser sends with each request.
const BROWSER: &str = "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0\r\n\
                       Accept-Language: en\r\nSec-Fetch-Site: same-origin\r\n";

/// An open connection.
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// An answer, up to the next request.
pub(crate) struct Answer<'a> {
    pub(crate) status: u16,
    pub(crate) head: &'a [u8],
    pub(crate) body: &'a [u8],
}

/// The bytes of a request. `more` has further header lines, each with its end.
pub(crate) fn request(method: &str, path: &str, more: &str, body: &str) -> Vec<u8> {
    let length = if method == "GET" { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
    format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n{BROWSER}{more}{length}\r\n{body}").into_bytes()
}

impl Connection {
    pub(crate) async fn open(server: SocketAddr) -> std::io::Result<Self> {
        let stream = TcpStream::connect(server).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(64 * 1024) })
    }

    /// Sends a request and reads its answer.
    ///
    /// # Errors
    /// When the connection is lost, or what comes is no answer.
    pub(crate) async fn send(&mut self, request: &[u8]) -> std::io::Result<Answer<'_>> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        let head = loop {
            self.read().await?;
            if let Some(end) = find(&self.buffer, b"\r\n\r\n") {
                break end + 4;
            }
        };
        let status = self.buffer.get(9..12).and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
        let status = status.ok_or(ErrorKind::InvalidData)?;
        let is_chunked = field(&self.buffer[..head], "transfer-encoding").next().is_some();
        let length = field(&self.buffer[..head], "content-length").next().and_then(|length| length.parse().ok());
        let end = head + length.unwrap_or(0);
        while if is_chunked { !self.buffer.ends_with(b"\r\n0\r\n\r\n") } else { self.buffer.len() < end } {
            self.read().await?;
        }
        let (head, body) = self.buffer.split_at(head);
        Ok(Answer { status, head, body })
    }

    async fn read(&mut self) -> std::io::Result<()> {
        match self.stream.read_buf(&mut self.buffer).await? {
            0 => Err(Error::from(ErrorKind::UnexpectedEof)),
            _ => Ok(()),
        }
    }
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}

/// The values of a header's lines.
fn field<'a>(head: &'a [u8], name: &'a str) -> impl Iterator<Item = &'a str> {
    head.split(|byte| *byte == b'\n').filter_map(move |line| {
        let (found, value) = line.split_at_checked(name.len())?;
        let value = value.strip_prefix(b":").filter(|_| found.eq_ignore_ascii_case(name.as_bytes()))?;
        std::str::from_utf8(value).ok().map(str::trim)
    })
}

impl Answer<'_> {
    /// Names and values of the cookies that it sets.
    pub(crate) fn cookies(&self) -> impl Iterator<Item = (&str, &str)> {
        field(self.head, "set-cookie").filter_map(|cookie| cookie.split(';').next()?.split_once('='))
    }
}
