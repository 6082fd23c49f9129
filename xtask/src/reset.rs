//! `reset`: deletes all data of `up`.

use std::fs;
use std::io::{BufRead, Write};
use std::process::ExitCode;

use crate::checkout::Checkout;
use crate::cli::ResetOptions;
use crate::console::say;
use crate::failure::{Doing, Failure};
use crate::instance::{Lock, stop_leftovers};

/// The data of `up`. Test data, a fetched Node and the servers of Debian 13 are not deleted.
const DATA: [&str; 7] = ["postgres", "rabbitmq", "redis", "secrets", "logs", "run", "state"];

/// Deletes data, passwords and logs after confirmation.
///
/// # Errors
/// Fails while the system is running, or if something cannot be deleted.
pub(crate) fn reset(checkout: &Checkout, options: &ResetOptions) -> Result<ExitCode, Failure> {
    let folder = checkout.local();
    let Some(_lock) = Lock::take(&folder)? else {
        return Err(Failure::new("the system is running; run `cargo xtask down` first"));
    };
    if !options.yes && !confirmed(&folder.display().to_string()) {
        say!("Nothing was deleted.");
        return Ok(ExitCode::FAILURE);
    }
    stop_leftovers(&folder);
    for name in DATA {
        let path = folder.join(name);
        let deleted = if path.is_dir() {
            fs::remove_dir_all(&path)
        } else if path.exists() {
            fs::remove_file(&path)
        } else {
            Ok(())
        };
        deleted.doing(format!("delete {}", path.display()))?;
    }
    say!("All data of `up` are deleted.");
    Ok(ExitCode::SUCCESS)
}

fn confirmed(folder: &str) -> bool {
    print!("This deletes all orders, accounts, messages and logs under {folder}. Continue? [y/N] ");
    let _ = std::io::stdout().flush();
    let mut answer = String::new();
    let _ = std::io::stdin().lock().read_line(&mut answer);
    matches!(answer.trim(), "y" | "Y" | "yes")
}
