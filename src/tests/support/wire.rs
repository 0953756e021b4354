//! A wire to PostgreSQL that can fall silent: what is sent then arrives when it is over, and neither end is told.

use super::databases::postgres_server;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

pub struct Wire {
    address: SocketAddr,
    silent: watch::Sender<bool>,
}

impl Wire {
    pub async fn to_postgres() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let server = postgres_server();
        let (_, rest) = server.split_once('@').expect("the URL names a user");
        let (server, _) = rest.split_once('/').expect("the URL names a database");
        let (silent, heard) = watch::channel(false);
        let server = server.to_owned();
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let far = TcpStream::connect(&server).await.expect("PostgreSQL answers");
                let ((from_near, to_near), (from_far, to_far)) = (near.into_split(), far.into_split());
                tokio::spawn(carry(from_near, to_far, heard.clone()));
                tokio::spawn(carry(from_far, to_near, heard.clone()));
            }
        });
        Self { address, silent }
    }

    pub fn fall_silent(&self) {
        self.silent.send_replace(true);
    }

    pub fn heal(&self) {
        self.silent.send_replace(false);
    }

    pub const fn address(&self) -> SocketAddr {
        self.address
    }
}

/// The same database, where it is met at `address`.
pub fn url(direct: &str, address: SocketAddr) -> String {
    let (user, rest) = direct.split_once('@').expect("the URL names a user");
    let (_, database) = rest.split_once('/').expect("the URL names a database");
    format!("{user}@{address}/{database}")
}

async fn carry(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut silent: watch::Receiver<bool>) {
    let mut buffer = [0; 8192];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        if silent.wait_for(|silent| !silent).await.is_err() || to.write_all(&buffer[..count]).await.is_err() {
            return;
        }
    }
}
