//! What is missing in the text that Prometheus scrapes.

use std::collections::{BTreeMap, BTreeSet};

/// Suffixes of the series of a histogram or summary, which are described under the name without them.
const SUFFIXES: [&str; 3] = ["_bucket", "_sum", "_count"];

/// What every program says about its process.
const PROCESS: [&str; 7] = [
    "process_cpu_seconds_total",
    "process_max_fds",
    "process_open_fds",
    "process_resident_memory_bytes",
    "process_start_time_seconds",
    "process_threads",
    "process_virtual_memory_bytes",
];

/// The metrics of the process that a text of `/metrics` lacks.
pub fn missing_process_metrics(text: &str) -> Vec<&'static str> {
    let series: BTreeSet<&str> = text.lines().filter_map(|line| line.split([' ', '{']).next()).collect();
    PROCESS.into_iter().filter(|name| !series.contains(name)).collect()
}

/// The names of the metrics in a text of `/metrics` that have no `# HELP` or no `# TYPE`.
pub fn undescribed(text: &str) -> Vec<String> {
    let comments = |kind: &str| -> BTreeMap<&str, &str> {
        text.lines()
            .filter_map(|line| line.strip_prefix(kind)?.trim_start().split_once(' '))
            .filter(|(_, text)| !text.trim().is_empty())
            .collect()
    };
    let (help, types) = (comments("# HELP "), comments("# TYPE "));
    let family = |series: &str| -> String {
        let base = SUFFIXES.iter().find_map(|suffix| series.strip_suffix(suffix));
        base.filter(|base| types.contains_key(base)).unwrap_or(series).to_owned()
    };
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    let families: BTreeSet<String> =
        lines.map(|line| family(line.split(['{', ' ']).next().unwrap_or_default())).collect();
    families
        .into_iter()
        .filter(|name| !(help.contains_key(name.as_str()) && types.contains_key(name.as_str())))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_needs_help_and_type() {
        let text = "# HELP a_total What a counts.\n# TYPE a_total counter\na_total{x=\"y z\"} 1\n\n\
                    # TYPE b_total counter\nb_total 2\nc 3\n";
        assert_eq!(undescribed(text), ["b_total", "c"]);
    }

    #[test]
    fn the_series_of_a_histogram_are_described_once() {
        let text = "# HELP d_seconds The duration.\n# TYPE d_seconds histogram\n\
                    d_seconds_bucket{le=\"1\"} 1\nd_seconds_sum 0.5\nd_seconds_count 1\n";
        assert_eq!(undescribed(text), Vec::<String>::new());
        assert_eq!(undescribed(&text[text.find('\n').unwrap() + 1..]), ["d_seconds"]);
    }
}
