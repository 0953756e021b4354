//! The actors of the tests: a browser that is not signed in, and one that is.

use super::{Network, PASSWORD, Program, TestApp};
use reqwest::header::{HeaderMap, SET_COOKIE};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, redirect};
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(crate) const REFRESH: &str = "__Host-Http-latchkey-refresh";
/// The name of the cookie that identifies a browser, also after signing out.
pub(crate) const DEVICE: &str = "__Host-Http-latchkey-device";
pub(crate) const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";

/// A complete answer.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Reply {
    pub(crate) async fn of(response: Response) -> Self {
        let (status, headers) = (response.status(), response.headers().clone());
        Self { status, headers, text: response.text().await.expect("a body") }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {} {:?}", self.status, self.text))
    }

    /// The stable code of the problem in the answer.
    pub(crate) fn code(&self) -> String {
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{self:?}");
        let problem = self.json();
        assert_eq!(problem["status"], self.status.as_u16());
        problem["code"].as_str().expect("a code").to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("text"))
    }

    pub(crate) fn set_cookies(&self) -> Vec<&str> {
        self.headers.get_all(SET_COOKIE).iter().map(|value| value.to_str().expect("text")).collect()
    }

    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{self:?}");
        self
    }

    /// Returns the status, which must be one of the two.
    #[track_caller]
    pub(crate) fn expect_either(self, one: u16, other: u16) -> u16 {
        assert!([one, other].contains(&self.status.as_u16()), "{self:?}");
        self.status.as_u16()
    }
}

/// A browser: it keeps cookies, and sends the headers that tell the origin of its requests.
#[derive(Clone, Debug)]
pub(crate) struct Anonymous {
    client: Client,
    base: String,
    pub user_agent: String,
    /// Its other headers.
    pub headers: BTreeMap<&'static str, String>,
    pub cookies: BTreeMap<String, String>,
}

impl Anonymous {
    pub(crate) fn new(app: &TestApp) -> Self {
        Self::of(app.url(""))
    }

    /// A browser that uses the server at `base`.
    pub(crate) fn of(base: String) -> Self {
        let client = Client::builder().redirect(redirect::Policy::none()).build().expect("a client");
        let (headers, cookies) = Default::default();
        Self { client, base, user_agent: FIREFOX.into(), headers, cookies }
    }

    /// Moves the browser to another server, or to the same one after a restart.
    pub(crate) fn goes_to(&mut self, app: &TestApp) {
        self.base = app.url("");
    }

    /// A browser that uses a program in a process of its own.
    pub(crate) fn at(program: &Program) -> Self {
        Self::of(program.url.clone())
    }

    /// From now on each request uses a connection of its own through `network`.
    pub(crate) fn goes_through(&mut self, network: &Network) {
        let client = Client::builder().redirect(redirect::Policy::none()).pool_max_idle_per_host(0);
        self.client = client.build().expect("a client");
        self.base = network.url();
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let mut request = self.client.request(method, format!("{}{path}", self.base));
        request = request.header("User-Agent", &self.user_agent).header("Sec-Fetch-Site", "same-origin");
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        if !self.cookies.is_empty() {
            let pairs: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header("Cookie", pairs.join("; "));
        }
        request
    }

    /// Sends a request, and stores the cookies of the answer.
    pub(crate) async fn send(&mut self, request: RequestBuilder) -> Reply {
        let response = request.send().await.expect("an answer");
        self.reload(response).await
    }

