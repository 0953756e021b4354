//! The text format of Prometheus before OpenMetrics (version 0.0.4), which some collectors ask for.

use std::collections::HashSet;

/// Text in OpenMetrics' format, in the older one: there, type and help of a counter are named as its sample is, with
/// `_total`; and there are neither units nor an end.
pub fn prometheus_text(openmetrics: &str) -> String {
    let counter = |line: &'_ str| Some(line.strip_prefix("# TYPE ")?.strip_suffix(" counter")?.to_owned());
    let counters: HashSet<String> = openmetrics.lines().filter_map(counter).collect();
    let mut text = String::with_capacity(openmetrics.len());
    for line in openmetrics.lines().filter(|line| !line.starts_with("# UNIT ") && *line != "# EOF") {
        let mut words = line.splitn(4, ' ');
        match (words.next(), words.next(), words.next(), words.next()) {
            (Some("#"), Some(kind), Some(name), Some(rest)) if counters.contains(name) => {
                text.push_str(&format!("# {kind} {name}_total {rest}\n"));
            }
            _ => {
                text.push_str(line);
                text.push('\n');
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_named_as_their_samples() {
        let openmetrics = "# HELP a_b Many b.\n# TYPE a_b counter\na_b_total{c=\"d e\"} 1\n# HELP a_s B.\n\
                           # TYPE a_s gauge\n# UNIT a_s seconds\na_s 2\n# EOF\n";
        let text = "# HELP a_b_total Many b.\n# TYPE a_b_total counter\na_b_total{c=\"d e\"} 1\n# HELP a_s B.\n\
                    # TYPE a_s gauge\na_s 2\n";
        assert_eq!(prometheus_text(openmetrics), text);
    }
}
