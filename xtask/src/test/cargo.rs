//! Runs cargo's tests and counts them.

use std::process::Command;

use crate::failure::Failure;
use crate::instance::{Backing, Product, cargo_build};
use crate::run::{self, OnInterrupt};
use crate::test::counts::{Counts, of_cargo};
use crate::test::stage::Stage;

/// Everything but `e2e`, which needs a running product.
const ON_SERVERS: [&str; 3] = ["--workspace", "--exclude", "e2e"];

/// Tests beside the code: they need no server.
pub(super) fn unit(stage: &Stage<'_>) -> Result<Counts, Failure> {
    run(stage, "unit", &["--workspace", "--lib", "--bins"], &[])
}

/// Builds what [`integration`] runs.
pub(super) fn build(stage: &Stage<'_>) -> Result<(), Failure> {
    let mut command = Command::new("cargo");
    command.args(["test", "--no-run"]).args(ON_SERVERS).current_dir(stage.checkout.root());
    stage.console.timed("build", || cargo_build(command, "build", stage.console, stage.interrupt))
}

/// Unit tests, integration tests and doctests, with real servers.
pub(super) fn integration(stage: &Stage<'_>, servers: &Backing) -> Result<Counts, Failure> {
    let environment = [
        ("TEST_DATABASE_URL", servers.maintenance_url().unwrap_or_default()),
        ("TEST_AMQP_URL", servers.amqp_admin_url()),
        ("TEST_RABBITMQ_MANAGEMENT_URL", servers.console_url().unwrap_or_default()),
    ];
    run(stage, "integration", &ON_SERVERS, &environment)
}

/// The running product as a client sees it.
pub(super) fn end_to_end(stage: &Stage<'_>, product: &Product) -> Result<Counts, Failure> {
    let environment = product.environment_for_tests();
    run(stage, "e2e", &["-p", "e2e"], &environment)
}

fn run(stage: &Stage<'_>, part: &str, selection: &[&str], environment: &[(&str, String)]) -> Result<Counts, Failure> {
    let mut command = Command::new("cargo");
    command
        .args(["test", "--no-fail-fast"])
        .args(selection)
        .args(stage.filter)
        .env("CARGO_TERM_COLOR", "never")
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .current_dir(stage.checkout.root());
    let mut total = Counts::default();
    let mut program = Program::default();
    let status = run::lines(command, stage.interrupt, OnInterrupt::Stop, |line| {
        if let Some(name) = program_name(line) {
            program = Program { name, output: Vec::new() };
        }
        program.output.push(line.to_owned());
        if line.starts_with("test ") && line.ends_with("ok") {
            stage.console.live(part, line);
        }
        if let Some(counts) = of_cargo(line) {
            total += counts;
            program.tell(counts, part, stage);
        }
    })?;
    if !status.success() && total.failed == 0 {
        // It did not compile, or a test program crashed before its result.
        total.failed = 1;
        stage.console.line(part, &program.output.join("\n"));
    }
    Ok(total)
}

/// A test program, and what it printed so far.
#[derive(Debug, Default)]
struct Program {
    name: String,
    output: Vec<String>,
}

impl Program {
    fn tell(&self, counts: Counts, part: &str, stage: &Stage<'_>) {
        if counts.failed > 0 {
            let output = self.output.join("\n");
            stage.console.line(part, &format!("{}: FAILED\n{output}", self.name));
        } else if counts.passed > 0 {
            let line = format!("{:<48} {:>4} passed", self.name, counts.passed);
            stage.console.line(part, &line);
        }
    }
}

/// Reads `Running unittests src/lib.rs (target/debug/deps/servers-1f)` and `Doc-tests servers`.
fn program_name(line: &str) -> Option<String> {
    let line = line.trim_start();
    if let Some(name) = line.strip_prefix("Doc-tests ") {
        return Some(format!("{name}, doctests"));
    }
    let (source, path) = line.strip_prefix("Running ")?.split_once(" (")?;
    let file = path.trim_end_matches(')').rsplit('/').next()?;
    let name = file.rsplit_once('-').map_or(file, |(name, _)| name);
    Some(format!("{name}, {}", source.trim_start_matches("unittests ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_program_is_named_after_its_crate_and_source() {
        assert_eq!(
            program_name("     Running unittests src/lib.rs (target/debug/deps/servers-1f2e)").as_deref(),
            Some("servers, src/lib.rs")
        );
        assert_eq!(program_name("   Doc-tests servers").as_deref(), Some("servers, doctests"));
    }
}
