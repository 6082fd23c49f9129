//! Generates the event catalogue, docs/asyncapi.json, from the event types.

use std::fs;
use std::process::Command;

use crate::checkout::Checkout;
use crate::console::Console;
use crate::failure::{Doing, Failure};

const FILE: &str = "docs/asyncapi.json";

/// Writes the catalogue, or checks the committed one.
pub(super) fn generate(checkout: &Checkout, check: bool, console: &Console) -> Result<(), Failure> {
    let output = Command::new("cargo")
        .args(["run", "--quiet", "-p", "contracts"])
        .args(["--features", "schema", "--example", "asyncapi"])
        .current_dir(checkout.root())
        .output()
        .doing("run the generator of the event catalogue")?;
    if !output.status.success() {
        return Err(Failure::new(format!(
            "the generator of the event catalogue failed:\n{}",
            String::from_utf8_lossy(&output.stderr)
        )));
    }
    let path = checkout.path(FILE);
    if fs::read(&path).is_ok_and(|committed| committed == output.stdout) {
        console.line("asyncapi", &format!("{FILE} is up to date"));
        return Ok(());
    }
    if check {
        return Err(Failure::new(format!("{FILE} does not match the event types; run `cargo xtask generate`")));
    }
    fs::write(&path, output.stdout).doing(format!("write {FILE}"))?;
    console.line("asyncapi", &format!("{FILE} is written"));
    Ok(())
}
