//! The life of stolen tokens, simulated (`make thieves`): strategies of thieves against the real rotation rule, and
//! honest owners without a thief. Time is counted in cycles: renewals by the owner. Prints two Markdown tables, the
//! same on every machine.

#[path = "thieves/chance.rs"]
mod chance;
#[path = "thieves/server.rs"]
mod server;
#[path = "thieves/strategy.rs"]
mod strategy;
#[path = "thieves/world.rs"]
mod world;

use chance::Chance;
use server::GRACE;
use std::time::Duration;
use strategy::Strategy;
use world::{Life, Setting, live};

/// Owner cycles in all for each row.
const CYCLES: u64 = 1_000_000;

const ONE_TAB: Setting =
    Setting { tabs: 1, turns: true, loss: 0.01, slow: 0.01, switches: 0.0, reload: 0.0, grace: GRACE };

const TEN_TABS: Setting = Setting { tabs: 10, loss: 0.05, slow: 0.05, reload: 0.05, ..ONE_TAB };

fn main() {
    honest();
    println!();
    thieves();
}

/// Session after session, each with its own seed, until there are enough cycles.
fn lives(setting: Setting, strategies: &[Strategy]) -> Vec<Life> {
    let mut cycles = 0;
    let enough = |life: &Life| {
        let more = cycles < CYCLES;
        cycles += life.cycles;
        more
    };
    (0..).map(|seed| live(setting, strategies, &mut Chance::seeded(seed))).take_while(enough).collect()
}

fn honest() {
    let settings = [
        ("one tab, nothing is lost", Setting { loss: 0.0, slow: 0.0, ..ONE_TAB }),
        ("one tab, 1 % lost, 1 % slow", ONE_TAB),
        ("two tabs, 5 % lost, 5 % slow", Setting { tabs: 2, loss: 0.05, slow: 0.05, ..ONE_TAB }),
        (
            "two tabs, 5 % lost, and then half of the time another User-Agent",
            Setting { tabs: 2, loss: 0.05, switches: 0.5, ..ONE_TAB },
        ),
        ("three tabs, 1 % lost, 1 % slow", Setting { tabs: 3, ..ONE_TAB }),
        ("ten tabs, 1 % lost, none slow", Setting { tabs: 10, slow: 0.0, ..ONE_TAB }),
        ("ten tabs, 1 % lost, 1 % slow", Setting { tabs: 10, ..ONE_TAB }),
        ("ten tabs, 5 % lost, 5 % slow, 5 % of pages loaded again at once", TEN_TABS),
        ("the same without turns", Setting { turns: false, ..TEN_TABS }),
        ("the same without turns, none slow", Setting { turns: false, slow: 0.0, ..TEN_TABS }),
    ];
    println!("| honest owner | sessions | cycles | forks | overtaken | signed out |");
    println!("|---|--:|--:|--:|--:|--:|");
    for (name, setting) in settings {
        let lives = lives(setting, &[]);
        let sum = |of: fn(&Life) -> u64| lives.iter().map(of).sum::<u64>();
        let (cycles, forks) = (sum(|life| life.cycles), sum(|life| life.forks));
        let overtaken = sum(|life| life.overtaken);
        let signed_out = lives.iter().filter(|life| life.found.is_some()).count();
        println!("| {name} | {} | {cycles} | {forks} | {overtaken} | {signed_out} |", lives.len());
    }
}

fn thieves() {
    let secs = Duration::from_secs;
    let rows: [(&str, &[Strategy]); 14] = [
        ("in step, by guess", &[Strategy::Guess]),
        ("in step, told within 5 s", &[Strategy::Told(secs(5))]),
        ("in step, told within 12 s", &[Strategy::Told(secs(12))]),
        ("in step, told within 30 s", &[Strategy::Told(secs(30))]),
        ("in step, told within 60 s", &[Strategy::Told(secs(60))]),
        ("in another program, told within 5 s", &[Strategy::ToldElsewhere(secs(5))]),
        ("in another program, told within 12 s", &[Strategy::ToldElsewhere(secs(12))]),
        ("one step behind, by 60 s", &[Strategy::Behind(secs(60))]),
        ("greedy, every 20 s", &[Strategy::Greedy(secs(20))]),
        ("as an app would", &[Strategy::AsAnApp]),
        ("asleep for 1 to 5 days", &[Strategy::Asleep(5)]),
        ("only while the owner is away", &[Strategy::OffHours]),
        ("two thieves, both by guess", &[Strategy::Guess, Strategy::Guess]),
        ("two thieves, both told within 5 s", &[Strategy::Told(secs(5)), Strategy::Told(secs(5))]),
    ];
    println!(
        "| thief | sessions | cycles until found out: median | p90 | p99 | max | never found out | access tokens got: median | max |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|--:|--:|");
    for (name, strategies) in rows {
        print_row(name, &lives(ONE_TAB, strategies));
    }
}

fn print_row(name: &str, lives: &[Life]) {
    let mut found: Vec<u64> =
        lives.iter().filter(|life| life.found.is_some()).map(|life| life.cycles_with_thief).collect();
    let mut got: Vec<u64> = lives.iter().map(|life| life.got).collect();
    found.sort_unstable();
    got.sort_unstable();
    let [median, p90, p99, max] =
        [0.5, 0.9, 0.99, 1.0].map(|part| quantile(&found, part).map_or("–".to_owned(), |cycles| cycles.to_string()));
    let never = 100.0 * (lives.len() - found.len()) as f64 / lives.len() as f64;
    let [got_median, got_max] = [0.5, 1.0].map(|part| quantile(&got, part).unwrap_or_default());
    println!(
        "| {name} | {} | {median} | {p90} | {p99} | {max} | {never:.1} % | {got_median} | {got_max} |",
        lives.len()
    );
}

/// Of sorted numbers, the least that this part of them does not exceed.
fn quantile(sorted: &[u64], part: f64) -> Option<u64> {
    let index = (part * sorted.len() as f64).ceil() as usize;
    sorted.get(index.saturating_sub(1)).copied()
}
