//! LG4: a log that cannot be written stops and slows nothing, and what one source makes it say is bounded.

use super::support::{Anonymous, Program};
use rustix::process::Signal;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs::File;
use std::process::Stdio;
use std::time::Duration;

/// Only a failure takes as long.
const TOO_LONG: Duration = Duration::from_secs(60);

/// Requests that make the program say a lot at the level of trace: more than a pipe holds.
async fn many_requests(program: &Program) {
    let requests = async {
        let mut browser = Anonymous::at(program);
        for n in 0..30 {
            browser.get("/login").await;
            browser.try_sign_in(&format!("nobody{n}"), "wrong wrong wrong").await.expect(401);
        }
        browser.get("/healthz").await.expect(200);
    };
    tokio::time::timeout(TOO_LONG, requests).await.expect("it answers");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_whose_log_has_no_room_starts_answers_and_stops() {
    let folder = tempfile::tempdir().unwrap();
    let full = File::options().write(true).open("/dev/full").unwrap();
    let mut program = Program::start_with(folder.path(), "trace", full.into()).await;
    many_requests(&program).await;
    assert!(program.stop().await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_whose_log_has_lost_its_reader_answers_and_stops() {
    let folder = tempfile::tempdir().unwrap();
    let mut program = Program::start_with(folder.path(), "trace", Stdio::piped()).await;
    drop(program.stderr());
    many_requests(&program).await;
    assert!(program.stop().await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_whose_log_nobody_reads_answers_and_stops() {
    let folder = tempfile::tempdir().unwrap();
    let starting = Program::start_with(folder.path(), "trace", Stdio::piped());
    let mut program = tokio::time::timeout(TOO_LONG, starting).await.expect("it starts");
    many_requests(&program).await;
    assert!(program.stop().await.success());
    drop(program.stderr());
}

/// S9: as a terminal that closes does, or logrotate.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hangup_ends_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut program = Program::start(folder.path(), "info").await;
    let ada = Anonymous::at(&program).sign_up("ada").await;
    for signal in [Signal::HUP, Signal::PIPE, Signal::HUP] {
        program.signal(signal);
        assert!(ada.is_in().await);
    }
    assert!(program.stop().await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_names_the_trace_that_its_request_belongs_to() {
    let folder = tempfile::tempdir().unwrap();
    let mut program = Program::start(folder.path(), "info").await;
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let mut browser = Anonymous::at(&program);
    for parent in [format!("00-{trace}-00f067aa0ba902b7-01"), format!("00-{trace}-x\"-01")] {
        browser.headers.insert("traceparent", parent);
        browser.get("/api/me").await.expect(401);
    }
    assert!(program.stop().await.success());
    let refused = lines(&program.log()).into_iter().filter(|line| line["message"] == "a request was refused");
    let traces: Vec<_> = refused.map(|line| line["span"]["trace"].clone()).collect();
    assert_eq!(traces, [json!(trace), Value::Null]);
}

fn lines(log: &str) -> Vec<Value> {
    log.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_source_is_refused_is_summed_up_and_what_happened_to_accounts_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let mut program = Program::start(folder.path(), "info").await;
    let mut browser = Anonymous::at(&program);
    for n in 0..300 {
        match n % 3 {
            0 => browser.get("/api/me").await.expect(401),
            1 => browser.try_sign_in(&format!("nobody{n}"), "wrong wrong wrong").await.expect(401),
            _ => browser.post("/auth/refresh", json!({})).await.expect(401),
        };
    }
    for n in 0..20 {
        Anonymous::at(&program).sign_up(&format!("user{n}")).await.try_refresh().await.expect(200);
    }
    assert!(program.stop().await.success());
    let log = program.log();
    let mut said = BTreeMap::<String, usize>::new();
    for line in lines(&log) {
        *said.entry(line["message"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    let of = |message: &str| said.get(message).copied().unwrap_or_default();
    // A window may end meanwhile, and a new one begin.
    assert!((1..100).contains(&of("a request was refused")), "{said:#?}");
    assert!((1..50).contains(&of("a sign-in failed")), "{said:#?}");
    assert_eq!(of("an account was made"), 20, "{said:#?}");
    assert_eq!(of("a refresh token was exchanged"), 20, "{said:#?}");
    let left_out: Vec<Value> =
        lines(&log).into_iter().filter(|line| line["message"] == "lines of one source were left out").collect();
    let lines: u64 = left_out.iter().map(|line| line["lines"].as_u64().unwrap()).sum();
    let written = of("a request was refused") + of("a sign-in failed") + of("a refresh token was refused");
    assert!(written as u64 + lines >= 400, "nothing is lost without a word: {written} and {left_out:?}");
    assert!(left_out.iter().all(|line| line["source"] == "127.0.0.1"), "{left_out:?}");
    assert!(left_out.iter().any(|line| line["kinds"].as_str().unwrap().contains("invalid_token")), "{left_out:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_says_each_thing_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut program = Program::start(folder.path(), "info").await;
    let mut ada = Anonymous::at(&program).sign_up("ada").await;
    ada.try_refresh().await.expect(200);
    ada.try_refresh().await.expect(200);
    let sid = ada.sid().await;
    ada.post("/auth/logout", json!({})).await.expect(204);
    assert!(program.stop().await.success());
    let log = program.log();
    let exchanged = log.lines().filter(|line| line.contains("a refresh token was exchanged"));
    let ended = log.lines().filter(|line| line.contains("a session was ended"));
    let mut found = 0;
    for line in exchanged.chain(ended) {
        found += 1;
        for said in [sid.as_str(), "127.0.0.1", "\"id\"", "\"route\"", "\"method\"", "\"user\""] {
            assert_eq!(line.matches(said).count(), 1, "{said}: {line}");
        }
    }
    assert_eq!(found, 3, "{log}");
}
