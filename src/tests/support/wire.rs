//! A connection to PostgreSQL that can fall silent (the data arrive later, and neither end is told), hold back one
//! message and everything after it, or lead to no server.

use super::databases::postgres_server;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

pub(crate) struct Wire {
    address: SocketAddr,
    state: watch::Sender<State>,
    /// The words of the message to hold back.
    snag: Snag,
}

type Snag = Arc<Mutex<Option<&'static [&'static str]>>>;

#[derive(Clone, Copy, Debug, Default)]
struct State {
    is_silent: bool,
    is_broken: bool,
    /// Whether a message is held back.
    holds: bool,
}

impl Wire {
    pub(crate) async fn to_postgres() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let server = postgres_server();
        let (_, rest) = server.split_once('@').expect("the URL names a user");
        let (server, _) = rest.split_once('/').expect("the URL names a database");
        let (state, server, snag) = (watch::Sender::<State>::default(), server.to_owned(), Snag::default());
        let (told, caught) = (state.clone(), snag.clone());
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                if told.borrow().is_broken {
                    continue;
                }
                let far = TcpStream::connect(&server).await.expect("PostgreSQL answers");
                let ((from_near, to_near), (from_far, to_far)) = (near.into_split(), far.into_split());
                tokio::spawn(carry(from_near, to_far, told.clone(), caught.clone()));
                tokio::spawn(carry(from_far, to_near, told.clone(), Snag::default()));
            }
        });
        Self { address, state, snag }
    }

    pub(crate) fn fall_silent(&self) {
        self.state.send_modify(|state| state.is_silent = true);
    }

    /// Holds back the next message to PostgreSQL that contains all of `words`, and everything after it on its
    /// connection. Other connections are not affected.
    pub(crate) fn hold_back(&self, words: &'static [&'static str]) {
        *self.snag.lock().expect("a snag") = Some(words);
    }

    /// Waits until a message is held back.
    pub(crate) async fn holds(&self) {
        self.state.subscribe().wait_for(|state| state.holds).await.expect("a wire");
    }

    /// PostgreSQL is away: connections break off, and new ones are closed at once, as proxies do.
    pub(crate) fn break_off(&self) {
        self.state.send_modify(|state| state.is_broken = true);
    }

    pub(crate) fn heal(&self) {
        self.state.send_replace(State::default());
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }
}

/// The URL of the same database at `address`.
pub(super) fn url(direct: &str, address: SocketAddr) -> String {
    let (user, rest) = direct.split_once('@').expect("the URL names a user");
    let (_, database) = rest.split_once('/').expect("the URL names a database");
    // Without encryption, so that messages can be told apart.
    format!("{user}@{address}/{database}?sslmode=disable")
}

async fn carry(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, told: watch::Sender<State>, snag: Snag) {
    let mut state = told.subscribe();
    let mut buffer = [0; 8192];
    loop {
        let count = tokio::select! {
            read = from.read(&mut buffer) => read.unwrap_or_default(),
            _ = state.wait_for(|state| state.is_broken) => 0,
        };
        if count == 0 {
            return;
        }
        if is_caught(&snag, &buffer[..count]) {
            told.send_modify(|state| state.holds = true);
            let _ = state.wait_for(|state| !state.holds).await;
        }
        if state.wait_for(|state| !state.is_silent).await.is_err() || to.write_all(&buffer[..count]).await.is_err() {
            return;
        }
    }
}

fn is_caught(snag: &Snag, sent: &[u8]) -> bool {
    let mut snag = snag.lock().expect("a snag");
    let text = String::from_utf8_lossy(sent);
    snag.take_if(|words| words.iter().all(|word| text.contains(word))).is_some()
}
