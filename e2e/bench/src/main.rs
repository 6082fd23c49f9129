//! Measures the running system through its public interfaces; `cargo xtask bench` starts the system.

mod cli;

mod client;
mod latency;
mod watch;

mod disk;
mod parts;
mod report;

mod gateway;
mod orders;
mod relay;
mod sockets;

use clap::Parser;
use cli::{Cli, Command};
use std::error::Error;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match &cli.command {
        // The measured code runs in this process, as it would in a service.
        Command::Relay(_) => tokio::runtime::Builder::new_multi_thread().enable_all().build(),
        // The load generator shares the cores with the system, so it should use as little CPU as possible.
        Command::Orders(_) | Command::Sockets(_) | Command::Gateway(_) | Command::Upstream { .. } => {
            tokio::runtime::Builder::new_current_thread().enable_all().build()
        }
    };
    match runtime {
        Ok(runtime) => runtime.block_on(run(cli)),
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: Cli) -> ExitCode {
    let measured = match cli.command {
        Command::Orders(options) => orders::measure(&options).await,
        Command::Sockets(options) => sockets::measure(&options).await,
        Command::Gateway(options) => gateway::measure(&options).await,
        Command::Relay(options) => relay::measure(&options).await,
        Command::Upstream { host } => return gateway::upstream::serve(&host).await,
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

/// Formats an error with its causes in one line.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(source) = cause {
        text = format!("{text}: {source}");
        cause = source.source();
    }
    text
}
