//! What attackers do. Each flood is so many tasks at once, from one address or from many; none waits longer than it must.

use super::honest::{Deed, PASSWORD};
use super::http::{Browser, attacker, client};
use reqwest::{Client, Method};
use serde_json::json;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;

/// How many requests are under way at once.
const AT_ONCE: usize = 64;
/// How many connections are opened where it is connections that flood: more than the server takes.
const CONNECTIONS: usize = 10_500;
const STREAMS: usize = 1_000;
const DRIPPING: usize = 500;
/// Signs that look like letters, of which the judge of passwords tries all readings.
const LOOKALIKE: &str = "d@((7!<32|1!-1$5+604t2({[s36911|795+%54@8({i<3s9o!|2.5e%13@8({[{";

/// A flood.
#[derive(Clone, Copy)]
pub(crate) struct Flood {
    pub name: &'static str,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Wrong,
    Slow,
    Refused,
    SignUp,
    Refresh,
    Connections,
    Streams,
    Exports,
    Pages,
}

pub(crate) const FLOODS: [Flood; 9] = [
    Flood { name: "wrong passwords", kind: Kind::Wrong },
    Flood { name: "dripped sign-ins", kind: Kind::Slow },
    Flood { name: "refused passwords", kind: Kind::Refused },
    Flood { name: "sign-ups", kind: Kind::SignUp },
    Flood { name: "refreshes", kind: Kind::Refresh },
    Flood { name: "connections", kind: Kind::Connections },
    Flood { name: "live streams", kind: Kind::Streams },
    Flood { name: "exports", kind: Kind::Exports },
    Flood { name: "pages", kind: Kind::Pages },
];

/// What attackers have: addresses, and accounts of their own.
pub(crate) struct Stage {
    url: String,
    peer: SocketAddr,
    clients: Vec<Client>,
    accounts: Vec<Browser>,
}

impl Stage {
    pub(crate) async fn set(url: &str) -> Self {
        let clients: Vec<Client> = (0..100).map(|n| client(attacker(n))).collect();
        let mut accounts = Vec::new();
        for (n, client) in clients.iter().take(20).enumerate() {
            let mut browser = Browser::new(url, client.clone());
            let body = json!({"username": format!("mallory-{n}"), "password": PASSWORD, "remember": true});
            browser.post("/auth/signup", body).await.expect("an answer");
            accounts.push(browser);
        }
        let peer = url.trim_start_matches("http://").parse().expect("an address");
        Self { url: url.to_owned(), peer, clients, accounts }
    }

    /// Connects from the `n`-th address.
    async fn connect(&self, n: usize) -> Option<TcpStream> {
        let socket = TcpSocket::new_v4().ok()?;
        socket.bind(SocketAddr::from((attacker(n), 0))).ok()?;
        socket.connect(self.peer).await.ok()
    }
}

impl Flood {
    /// Begins it; it ends when it is `over`.
    pub(crate) fn begin(self, stage: &Arc<Stage>, addresses: usize, over: &Arc<AtomicBool>) -> JoinSet<()> {
        let mut attackers = JoinSet::new();
        let tasks = match self.kind {
            Kind::Slow | Kind::Streams => 50,
            Kind::Connections => 100,
            _ => AT_ONCE,
        };
        for n in 0..tasks {
            let (stage, over, kind) = (stage.clone(), over.clone(), self.kind);
            attackers.spawn(async move {
                match kind {
                    Kind::Connections => silent(&stage, n, addresses, CONNECTIONS / tasks).await,
                    Kind::Slow => dripped(&stage, n, addresses, DRIPPING / tasks).await,
                    Kind::Streams => streams(&stage, n, addresses, STREAMS / tasks).await,
                    _ => {
                        for round in 0.. {
                            if over.load(Ordering::Relaxed) {
                                break;
                            }
                            kind.once(&stage, n, addresses, round).await;
                        }
                    }
                }
            });
        }
        attackers
    }
}

impl Kind {
    async fn once(self, stage: &Stage, n: usize, addresses: usize, round: usize) {
        let client = &stage.clients[(n + round * 64) % addresses];
        let mut nobody = Browser::new(&stage.url, client.clone());
        let mut owned = stage.accounts[n % stage.accounts.len()].clone();
        owned.client = client.clone();
        let known = format!("{:?}-{}", Deed::SignInKnown, n % 5).to_lowercase();
        let unique = format!("trudy-{addresses}-{n}-{round}");
        match self {
            Self::Wrong => {
                let name = if round.is_multiple_of(2) { known } else { unique };
                nobody.post("/auth/login", json!({"username": name, "password": "not the password at all"})).await;
            }
            Self::Refused => match round % 3 {
                0 => {
                    let body = json!({"currentPassword": PASSWORD, "newPassword": LOOKALIKE.repeat(2)});
                    owned.post("/auth/password", body).await;
                }
                1 => {
                    nobody.post("/auth/signup", json!({"username": unique, "password": "passwordpassword"})).await;
                }
                _ => {
                    nobody.post("/auth/login", json!({"username": unique, "password": "x".repeat(5_000)})).await;
                }
            },
            Self::SignUp => {
                nobody.post("/auth/signup", json!({"username": unique, "password": PASSWORD})).await;
            }
            Self::Refresh => {
                if round.is_multiple_of(2) {
                    let odd = "eyJhbGciOiJIUzUxMiIsInR5cCI6InJ0K2p3dCJ9.e30.AAAA";
                    nobody.cookies.insert("__Host-Http-latchkey-refresh".to_owned(), odd.to_owned());
                    nobody.post("/auth/refresh", json!({})).await;
                } else {
                    owned.post("/auth/refresh", json!({})).await;
                }
            }
            Self::Exports => {
                owned.send(Method::GET, "/api/export", None).await;
            }
            Self::Pages => {
                nobody.send(Method::GET, "/login", None).await;
            }
            Self::Connections | Self::Slow | Self::Streams => {}
        }
    }
}

/// Opens connections that say nothing, and keeps them.
async fn silent(stage: &Stage, n: usize, addresses: usize, many: usize) {
    let mut held = Vec::new();
    for _ in 0..many {
        held.extend(stage.connect(n % addresses).await);
    }
    std::future::pending::<()>().await;
    drop(held);
}

/// Signs in a byte at a time, on many connections.
async fn dripped(stage: &Stage, n: usize, addresses: usize, many: usize) {
    let head = "POST /auth/login HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: same-origin\r\n\
                Content-Type: application/json\r\nContent-Length: 9000\r\n\r\n{\"username\": \"";
    let mut held = Vec::new();
    loop {
        while held.len() < many {
            let Some(mut stream) = stage.connect(n % addresses).await else { break };
            if stream.write_all(head.as_bytes()).await.is_ok() {
                held.push(stream);
            }
        }
        for mut stream in std::mem::take(&mut held) {
            if stream.write_all(b"a").await.is_ok() {
                held.push(stream);
            }
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Listens, on many connections, to what happens to one's own account.
async fn streams(stage: &Stage, n: usize, addresses: usize, many: usize) {
    let token = &stage.accounts[n % stage.accounts.len()].access_token;
    let head = format!("GET /api/live HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n");
    let mut held = Vec::new();
    for _ in 0..many {
        let Some(mut stream) = stage.connect(n % addresses).await else { continue };
        if stream.write_all(head.as_bytes()).await.is_ok() {
            held.push(stream);
        }
    }
    std::future::pending::<()>().await;
    drop(held);
}
