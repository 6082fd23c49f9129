//! Installs the servers of Debian 13 in a folder of the checkout, separate from the machine's.

use std::process::Command;

use servers::{Programs, is_root};

use crate::checkout::Checkout;
use crate::console::Console;
use crate::failure::Failure;
use crate::install::{Need, install, missing};
use crate::interrupt::Interrupt;
use crate::run::{self, OnInterrupt};

const SCRIPT: &str = include_str!("trixie.sh");
const PACKAGES: [&str; 3] = ["postgresql-17", "rabbitmq-server", "redis-server"];

/// The programs of those servers. The first call installs them, which takes minutes and needs network access; deleting
/// `.local/trixie` removes them. The folder contains only programs: their data are stored in the usual folders of test
/// servers.
///
/// # Errors
/// Fails without root permissions, or if the installation fails.
pub(crate) fn trixie(checkout: &Checkout, console: &Console, interrupt: &Interrupt) -> Result<Programs, Failure> {
    if !is_root() {
        return Err(Failure::new("`--servers trixie` uses mount and chroot, so it requires root"));
    }
    let folder = checkout.local().join("trixie");
    let programs = Programs::Root(folder.clone());
    if folder.exists() {
        return Ok(programs);
    }
    install(&missing(&[Need::Debootstrap]), console, interrupt)?;
    std::fs::create_dir_all(checkout.local())
        .map_err(|error| Failure::because(format!("make {}", checkout.local().display()), &error))?;
    let mut command = Command::new("sh");
    command.args(["-c", SCRIPT, "trixie.sh"]).arg(&folder).args(PACKAGES);
    let mut output = Vec::new();
    console.timed("trixie", || {
        let status = run::lines(command, interrupt, OnInterrupt::Stop, |line| {
            console.live("trixie", line);
            output.push(line.to_owned());
        })?;
        if status.success() {
            return Ok(());
        }
        let tail = output[output.len().saturating_sub(20)..].join("\n  | ");
        Err(Failure::new(format!("Debian 13 could not be installed under {}:\n  | {tail}", folder.display())))
    })?;
    Ok(programs)
}
