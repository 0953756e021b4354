//! Whether the time of an answer tells what the answer does not (`make timing`): why a sign-in was refused, and whether
//! a session that is not the caller's is somebody else's or nobody's. Each is asked in turn of the real program with
//! its real hashing. Prints medians and how far they are apart.

#![expect(clippy::expect_used, reason = "a measurement that cannot go on fails, and says where")]
#![expect(clippy::disallowed_methods, reason = "it is time that is measured")]

mod program;

use program::{PASSWORD, Program};
use reqwest::blocking::{Client, RequestBuilder};
use serde_json::{Value, json};
use sqlx::{AnyConnection, Connection as _};
use std::time::Instant;

/// Further than this the medians must not be apart.
const ALLOWED: f64 = 0.03;
/// How often each is asked before it counts.
const WARM_UP: usize = 10;

fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    let program = Program::start_in(folder.path(), &[]);
    let client = Client::new();
    let post = |path: &str, body: Value| client.post(format!("{}{path}", program.url)).json(&body);
    let sign_up = |name: &str| {
        let answer = post("/auth/signup", json!({"username": name, "password": PASSWORD})).send().expect("an answer");
        let tokens: Value = answer.json().expect("tokens");
        tokens["accessToken"].as_str().expect("an access token").to_owned()
    };
    let sid = |token: &str| {
        let answer = client.get(format!("{}/api/me", program.url)).bearer_auth(token).send().expect("an answer");
        let me: Value = answer.json().expect("JSON");
        me["sid"].as_str().expect("a sid").to_owned()
    };
    let (known, disabled) = (sign_up("known-user"), sign_up("disabled-1"));
    let foreign = sid(&disabled);
    disable(&format!("sqlite://{}", folder.path().join("data/latchkey.db").display()));

    let sign_in = |name: &str, password: &str| post("/auth/login", json!({"username": name, "password": password}));
    let apart = compare(
        "refused sign-in",
        300,
        &[
            ("unknown user", &|| sign_in("unknown-us", PASSWORD)),
            ("wrong password", &|| sign_in("known-user", "wrong horse battery staple")),
            ("disabled user", &|| sign_in("disabled-1", PASSWORD)),
        ],
    );
    // As close to it as an id can be.
    let end = if foreign.ends_with('0') { '1' } else { '0' };
    let unknown: String = foreign.chars().take(foreign.chars().count() - 1).chain([end]).collect();
    let of = |path: &'static str, sid: &str| post(path, json!({"sid": sid, "name": "x"})).bearer_auth(&known);
    let both = ["/auth/sessions/revoke", "/auth/sessions/rename"].map(|path| {
        let kinds: [(&str, &dyn Fn() -> RequestBuilder); 2] =
            [("somebody else's", &|| of(path, &foreign)), ("nobody's", &|| of(path, &unknown))];
        compare(path, 1_000, &kinds)
    });
    assert!(both.iter().chain([&apart]).all(|apart| *apart <= ALLOWED), "the time tells what the answer does not");
}

/// Asks for each kind in turn, `rounds` times, and prints a table. How far the medians are apart, as a part of 1.
fn compare(what: &str, rounds: usize, kinds: &[(&str, &dyn Fn() -> RequestBuilder)]) -> f64 {
    let mut times = vec![Vec::with_capacity(rounds); kinds.len()];
    for round in 0..rounds + WARM_UP {
        for turn in 0..kinds.len() {
            // Each kind comes after each other kind equally often.
            let index = (turn + round) % kinds.len();
            let request = kinds[index].1();
            let began = Instant::now();
            request.send().and_then(reqwest::blocking::Response::bytes).expect("an answer");
            if round >= WARM_UP {
                times[index].push(began.elapsed());
            }
        }
    }
    println!("| {what} | median of {rounds} |\n|---|--:|");
    let (mut least, mut most) = (f64::MAX, 0.0f64);
    for ((kind, _), times) in kinds.iter().zip(&mut times) {
        times.sort_unstable();
        let median = times[times.len() / 2].as_secs_f64() * 1000.0;
        (least, most) = (least.min(median), most.max(median));
        println!("| {kind} | {median:.3} ms |");
    }
    let apart = most / least - 1.0;
    println!("\nThe medians are {:.1} % apart; {:.0} % are allowed.\n", apart * 100.0, ALLOWED * 100.0);
    apart
}

/// There is no command for it yet.
fn disable(url: &str) {
    sqlx::any::install_default_drivers();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let mut connection = AnyConnection::connect(url).await.expect("the database");
        let disable = "UPDATE users SET disabled_at = created_at WHERE username = 'disabled-1'";
        let done = sqlx::query(disable).execute(&mut connection).await.expect("disabled");
        assert_eq!(done.rows_affected(), 1);
    });
}
