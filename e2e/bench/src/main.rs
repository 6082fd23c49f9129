//! Measures the running system from outside, as its clients see it; `cargo xtask bench` starts what is measured.

mod cli;

mod client;
mod latency;
mod watch;

mod disk;
mod parts;
mod report;

mod orders;

use clap::Parser;
use cli::{Cli, Command};
use std::error::Error;
use std::process::ExitCode;

// One thread: what the load costs is taken from the same cores, so it should be as little as can be.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let measured = match cli.command {
        Command::Orders(options) => orders::measure(&options).await,
    };
    match measured {
        Ok(report) => {
            report.print(cli.json);
            report.exit_code()
        }
        Err(failure) => {
            eprintln!("error: {}", chain(failure.as_ref()));
            ExitCode::FAILURE
        }
    }
}

/// An error with its causes in one line.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(source) = cause {
        text = format!("{text}: {source}");
        cause = source.source();
    }
    text
}
