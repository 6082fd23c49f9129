//! `ocr-service isolation`: what a worker can do before and after the lockdown.

use crate::workers::attempts::{Attempt, Attempts};
use crate::workers::program::WorkerProgram;
use std::io;
use std::process::{Command, ExitCode, Stdio};

#[derive(Debug, clap::Args)]
pub(super) struct Isolation {
    /// Prints JSON instead of a table.
    #[arg(long)]
    json: bool,
}

impl Isolation {
    pub(super) fn run(self) -> ExitCode {
        match attempt_all() {
            Ok(attempts) => {
                if self.json {
                    println!("{}", serde_json::json!(attempts));
                } else {
                    print(&attempts);
                }
                if attempts.all_refused() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
            }
            Err(failure) => super::failed::failed(&failure),
        }
    }
}

/// Lets a process like a worker attempt everything.
fn attempt_all() -> io::Result<Attempts> {
    let program = WorkerProgram::open().map_err(io::Error::other)?;
    let mut worker = Command::new(program.path());
    // Use pipes only: a locked-down process that writes to a file is killed.
    worker.args(["--attempts"]).env_clear().current_dir("/").stdin(Stdio::null()).stderr(Stdio::piped());
    let output = worker.output()?;
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        return Err(io::Error::other(format!("the worker ended with {}: {}", output.status, errors.trim())));
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

fn print(Attempts { landlock, attempts }: &Attempts) {
    println!("{:<36} {:<10} after the lockdown", "attempt", "before");
    for Attempt { deed, before, after } in attempts {
        println!("{deed:<36} {before:<10} {after}");
    }
    println!("Landlock is {landlock} enforced; the system call filter always is.");
}
