//! Runs `apt.sh` as root, with sudo if necessary.

use std::process::{Command, Stdio};

use servers::{find_program, is_root};

use crate::console::Console;
use crate::console::say;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::run::{self, OnInterrupt};

const SCRIPT: &str = include_str!("apt.sh");

/// Installs packages; the console shows apt's progress.
///
/// # Errors
/// Fails with instructions for a manual installation if apt or the permissions are missing, and with apt's output if it
/// fails.
pub(crate) fn install(packages: &[&str], console: &Console, interrupt: &Interrupt) -> Result<(), Failure> {
    if packages.is_empty() {
        return Ok(());
    }
    let list = packages.join(" ");
    if find_program("apt-get").is_none() {
        return Err(Failure::new(format!(
            "this system is not Debian or Ubuntu; please install the equivalents of these packages: {list}\n\
             (PostgreSQL 13 or newer, RabbitMQ 3.10 or newer with its management plugin, Redis 6 or newer)"
        )));
    }
    let mut command = if is_root() {
        Command::new("sh")
    } else if sudo_without_asking() {
        let mut command = Command::new("sudo");
        command.args(["-n", "sh"]);
        command
    } else {
        return Err(Failure::new(format!(
            "packages are missing, and installing them requires root. Please run:\n\n  sudo apt-get install --no-install-recommends {list}\n\n\
             and if you do not want their servers to start with the machine:\n\n  sudo systemctl disable --now postgresql rabbitmq-server redis-server\n"
        )));
    };
    command.args(["-c", SCRIPT, "apt.sh"]).args(packages);
    console.line("packages", &format!("installing {list}"));
    let mut output = Vec::new();
    let status = run::lines(command, interrupt, OnInterrupt::Finish, |line| {
        console.live("packages", line);
        output.push(line.to_owned());
    })?;
    if status.success() {
        return Ok(());
    }
    let tail = output[output.len().saturating_sub(20)..].join("\n  | ");
    Err(Failure::new(format!("apt-get could not install {list}:\n  | {tail}")))
}

/// Lets sudo ask for a password now, while no other output is written to the terminal.
pub(crate) fn ask_for_password(packages: &[&str]) {
    if packages.is_empty() || is_root() || find_program("sudo").is_none() || sudo_without_asking() {
        return;
    }
    say!("Installing {} requires root; sudo may ask for your password.", packages.join(" "));
    // If sudo fails, `install` reports it with instructions for a manual installation.
    let _ = Command::new("sudo").arg("-v").status();
}

fn sudo_without_asking() -> bool {
    find_program("sudo").is_some()
        && Command::new("sudo")
            .args(["-n", "true"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
}
