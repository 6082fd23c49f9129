//! `reset`: forgets everything that `up` keeps.

use std::fs;
use std::io::{BufRead, Write};
use std::process::ExitCode;

use crate::checkout::Checkout;
use crate::cli::ResetOptions;
use crate::console::say;
use crate::failure::{Doing, Failure};
use crate::instance::{Lock, stop_leftovers};

/// What `up` keeps. Test data, a fetched Node and the servers of Debian 13 stay.
const KEPT: [&str; 7] = ["postgres", "rabbitmq", "redis", "secrets", "logs", "run", "state"];

/// Deletes data, passwords and logs, after asking.
///
/// # Errors
/// Fails while the system runs, or if something cannot be deleted.
pub(crate) fn reset(checkout: &Checkout, options: &ResetOptions) -> Result<ExitCode, Failure> {
    let folder = checkout.local();
    let Some(_lock) = Lock::take(&folder)? else {
        return Err(Failure::new("it runs; `cargo xtask down` first, so that nothing is cut off"));
    };
    if !options.yes && !agreed(&folder.display().to_string()) {
        say!("Nothing was deleted.");
        return Ok(ExitCode::FAILURE);
    }
    stop_leftovers(&folder);
    for name in KEPT {
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
    say!("All data of `up` are deleted; the next one begins anew.");
    Ok(ExitCode::SUCCESS)
}

fn agreed(folder: &str) -> bool {
    print!("This deletes all orders, accounts, messages and logs under {folder}. Go on? [y/N] ");
    let _ = std::io::stdout().flush();
    let mut answer = String::new();
    let _ = std::io::stdin().lock().read_line(&mut answer);
    matches!(answer.trim(), "y" | "Y" | "yes")
}
