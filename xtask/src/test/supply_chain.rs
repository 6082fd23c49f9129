//! Checks crates against `deny.toml`, and crates and the packages of the page against the published advisories.

use std::path::PathBuf;
use std::process::Command;

use crate::failure::Failure;
use crate::install::node;
use crate::instance::cargo_build;
use crate::run::{self, OnInterrupt};
use crate::test::counts::Counts;
use crate::test::stage::Stage;

/// The version to install, whose output format is known.
const VERSION: &str = "0.20.2";

/// Licences, bans and sources; advisories if their database is available.
///
/// # Errors
/// Fails if the checker cannot be installed.
pub(super) fn supply_chain(stage: &Stage<'_>) -> Result<Counts, Failure> {
    let program = cargo_deny(stage)?;
    let mut counts = Counts::default();
    for what in ["licenses", "bans", "sources"] {
        counts += check(stage, &program, what)?;
    }
    if run(stage, &program, &["fetch", "db"])?.0 {
        counts += check(stage, &program, "advisories")?;
    } else {
        stage.console.line("supply", "advisories: not checked, their database is unavailable");
    }
    counts += npm_advisories(stage)?;
    Ok(counts)
}

/// The advisories about the packages of the page, if npm's registry answers questions about them.
fn npm_advisories(stage: &Stage<'_>) -> Result<Counts, Failure> {
    let node = node(stage.checkout, stage.console, stage.interrupt)?;
    let command = node.npm(&["audit", "--json", "--audit-level=moderate"], &stage.checkout.path("frontend"));
    let mut output = Vec::new();
    let status = run::lines(command, stage.interrupt, OnInterrupt::Stop, |line| output.push(line.to_owned()))?;
    let output = output.join("\n");
    if !is_report(&output) {
        stage.console.line("supply", "npm: not checked, its advisories are unavailable");
        return Ok(Counts::default());
    }
    if status.success() {
        stage.console.line("supply", "npm: no advisories");
        return Ok(Counts { passed: 1, failed: 0 });
    }
    stage.console.line("supply", &format!("npm: FAILED\n{output}"));
    Ok(Counts { passed: 0, failed: 1 })
}

/// Whether npm received an answer: it also fails, with other JSON, when it did not. Source: npm 7 and later, `npm audit`.
fn is_report(output: &str) -> bool {
    output.contains("\"auditReportVersion\"")
}

fn check(stage: &Stage<'_>, program: &PathBuf, what: &str) -> Result<Counts, Failure> {
    let (is_good, output) = run(stage, program, &["check", what])?;
    if is_good {
        stage.console.line("supply", &format!("{what}: as deny.toml says"));
        return Ok(Counts { passed: 1, failed: 0 });
    }
    stage.console.line("supply", &format!("{what}: FAILED\n{output}"));
    Ok(Counts { passed: 0, failed: 1 })
}

fn run(stage: &Stage<'_>, program: &PathBuf, arguments: &[&str]) -> Result<(bool, String), Failure> {
    let mut command = Command::new(program);
    command.args(["--color", "never"]).args(arguments).current_dir(stage.checkout.root());
    let mut output = Vec::new();
    let status = run::lines(command, stage.interrupt, OnInterrupt::Stop, |line| output.push(line.to_owned()))?;
    Ok((status.success(), output.join("\n")))
}

/// Installs the checker in the checkout's folder.
fn cargo_deny(stage: &Stage<'_>) -> Result<PathBuf, Failure> {
    let tools = stage.checkout.local().join("tools");
    let program = tools.join("bin/cargo-deny");
    let version = Command::new(&program).arg("--version").output();
    if version.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).trim().ends_with(VERSION)) {
        return Ok(program);
    }
    let mut install = Command::new("cargo");
    install.args(["install", "--locked", "--force", "cargo-deny", "--version", VERSION, "--root"]).arg(&tools);
    stage.console.timed("cargo-deny", || cargo_build(install, "cargo-deny", stage.console, stage.interrupt))?;
    Ok(program)
}

#[cfg(test)]
mod tests {
    use super::is_report;

    #[test]
    fn a_report_is_distinguished_from_a_failure_to_get_one() {
        assert!(is_report("{\n  \"auditReportVersion\": 2,\n  \"vulnerabilities\": {}\n}"));
        assert!(!is_report("npm error audit endpoint returned an error\n{\n  \"statusCode\": 405\n}"));
    }
}
