//! The TLS handshake of a connection, in a bounded time.

use super::connection::Connection;
use super::{HEAD_TIMEOUT, Raw};
use crate::server::tls::Certificates;
use std::io::{self, ErrorKind};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::server::TlsStream;

/// What a client gets that speaks HTTP where TLS is spoken. Nothing more of its request is read.
const PLAIN: &[u8] = b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-type: text/plain; charset=utf-8\r\n\
                       x-content-type-options: nosniff\r\ncache-control: no-store\r\ncontent-length: 62\r\n\r\n\
                       This port speaks HTTPS only: the address must begin https://.\n";

/// A handshake that failed, as the client alone can cause it.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub(super) struct HandshakeError(io::Error);

impl From<HandshakeError> for io::Error {
    fn from(error: HandshakeError) -> Self {
        Self::other(error)
    }
}

/// Waits for the first byte. A client that speaks HTTP is told that this is the wrong protocol.
///
/// # Errors
/// [`HandshakeError`] when no byte comes in time, when the connection is closed, or when HTTP is spoken.
pub(super) async fn expect_tls(stream: &mut TcpStream, connection: &Connection) -> Result<(), HandshakeError> {
    let mut first = [0];
    let peeked = tokio::select! {
        peeked = timeout(HEAD_TIMEOUT, stream.peek(&mut first)) => peeked,
        () = connection.closed() => Ok(Err(ErrorKind::ConnectionAborted.into())),
    };
    let read = peeked.map_err(io::Error::from).flatten().map_err(HandshakeError)?;
    if read == 0 {
        return Err(HandshakeError(ErrorKind::UnexpectedEof.into()));
    }
    // A method (RFC 9110 section 9) begins with a letter, and no record of TLS does (RFC 8446 section 5.1).
    if first[0].is_ascii_alphabetic() {
        let _ = stream.write_all(PLAIN).await;
        // What was sent and not read would reset the connection, and the answer would be lost.
        let _ = stream.shutdown().await;
        let _ = stream.try_read(&mut [0; 16 * 1024]);
        return Err(HandshakeError(io::Error::other("the client speaks HTTP")));
    }
    Ok(())
}

/// Shakes hands.
///
/// # Errors
/// [`HandshakeError`] when it fails, or takes too long.
pub(super) async fn shake_hands(certificates: &Certificates, stream: Raw) -> Result<TlsStream<Raw>, HandshakeError> {
    let accepted = timeout(HEAD_TIMEOUT, certificates.acceptor().accept(stream)).await;
    accepted.map_err(io::Error::from).flatten().map_err(HandshakeError)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncReadExt as _;
    use tokio::net::TcpListener;

    /// A client that is connected, and what the server has of it.
    async fn connected() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (near, far) = tokio::join!(TcpStream::connect(listener.local_addr().unwrap()), listener.accept());
        (near.unwrap(), far.unwrap().0)
    }

    #[test]
    fn the_answer_in_clear_has_the_length_that_it_tells() {
        let (head, body) = std::str::from_utf8(PLAIN).unwrap().split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("\r\ncontent-length: {}", body.len())), "{}", body.len());
    }

    #[tokio::test]
    async fn a_client_that_says_nothing_gives_way_when_its_place_is_needed() {
        let (_client, mut stream) = connected().await;
        let connection = Connection::new(0);
        let (waited, ()) = tokio::join!(expect_tls(&mut stream, &connection), async { connection.close() });
        assert_eq!(waited.unwrap_err().0.kind(), ErrorKind::ConnectionAborted);
    }

    #[tokio::test]
    async fn the_first_byte_is_left_for_the_handshake() {
        let (mut client, mut stream) = connected().await;
        client.write_all(&[0x16, 3]).await.unwrap();
        expect_tls(&mut stream, &Connection::new(0)).await.unwrap();
        let mut read = [0; 2];
        stream.read_exact(&mut read).await.unwrap();
        assert_eq!(read, [0x16, 3]);
        drop(client);
        let gone = expect_tls(&mut stream, &Connection::new(0)).await.unwrap_err();
        assert_eq!(gone.0.kind(), ErrorKind::UnexpectedEof);
    }
}