    async fn reload(&mut self, response: Response) -> Reply {
        let reply = Reply::of(response).await;
        for cookie in reply.set_cookies() {
            let (pair, attributes) = cookie.split_once(';').expect("attributes");
            let (name, value) = pair.split_once('=').expect("a pair");
            if attributes.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        reply
    }

    pub(crate) async fn post(&mut self, path: &str, body: Value) -> Reply {
        let request = self.request(Method::POST, path).json(&body);
        self.send(request).await
    }

    pub(crate) async fn get(&mut self, path: &str) -> Reply {
        let request = self.request(Method::GET, path).header("Accept", "text/html");
        self.send(request).await
    }

    /// Posts a form like a browser without JavaScript.
    pub(crate) async fn submit(&mut self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let request = self.request(Method::POST, path).header("Accept", "text/html,*/*;q=0.8").form(fields);
        self.send(request).await
    }

    pub(crate) async fn try_sign_in(&mut self, username: &str, password: &str) -> Reply {
        self.post("/auth/login", json!({"username": username, "password": password, "remember": true})).await
    }

    pub(crate) async fn sign_up(mut self, username: &str) -> SignedIn {
        let body = json!({"username": username, "password": PASSWORD, "remember": true});
        let reply = self.post("/auth/signup", body).await.expect(201);
        SignedIn::new(self, &reply)
    }

    pub(crate) async fn sign_in(mut self, username: &str) -> SignedIn {
        let reply = self.try_sign_in(username, PASSWORD).await.expect(200);
        SignedIn::new(self, &reply)
    }
}

/// A signed-in browser, with its access token in memory.
#[derive(Clone, Debug)]
pub(crate) struct SignedIn {
    pub browser: Anonymous,
    pub access_token: String,
}

impl SignedIn {
    pub(crate) fn new(browser: Anonymous, reply: &Reply) -> Self {
        let access_token = reply.json()["accessToken"].as_str().expect("an access token").to_owned();
        Self { browser, access_token }
    }

    pub(crate) fn refresh_token(&self) -> &str {
        self.browser.cookies.get(REFRESH).expect("a refresh token")
    }

    pub(crate) fn set_refresh_token(&mut self, token: &str) {
        self.browser.cookies.insert(REFRESH.to_owned(), token.to_owned());
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        let request = self.browser.request(Method::GET, path).bearer_auth(&self.access_token);
        Reply::of(request.send().await.expect("an answer")).await
    }

    /// Opens the stream of changes to the user's sessions.
    pub(crate) async fn listen(&self) -> Response {
        let request = self.browser.request(Method::GET, "/api/live").bearer_auth(&self.access_token);
        request.send().await.expect("an answer")
    }

    /// Posts JSON with the access token.
    pub(crate) async fn post(&mut self, path: &str, body: Value) -> Reply {
        let request = self.browser.request(Method::POST, path).bearer_auth(&self.access_token).json(&body);
        self.browser.send(request).await
    }

    pub(crate) async fn try_refresh(&mut self) -> Reply {
        let request = self.browser.request(Method::POST, "/auth/refresh");
        self.refresh_by(request).await
    }

    /// Refreshes as one of several tabs.
    pub(crate) async fn try_shared_refresh(&mut self) -> Reply {
        let request = self.browser.request(Method::POST, "/auth/refresh").json(&json!({"shared": true}));
        self.refresh_by(request).await
    }

    /// `None` if there was no answer.
    pub(crate) async fn refreshes_if_answered(&mut self) -> Option<Reply> {
        let response = self.browser.request(Method::POST, "/auth/refresh").send().await.ok()?;
        Some(self.refreshed(response).await)
    }

    /// `None` if there was no answer.
    pub(crate) async fn posts_if_answered(&mut self, path: &str, body: Value) -> Option<Reply> {
        let request = self.browser.request(Method::POST, path).bearer_auth(&self.access_token).json(&body);
        let response = request.send().await.ok()?;
        Some(self.browser.reload(response).await)
    }

    async fn refresh_by(&mut self, request: RequestBuilder) -> Reply {
        let response = request.send().await.expect("an answer");
        self.refreshed(response).await
    }

    async fn refreshed(&mut self, response: Response) -> Reply {
        let reply = self.browser.reload(response).await;
        if reply.status.is_success() {
            self.access_token = reply.json()["accessToken"].as_str().expect("an access token").to_owned();
        }
        reply
    }

    pub(crate) async fn sid(&self) -> String {
        self.get("/api/me").await.expect(200).json()["sid"].as_str().expect("a sid").to_owned()
    }

    pub(crate) async fn is_in(&self) -> bool {
        let reply = self.get("/api/me").await;
        match reply.status.as_u16() {
            200 => true,
            401 => false,
            _ => panic!("{reply:?}"),
        }
    }

    pub(crate) async fn devices(&self) -> Vec<Value> {
        self.get("/api/sessions").await.expect(200).json().as_array().expect("a list").clone()
    }
}
