//! The budget: what each figure may be at most, with room for what changes by chance.

use crate::pages;
use crate::work::Work;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::{Command, ExitCode, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use toml::{Table, Value};

/// How far a figure may be above the budget.
const ROOM: f64 = 1.10;
const HEAD: &str = "# What `make budget` allows, with 10 % room: instructions of a piece of work, and bytes of the files that a page names.\n\
                    # `make budget ARGS=set` makes the figures of today the budget.\n";

type Figures = BTreeMap<String, u64>;

/// Measures, and compares with the budget in a file.
pub(crate) fn check(path: &str) -> ExitCode {
    let text = std::fs::read_to_string(path).expect("the budget");
    let budget: Table = text.parse().expect("a budget");
    let mut failed = false;
    for (section, figures) in measure() {
        println!("\n| {section} | budget | now | |\n|---|--:|--:|--:|");
        for (name, now) in figures {
            let most = budget.get(section).and_then(|section| section.get(&name)).and_then(Value::as_integer);
            let Some(most) = most.map(|most| most as f64) else {
                println!("| {name} | none | {now} | not in the budget |");
                failed = true;
                continue;
            };
            let over = now as f64 > most * ROOM;
            failed |= over;
            let change = (now as f64 / most - 1.0) * 100.0;
            println!("| {name} | {most:.0} | {now} | {change:+.1} %{} |", if over { ", TOO MUCH" } else { "" });
        }
    }
    if failed {
        println!("\nFAIL: a figure is above its budget ({path})");
        return ExitCode::FAILURE;
    }
    println!("\nPASS: every figure is within its budget and 10 %");
    ExitCode::SUCCESS
}

/// Makes the figures of today the budget.
pub(crate) fn set(path: &str) -> ExitCode {
    let mut text = HEAD.to_owned();
    for (section, figures) in measure() {
        let _ = writeln!(text, "\n[{section}]");
        for (name, figure) in figures {
            let _ = writeln!(text, "{name} = {figure}");
        }
    }
    std::fs::write(path, text).expect("the budget");
    println!("{path} is written");
    ExitCode::SUCCESS
}

fn measure() -> Vec<(&'static str, Figures)> {
    let mut measured = vec![("instructions", counted())];
    match pages::weights() {
        Some(weights) => measured.push(("bytes", weights)),
        None => println!("There is no release (`make build`): the bytes of pages are not compared."),
    }
    measured
}

/// The instructions of all work. Each core counts some: that changes no number.
fn counted() -> Figures {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let (next, figures) = (AtomicUsize::new(0), Mutex::new(Figures::new()));
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                while let Some(work) = Work::ALL.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let counted = instructions(*work);
                    figures.lock().expect("the figures").insert(work.name().to_owned(), counted);
                }
            });
        }
    });
    figures.into_inner().expect("the figures")
}

/// Instructions of one repetition: what more repetitions cost, divided by their number.
fn instructions(work: Work) -> u64 {
    let (few, more) = work.repetitions();
    (run(work, few + more).saturating_sub(run(work, few))) / more
}

/// All instructions of a process that does the work so many times.
fn run(work: Work, times: u64) -> u64 {
    let program = std::env::current_exe().expect("this program");
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null", "--"])
        .arg(program)
        .args(["run", work.name(), &times.to_string()])
        .stdin(Stdio::null())
        .output()
        .expect("valgrind");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {told}", work.name());
    let collected = told.lines().find_map(|line| line.split_once("Collected : "));
    collected.and_then(|(_, number)| number.trim().parse().ok()).expect("a number of instructions")
}
