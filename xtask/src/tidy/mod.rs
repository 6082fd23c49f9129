//! `tidy`: checks rules of the layout that the compiler does not check.

mod adrs;
mod asvs;
mod browser_code;
mod circles;
mod default_ports;
mod dist;
mod extractors;
mod finding;
mod imports;
mod manifest;
mod map;
mod metrics;
mod migrations;
mod module_imports;
mod named_tests;
mod npm_lock;
mod purity;
mod sources;
mod store_errors;
mod text;
mod tokens;
mod words;

use std::process::ExitCode;

use crate::checkout::Checkout;
use crate::console::say;
use crate::failure::Failure;
use crate::tidy::finding::{Finding, Severity};
use crate::tidy::sources::Source;

/// Prints every violated rule as `file:line: rule: why`; fails if one must be fixed.
///
/// # Errors
/// Fails if the files cannot be read.
pub(crate) fn tidy(checkout: &Checkout) -> Result<ExitCode, Failure> {
    let sources = sources::read(checkout)?;
    let findings = findings(&sources);
    for finding in &findings {
        say!("{finding}");
    }
    let errors = findings.iter().filter(|finding| finding.severity == Severity::Error).count();
    say!("tidy: {} files, {errors} errors, {} warnings", sources.len(), findings.len() - errors);
    Ok(ExitCode::from(u8::from(errors > 0)))
}

/// The texts of the errors, without printing them.
#[cfg(test)]
pub(crate) fn errors(checkout: &Checkout) -> Result<Vec<String>, Failure> {
    let findings = findings(&sources::read(checkout)?);
    let errors = findings.iter().filter(|finding| finding.severity == Severity::Error);
    Ok(errors.map(ToString::to_string).collect())
}

fn findings(sources: &[Source]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in sources {
        findings.extend(imports::check(source));
        findings.extend(extractors::check(source));
        findings.extend(purity::check(source));
        findings.extend(module_imports::check(source));
        findings.extend(store_errors::check(source));
        findings.extend(text::check(source));
        findings.extend(words::check(source));
        findings.extend(default_ports::check(source));
        findings.extend(browser_code::check(source));
    }
    findings.extend(adrs::check(sources));
    findings.extend(asvs::check(sources));
    findings.extend(circles::check(sources));
    findings.extend(dist::check(sources));
    findings.extend(imports::unused(sources));
    findings.extend(map::check(sources));
    findings.extend(metrics::check(sources));
    findings.extend(migrations::check(sources));
    findings.extend(named_tests::check(sources));
    findings.extend(npm_lock::check(sources));
    findings.sort();
    findings
}
