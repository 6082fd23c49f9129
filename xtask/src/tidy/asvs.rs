//! The summary of docs/ASVS.md counts its rows, and no requirement is forgotten, listed twice or left without an answer.
//!
//! A chapter is a heading `## V1 Name` with a table, whose rows are number, what is asked, state, how or why, test. The
//! summary is the table whose first heading is `chapter`: chapter, requirements, met, not met, not applicable.

use std::collections::BTreeMap;

use crate::tidy::finding::Finding;
use crate::tidy::sources::Source;

const DOCUMENT: &str = "docs/ASVS.md";
/// The requirements of levels 1 and 2. Source: OWASP ASVS 5.0.0.
const REQUIREMENTS: usize = 253;
const WHY: &str = "a reader trusts the summary of docs/ASVS.md";
const STATES: [&str; 3] = ["met", "not met", "n/a"];

/// Requirements by state, in the order of [`STATES`].
type Counts = [usize; 3];

/// Checks the document.
pub(super) fn check(sources: &[Source]) -> Vec<Finding> {
    let Some(document) = sources.iter().find(|source| source.path == DOCUMENT) else { return Vec::new() };
    check_text(&document.text, REQUIREMENTS)
}

fn check_text(text: &str, requirements: usize) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut counted: BTreeMap<String, Counts> = BTreeMap::new();
    let mut summary = Vec::new();
    let (mut chapter, mut before) = ("", Vec::new());
    for (at, line) in text.lines().enumerate() {
        let mut error = |rule: String| findings.push(Finding::error(DOCUMENT, at + 1, rule, WHY));
        if let Some(heading) = line.strip_prefix("## ") {
            chapter = heading.split(' ').next().unwrap_or_default();
        }
        let Some(row) = line.strip_prefix('|').and_then(|row| row.strip_suffix('|')) else { continue };
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        if let [name, numbers @ ..] = &cells[..]
            && let Some(numbers) = numbers.iter().map(|number| number.parse().ok()).collect::<Option<Vec<usize>>>()
        {
            summary.push((at + 1, *name, numbers));
            continue;
        }
        let Some(number) = number(cells[0]) else { continue };
        let &[_, asked, state, how, proof] = &cells[..] else {
            error("a row has a number, what is asked, a state, how or why, and a test".to_owned());
            continue;
        };
        if number <= before || !chapter.strip_prefix('V').is_some_and(|v| v.parse() == Ok(number[0])) {
            error(format!("{} is in the wrong place, or a second time", cells[0]));
        }
        let Some(state) = STATES.iter().position(|known| *known == state) else {
            error(format!("the state is one of: {}", STATES.join(", ")));
            continue;
        };
        if asked.is_empty() || how.is_empty() || (STATES[state] == "met") == proof.is_empty() {
            error("what is met has a test, everything else a reason and none".to_owned());
        }
        counted.entry(chapter.to_owned()).or_default()[state] += 1;
        before = number;
    }
    let total = counted.values().fold([0; 3], |[a, b, c], [d, e, f]| [a + d, b + e, c + f]);
    if total.iter().sum::<usize>() != requirements {
        let rule = format!("{} requirements instead of {requirements}", total.iter().sum::<usize>());
        findings.push(Finding::error(DOCUMENT, 1, rule, WHY));
    }
    counted.insert("all".to_owned(), total);
    findings.extend(differences(&counted, &summary));
    findings
}

/// `1.2.10` as numbers, which are compared as such.
fn number(cell: &str) -> Option<Vec<u32>> {
    let parts: Option<Vec<u32>> = cell.split('.').map(|part| part.parse().ok()).collect();
    parts.filter(|parts| parts.len() == 3)
}

fn differences(counted: &BTreeMap<String, Counts>, summary: &[(usize, &str, Vec<usize>)]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut missing = counted.clone();
    for (line, name, numbers) in summary {
        let chapter = name.split(' ').next().unwrap_or_default();
        let counts = missing.remove(chapter).unwrap_or_default();
        let [met, not_met, not_applicable] = counts;
        let expected = vec![met + not_met + not_applicable, met, not_met, not_applicable];
        if *numbers != expected {
            findings.push(Finding::error(DOCUMENT, *line, format!("{chapter}: the rows are {expected:?}"), WHY));
        }
    }
    let lost = missing.keys().map(|chapter| Finding::error(DOCUMENT, 1, format!("{chapter} has no sum"), WHY));
    findings.extend(lost);
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "| chapter | all | met | not met | n/a |\n|---|---|---|---|---|\n| V1 A | 2 | 1 | 0 | 1 |\n\
        | V2 B | 1 | 0 | 1 | 0 |\n| all | 3 | 1 | 1 | 1 |\n\n\
        ## V1 A\n\n| | asks | | how | test |\n|---|---|---|---|---|\n| 1.1.9 | a | met | b | c |\n\
        | 1.1.10 | a | n/a | b | |\n\n## V2 B\n\n| 2.1.1 | a | not met | b | |\n";

    fn found(text: &str) -> Vec<String> {
        check_text(text, 3).into_iter().map(|finding| format!("{}: {}", finding.line, finding.rule)).collect()
    }

    #[test]
    fn a_summary_that_counts_its_rows_is_accepted() {
        assert_eq!(found(GOOD), [""; 0]);
    }

    #[test]
    fn a_wrong_count_and_a_forgotten_requirement_are_found() {
        assert_eq!(found(&GOOD.replace("| V1 A | 2 | 1", "| V1 A | 2 | 2")), ["3: V1: the rows are [2, 1, 0, 1]"]);
        assert_eq!(found(&GOOD.replace("| V2 B | 1 | 0 | 1 | 0 |\n", "")), ["1: V2 has no sum"]);
        let forgotten = found(&GOOD.replace("| 2.1.1 | a | not met | b | |\n", ""));
        assert!(forgotten.contains(&"1: 2 requirements instead of 3".to_owned()), "{forgotten:?}");
    }

    #[test]
    fn a_row_in_the_wrong_place_or_without_an_answer_is_found() {
        let twice = found(&GOOD.replace("| 1.1.10 |", "| 1.1.9 |"));
        assert_eq!(twice, ["12: 1.1.9 is in the wrong place, or a second time"]);
        let elsewhere = found(&GOOD.replace("## V1 A", "## V3 C"));
        assert!(elsewhere.contains(&"11: 1.1.9 is in the wrong place, or a second time".to_owned()), "{elsewhere:?}");
        let rule = "what is met has a test, everything else a reason and none";
        assert_eq!(found(&GOOD.replace("met | b | c |", "met | b | |")), [format!("11: {rule}")]);
        assert_eq!(found(&GOOD.replace("not met | b |", "not met | |")), [format!("16: {rule}")]);
    }
}
