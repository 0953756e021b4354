//! Whether honest people are served while somebody floods the server (`make hostile`): one flood after the other, from one
//! address and from a hundred, against the real program as shipped, on loopback. Addresses are those of 127.0.0.0/8, so
//! nothing needs to be trusted. Takes about two minutes; what is opened and sent is bounded. Linux only.
//!
//! `cargo bench --bench hostile -- PROGRAM` measures another build, which lies in the `target/release` of its checkout.

#![expect(clippy::expect_used, reason = "a measurement that cannot go on fails, and says where")]
#![expect(clippy::disallowed_methods, reason = "it is time that is measured")]

mod floods;
mod honest;
mod http;
mod server;

use floods::{FLOODS, Flood, Stage};
use honest::{Deed, Honest, Measured};
use server::Server;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How long is measured before the first flood, and during each.
const CALM: Duration = Duration::from_secs(6);
const STORM: Duration = Duration::from_secs(5);
/// How long the server has to come to itself between two floods.
const PAUSE: Duration = Duration::from_millis(1_500);
/// Whoever is answered within this is served, however fast it was before.
const PATIENCE: Duration = Duration::from_secs(2);
/// By how much a flood may slow down what takes longer than that.
const SLOWER: f64 = 5.0;
/// How many of a hundred requests may be told to come again.
const RARE: f64 = 2.0;

fn main() {
    let named = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let program = named.unwrap_or_else(|| env!("CARGO_BIN_EXE_latchkey").to_owned());
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let failed = runtime.block_on(measure(&program));
    if !failed.is_empty() {
        println!("\nFAIL: {}", failed.join("; "));
        std::process::exit(1);
    }
    println!("\nPASS: in each flood everybody keeps a fifth of their speed or is answered within {PATIENCE:?}");
}

/// Prints the table; what failed.
async fn measure(program: &str) -> Vec<String> {
    let server = Server::start(program);
    let mut honest = Honest::arrive(&server.url).await;
    let stage = Arc::new(Stage::set(&server.url).await);
    let before = watch(&mut honest, CALM).await;
    println!(
        "Median / 99 % in ms of honest requests, and what was not served: refused, told to come again, or failed.\n"
    );
    println!("| flood | from | {} | verdict |", Deed::ALL.map(Deed::name).join(" | "));
    println!("|---|---|{}---|", "--:|".repeat(Deed::ALL.len()));
    println!("| none | | {} | |", before.iter().map(Measured::cell).collect::<Vec<_>>().join(" | "));
    let mut failed = Vec::new();
    for flood in FLOODS {
        for addresses in [1, 100] {
            let during = storm(&mut honest, &stage, flood, addresses).await;
            let bad: Vec<&str> = before
                .iter()
                .zip(&during)
                .filter(|(before, during)| !during.is_fair(before))
                .map(|(_, during)| during.deed.name())
                .collect();
            let cells: Vec<String> = during.iter().map(Measured::cell).collect();
            let verdict = if bad.is_empty() { "pass".to_owned() } else { format!("FAIL: {}", bad.join(", ")) };
            println!("| {} | {addresses} | {} | {verdict} |", flood.name, cells.join(" | "));
            if !bad.is_empty() {
                failed.push(format!("{} from {addresses}: {}", flood.name, bad.join(", ")));
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
    println!("\n{}", server.sizes());
    failed
}

async fn storm(honest: &mut Honest, stage: &Arc<Stage>, flood: Flood, addresses: usize) -> Vec<Measured> {
    let over = Arc::new(AtomicBool::new(false));
    let mut attackers = flood.begin(stage, addresses, &over);
    let measured = watch(honest, STORM).await;
    over.store(true, Ordering::Relaxed);
    attackers.abort_all();
    while attackers.join_next().await.is_some() {}
    measured
}

/// Lets honest people do what they do, all at once, for so long.
async fn watch(honest: &mut Honest, time: Duration) -> Vec<Measured> {
    honest.act(time).await
}

impl Measured {
    /// Whether this is as the promise says, seen from how it was `before`.
    fn is_fair(&self, before: &Self) -> bool {
        let in_time = self.at(99) <= PATIENCE;
        let fast_enough = self.at(50).as_secs_f64() <= before.at(50).as_secs_f64() * SLOWER;
        let many = self.times.len().max(1) as f64;
        self.failed == 0 && self.refused == 0 && self.put_off as f64 * 100.0 / many <= RARE && (in_time || fast_enough)
    }
}
