//! A histogram without a lock. That of `prometheus-client` locks a mutex for each value.

use prometheus_client::encoding::{EncodeMetric, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::{MetricType, TypedMetric};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The bounds for times within a server, in seconds.
pub(super) const SECONDS: [f64; 11] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];
/// The same, for what there are many of.
pub(super) const FEW_SECONDS: [f64; 8] = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0];
/// The bounds for the sizes of batches.
pub(super) const SIZES: [f64; 9] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];

/// Parts of one, in which the sum is kept.
const MICROS: f64 = 1_000_000.0;

/// How often values were at most as large as each of some bounds. A clone counts to the same numbers.
#[derive(Clone, Debug)]
pub(super) struct Distribution(Arc<Counts>);

#[derive(Debug)]
struct Counts {
    bounds: &'static [f64],
    /// The values up to each bound and above the one before; last, those above all bounds.
    counts: Vec<AtomicU64>,
    sum_micros: AtomicU64,
}

impl Distribution {
    pub(super) fn new(bounds: &'static [f64]) -> Self {
        let counts = (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect();
        Self(Arc::new(Counts { bounds, counts, sum_micros: AtomicU64::new(0) }))
    }

    /// Adds a time.
    pub(super) fn record(&self, time: Duration) {
        self.add(time.as_secs_f64(), u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
    }

    /// Adds a number.
    pub(super) fn record_number(&self, number: usize) {
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        self.add(f64::from(number), u64::from(number) * 1_000_000);
    }

    fn add(&self, value: f64, micros: u64) {
        let Counts { bounds, counts, sum_micros } = &*self.0;
        let at = bounds.partition_point(|bound| *bound < value);
        if let Some(count) = counts.get(at) {
            count.fetch_add(1, Ordering::Relaxed);
            sum_micros.fetch_add(micros, Ordering::Relaxed);
        }
    }
}

impl TypedMetric for Distribution {
    const TYPE: MetricType = MetricType::Histogram;
}

impl EncodeMetric for Distribution {
    #[expect(clippy::cast_precision_loss, reason = "a sum of 2^53 µs is 285 years")]
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> Result<(), fmt::Error> {
        let Counts { bounds, counts, sum_micros } = &*self.0;
        let bounds = bounds.iter().copied().chain([f64::INFINITY]);
        let buckets: Vec<(f64, u64)> =
            bounds.zip(counts).map(|(bound, count)| (bound, count.load(Ordering::Relaxed))).collect();
        let count = buckets.iter().map(|(_, count)| count).sum();
        let sum = sum_micros.load(Ordering::Relaxed) as f64 / MICROS;
        encoder.encode_histogram::<NoLabelSet>(sum, count, &buckets, None)
    }

    fn metric_type(&self) -> MetricType {
        Self::TYPE
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use prometheus_client::encoding::text::encode;
    use prometheus_client::registry::Registry;

    #[test]
    fn a_value_counts_up_to_every_bound_that_it_does_not_exceed() {
        let (mut registry, sizes) = (Registry::default(), Distribution::new(&SIZES));
        registry.register("sizes", "Sizes", sizes.clone());
        for number in [1, 2, 3, 1_000] {
            sizes.record_number(number);
        }
        let mut text = String::new();
        encode(&mut text, &registry).unwrap();
        for line in [
            "# TYPE sizes histogram",
            "sizes_sum 1006.0",
            "sizes_count 4",
            "sizes_bucket{le=\"1.0\"} 1",
            "sizes_bucket{le=\"2.0\"} 2",
            "sizes_bucket{le=\"4.0\"} 3",
            "sizes_bucket{le=\"256.0\"} 3",
            "sizes_bucket{le=\"+Inf\"} 4",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
        let times = Distribution::new(&SECONDS);
        times.record(Duration::from_millis(1));
        times.record(Duration::MAX);
        assert_eq!(times.0.counts[0].load(Ordering::Relaxed), 1);
        assert_eq!(times.0.counts[SECONDS.len()].load(Ordering::Relaxed), 1);
    }
}
