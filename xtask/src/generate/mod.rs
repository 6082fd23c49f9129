//! `generate`: stub.
use crate::{checkout::Checkout, cli::GenerateOptions, failure::Failure};
use std::process::ExitCode;
pub(crate) fn generate(_: &Checkout, _: &GenerateOptions) -> Result<ExitCode, Failure> {
    Ok(ExitCode::SUCCESS)
}
pub(crate) fn sqlx(_: &Checkout, _: &GenerateOptions) -> Result<ExitCode, Failure> {
    Ok(ExitCode::SUCCESS)
}
