//! How much memory 200 sign-ins at once take, and how quickly others are served meanwhile (`make memory`): against the
//! real program, with hashes of the size that is shipped. What the hashes add is told by a second run, where they take as
//! good as no memory: as many requests wait there. Linux only.

#![expect(clippy::expect_used, reason = "a measurement that cannot go on fails, and says where")]
#![expect(clippy::disallowed_methods, reason = "it is time that is measured")]

mod program;

use program::{PASSWORD, Program};
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use std::io::Write as _;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

const CLIENTS: usize = 200;
/// How often each client signs in.
const ROUNDS: usize = 3;
/// What a hash takes by the settings as shipped, in KiB.
const HASH: u64 = 19_456;
/// Hashes that take as good as no memory, and some time.
const LIGHT: [(&str, &str); 2] =
    [("LATCHKEY_PASSWORD__ARGON2_MEMORY", "64"), ("LATCHKEY_PASSWORD__ARGON2_ITERATIONS", "64")];
/// What may be added to the sum.
const MORE: f64 = 1.10;

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let light = runtime.block_on(measure(&LIGHT));
    let shipped = runtime.block_on(measure(&[]));

    let permits = std::thread::available_parallelism().map_or(1, |cores| cores.get() as u64);
    let bound = ((light.peak + permits * HASH) as f64 * MORE) as u64;
    let mib = |kib: u64| kib as f64 / 1024.0;
    println!("| {CLIENTS} sign-ins at once, {ROUNDS} times | |\n|---|--:|");
    println!("| before the first | {:.1} MiB |", mib(shipped.before));
    println!("| most at any time, with hashes of 64 KiB | {:.1} MiB |", mib(light.peak));
    println!("| hashes: {permits} at a time | {:.1} MiB |", mib(permits * HASH));
    println!("| allowed: their sum and 10 % | {:.1} MiB |", mib(bound));
    println!("| most at any time, as shipped | {:.1} MiB |", mib(shipped.peak));
    println!("| signed in, in all | {:.0} a second |", (CLIENTS * ROUNDS) as f64 / shipped.took.as_secs_f64());
    println!("| `/api/me` while idle: median, 99 % | {:.2} ms, {:.2} ms |", shipped.idle.0, shipped.idle.1);
    println!("| `/api/me` meanwhile: median, 99 % | {:.2} ms, {:.2} ms |", shipped.loaded.0, shipped.loaded.1);
    assert!(shipped.peak <= bound, "more memory than that");
}

/// What a server took: memory in KiB, times of `/api/me` (median, 99th percentile) in milliseconds.
struct Figures {
    before: u64,
    peak: u64,
    took: Duration,
    idle: (f64, f64),
    loaded: (f64, f64),
}

async fn measure(settings: &[(&str, &str)]) -> Figures {
    let folder = tempfile::tempdir().expect("a folder");
    Program::prepare(folder.path());
    assert!(
        Program::command(folder.path(), settings)
            .arg("migrate")
            .stdout(Stdio::null())
            .status()
            .expect("its end")
            .success()
    );
    // By a process of its own: making a user takes memory that signing in does not.
    let mut add = Program::command(folder.path(), settings);
    let mut add =
        add.args(["user", "add", "ada"]).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("a child");
    writeln!(add.stdin.take().expect("its input"), "{PASSWORD}").expect("a password");
    assert!(add.wait().expect("its end").success());
    let program = Program::start_in(folder.path(), settings);

    let client = Client::builder().pool_max_idle_per_host(CLIENTS).build().expect("a client");
    // As many connections, and a request on each.
    together(&client, &program.url, |client, url| async move {
        let answer = client.post(format!("{url}/auth/login")).json(&json!({"username": "ada"})).send().await;
        assert_eq!(answer.expect("an answer").status(), StatusCode::UNPROCESSABLE_ENTITY);
    })
    .await;
    let before = kib(&program, "VmRSS:");

    let token = sign_in(&client, &program.url).await;
    let (url, idle_for) = (program.url.clone(), Duration::from_secs(2));
    let idle = watch(client.clone(), url.clone(), token.clone(), Arc::new(AtomicBool::new(false)), idle_for).await;
    let over = Arc::new(AtomicBool::new(false));
    let watcher = tokio::spawn(watch(client.clone(), url, token, over.clone(), Duration::MAX));
    let began = Instant::now();
    for _ in 0..ROUNDS {
        together(&client, &program.url, |client, url| async move { drop(sign_in(&client, &url).await) }).await;
    }
    let took = began.elapsed();
    over.store(true, Ordering::Relaxed);
    let loaded = watcher.await.expect("it watched");
    Figures { before, peak: kib(&program, "VmHWM:"), took, idle, loaded }
}

/// Does something for all clients at once.
async fn together<F: Future<Output = ()> + Send + 'static>(
    client: &Client,
    url: &str,
    what: impl Fn(Client, String) -> F,
) {
    let mut all = JoinSet::new();
    for _ in 0..CLIENTS {
        all.spawn(what(client.clone(), url.to_owned()));
    }
    all.join_all().await;
}

/// Signs in, coming again as often as the server is busy.
async fn sign_in(client: &Client, url: &str) -> String {
    loop {
        let body = json!({"username": "ada", "password": PASSWORD});
        let answer = client.post(format!("{url}/auth/login")).json(&body).send().await.expect("an answer");
        if answer.status() == StatusCode::OK {
            let tokens: Value = answer.json().await.expect("tokens");
            return tokens["accessToken"].as_str().expect("an access token").to_owned();
        }
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Asks who one is, again and again: the median and the 99th percentile of the time, in milliseconds.
async fn watch(client: Client, url: String, token: String, over: Arc<AtomicBool>, longest: Duration) -> (f64, f64) {
    let (mut times, began) = (Vec::new(), Instant::now());
    while !over.load(Ordering::Relaxed) && began.elapsed() < longest {
        let asked = Instant::now();
        let answer = client.get(format!("{url}/api/me")).bearer_auth(&token).send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK);
        times.push(asked.elapsed());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    times.sort_unstable();
    let at = |part: usize| times[(times.len() - 1) * part / 100].as_secs_f64() * 1000.0;
    (at(50), at(99))
}

/// A figure of the process's memory, in KiB (proc_pid_status(5)).
fn kib(program: &Program, name: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", program.child.id())).expect("its status");
    let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("the figure");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}
