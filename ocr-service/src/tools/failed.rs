//! How a tool reports its failure.

use std::process::ExitCode;

/// Prints the error with its causes.
pub(super) fn failed(failure: &(dyn std::error::Error + 'static)) -> ExitCode {
    eprintln!("{}", telemetry::chain(failure));
    ExitCode::FAILURE
}
