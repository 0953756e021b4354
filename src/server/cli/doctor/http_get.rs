//! One GET over HTTP/1.1, with or without TLS, for looking at the public URL as people's browsers do, and for
//! `latchkey healthcheck`.

use crate::domain::time::Timestamp;
use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier as _;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, RootCertStore};
use std::fmt::{self, Display, Formatter};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use url::{Host, Url};

/// How long the whole exchange may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest body that is read, in bytes.
const BODY_MAX: usize = 64 * 1024;
/// A certificate that ends sooner should have been renewed: those who renew automatically do it 30 days before.
pub(in crate::server::cli) const NEAR_END: Duration = Duration::from_secs(14 * 86_400);

/// An answer.
pub(in crate::server::cli) struct HttpAnswer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
    /// Whether the certificate ends within [`NEAR_END`].
    pub ends_soon: bool,
}

/// Why there is no answer.
#[derive(Debug)]
pub(in crate::server::cli) enum NoAnswer {
    /// Nobody answers, or what answers is not HTTP.
    Unreachable(String),
    /// The certificate is not accepted.
    Certificate(CertificateError),
}

impl Display for NoAnswer {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(reason) => formatter.write_str(reason),
            Self::Certificate(reason) => write!(formatter, "its certificate is not accepted: {reason}"),
        }
    }
}

impl NoAnswer {
    fn unreachable(error: impl ToString) -> Self {
        Self::Unreachable(error.to_string())
    }

    fn of_handshake(error: &std::io::Error) -> Self {
        match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            Some(rustls::Error::InvalidCertificate(reason)) => Self::Certificate(reason.clone()),
            _ => Self::unreachable(error),
        }
    }
}

/// The authorities that browsers know, and those in a file (PEM).
///
/// # Errors
/// A sentence for the operator if the file cannot be used.
pub(in crate::server::cli) fn authorities(file: Option<&Path>) -> Result<Arc<RootCertStore>, String> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    if let Some(file) = file {
        let wrong = |error: &dyn Display| format!("{} has no usable certificates: {error}", file.display());
        let certificates = CertificateDer::pem_file_iter(file).map_err(|error| wrong(&error))?;
        for certificate in certificates {
            let certificate = certificate.map_err(|error| wrong(&error))?;
            roots.add(certificate).map_err(|error| wrong(&error))?;
        }
    }
    Ok(Arc::new(roots))
}

/// Gets `path` of the origin `url`.
///
/// # Errors
/// [`NoAnswer`].
pub(in crate::server::cli) async fn get(
    url: &Url,
    path: &str,
    authorities: Arc<RootCertStore>,
    now: Timestamp,
) -> Result<HttpAnswer, NoAnswer> {
    let too_long = |_| NoAnswer::Unreachable(format!("no answer within {} s", PATIENCE.as_secs()));
    tokio::time::timeout(PATIENCE, exchange(url, path, authorities, now)).await.map_err(too_long)?
}

async fn exchange(
    url: &Url,
    path: &str,
    authorities: Arc<RootCertStore>,
    now: Timestamp,
) -> Result<HttpAnswer, NoAnswer> {
    let none = || NoAnswer::Unreachable("the URL names no host".to_owned());
    let host = url.host().ok_or_else(none)?;
    let port = url.port_or_known_default().ok_or_else(none)?;
    let bare = match host {
        Host::Domain(name) => name.to_owned(),
        Host::Ipv4(address) => address.to_string(),
        Host::Ipv6(address) => address.to_string(),
    };
    let stream = TcpStream::connect((bare.as_str(), port)).await.map_err(NoAnswer::unreachable)?;
    if url.scheme() != "https" {
        return send(stream, url, path, false).await;
    }
    let name = ServerName::try_from(bare).map_err(NoAnswer::unreachable)?;
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(NoAnswer::unreachable)?
        .with_root_certificates(authorities.clone())
        .with_no_client_auth();
    let connecting = TlsConnector::from(Arc::new(config)).connect(name.clone(), stream);
    let stream = connecting.await.map_err(|error| NoAnswer::of_handshake(&error))?;
    let chain = stream.get_ref().1.peer_certificates().unwrap_or_default();
    let ends_soon = ends_soon(chain, &name, authorities, provider, now);
    send(stream, url, path, ends_soon).await
}

/// Whether a certificate that is valid now is so no more after [`NEAR_END`].
fn ends_soon(
    chain: &[CertificateDer<'_>],
    name: &ServerName<'_>,
    authorities: Arc<RootCertStore>,
    provider: Arc<CryptoProvider>,
    now: Timestamp,
) -> bool {
    let Some((own, others)) = chain.split_first() else { return false };
    let Ok(verifier) = WebPkiServerVerifier::builder_with_provider(authorities, provider).build() else { return false };
    let then = now + NEAR_END;
    let then = UnixTime::since_unix_epoch(Duration::from_secs(u64::try_from(then.as_secs()).unwrap_or_default()));
    let verified = verifier.verify_server_cert(own, others, name, &[], then);
    let is_end =
        |error: &CertificateError| matches!(error, CertificateError::Expired | CertificateError::ExpiredContext { .. });
    matches!(verified, Err(rustls::Error::InvalidCertificate(reason)) if is_end(&reason))
}

pub(in crate::server::cli) async fn send(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    url: &Url,
    path: &str,
    ends_soon: bool,
) -> Result<HttpAnswer, NoAnswer> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(NoAnswer::unreachable)?;
    let authority = url.authority().to_owned();
    let request = Request::get(path)
        .header(header::HOST, authority)
        .header(header::USER_AGENT, concat!("latchkey-doctor/", env!("CARGO_PKG_VERSION")))
        .header(header::CONNECTION, "close")
        .body(Empty::<Bytes>::new())
        .map_err(NoAnswer::unreachable)?;
    let connection = tokio::spawn(connection);
    let answered = async {
        let response = sender.send_request(request).await.map_err(NoAnswer::unreachable)?;
        let (head, body) = response.into_parts();
        let body = Limited::new(body, BODY_MAX).collect().await.map_err(NoAnswer::unreachable)?;
        Ok(HttpAnswer { status: head.status, headers: head.headers, body: body.to_bytes(), ends_soon })
    };
    let answer = answered.await;
    connection.abort();
    answer
}
