//! The client's half of TLS: browsers of the tests speak HTTP to it, and it speaks TLS to the server.

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// A client that trusts one certificate.
#[derive(Clone)]
pub(crate) struct Tunnel {
    server: SocketAddr,
    connector: TlsConnector,
    /// The host of the server.
    name: ServerName<'static>,
}

impl Tunnel {
    /// Trusts `certificate` (PEM) for `server`, and offers `protocols` (RFC 7301).
    pub(crate) fn to(server: SocketAddr, certificate: &str, protocols: &[&[u8]]) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(certificate.as_bytes()).expect("a certificate")).expect("a root");
        let mut config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        Self { server, connector: Arc::new(config).into(), name: server.ip().into() }
    }

    /// A connection to the server.
    ///
    /// # Errors
    /// When the handshake fails: the server shows another certificate.
    pub(crate) async fn connect(&self) -> io::Result<TlsStream<TcpStream>> {
        let stream = TcpStream::connect(self.server).await?;
        self.connector.connect(self.name.clone(), stream).await
    }

    /// Opens the near end, which passes each connection on to the server. Returns its URL. It lasts as long as the
    /// test.
    pub(crate) async fn open(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let tunnel = self.clone();
        tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((mut near, _)) = listener.accept().await {
                let tunnel = tunnel.clone();
                connections.spawn(async move {
                    if let Ok(mut far) = tunnel.connect().await {
                        let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
                    }
                });
            }
        });
        url
    }
}
