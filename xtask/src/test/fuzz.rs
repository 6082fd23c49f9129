//! Coverage-guided fuzzing of the parsers of external input.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::failure::{Doing, Failure};
use crate::instance::cargo_build;
use crate::run::{self, OnInterrupt};
use crate::test::counts::Counts;
use crate::test::stage::Stage;

/// The targets and the folders of their seeds.
const TARGETS: [(&str, &str); 4] = [
    ("money", "fuzz/corpus/money"),
    ("cheque", "fuzz/corpus/cheque"),
    ("envelope", "shared/contracts/golden"),
    ("path", "fuzz/corpus/path"),
];
/// The compiler of our own crates, which adds the instrumentation. The crates of others are built once for all tests.
const COMPILER: &str = "fuzz/instrumented-rustc";

/// Runs every target for `seconds`; a crash counts as a failed test.
///
/// # Errors
/// Fails if a target does not build.
pub(super) fn fuzz(stage: &Stage<'_>, seconds: u32) -> Result<Counts, Failure> {
    let mut build = Command::new("cargo");
    build
        .args(["build", "-p", "fuzz"])
        .env("RUSTC_WORKSPACE_WRAPPER", stage.checkout.path(COMPILER))
        .env_remove("DATABASE_URL")
        .current_dir(stage.checkout.root());
    stage.console.timed("build", || cargo_build(build, "build", stage.console, stage.interrupt))?;
    let programs = stage.checkout.path("target/debug");
    let mut counts = Counts::default();
    for (target, seeds) in
        TARGETS.into_iter().filter(|(target, _)| stage.filter.is_none_or(|part| target.contains(part)))
    {
        counts += run_one(stage, &programs, target, seeds, seconds)?;
    }
    Ok(counts)
}

fn run_one(stage: &Stage<'_>, programs: &Path, target: &str, seeds: &str, seconds: u32) -> Result<Counts, Failure> {
    let found = stage.checkout.local().join("fuzz").join(target);
    let crashes = stage.checkout.local().join("fuzz/crashes");
    for folder in [&found, &crashes] {
        fs::create_dir_all(folder).doing(format!("make {}", folder.display()))?;
    }
    let mut command = Command::new(programs.join(target));
    command
        .args([&format!("-max_total_time={seconds}"), "-timeout=20", "-print_final_stats=1"])
        .arg(format!("-artifact_prefix={}/{target}-", crashes.display()))
        // New inputs are stored in the first folder.
        .arg(&found)
        .arg(stage.checkout.path(seeds))
        .current_dir(stage.checkout.root());
    let mut output = Vec::new();
    let mut runs = String::from("0");
    let status = run::lines(command, stage.interrupt, OnInterrupt::Stop, |line| {
        stage.console.live("fuzz", &format!("{target} {line}"));
        if let Some(number) = line.strip_prefix("stat::number_of_executed_units:") {
            number.trim().clone_into(&mut runs);
        }
        if !line.starts_with('#') {
            output.push(line.to_owned());
        }
    })?;
    if status.success() {
        stage.console.line("fuzz", &format!("{:<48} {runs} inputs", format!("{target}, {seconds} s")));
        return Ok(Counts { passed: 1, failed: 0 });
    }
    let input = output.iter().rev().find_map(|line| line.split_once("Test unit written to ").map(|(_, path)| path));
    let again = input.map(|input| format!("\nreproduce it with: {} {input}", programs.join(target).display()));
    let text = format!("{target}: FAILED\n{}{}", output.join("\n"), again.unwrap_or_default());
    stage.console.line("fuzz", &text);
    Ok(Counts { passed: 0, failed: 1 })
}
