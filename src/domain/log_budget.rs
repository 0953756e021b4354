//! Limits how much of the log one source may fill: in each window of time the first few lines of a kind are written,
//! and the rest are counted.

use super::network::Network;
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

/// The length of a window.
pub const WINDOW: Duration = Duration::from_secs(60);
/// How many lines of one kind from one source are written in a window.
const EACH: u64 = 5;
/// The same for all sources together that are not counted separately.
const EACH_OF_OTHERS: u64 = 100;
/// How many lines from all sources together are written in a window.
const ALL: u64 = 2_000;
/// How many sources are counted separately. Later sources in a window are counted together.
const SOURCES: usize = 1_024;
/// How many kinds are counted separately for a source.
const KINDS: usize = 32;

/// The number of lines of each kind from one source.
type Kinds = BTreeMap<String, u64>;

/// The lines of one window. Its size is bounded, however many sources there are.
///
/// ```
/// use latchkey::domain::log_budget::LogBudget;
/// use latchkey::domain::network::Network;
///
/// let mut budget = LogBudget::default();
/// let network = Some(Network::of("192.0.2.1".parse()?));
/// let written = (0..7).filter(|_| budget.admit(network, "rate_limited")).count();
/// assert_eq!(written, 5);
/// assert_eq!(budget.end_window()[0].kinds, "rate_limited 2");
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[derive(Debug, Default)]
pub struct LogBudget {
    sources: HashMap<Network, LogSource>,
    others: LogSource,
    written: u64,
}

#[derive(Debug, Default)]
struct LogSource {
    seen: Kinds,
    left_out: Kinds,
}

/// The lines of one source that were left out in a window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// `None`: all sources that are not counted separately.
    pub network: Option<Network>,
    /// How many lines were left out.
    pub lines: u64,
    /// Each kind and its number of lines, such as `rate_limited 120, invalid_token 3`.
    pub kinds: String,
}

impl LogBudget {
    /// Counts a line of a kind from a source. Returns whether the line is to be written.
    pub fn admit(&mut self, network: Option<Network>, kind: &str) -> bool {
        let is_known = network.is_some_and(|network| self.sources.contains_key(&network));
        let own = network.filter(|_| is_known || self.sources.len() < SOURCES);
        let (source, most) = match own {
            Some(network) => (self.sources.entry(network).or_default(), EACH),
            None => (&mut self.others, EACH_OF_OTHERS),
        };
        let kind = if source.seen.contains_key(kind) || source.seen.len() < KINDS { kind } else { "other" };
        let seen = count(&mut source.seen, kind);
        let is_admitted = seen <= most && self.written < ALL;
        if is_admitted {
            self.written += 1;
        } else {
            count(&mut source.left_out, kind);
        }
        is_admitted
    }

    /// Ends the window, and returns the lines that were left out, by source. Sources that are counted together come
    /// last.
    pub fn end_window(&mut self) -> Vec<LeftOut> {
        let Self { sources, others, .. } = std::mem::take(self);
        let mut sources: Vec<_> = sources.into_iter().map(|(network, source)| (Some(network), source)).collect();
        sources.sort_unstable_by_key(|(network, _)| *network);
        let all = sources.into_iter().chain([(None, others)]);
        all.filter_map(|(network, LogSource { left_out, .. })| {
            let lines = left_out.values().sum();
            let kinds: Vec<String> = left_out.iter().map(|(kind, number)| format!("{kind} {number}")).collect();
            (lines > 0).then(|| LeftOut { network, lines, kinds: kinds.join(", ") })
        })
        .collect()
    }
}

fn count(kinds: &mut Kinds, kind: &str) -> u64 {
    if let Some(number) = kinds.get_mut(kind) {
        *number += 1;
        return *number;
    }
    kinds.insert(kind.to_owned(), 1);
    1
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv6Addr;

    fn network(n: u16) -> Option<Network> {
        Some(Network::of(Ipv6Addr::new(0x2001, 0xdb8, 0, n, 0, 0, 0, 1).into()))
    }

    fn admitted(budget: &mut LogBudget, network: Option<Network>, kind: &str, lines: usize) -> usize {
        (0..lines).filter(|_| budget.admit(network, kind)).count()
    }

    #[test]
    fn the_first_few_lines_of_a_kind_are_written_and_the_rest_are_one_line_for_each_source_and_window() {
        let mut budget = LogBudget::default();
        for _ in 0..2 {
            assert_eq!(admitted(&mut budget, network(1), "rate_limited", 1_000), 5);
            assert_eq!(admitted(&mut budget, network(1), "invalid_token", 6), 5, "a flood hides no other kind");
            assert_eq!(admitted(&mut budget, network(2), "rate_limited", 3), 3, "nor what others do");
            let kinds = "invalid_token 1, rate_limited 995".to_owned();
            assert_eq!(budget.end_window(), [LeftOut { network: network(1), lines: 996, kinds }]);
        }
        assert_eq!(budget.end_window(), []);
    }

    #[test]
    fn a_thousand_sources_of_many_kinds_fill_neither_the_log_nor_the_memory() {
        let mut budget = LogBudget::default();
        let mut written = 0;
        for n in 0..5_000 {
            for kind in 0..100 {
                written += admitted(&mut budget, network(n), &format!("kind-{kind}"), 1);
            }
        }
        assert_eq!(written, usize::try_from(ALL).unwrap());
        assert_eq!(budget.sources.len(), SOURCES);
        assert!(budget.sources.values().all(|source| source.left_out.len() <= KINDS + 1));
        let left_out = budget.end_window();
        assert_eq!(left_out.len(), SOURCES + 1, "with a line for those that share a place");
        assert_eq!(left_out.iter().map(|left_out| left_out.lines).sum::<u64>(), 5_000 * 100 - ALL);
    }
}
