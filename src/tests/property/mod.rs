//! The running server against a model of the rotation table: random users, sessions, tokens of any age, clock steps and
//! restarts. A difference is shrunk to a short story.

mod model;
mod steps;

use super::support::{Anonymous, Backend, FIREFOX, PASSWORD, REFRESH, Reply, TestApp};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use latchkey::domain::client::{Client, ClientKind};
use latchkey::domain::id::{ClientId, KeyId, UserId};
use model::{Access, Expected, Model, SECOND};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{AnyConnection, Connection as _};
use std::time::Duration;
use steps::{STEPS, Step, steps};

const USERS: [&str; 2] = ["ada", "eve"];
const AGENTS: [&str; 2] = [FIREFOX, "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Safari/604.1"];
/// What was written of exchanges since the standby followed is lost.
const LOSE: &str = "CREATE TABLE IF NOT EXISTS standby AS SELECT * FROM sessions WHERE false; \
    UPDATE sessions SET (generation, token_digest, parent_generation, parent_digest, parent_agent, overtaken, rotated_at, \
    confirmed_at, last_seen_at, key_id, idle_expires_at) = (SELECT generation, token_digest, parent_generation, \
    parent_digest, parent_agent, overtaken, rotated_at, confirmed_at, last_seen_at, key_id, idle_expires_at \
    FROM standby WHERE standby.id = sessions.id) \
    WHERE revoked_at IS NULL AND id IN (SELECT id FROM standby)";

/// The server, the model, and who the users are.
struct World {
    app: TestApp,
    model: Model,
    ids: Vec<UserId>,
    passwords: [String; 2],
    changes: usize,
}

impl World {
    async fn new() -> Self {
        let native = Client { id: ClientId::new("cli"), kind: ClientKind::Native };
        let app = TestApp::on(Backend::Sqlite).with(|settings| settings.clients.push(native)).start().await;
        let mut world = Self {
            model: Model { now: app.now().as_millis(), ..Model::default() },
            app,
            ids: Vec::new(),
            passwords: [PASSWORD.to_owned(), PASSWORD.to_owned()],
            changes: 0,
        };
        for (user, name) in USERS.into_iter().enumerate() {
            let body = json!({"username": name, "password": PASSWORD, "remember": true});
            let mut browser = world.app.browser();
            let reply = browser.post("/auth/signup", body).await.expect(201);
            let session = world.model.signed_in(user, false, true);
            world.take(session, &browser, &reply);
            let sub = claims(&world.model.access[user].text)["sub"].as_str().unwrap().to_owned();
            world.ids.push(UserId::new(sub));
        }
        world
    }

    /// Does something to the database behind the server's back.
    async fn run(&self, sql: &'static str) {
        let url = format!("sqlite://{}", self.app.folder().join("latchkey.db").display());
        let mut connection = AnyConnection::connect(&url).await.unwrap();
        sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }

    /// Counted from the newest.
    fn refresh_token(&self, number: usize) -> usize {
        let count = self.model.refresh.len();
        count - 1 - number % count
    }

    fn access_token(&self, number: usize) -> usize {
        let count = self.model.access.len();
        count - 1 - number % count
    }

    fn browser(&self, agent: usize) -> Anonymous {
        let mut browser = self.app.browser();
        browser.user_agent = AGENTS[agent].to_owned();
        browser
    }

    fn with_cookie(&self, token: usize, agent: usize) -> Anonymous {
        let mut browser = self.browser(agent);
        browser.cookies.insert(REFRESH.to_owned(), self.model.refresh[token].text.clone());
        browser
    }

    async fn with_access(&self, token: usize, path: &str, body: Value) -> Reply {
        let browser = self.browser(0);
        let request = browser.request(Method::POST, path).bearer_auth(&self.model.access[token].text).json(&body);
        Reply::of(request.send().await.unwrap()).await
    }

