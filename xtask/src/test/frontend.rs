//! The frontend's checks, and the system in a browser.

use std::process::Command;

use servers::find_program;

use crate::checkout::variable;
use crate::failure::Failure;
use crate::install::{Node, node};
use crate::instance::Product;
use crate::run::{self, OnInterrupt};
use crate::test::counts::{Counts, of_node};
use crate::test::stage::Stage;

/// Types, unit tests, and whether the committed `dist` matches the sources.
pub(super) fn checks(stage: &Stage<'_>) -> Result<Counts, Failure> {
    let node = prepare(stage)?;
    let folder = stage.checkout.path("frontend");
    let mut total = Counts::default();
    for script in ["check", "verify-dist"] {
        let command = node.npm(&["run", script], &folder);
        total += run(stage, "frontend", script, command)?;
    }
    Ok(total)
}

/// The system in Chromium.
pub(super) fn browser(stage: &Stage<'_>, product: &Product) -> Result<Counts, Failure> {
    let node = prepare(stage)?;
    let script = if product.requires_sign_in() { "e2e-signed-in" } else { "e2e" };
    let mut command = node.npm(&["run", script], &stage.checkout.path("frontend"));
    command.env("BASE_URL", product.ui_url());
    if variable("CHROMIUM").is_none()
        && let Some(chromium) = find_program("chromium")
    {
        command.env("CHROMIUM", chromium);
    }
    run(stage, "browser", script, command)
}

/// Finds Node and installs the locked packages if necessary.
fn prepare(stage: &Stage<'_>) -> Result<Node, Failure> {
    let node = node(stage.checkout, stage.console, stage.interrupt)?;
    let folder = stage.checkout.path("frontend");
    // npm writes this file last: if it is newer than the lock file, all packages are installed.
    let modified = |path: &str| std::fs::metadata(folder.join(path)).and_then(|file| file.modified()).ok();
    let installed = modified("node_modules/.package-lock.json");
    if installed.is_some() && installed >= modified("package-lock.json") {
        return Ok(node);
    }
    stage.console.timed("npm", || {
        let command = node.npm(&["ci", "--no-audit", "--no-fund"], &folder);
        let mut output = Vec::new();
        let status = run::lines(command, stage.interrupt, OnInterrupt::Stop, |line| {
            stage.console.live("npm", line);
            output.push(line.to_owned());
        })?;
        if status.success() {
            return Ok(());
        }
        Err(Failure::new(format!("npm ci failed:\n{}", output.join("\n"))))
    })?;
    Ok(node)
}

/// Runs a script; a script that reports no test counts is counted as one test.
fn run(stage: &Stage<'_>, part: &str, script: &str, command: Command) -> Result<Counts, Failure> {
    let mut counts = Counts::default();
    let mut output = Vec::new();
    let status = run::lines(command, stage.interrupt, OnInterrupt::Stop, |line| {
        stage.console.live(part, line);
        counts += of_node(line).unwrap_or_default();
        output.push(line.to_owned());
    })?;
    if !status.success() && counts.failed == 0 {
        counts.failed = 1;
    }
    if status.success() && counts.passed == 0 {
        counts.passed = 1;
    }
    if counts.failed > 0 {
        let output = output.join("\n");
        stage.console.line(part, &format!("npm run {script}: FAILED\n{output}"));
    } else {
        let line = format!("{:<48} {:>4} passed", format!("npm run {script}"), counts.passed);
        stage.console.line(part, &line);
    }
    Ok(counts)
}
