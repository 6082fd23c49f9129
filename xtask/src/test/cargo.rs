//! Runs cargo's tests and counts them.

use std::process::Command;

use servers::{Programs, ROOT_VARIABLE};

use crate::checkout::Checkout;
use crate::failure::Failure;
use crate::instance::{Backing, build_services, cargo_build};
use crate::run::{self, OnInterrupt};
use crate::test::counts::{Counts, of_cargo};
use crate::test::stage::Stage;

/// A selection of the tests that need servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Selection {
    /// All, in one run of cargo: two runs would build shared crates twice, with different features.
    Both,
    /// Everything except `e2e`.
    Integration,
    /// End-to-end tests of the whole system.
    EndToEnd,
    /// The service that is made in a copy of the checkout.
    NewService,
}

impl Selection {
    /// The selection for the requested parts, if any.
    pub(super) fn of(integration: bool, end_to_end: bool) -> Option<Self> {
        match (integration, end_to_end) {
            (true, true) => Some(Self::Both),
            (true, false) => Some(Self::Integration),
            (false, true) => Some(Self::EndToEnd),
            (false, false) => None,
        }
    }

    /// The name in the report.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Both => "cargo",
            Self::Integration => "integration",
            Self::EndToEnd => "e2e",
            Self::NewService => "new service",
        }
    }

    fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Both => &["--workspace"],
            Self::Integration => &["--workspace", "--exclude", "e2e"],
            Self::EndToEnd => &["-p", "e2e"],
            Self::NewService => &["-p", "trialrun-service"],
        }
    }
}

/// Unit tests, and the model of messaging: they need no server.
pub(super) fn unit(stage: &Stage<'_>) -> Result<Counts, Failure> {
    run(stage, "unit", &["--workspace", "--lib", "--bins", "--test", "model"], &[])
}

/// Builds what [`on_servers`] runs.
pub(super) fn build(stage: &Stage<'_>, selection: Selection) -> Result<(), Failure> {
    let mut command = cargo(stage);
    command.args(["test", "--no-run"]).args(selection.arguments());
    stage.console.timed("build", || {
        if selection == Selection::EndToEnd {
            // Tests of one package do not build the programs of others.
            build_services(stage.checkout, false, stage.console, stage.interrupt)?;
        }
        cargo_build(command, "build", stage.console, stage.interrupt)
    })
}

/// Runs the selected unit, integration and end-to-end tests and doctests with real servers.
pub(super) fn on_servers(stage: &Stage<'_>, selection: Selection, servers: &Backing) -> Result<Counts, Failure> {
    let mut environment = vec![
        ("TEST_DATABASE_URL", servers.maintenance_url().unwrap_or_default()),
        ("TEST_AMQP_URL", servers.amqp_admin_url()),
        ("TEST_RABBITMQ_MANAGEMENT_URL", servers.console_url().unwrap_or_default()),
        ("TEST_REDIS_URL", servers.redis_url()),
    ];
    // Some tests start their own servers.
    if let Programs::Root(root) = stage.server_programs {
        environment.push((ROOT_VARIABLE, root.display().to_string()));
    }
    run(stage, selection.name(), selection.arguments(), &environment)
}

fn run(stage: &Stage<'_>, part: &str, selection: &[&str], environment: &[(&str, String)]) -> Result<Counts, Failure> {
    let mut command = cargo(stage);
    command
        .args(["test", "--no-fail-fast"])
        .args(selection)
        .args(stage.filter)
        .env("CARGO_TERM_COLOR", "never")
        .envs(environment.iter().map(|(name, value)| (name, value)));
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
            program.print(counts, part, stage);
        }
    })?;
    if !status.success() && total.failed == 0 {
        // It did not compile, or a test program crashed before its result line.
        total.failed = 1;
        stage.console.line(part, &program.output.join("\n"));
    }
    Ok(total)
}

/// A command of cargo in the stage's checkout.
fn cargo(stage: &Stage<'_>) -> Command {
    let mut command = Command::new("cargo");
    command.current_dir(stage.checkout.root());
    if stage.checkout.root() != Checkout::of_this_build().root() {
        // The programs of a copy must not replace those of the original.
        command.env_remove("CARGO_TARGET_DIR");
    }
    command
}

/// A test program and its output so far.
#[derive(Debug, Default)]
struct Program {
    name: String,
    output: Vec<String>,
}

impl Program {
    fn print(&self, counts: Counts, part: &str, stage: &Stage<'_>) {
        if counts.failed > 0 {
            let output = self.output.join("\n");
            stage.console.line(part, &format!("{}: FAILED\n{output}", self.name));
        } else if counts.passed > 0 {
            let line = format!("{:<48} {:>4} passed", self.name, counts.passed);
            stage.console.line(part, &line);
        }
    }
}

/// Parses `Running unittests src/lib.rs (target/debug/deps/servers-1f)` and `Doc-tests servers`.
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
