//! Requests from an address of one's choice, by a client that keeps cookies.

use reqwest::{Client, Method, Response, StatusCode};
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

/// Longer than any answer may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A client at `address`, which is one of this machine.
pub(crate) fn client(address: Ipv4Addr) -> Client {
    let client = Client::builder().local_address(IpAddr::V4(address)).timeout(TIMEOUT);
    client.redirect(reqwest::redirect::Policy::none()).build().expect("a client")
}

/// The `n`-th address of attackers, each in a network of its own.
pub(crate) fn attacker(n: usize) -> Ipv4Addr {
    Ipv4Addr::new(127, 10, u8::try_from(n % 250).unwrap_or(0) + 1, 7)
}

/// A browser.
#[derive(Clone)]
pub(crate) struct Browser {
    pub client: Client,
    pub url: String,
    pub cookies: BTreeMap<String, String>,
    pub access_token: String,
}

impl Browser {
    pub(crate) fn new(url: &str, client: Client) -> Self {
        Self { client, url: url.to_owned(), cookies: BTreeMap::new(), access_token: String::new() }
    }

    /// Sends; the status, and what is in the answer if it is JSON. `None` if there was no answer in time.
    pub(crate) async fn send(
        &mut self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Option<(StatusCode, Value)> {
        let mut request = self.client.request(method, format!("{}{path}", self.url));
        request = request.header("Sec-Fetch-Site", "same-origin").header("User-Agent", "hostile/1.0");
        if !self.cookies.is_empty() {
            let pairs: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header("Cookie", pairs.join("; "));
        }
        if path.starts_with("/api/") {
            request = request.bearer_auth(&self.access_token);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.ok()?;
        self.keep(&response);
        let status = response.status();
        let text = response.text().await.ok()?;
        let json: Value = serde_json::from_str(&text).unwrap_or_default();
        if let Some(token) = json["accessToken"].as_str() {
            token.clone_into(&mut self.access_token);
        }
        Some((status, json))
    }

    fn keep(&mut self, response: &Response) {
        for cookie in response.headers().get_all("set-cookie") {
            let Some((pair, attributes)) = cookie.to_str().ok().and_then(|cookie| cookie.split_once(';')) else {
                continue;
            };
            let Some((name, value)) = pair.split_once('=') else { continue };
            if attributes.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    pub(crate) async fn post(&mut self, path: &str, body: Value) -> Option<StatusCode> {
        self.send(Method::POST, path, Some(body)).await.map(|(status, _)| status)
    }
}