    /// Notes the tokens of an answer; gives the refresh token.
    fn take(&mut self, session: usize, browser: &Anonymous, reply: &Reply) -> String {
        let body = reply.json();
        let text = body["accessToken"].as_str().unwrap().to_owned();
        let told = claims(&text);
        let generation = told["jti"].as_str().unwrap().split('.').next().unwrap().parse().unwrap();
        let access = Access { session, generation, expires: told["exp"].as_i64().unwrap(), text };
        let refresh = match body["refreshToken"].as_str() {
            Some(token) => token.to_owned(),
            None => browser.cookies.get(REFRESH).expect("a cookie").clone(),
        };
        assert_eq!(self.model.sessions[session].native, body["refreshToken"].is_string());
        self.model.given(session, refresh.clone(), access);
        refresh
    }

    async fn carry_out(&mut self, step: &Step) {
        match *step {
            Step::SignIn { user, native, remember, replaces } => self.sign_in(user, native, remember, replaces).await,
            Step::Refresh { token, agent, shared } => self.refresh(token, agent, shared).await,
            Step::Rename { token, agent } => self.rename(token, agent).await,
            Step::Tampered { token } => {
                let token = self.refresh_token(token);
                let mut browser = self.with_cookie(token, 0);
                let text = browser.cookies.get_mut(REFRESH).unwrap();
                let end = text.len() - 10;
                let other = if text[end..].starts_with('A') { "B" } else { "A" };
                text.replace_range(end..=end, other);
                refused(&browser.post("/auth/refresh", json!({})).await, 401, "invalid_token");
            }
            Step::Forged { token, shared } => {
                let token = self.refresh_token(token);
                let forged = self.forged(&self.model.refresh[token].text);
                let (browser, reply) = self.send(token, &forged, 0, shared).await;
                let expected = self.model.present_forged(token, shared);
                self.must_be(token, expected, &browser, reply);
            }
            Step::UseAccess { token } => {
                let token = self.access_token(token);
                let good = self.model.uses(token);
                let browser = self.browser(0);
                let request = browser.request(Method::GET, "/api/me").bearer_auth(&self.model.access[token].text);
                let reply = Reply::of(request.send().await.unwrap()).await;
                assert_eq!(reply.status == 200, good, "{reply:?}");
            }
            Step::SignOut { token } => {
                let token = self.refresh_token(token);
                let session = self.model.refresh[token].session;
                if self.model.sessions[session].native {
                    let body = json!({"refreshToken": self.model.refresh[token].text});
                    self.browser(0).post("/auth/logout", body).await.expect(204);
                } else {
                    self.with_cookie(token, 0).post("/auth/logout", json!({})).await.expect(204);
                }
                if self.model.reads(token) {
                    self.model.end(session);
                }
            }
            Step::SignOutAll { access, keep } => {
                let access = self.access_token(access);
                let session = self.model.access[access].session;
                let reply = self.with_access(access, "/auth/logout-all", json!({"keepCurrent": keep})).await;
                if self.is_let_in(access, &reply, true) {
                    self.model.end_all(self.model.sessions[session].user, keep.then_some(session));
                }
            }
            Step::Revoke { access, session } => self.revoke(access, session).await,
            Step::Reauthenticate { access } => {
                let access = self.access_token(access);
                let session = self.model.access[access].session;
                let body = json!({"password": self.passwords[self.model.sessions[session].user]});
                let reply = self.with_access(access, "/auth/reauthenticate", body).await;
                if self.is_let_in(access, &reply, false) {
                    self.model.authenticated(session);
                }
            }
            Step::ChangePassword { access } => self.change_password(access).await,
            Step::Wait { step } => {
                self.app.advance(Duration::from_secs(STEPS[step]));
                self.model.now += i64::try_from(STEPS[step]).unwrap() * SECOND;
            }
            Step::Housekeeping => {
                self.app.services().housekeeping().await.unwrap();
                self.model.flush();
            }
            Step::Restart => {
                self.app.restart().await;
                self.model.flush();
            }
            Step::Replicate => {
                self.app.services().flush().await.unwrap();
                self.run("DROP TABLE IF EXISTS standby; CREATE TABLE standby AS SELECT * FROM sessions").await;
                self.model.replicate();
            }
            Step::Lose => {
                self.app.services().flush().await.unwrap();
                self.run(LOSE).await;
                // What it remembers of who lives goes with it.
                self.app.restart().await;
                self.model.lose();
            }
        }
        for (user, name) in USERS.into_iter().enumerate() {
            let alive = self.app.services().store().live_sessions(&self.ids[user], self.app.now()).await.unwrap();
            assert_eq!(alive.len(), self.model.alive_of(user), "living sessions of {name}");
        }
    }

