//! Whether the time of a refused sign-in tells why it was refused (`make timing`): an unknown user, a wrong password, a
//! disabled user, in turn against the real program with its real hashing. Prints medians and how far they are apart.

#![expect(clippy::expect_used, reason = "a measurement that cannot go on fails, and says where")]
#![expect(clippy::disallowed_methods, reason = "it is time that is measured")]

use reqwest::blocking::Client;
use sqlx::{AnyConnection, Connection as _};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How often each is tried.
const ROUNDS: usize = 300;
/// Further than this the medians must not be apart.
const ALLOWED: f64 = 0.03;
const PASSWORD: &str = "correct horse battery staple";

/// The program, ended with this.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port();
    let leptos = "[package.metadata.leptos]\noutput-name = \"latchkey\"\nsite-root = \"site\"\n";
    std::fs::write(folder.path().join("Leptos.toml"), leptos).expect("a file");
    std::fs::create_dir_all(folder.path().join("site/pkg")).expect("a folder");
    let child = Command::new(env!("CARGO_BIN_EXE_latchkey"))
        .args(["serve", "--listen", &format!("127.0.0.1:{port}")])
        .current_dir(folder.path())
        .env("LATCHKEY_DATABASE__URL", "sqlite://data/latchkey.db")
        .env("LATCHKEY_LIMITS__LOGIN_PER_ADDRESS", "0")
        .env("LATCHKEY_LIMITS__LOGIN_PER_ACCOUNT", "0")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let _server = Server(child.expect("the program starts"));
    let (client, url) = (Client::new(), format!("http://127.0.0.1:{port}"));
    while client.get(format!("{url}/readyz")).send().is_err() {
        std::thread::sleep(Duration::from_millis(20));
    }
    let post = |path: &str, name: &str, password: &str| {
        let body = format!("{{\"username\":\"{name}\",\"password\":\"{password}\"}}");
        let request = client.post(format!("{url}{path}")).header("Content-Type", "application/json").body(body);
        let began = Instant::now();
        let status = request.send().and_then(|answer| answer.bytes().map(drop)).map(|()| began.elapsed());
        status.expect("an answer")
    };
    for name in ["known-user", "disabled-1"] {
        post("/auth/signup", name, PASSWORD);
    }
    disable(&format!("sqlite://{}/data/latchkey.db", folder.path().display()));

    let kinds = [
        ("unknown user", "unknown-us", PASSWORD),
        ("wrong password", "known-user", "wrong horse battery staple"),
        ("disabled user", "disabled-1", PASSWORD),
    ];
    let mut times: [Vec<Duration>; 3] = Default::default();
    for round in 0..ROUNDS + 10 {
        for turn in 0..kinds.len() {
            // Each kind comes after each other kind equally often.
            let index = (turn + round) % kinds.len();
            let (_, name, password) = kinds[index];
            let time = post("/auth/login", name, password);
            if round >= 10 {
                times[index].push(time);
            }
        }
    }
    let medians = times.map(|mut times| {
        times.sort_unstable();
        times[times.len() / 2].as_secs_f64() * 1000.0
    });
    println!("| refused sign-in | median of {ROUNDS} |\n|---|--:|");
    for ((kind, ..), median) in kinds.iter().zip(medians) {
        println!("| {kind} | {median:.2} ms |");
    }
    let (least, most) = medians.iter().fold((f64::MAX, 0.0f64), |(a, b), median| (a.min(*median), b.max(*median)));
    let apart = most / least - 1.0;
    println!("\nThe medians are {:.1} % apart; {:.0} % are allowed.", apart * 100.0, ALLOWED * 100.0);
    assert!(apart <= ALLOWED, "the time tells why");
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
