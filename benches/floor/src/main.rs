//! The floor of `make bench`: what the same work costs with nothing around it. The algorithms and their parameters are
//! those of the server (EdDSA, HS512, SHA-256, Argon2id), each write is on the disk before it is answered, and many
//! refreshes share a commit. There are no layers, limits, logs, events or settings. It is not safe to use.

#![expect(clippy::disallowed_methods, reason = "no test controls its time and randomness")]

mod passwords;
mod store;
mod tokens;

use axum::extract::State;
use axum::http::header::{AUTHORIZATION, COOKIE, SET_COOKIE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use passwords::Passwords;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::sync::Arc;
use store::{Session, Store};
use tokens::{Claims, Tokens};

const REFRESH: &str = "__Host-Http-latchkey-refresh";

struct Floor {
    tokens: Tokens,
    passwords: Passwords,
    store: Store,
}

type Shared = State<Arc<Floor>>;
type Answer = Result<Response, StatusCode>;

/// `floor FOLDER PORT` serves on 127.0.0.1, with its data in the folder.
#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let (Some(folder), Some(port)) = (arguments.next(), arguments.next()) else {
        panic!("usage: floor FOLDER PORT");
    };
    let folder = PathBuf::from(folder);
    let floor = Floor {
        tokens: Tokens::open(&folder),
        passwords: Passwords::default(),
        store: Store::open(&folder.join("floor.db")),
    };
    let router = Router::new()
        .route("/healthz", get(async || "ok"))
        .route("/api/me", get(me))
        .route("/api/sessions", get(sessions))
        .route("/auth/signup", post(sign_up))
        .route("/auth/login", post(sign_in))
        .route("/auth/refresh", post(refresh))
        .route("/auth/sessions/revoke", post(end))
        .with_state(Arc::new(floor));
    let address = format!("127.0.0.1:{port}");
    let listener = tokio::net::TcpListener::bind(address).await.expect("a free port");
    axum::serve(listener, router).await.expect("a server");
}

#[derive(Deserialize)]
struct Credentials {
    username: String,
    password: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Granted {
    access_token: String,
    token_type: &'static str,
    expires_in: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Me<'a> {
    sub: &'a str,
    username: &'a str,
    scope: &'a str,
    sid: &'a str,
    created_at: i64,
}

#[derive(Deserialize)]
struct Sid {
    sid: String,
}

impl Floor {
    /// The claims of the bearer token, if it is valid and its session is alive.
    fn caller(&self, headers: &HeaderMap) -> Result<(Arc<Claims>, Arc<store::Owner>), StatusCode> {
        let token = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
        let claims = token.and_then(|token| self.tokens.verify(token)).ok_or(StatusCode::UNAUTHORIZED)?;
        let owner = self.store.owner(&claims.sid).ok_or(StatusCode::UNAUTHORIZED)?;
        Ok((claims, owner))
    }

    /// The answer to a sign-in or a refresh: both tokens.
    fn granted(&self, status: StatusCode, sub: &str, sid: &str, refresh_token: &str) -> Response {
        let access_token = self.tokens.issue(sub, sid);
        let cookie = format!(
            "{REFRESH}={refresh_token}; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age={}",
            tokens::REFRESH_LIFE
        );
        let granted = Granted { access_token, token_type: "Bearer", expires_in: tokens::ACCESS_LIFE };
        (status, [(SET_COOKIE, cookie)], Json(granted)).into_response()
    }

    async fn start(&self, status: StatusCode, sub: String) -> Response {
        let (sid, token) = self.tokens.first();
        let session = Session { id: sid.clone(), user_id: sub.clone(), digest: tokens::digest(&token) };
        self.store.start(session).await;
        self.granted(status, &sub, &sid, &token)
    }
}

async fn me(State(floor): Shared, headers: HeaderMap) -> Answer {
    let (claims, owner) = floor.caller(&headers)?;
    let (sub, sid) = (&*claims.sub, &*claims.sid);
    let created_at = owner.created_at;
    Ok(Json(Me { sub, username: &owner.username, scope: "account", sid, created_at }).into_response())
}

async fn sessions(State(floor): Shared, headers: HeaderMap) -> Answer {
    let (claims, _) = floor.caller(&headers)?;
    Ok(Json(floor.store.list(&claims.sub, &claims.sid)).into_response())
}

async fn sign_up(State(floor): Shared, Json(sent): Json<Credentials>) -> Answer {
    let hash = floor.passwords.hash(sent.password).await;
    let sub = floor.store.add_user(sent.username, hash).await.ok_or(StatusCode::CONFLICT)?;
    Ok(floor.start(StatusCode::CREATED, sub).await)
}

async fn sign_in(State(floor): Shared, Json(sent): Json<Credentials>) -> Answer {
    let (sub, hash) = floor.store.user(&sent.username).ok_or(StatusCode::UNAUTHORIZED)?;
    if !floor.passwords.matches(sent.password, hash).await {
        return Err(StatusCode::UNAUTHORIZED);
    }
    Ok(floor.start(StatusCode::OK, sub).await)
}

async fn refresh(State(floor): Shared, headers: HeaderMap) -> Answer {
    let cookies = headers.get(COOKIE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut pairs = cookies.split("; ").filter_map(|pair| pair.split_once('='));
    let token = pairs.find(|(name, _)| *name == REFRESH).map(|(_, value)| value.to_owned());
    let presented = token.ok_or(StatusCode::UNAUTHORIZED)?;
    let claims = floor.tokens.read(&presented).ok_or(StatusCode::UNAUTHORIZED)?;
    let next = floor.tokens.successor(&claims);
    let (before, after) = (tokens::digest(&presented), tokens::digest(&next));
    let sub = floor.store.rotate(claims.sid.clone(), before, after).await.ok_or(StatusCode::UNAUTHORIZED)?;
    Ok(floor.granted(StatusCode::OK, &sub, &claims.sid, &next))
}

async fn end(State(floor): Shared, headers: HeaderMap, Json(Sid { sid }): Json<Sid>) -> Answer {
    let (claims, _) = floor.caller(&headers)?;
    let found = floor.store.end(claims.sub.clone(), sid).await;
    if found { Ok(StatusCode::NO_CONTENT.into_response()) } else { Err(StatusCode::NOT_FOUND) }
}
