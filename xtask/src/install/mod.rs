//! Installs what is missing on a Debian or Ubuntu, without starting system servers.

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

/// Installs the packages that building, running and testing need. A Node that is new enough is the business of the
/// frontend's tests, which know which one.
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
    console.line("packages", "everything is there");
    Ok(ExitCode::SUCCESS)
}
