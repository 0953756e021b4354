//! `latchkey healthcheck`: asks the server of the same settings whether it is ready, for supervisors of containers.

use super::CommandError;
use super::doctor::http_get::{NoAnswer, authorities, get, send};
use super::output::print;
use crate::server::config::{ListenAddress, Settings};
use crate::server::ports::Clock as _;
use crate::server::system::SystemClock;
use http::StatusCode;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use tokio::net::UnixStream;
use url::Url;

/// Runs the command.
pub(super) async fn run(settings: &Settings) -> Result<(), CommandError> {
    let not_ready = |error: NoAnswer| CommandError::NotReady(error.to_string());
    let status = ask(settings).await.map_err(not_ready)?;
    if status == StatusCode::OK { print("ready") } else { Err(CommandError::NotReady(format!("it answers {status}"))) }
}

/// By the nearest way: a Unix socket, an address of this machine without TLS, or the public URL.
async fn ask(settings: &Settings) -> Result<StatusCode, NoAnswer> {
    let server = &settings.server;
    let socket = server.listen.iter().find_map(|address| match address {
        ListenAddress::Unix(path) => Some(path),
        ListenAddress::Ip(_) => None,
    });
    let plain = server.listen.iter().find_map(|address| match address {
        ListenAddress::Ip(address) if server.tls_cert.is_none() => Some(reachable(*address)),
        ListenAddress::Ip(_) | ListenAddress::Unix(_) => None,
    });
    let url = |text: &str| Url::parse(text).map_err(|error| NoAnswer::Unreachable(error.to_string()));
    if let Some(path) = socket {
        let stream = UnixStream::connect(path).await.map_err(|error| NoAnswer::Unreachable(error.to_string()))?;
        return Ok(send(stream, &url("http://localhost")?, "/readyz", false).await?.status);
    }
    let url = match plain {
        Some(address) => url(&format!("http://{address}"))?,
        None => url(&server.public_url)?,
    };
    let further = std::env::var_os("SSL_CERT_FILE");
    let roots = authorities(further.as_deref().map(Path::new)).map_err(NoAnswer::Unreachable)?;
    Ok(get(&url, "/readyz", roots, SystemClock.now()).await?.status)
}

/// The address by which one who listens at `address` can be reached from here.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}
