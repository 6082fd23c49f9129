//! The gateway as a program.

use chassis::config::Command;
use gateway::config::Config;
use std::process::ExitCode;

// What serves has threads of its own.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let config: Config = chassis::config::parse();
    match config.command {
        Some(Command::Healthcheck) => chassis::healthcheck::run(config.api_addr).await,
        None => gateway::program::run(config).await,
    }
}
