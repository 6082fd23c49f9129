//! `generate` and `sqlx`: regenerates files, or checks that the committed ones are up to date.

mod asyncapi;
mod compare;
mod query_data;

use std::process::ExitCode;

use crate::checkout::Checkout;
use crate::cli::GenerateOptions;
use crate::console::Console;
use crate::failure::Failure;
use crate::interrupt::Interrupt;

/// Generates all files.
///
/// # Errors
/// Fails if a generator fails, or with `--check` if a committed file differs.
pub(crate) fn generate(checkout: &Checkout, options: GenerateOptions) -> Result<ExitCode, Failure> {
    let console = Console::new();
    asyncapi::generate(checkout, options.check, &console)?;
    query_data::generate(checkout, options.check, &console, &Interrupt::watch()?)?;
    Ok(ExitCode::SUCCESS)
}

/// Generates only the query data of sqlx.
///
/// # Errors
/// As [`generate`].
pub(crate) fn sqlx(checkout: &Checkout, options: GenerateOptions) -> Result<ExitCode, Failure> {
    let console = Console::new();
    query_data::generate(checkout, options.check, &console, &Interrupt::watch()?)?;
    Ok(ExitCode::SUCCESS)
}
