//! Installs missing packages on Debian or Ubuntu, without starting system servers.

mod apt;
mod missing;
mod node;
mod trixie;

pub(crate) use apt::{ask_for_password, install};
pub(crate) use missing::{Need, missing};
pub(crate) use node::{Node, node};
pub(crate) use trixie::trixie;

use std::process::ExitCode;

use crate::console::Console;
use crate::failure::Failure;
use crate::interrupt::Interrupt;

/// Installs the packages that building, running and testing need. The required version of Node is installed by the
/// frontend's tests.
///
/// # Errors
/// As [`install`].
pub(crate) fn everything() -> Result<ExitCode, Failure> {
    let console = Console::new();
    let interrupt = Interrupt::watch()?;
    let needs = [Need::Postgres, Need::RabbitMq, Need::Redis, Need::PgBouncer, Need::Chromium, Need::Tesseract];
    let packages = missing(&needs);
    ask_for_password(&packages);
    install(&packages, &console, &interrupt)?;
    console.line("packages", "everything is installed");
    Ok(ExitCode::SUCCESS)
}
