//! The OpenAPI documents as tools of others read them: they are valid, and a generated client places an order.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::Failure;
use crate::instance::Product;
use crate::run::{self, OnInterrupt};
use crate::test::counts::Counts;
use crate::test::stage::Stage;

const SCRIPTS: &str = "e2e/generated-client";

/// Generates a client from each document, and uses two of them; each document and the use count as a test.
///
/// # Errors
/// Fails if a script cannot be run.
pub(super) fn generated_clients(
    stage: &Stage<'_>,
    product: &Product,
    tools: &Path,
    documents: &[&str],
) -> Result<Counts, Failure> {
    let mut counts = Counts::default();
    let packages = stage.folder.join("generated-clients");
    let api = product.api_url();
    for document in documents {
        let url = format!("{api}/{document}/openapi.json");
        // A package's name has no hyphen.
        let package = packages.join(document.replace('-', "_"));
        let mut command = script(stage, tools, "generate.py");
        command.arg(&url).arg(package);
        count(stage, command, &format!("/{document}/openapi.json"), &mut counts)?;
    }
    let mut command = script(stage, tools, "place_order.py");
    command.arg(&api).arg(packages);
    count(stage, command, "generated clients", &mut counts)?;
    Ok(counts)
}

fn script(stage: &Stage<'_>, tools: &Path, name: &str) -> Command {
    let path: PathBuf = stage.checkout.path(SCRIPTS).join(name);
    let mut command = Command::new(tools.join("python"));
    command.arg("-B").arg(path).current_dir(stage.folder);
    command
}

/// Runs a script and prints the last line of its output, or all of it if the script fails.
fn count(stage: &Stage<'_>, command: Command, name: &str, counts: &mut Counts) -> Result<(), Failure> {
    let mut output = Vec::new();
    let status = run::lines(command, stage.interrupt, OnInterrupt::Stop, |line| output.push(line.to_owned()))?;
    if status.success() {
        stage.console.line("api", &format!("{name:<48} {}", output.last().map_or("", String::as_str)));
        counts.passed += 1;
    } else {
        stage.console.line("api", &format!("{name}: FAILED\n{}", output.join("\n")));
        counts.failed += 1;
    }
    Ok(())
}
