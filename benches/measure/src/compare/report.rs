//! The tables, for the terminal and for docs/PERFORMANCE.md.

use crate::work::{Turn, Work};
use std::fmt::Write as _;
use std::time::Duration;

const DOCUMENT: &str = "docs/PERFORMANCE.md";

/// All turns of one kind of work, in pairs.
pub(crate) struct Compared {
    work: Work,
    connections: usize,
    turns: Vec<(Turn, Option<Turn>)>,
}

/// What was measured in a run.
pub(crate) struct Report {
    other: String,
    sessions: Option<u64>,
    pairs: usize,
    length: Duration,
    pub(crate) rows: Vec<Compared>,
    /// Name; memory in MiB: idle, after the load, most; start with an empty database and with one that exists.
    pub(crate) processes: Vec<(String, f64, f64, f64, Duration, Duration)>,
}

/// The median, the least and the most.
struct Spread(f64, f64, f64);

impl Spread {
    fn of(figures: impl Iterator<Item = f64>) -> Self {
        let mut figures: Vec<f64> = figures.filter(|figure| figure.is_finite()).collect();
        figures.sort_by(f64::total_cmp);
        let Some(last) = figures.len().checked_sub(1) else { return Self(f64::NAN, f64::NAN, f64::NAN) };
        Self(f64::midpoint(figures[last / 2], figures[last.div_ceil(2)]), figures[0], figures[last])
    }
}

fn rate(turn: &Turn) -> f64 {
    turn.requests as f64 / turn.took.as_secs_f64()
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// A number with thousands apart, or `–` if there is none.
fn whole(figure: f64) -> String {
    if !figure.is_finite() {
        return "–".to_owned();
    }
    let digits = format!("{figure:.0}");
    let mut text = String::new();
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn ratio(Spread(median, least, most): Spread) -> String {
    if median.is_finite() { format!("{median:.2} ({least:.2} to {most:.2})") } else { "–".to_owned() }
}

impl Compared {
    pub(crate) fn new(work: Work, connections: usize) -> Self {
        Self { work, connections, turns: Vec::new() }
    }

    pub(crate) fn add(&mut self, one: Turn, other: Option<Turn>) {
        self.turns.push((one, other));
    }

    fn one(&self, figure: impl Fn(&Turn) -> f64) -> f64 {
        Spread::of(self.turns.iter().map(|(one, _)| figure(one))).0
    }

    fn other(&self, figure: impl Fn(&Turn) -> f64) -> f64 {
        Spread::of(self.turns.iter().filter_map(|(_, other)| other.as_ref()).map(figure)).0
    }

    /// The ratios within the pairs.
    fn ratio(&self, figure: impl Fn(&Turn) -> f64) -> Spread {
        Spread::of(self.turns.iter().filter_map(|(one, other)| Some(figure(one) / figure(other.as_ref()?))))
    }

    /// CPU over all turns: a turn may be too short for the clock of the process, which ticks every 10 ms.
    fn cpu(&self) -> (f64, f64) {
        let all = |turns: &mut dyn Iterator<Item = &Turn>| {
            let (cpu, requests) = turns.fold((0.0, 0.0), |(cpu, requests), turn| {
                (cpu + turn.cpu.as_secs_f64() * 1e6, requests + turn.requests as f64)
            });
            cpu / requests
        };
        (
            all(&mut self.turns.iter().map(|(one, _)| one)),
            all(&mut self.turns.iter().filter_map(|(_, other)| other.as_ref())),
        )
    }

    /// A row of the table.
    pub(crate) fn line(&self) -> String {
        let (one, other) = self.cpu();
        let times = if (one / other).is_finite() { format!("{:.1}", one / other) } else { "–".to_owned() };
        format!(
            "| {} | {} | {} | {} | {} | {:.2} / {:.2} | {} | {} | {times} |",
            self.work.name(),
            self.connections,
            whole(self.one(rate)),
            whole(self.other(rate)),
            ratio(self.ratio(rate)),
            self.one(|turn| millis(turn.p50)),
            self.one(|turn| millis(turn.p99)),
            whole(one),
            whole(other),
        )
    }
}

impl Report {
    pub(crate) fn new(other: &str, sessions: Option<u64>, pairs: usize, length: Duration) -> Self {
        Self { other: other.to_owned(), sessions, pairs, length, rows: Vec::new(), processes: Vec::new() }
    }

    /// The tables, in Markdown.
    pub(crate) fn text(&self) -> String {
        let Self { other, pairs, .. } = self;
        let release = match self.sessions {
            Some(sessions) => format!("{} sessions", whole(sessions as f64)),
            None => "release".to_owned(),
        };
        let mut text = format!(
            "Medians of {pairs} pairs of turns of {:.1} s, asked in turn; in brackets the least and the most. CPU is the\n\
             process's own, user and system, in µs a request.\n\n\
             | work | connections | {release}, a second | {other}, a second | ratio | p50 / p99 in ms | CPU | {other}'s \
             CPU | CPU, times |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|\n",
            self.length.as_secs_f64(),
        );
        for row in &self.rows {
            text.push_str(&row.line());
            text.push('\n');
        }
        text.push_str("\n| process | MiB idle | MiB after the load | MiB at most | start, empty | start, existing |\n");
        text.push_str("|---|--:|--:|--:|--:|--:|\n");
        for (name, idle, after, most, empty, existing) in &self.processes {
            let name = if name == "release" { &release } else { name };
            let (empty, existing) = (millis(*empty), millis(*existing));
            let _ =
                writeln!(text, "| {name} | {idle:.0} | {after:.0} | {most:.0} | {empty:.0} ms | {existing:.0} ms |");
        }
        text
    }

    /// Puts the tables between their markers in the document.
    pub(crate) fn write(&self) {
        let name = if self.sessions.is_some() { "bench-sessions" } else { "bench" };
        let (begin, end) = (format!("<!-- {name}: begin -->\n"), format!("<!-- {name}: end -->"));
        let document = std::fs::read_to_string(DOCUMENT).expect("the document");
        let (before, rest) = document.split_once(&begin).expect("the first marker");
        let (_, after) = rest.split_once(&end).expect("the second marker");
        std::fs::write(DOCUMENT, format!("{before}{begin}{}{end}{after}", self.text())).expect("the document");
        println!("written to {DOCUMENT}");
    }
}
