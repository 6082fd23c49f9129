//! Every metric that a crate emits is described in its `src/metrics_help.rs`, and nothing else is.

use std::collections::BTreeMap;

use crate::tidy::finding::Finding;
use crate::tidy::sources::Source;

/// The macros that emit a metric.
const EMITTERS: [&str; 3] = ["counter", "gauge", "histogram"];
const HELP: &str = "metrics_help.rs";
const WHY: &str = "operators read `# HELP` in /metrics";

/// A name with the place where it was found.
type Names<'a> = BTreeMap<String, (&'a str, usize)>;

/// Checks the metrics of all crates.
pub(super) fn check(sources: &[Source]) -> Vec<Finding> {
    let mut crates: BTreeMap<&str, (Names<'_>, Names<'_>)> = BTreeMap::new();
    let mut findings = Vec::new();
    for source in sources.iter().filter(|source| source.is("rs")) {
        let Some((name, file)) = source.path.rsplit_once("/src/") else { continue };
        let (emitted, described) = crates.entry(name).or_default();
        if file == HELP {
            described.extend(source.code().flat_map(|(line, code)| {
                quoted(code)
                    .filter(|text| is_name(text))
                    .map(move |text| (text.to_owned(), (source.path.as_str(), line)))
            }));
            continue;
        }
        for (line, argument) in emissions(source) {
            match argument {
                Some(metric) => drop(emitted.insert(metric, (&source.path, line))),
                None => findings.push(Finding::error(&source.path, line, "a metric without a literal name", WHY)),
            }
        }
    }
    for (emitted, described) in crates.values() {
        let missing = |from: &Names<'_>, to: &Names<'_>, rule: &str| -> Vec<Finding> {
            let missing = from.iter().filter(|(metric, _)| !to.contains_key(*metric));
            missing
                .map(|(metric, (path, line))| Finding::error(path, *line, format!("`{metric}` {rule}"), WHY))
                .collect()
        };
        findings.extend(missing(emitted, described, "is not described in src/metrics_help.rs"));
        findings.extend(missing(described, emitted, "is described and never emitted"));
    }
    findings
}

/// The emitted metrics by line; no name if it is not a literal beside the macro.
fn emissions(source: &Source) -> Vec<(usize, Option<String>)> {
    let lines: Vec<(usize, &str)> = source.code().collect();
    let mut found = Vec::new();
    for (index, (line, code)) in lines.iter().enumerate() {
        for emitter in EMITTERS.map(|emitter| format!("{emitter}!(")) {
            for (at, _) in code.match_indices(&emitter) {
                if code[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_') {
                    continue;
                }
                let rest = code[at + emitter.len()..].trim_start();
                let next = lines.get(index + 1).map_or("", |(_, next)| next.trim_start());
                let argument = if rest.is_empty() { next } else { rest };
                let name = argument.strip_prefix('"').and_then(|text| text.split('"').next());
                found.push((*line, name.map(str::to_owned)));
            }
        }
    }
    found
}

/// The string literals of a line.
fn quoted(code: &str) -> impl Iterator<Item = &str> {
    code.split('"').skip(1).step_by(2)
}

fn is_name(text: &str) -> bool {
    text.contains('_') && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(emitting: &str, describing: &str) -> Vec<String> {
        let source = |path: &str, text: &str| Source { path: path.to_owned(), text: text.to_owned() };
        let sources = [
            source("orders-service/src/live/hub.rs", emitting),
            source("orders-service/src/metrics_help.rs", describing),
            source("xtask/src/other.rs", "describe_counter!(name, help);"),
        ];
        check(&sources).into_iter().map(|finding| finding.to_string()).collect()
    }

    #[test]
    fn a_metric_without_help_is_found_with_its_line() {
        let found = findings("\nmetrics::counter!(\n  \"a_total\", \"b_c\" => d).increment(1);", "");
        let expected = "orders-service/src/live/hub.rs:2: `a_total` is not described in src/metrics_help.rs";
        assert_eq!(found, [format!("{expected} ({WHY})")]);
        assert_eq!(findings("gauge!(name).set(1.0);", "").len(), 1);
    }

    #[test]
    fn a_description_of_no_metric_is_found() {
        assert_eq!(findings("gauge!(\"a_b\")", "describe_gauge!(\"a_b\", Count, \"All of a_b.\");"), [""; 0]);
        assert_eq!(findings("", "describe_gauge!(\"a_b\", Count, \"All of a_b.\");").len(), 1);
    }
}
