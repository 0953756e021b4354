//! A network between browsers and a server. The test decides what happens to each request.

use super::TestApp;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// What happens to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Passes,
    /// It does not reach the server.
    RequestLost,
    /// The server handles it, but the answer is lost.
    AnswerLost,
    /// The server gets it twice, and the browser gets the second answer.
    Repeated,
}

/// Listens on its own port. Requests without a planned fate pass through.
pub(crate) struct Network {
    address: SocketAddr,
    plan: Arc<Mutex<VecDeque<Fate>>>,
}

impl Network {
    pub(crate) async fn before(app: &TestApp) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let plan: Arc<Mutex<VecDeque<Fate>>> = Arc::default();
        let (server, planned) = (app.url("").trim_start_matches("http://").to_owned(), plan.clone());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let fate = planned.lock().expect("the plan").pop_front().unwrap_or(Fate::Passes);
                tokio::spawn(carry(client, server.clone(), fate));
            }
        });
        Self { address, plan }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Plans the fates of the next requests, in their order.
    pub(crate) fn plan(&self, fates: impl IntoIterator<Item = Fate>) {
        self.plan.lock().expect("the plan").extend(fates);
    }
}

/// Forwards the single request of a connection, and its answer.
async fn carry(mut client: TcpStream, server: String, fate: Fate) -> std::io::Result<()> {
    let request = read_request(&mut client).await?;
    if fate == Fate::RequestLost {
        return Ok(());
    }
    let mut answer = exchange(&server, &request).await?;
    if fate == Fate::Repeated {
        answer = exchange(&server, &request).await?;
    }
    if fate != Fate::AnswerLost {
        client.write_all(&answer).await?;
    }
    Ok(())
}

async fn exchange(server: &str, request: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(server).await?;
    stream.write_all(request).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    Ok(answer)
}

/// The unchanged request, except that it asks the server to close the connection after one answer.
async fn read_request(client: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let mut read = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&read).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:").map(str::to_owned));
            if body.len() >= length.map_or(0, |length| length.trim().parse().expect("a length")) {
                return Ok(text.replacen("\r\n", "\r\nConnection: close\r\n", 1).into_bytes());
            }
        }
        match client.read(&mut buffer).await? {
            0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            count => read.extend_from_slice(&buffer[..count]),
        }
    }
}
