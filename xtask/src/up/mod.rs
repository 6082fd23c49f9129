//! `up`: starts the whole system.

mod addresses;
mod detach;
mod foreground;

use std::process::ExitCode;

use crate::checkout::Checkout;
use crate::cli::UpOptions;
use crate::console::say;
use crate::failure::Failure;
use crate::instance::{Lock, State};
use crate::up::addresses::print_addresses;

/// Starts the system; returns after it was stopped, or with `--detach` when it is ready.
///
/// # Errors
/// Fails if something cannot be installed, built or started.
pub(crate) fn up(checkout: &Checkout, options: &UpOptions) -> Result<ExitCode, Failure> {
    if Lock::is_held(&checkout.local()) {
        say!("It is already running (`cargo xtask down` stops it).\n");
        if let Some(state) = State::read(&checkout.local()) {
            print_addresses(&state.addresses);
        }
        return Ok(ExitCode::SUCCESS);
    }
    if options.detach { detach::detach(checkout, options) } else { foreground::run(checkout, options) }
}
