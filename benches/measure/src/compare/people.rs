//! The people on whose behalf requests are sent: their cookies and tokens.

use crate::client::{Answer, Connection, request};
use crate::server::Server;
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(crate) const PASSWORD: &str = "violet kettle under snowfall";
pub(crate) const REFRESH: &str = "__Host-Http-latchkey-refresh";
pub(crate) const JSON: &str = "Content-Type: application/json\r\n";
/// How many sessions the list has.
const LISTED: usize = 10;

/// Somebody who is signed in.
#[derive(Clone, Default)]
pub(crate) struct Person {
    pub(crate) username: String,
    pub(crate) access_token: String,
    pub(crate) cookies: BTreeMap<String, String>,
}

/// All of them.
#[derive(Default)]
pub(crate) struct People {
    /// For each connection those in whose name it speaks, one after the other; nobody speaks on two.
    pub(crate) each: Vec<Vec<Person>>,
    /// The sessions of one user who has ten.
    pub(crate) listed: Vec<Person>,
}

impl Person {
    /// The header line with the access token.
    pub(crate) fn bearer(&self) -> String {
        format!("Authorization: Bearer {}\r\n", self.access_token)
    }

    /// The header line with the cookies.
    pub(crate) fn cookie(&self) -> String {
        let pairs: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        format!("Cookie: {}\r\n", pairs.join("; "))
    }

    /// Takes tokens and cookies from the answer to a sign-in.
    pub(crate) fn enter(&mut self, answer: &Answer<'_>) {
        let tokens: Value = serde_json::from_slice(answer.body).expect("tokens");
        tokens["accessToken"].as_str().expect("an access token").clone_into(&mut self.access_token);
        self.cookies.extend(answer.cookies().map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
}

/// The body of a sign-in or a sign-up.
pub(crate) fn credentials(username: &str) -> String {
    json!({"username": username, "password": PASSWORD, "remember": true}).to_string()
}

impl People {
    /// Signs up so many, and somebody who then signs in nine times.
    pub(crate) async fn arrive(server: &Server, many: usize) -> Self {
        let mut connection = Connection::open(server.address).await.expect("a connection");
        let mut enter = async |path: &str, username: String| {
            let answer =
                connection.send(&request("POST", path, JSON, &credentials(&username))).await.expect("an answer");
            assert!([200, 201].contains(&answer.status), "{path}: {}", answer.status);
            let mut person = Person { username, ..Person::default() };
            person.enter(&answer);
            person
        };
        let mut people = Self::default();
        for n in 0..many {
            people.each.push(vec![enter("/auth/signup", format!("person-{n}")).await]);
        }
        for n in 0..LISTED {
            let path = if n == 0 { "/auth/signup" } else { "/auth/login" };
            people.listed.push(enter(path, "lister".to_owned()).await);
        }
        people
    }
}