    async fn sign_in(&mut self, user: usize, native: bool, remember: bool, replaces: Option<usize>) {
        let before = replaces.map(|number| self.refresh_token(number)).filter(|_| !native);
        let mut browser = before.map_or_else(|| self.browser(0), |token| self.with_cookie(token, 0));
        let mut body = json!({"username": USERS[user], "password": self.passwords[user], "remember": remember});
        if native {
            body["client"] = json!("cli");
        }
        let reply = browser.post("/auth/login", body).await.expect(200);
        if let Some(token) = before {
            let session = self.model.refresh[token].session;
            // A native client's token is none that a browser had.
            if self.model.reads(token) && !self.model.sessions[session].native {
                self.model.end(session);
            }
        }
        let session = self.model.signed_in(user, native, remember);
        self.take(session, &browser, &reply);
    }

    /// Another token of the same claims but for the time that it says it was made at, under a right signature.
    fn forged(&self, token: &str) -> String {
        let (header, _) = token.split_once('.').unwrap();
        let kid = part(header)["kid"].as_str().unwrap().to_owned();
        let mut claims = claims(token);
        claims["iat"] = json!(claims["iat"].as_i64().unwrap() + 1);
        let message = format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
        let ring = self.app.services().access_tokens().ring();
        let key = &ring.refresh(&KeyId::new(kid)).unwrap().encoding;
        let signature = jsonwebtoken::crypto::sign(message.as_bytes(), key, Algorithm::HS512).unwrap();
        format!("{message}.{signature}")
    }

    /// Sends `text` in the place of a token, for a refresh.
    async fn send(&self, token: usize, text: &str, agent: usize, shared: bool) -> (Anonymous, Reply) {
        let native = self.model.sessions[self.model.refresh[token].session].native;
        let (mut browser, mut body) = (self.browser(agent), json!({"shared": shared}));
        if native {
            body["refreshToken"] = json!(text);
        } else {
            browser.cookies.insert(REFRESH.to_owned(), text.to_owned());
        }
        let reply = browser.post("/auth/refresh", body).await;
        (browser, reply)
    }

    async fn refresh(&mut self, token: usize, agent: usize, shared: bool) {
        let token = self.refresh_token(token);
        let text = &self.model.refresh[token].text;
        let (browser, reply) = self.send(token, text, agent, shared).await;
        let expected = self.model.present(token, agent, shared, true);
        self.must_be(token, expected, &browser, reply);
    }

    /// What was answered to somebody who presented a refresh token.
    fn must_be(&mut self, token: usize, expected: Expected, browser: &Anonymous, reply: Reply) {
        let session = self.model.refresh[token].session;
        match expected {
            Expected::New(generation) => {
                let new = self.take(session, browser, &reply.expect(200));
                assert_eq!(claims(&new)["gen"], generation);
            }
            Expected::Same(generation) => {
                let expected = self.model.current(session).to_owned();
                let same = self.take(session, browser, &reply.expect(200));
                assert_eq!((&same, &claims(&same)["gen"]), (&expected, &json!(generation)));
            }
            Expected::Refused(status, code) => refused(&reply, status, code),
        }
    }

