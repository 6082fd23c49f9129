//! `reset`: deletes all data of `up`, or the tables of one service.

use std::fs;
use std::io::{BufRead, Write};
use std::process::ExitCode;

use crate::checkout::Checkout;
use crate::cli::ResetOptions;
use crate::console::say;
use crate::failure::{Doing, Failure};
use crate::instance::{Lock, Plan, drop_schema, stop_leftovers};
use crate::services::Service;

/// The data of `up`. Test data, a fetched Node and the servers of Debian 13 are not deleted.
const DATA: [&str; 7] = ["postgres", "rabbitmq", "redis", "secrets", "logs", "run", "state"];

/// Deletes data, passwords and logs after confirmation; of one service only its tables.
///
/// # Errors
/// Fails while the system is running, or if something cannot be deleted.
pub(crate) fn reset(checkout: &Checkout, options: &ResetOptions) -> Result<ExitCode, Failure> {
    let folder = checkout.local();
    let Some(_lock) = Lock::take(&folder)? else {
        return Err(Failure::new("the system is running; run `cargo xtask down` first"));
    };
    let what = match options.service {
        Some(service) => format!("all data of {}", service.package),
        None => "all orders, accounts, messages and logs".to_owned(),
    };
    if !options.yes && !confirmed(&format!("{what} under {}", folder.display())) {
        say!("Nothing was deleted.");
        return Ok(ExitCode::FAILURE);
    }
    stop_leftovers(&folder);
    if let Some(service) = options.service {
        return reset_service(&Plan::up(checkout, false, false), service);
    }
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

/// Deletes the schema of a service from the private server, and with it the record of what was migrated.
fn reset_service(plan: &Plan, service: Service) -> Result<ExitCode, Failure> {
    if plan.given.database.is_some() {
        let text = "DATABASE_URL names another server: only data of the private one can be deleted";
        return Err(Failure::new(text));
    }
    if !plan.folder().join("postgres").is_dir() {
        return Err(Failure::new("`cargo xtask up` has not created any data yet"));
    }
    drop_schema(plan, service.name)?;
    say!("The data of {} are deleted; the next `up` creates its tables.", service.package);
    say!("Events that it published, and those that wait for it in the broker, remain.");
    Ok(ExitCode::SUCCESS)
}

fn confirmed(what: &str) -> bool {
    print!("This deletes {what}. Continue? [y/N] ");
    let _ = std::io::stdout().flush();
    let mut answer = String::new();
    let _ = std::io::stdin().lock().read_line(&mut answer);
    matches!(answer.trim(), "y" | "Y" | "yes")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::SERVICES;

    #[test]
    fn data_of_a_server_that_is_not_private_are_not_deleted() {
        let mut plan = Plan::up(&Checkout::of_this_build(), false, false);
        plan.given.database = Some("postgres://admin@db.example/chipin".to_owned());
        let failure = reset_service(&plan, SERVICES[0]).unwrap_err();
        assert!(failure.to_string().starts_with("DATABASE_URL names another server"), "{failure}");
    }
}
