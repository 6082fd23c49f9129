//! Builds the services while the servers start.

use std::process::Command;

use crate::checkout::Checkout;
use crate::console::Console;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::run::{self, OnInterrupt};
use crate::services::programs;

/// Builds all programs of the system, and shows the progress.
///
/// # Errors
/// Fails with the compiler's output.
pub(crate) fn build_services(
    checkout: &Checkout,
    release: bool,
    console: &Console,
    interrupt: &Interrupt,
) -> Result<(), Failure> {
    let mut command = Command::new("cargo");
    command
        .arg("build")
        .current_dir(checkout.root())
        // The query macros depend on this variable, so a different value would cause recompilation, although they never
        // connect to it.
        .env_remove("DATABASE_URL");
    for program in programs() {
        command.args(["-p", program]);
    }
    if release {
        command.arg("--release");
    }
    cargo(command, "build", console, interrupt)
}

/// Runs a cargo command that only builds.
///
/// # Errors
/// Fails with the compiler's output.
pub(crate) fn cargo(mut command: Command, step: &str, console: &Console, interrupt: &Interrupt) -> Result<(), Failure> {
    if !Checkout::program("gateway", false).exists() {
        // Nothing to reuse yet, and recording what later builds can reuse takes a third longer. It does not change what
        // is built: later builds of developers are incremental.
        command.env("CARGO_INCREMENTAL", "0");
    }
    command
        // The progress bar shows how much remains; the list of crates does not.
        .env("CARGO_TERM_PROGRESS_WHEN", "always")
        .env("CARGO_TERM_PROGRESS_WIDTH", "100")
        .env("CARGO_TERM_COLOR", "never");
    let mut output = Vec::new();
    let status = run::lines(command, interrupt, OnInterrupt::Stop, |line| {
        let line = line.trim();
        if let Some(progress) = progress(line) {
            console.live(step, &progress);
        } else if !is_noise(line) {
            output.push(line.to_owned());
        }
    })?;
    if status.success() {
        return Ok(());
    }
    Err(Failure::new(format!("cargo could not build:\n{}", output.join("\n"))))
}

/// Parses `Building [====>   ] 12/240: sqlx, tokio` and waiting for another cargo process.
fn progress(line: &str) -> Option<String> {
    if line.starts_with("Blocking ") {
        return Some("waiting for another cargo process".to_owned());
    }
    let bar = line.strip_prefix("Building [")?;
    let (_, counts) = bar.split_once("] ")?;
    let (done, names) = counts.split_once(':').unwrap_or((counts, ""));
    Some(format!("{} crates:{names}", done.trim()))
}

fn is_noise(line: &str) -> bool {
    line.is_empty()
        || ["Compiling ", "Downloading ", "Downloaded ", "Updating ", "Locking "]
            .iter()
            .any(|verb| line.starts_with(verb))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_of_cargo_becomes_a_count() {
        assert_eq!(
            progress("Building [====>      ] 12/240: sqlx, tokio").as_deref(),
            Some("12/240 crates: sqlx, tokio")
        );
        assert_eq!(progress("Compiling tokio v1.0.0"), None);
    }
}
