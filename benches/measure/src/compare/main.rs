//! Compares two servers that stand side by side and are asked in turn, A B A B (`make bench`): the release, and the
//! floor, another release, or the same one with few sessions. What counts is the ratio within a pair.

#![expect(clippy::disallowed_methods, reason = "it is time that is measured")]

mod client;
mod crowd;
mod people;
mod report;
mod server;
mod work;

use people::People;
use report::{Compared, Report};
use server::{Program, Server};
use std::path::PathBuf;
use std::time::Duration;
use work::{Turn, Work, turn};

const USAGE: &str = "usage: compare [--quick] [--sessions=NUMBER] [--latchkey=PROGRAM] [--against=PROGRAM]

--quick               a short run, which rewrites nothing
--sessions=NUMBER     the release with so many sessions, against itself with 6000
--latchkey=PROGRAM    instead of target/release/latchkey
--against=PROGRAM     another release instead of the floor; rewrites nothing";

/// How many sessions the smaller database has.
const FEW: u64 = 6_000;
const CONNECTIONS: [usize; 3] = [1, 16, 64];

struct Arguments {
    quick: bool,
    sessions: Option<u64>,
    latchkey: PathBuf,
    against: Option<PathBuf>,
}

impl Arguments {
    fn read() -> Option<Self> {
        let mut read = Self { quick: false, sessions: None, latchkey: "target/release/latchkey".into(), against: None };
        for argument in std::env::args().skip(1) {
            match argument.split_once('=') {
                None if argument == "--quick" => read.quick = true,
                Some(("--sessions", number)) => read.sessions = Some(number.parse().ok()?),
                Some(("--latchkey", path)) => read.latchkey = path.into(),
                Some(("--against", path)) => read.against = Some(path.into()),
                _ => return None,
            }
        }
        Some(read)
    }
}

fn main() {
    let Some(arguments) = Arguments::read() else {
        eprintln!("{USAGE}");
        std::process::exit(2);
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let report = runtime.block_on(compare(&arguments));
    println!("{}", report.text());
    if !arguments.quick && arguments.against.is_none() {
        report.write();
    }
}

/// A server, and the people who use it.
struct Side {
    server: Server,
    people: People,
    /// After the start, before the first person came.
    idle: f64,
}

impl Side {
    async fn start(program: Program, name: &str, sessions: Option<u64>) -> Self {
        let mut server = Server::prepare(program, name);
        let most = CONNECTIONS[CONNECTIONS.len() - 1];
        let crowd = match sessions {
            Some(sessions) => Some(crowd::fill(&server, sessions, most).await),
            None => None,
        };
        server.start().await;
        let idle = server.memory().0;
        let mut people = People::arrive(&server, if crowd.is_some() { 0 } else { most }).await;
        if let Some(crowd) = crowd {
            people.each = crowd;
        }
        Self { server, people, idle }
    }
}

async fn compare(arguments: &Arguments) -> Report {
    let latchkey = Program::Latchkey(path(&arguments.latchkey));
    let (other, name) = match (&arguments.against, arguments.sessions) {
        (Some(program), _) => (Program::Latchkey(path(program)), "other release"),
        (None, Some(_)) => (latchkey.clone(), "6,000 sessions"),
        (None, None) => (Program::Floor(path(&"target/release/latchkey-floor".into())), "floor"),
    };
    let mut one = Side::start(latchkey, "a", arguments.sessions).await;
    let mut other = Side::start(other, "b", arguments.sessions.map(|_| FEW)).await;
    let (pairs, length) =
        if arguments.quick { (2, Duration::from_millis(300)) } else { (4, Duration::from_millis(1_500)) };
    let mut report = Report::new(name, arguments.sessions, pairs, length);
    for work in Work::ALL {
        // Signing in and ending are about other sessions than those of the crowd.
        if arguments.sessions.is_some() && matches!(work, Work::SignIn | Work::End) {
            continue;
        }
        if work == Work::End {
            continue; // With the sign-ins, which make what is ended.
        }
        for connections in CONNECTIONS {
            let (mut done, mut ended) = (Compared::new(work, connections), Compared::new(Work::End, connections));
            for _ in 0..pairs {
                let with_other = work.has_floor() || other.server.is_latchkey();
                let (first, first_ended) = act(&mut one, work, connections, length).await;
                let second = if with_other { Some(act(&mut other, work, connections, length).await) } else { None };
                let (second, second_ended) = second.unzip();
                done.add(first, second);
                if let Some(first) = first_ended {
                    ended.add(first, second_ended.flatten());
                }
            }
            eprintln!("{}", done.line());
            report.rows.push(done);
            if work == Work::SignIn {
                report.rows.push(ended);
            }
        }
    }
    for (side, name) in [(&mut one, "release"), (&mut other, name)] {
        let memory = side.server.memory();
        let first = side.server.started_in;
        side.server.stop();
        side.server.start().await;
        report.processes.push((name.to_owned(), side.idle, memory.0, memory.1, first, side.server.started_in));
    }
    report
}

/// One turn; a turn of sign-ins is followed by one that ends the sessions that were started.
async fn act(side: &mut Side, work: Work, connections: usize, length: Duration) -> (Turn, Option<Turn>) {
    let mut started = Vec::new();
    let done = turn(&side.server, &mut side.people, work, connections, length, &mut started).await;
    if work != Work::SignIn {
        return (done, None);
    }
    let ended = turn(&side.server, &mut side.people, Work::End, connections, length, &mut started).await;
    (done, Some(ended))
}

fn path(program: &PathBuf) -> PathBuf {
    std::fs::canonicalize(program).unwrap_or_else(|error| panic!("{}: {error}", program.display()))
}