    async fn rename(&mut self, token: usize, agent: usize) {
        let token = self.refresh_token(token);
        let session = self.model.refresh[token].session;
        if self.model.sessions[session].native {
            return;
        }
        let sid = claims(&self.model.refresh[token].text)["sid"].clone();
        let mut browser = self.with_cookie(token, agent);
        let reply = browser.post("/auth/sessions/rename", json!({"sid": sid, "name": "Desk"})).await;
        match self.model.present(token, agent, false, false) {
            Expected::New(_) | Expected::Same(_) => drop(reply.expect(204)),
            Expected::Refused(status, code) => refused(&reply, status, code),
        }
    }

    async fn revoke(&mut self, access: usize, session: usize) {
        let access = self.access_token(access);
        let by = self.model.access[access].session;
        let session = session % self.model.sessions.len();
        let sid =
            claims(&self.model.refresh.iter().find(|token| token.session == session).unwrap().text)["sid"].clone();
        let reply = self.with_access(access, "/auth/sessions/revoke", json!({"sid": sid})).await;
        if !self.is_let_in_if(access, &reply, by != session, 404) {
            return;
        }
        let own = self.model.sessions[session].user == self.model.sessions[by].user;
        if own && self.model.is_alive(session) {
            assert_eq!(reply.status, 204, "{reply:?}");
        } else {
            refused(&reply, 404, "not_found");
        }
        if own {
            self.model.end(session);
        }
    }

    async fn change_password(&mut self, access: usize) {
        let access = self.access_token(access);
        let session = self.model.access[access].session;
        let user = self.model.sessions[session].user;
        self.changes += 1;
        let new = format!("another fine password, number {}", self.changes);
        let body = json!({"currentPassword": self.passwords[user], "newPassword": new});
        let reply = self.with_access(access, "/auth/password", body).await;
        if self.is_let_in(access, &reply, false) {
            self.passwords[user] = new;
            self.model.end_all(user, Some(session));
            self.model.authenticated(session);
        }
    }

    /// Whether a call with an access token was let in, as it must or must not be; `recent`: only shortly after proving
    /// who one is.
    fn is_let_in(&mut self, access: usize, reply: &Reply, recent: bool) -> bool {
        self.is_let_in_if(access, reply, recent, 204)
    }

    fn is_let_in_if(&mut self, access: usize, reply: &Reply, recent: bool, or: u16) -> bool {
        let session = self.model.access[access].session;
        if !self.model.uses(access) {
            refused(reply, 401, "invalid_token");
            false
        } else if recent && !self.model.is_recent(session) {
            refused(reply, 403, "reauthentication_required");
            false
        } else {
            assert!([204, or].contains(&reply.status.as_u16()), "{reply:?}");
            true
        }
    }
}

fn claims(token: &str) -> Value {
    part(token.split('.').nth(1).unwrap())
}

fn part(text: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap()
}

#[track_caller]
fn refused(reply: &Reply, status: u16, code: &str) {
    assert_eq!((reply.status.as_u16(), reply.code().as_str()), (status, code), "{reply:?}");
    assert!(reply.set_cookies().is_empty(), "a refusal touches no cookie");
}

/// Some thousands of steps; which, is the same in every run of the same part.
fn check(part: u8) {
    let config = Config { cases: 24, failure_persistence: None, max_shrink_iters: 400, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &[part; 32]));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runner
        .run(&steps(), |steps| {
            runtime.block_on(async {
                let mut world = World::new().await;
                for step in &steps {
                    world.carry_out(step).await;
                }
            });
            Ok(())
        })
        .unwrap_or_else(|failure| panic!("{failure}"));
}

#[test]
fn the_server_does_what_the_table_says_part_1() {
    check(1);
}

#[test]
fn the_server_does_what_the_table_says_part_2() {
    check(2);
}

#[test]
fn the_server_does_what_the_table_says_part_3() {
    check(3);
}

#[test]
fn the_server_does_what_the_table_says_part_4() {
    check(4);
}
