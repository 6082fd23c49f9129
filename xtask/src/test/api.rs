//! The OpenAPI documents: tools of others can read them, and every response to generated requests conforms to them.

use std::path::PathBuf;
use std::process::Command;

use crate::failure::Failure;
use crate::instance::Product;
use crate::run::{self, OnInterrupt};
use crate::services::SERVICES;
use crate::test::counts::Counts;
use crate::test::generated_client::generated_clients;
use crate::test::stage::Stage;

/// The checks of a response: never a 5xx, and as documented.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,\
                      response_schema_conformance";
const REQUIREMENTS: &str = "e2e/api-requirements.txt";

/// Validates every document, uses generated clients, and tests every operation with valid and invalid requests; a
/// document with a violation counts as a failed test.
///
/// # Errors
/// Fails if the test tools cannot be installed.
pub(super) fn api(stage: &Stage<'_>, product: &Product) -> Result<Counts, Failure> {
    let tools = tools(stage)?;
    let documents: Vec<&str> = SERVICES.iter().map(|service| &service.prefix[1..]).collect();
    let mut counts = generated_clients(stage, product, &tools, &documents)?;
    for document in documents {
        let base = format!("{}/{document}", product.api_url());
        let mut command = Command::new(tools.join("schemathesis"));
        command
            .args(["run", &format!("{base}/openapi.json"), "--url", &base, "--header", "X-User-ID: 1"])
            .args(["--phases", "examples,coverage,fuzzing", "--checks", CHECKS, "--max-examples", "100"])
            .args(["--seed", "7", "--request-timeout", "30", "--continue-on-failure", "--no-color"])
            // The tool stores its state in the current folder.
            .current_dir(stage.folder);
        let mut output = Vec::new();
        let status = run::lines(command, stage.interrupt, OnInterrupt::Stop, |line| {
            stage.console.live("api", &format!("{document} {line}"));
            output.push(line.to_owned());
        })?;
        if status.success() {
            let generated = output.iter().find(|line| line.contains("generated,")).map_or("", |line| line.trim());
            stage.console.line("api", &format!("{:<48} {generated}", format!("/{document}/openapi.json")));
            counts.passed += 1;
        } else {
            stage.console.line("api", &format!("/{document}/openapi.json: FAILED\n{}", output.join("\n")));
            counts.failed += 1;
        }
    }
    Ok(counts)
}

/// Installs the test tools with pinned dependencies in the checkout's folder; returns the folder of their programs.
fn tools(stage: &Stage<'_>) -> Result<PathBuf, Failure> {
    let folder = stage.checkout.local().join("tools/api");
    let mut venv = Command::new("python3");
    venv.args(["-m", "venv"]).arg(&folder);
    let mut install = Command::new(folder.join("bin/pip"));
    install.args(["install", "--quiet", "--disable-pip-version-check", "-r"]).arg(stage.checkout.path(REQUIREMENTS));
    stage.console.timed("api tools", || {
        for command in [venv, install] {
            let mut output = Vec::new();
            let status = run::lines(command, stage.interrupt, OnInterrupt::Stop, |line| output.push(line.to_owned()))?;
            if !status.success() {
                return Err(Failure::new(format!("the test tools can't be installed:\n{}", output.join("\n"))));
            }
        }
        Ok(())
    })?;
    Ok(folder.join("bin"))
}
