//! `tidy`: stub.
use crate::{checkout::Checkout, failure::Failure};
use std::process::ExitCode;
pub(crate) fn tidy(_: &Checkout) -> Result<ExitCode, Failure> {
    Ok(ExitCode::SUCCESS)
}
