//! Runs users-service.

use chassis::config::Command;
use std::process::ExitCode;
use users_service::config::Config;

#[tokio::main]
async fn main() -> ExitCode {
    let config: Config = chassis::config::parse();
    match config.command {
        Some(Command::Healthcheck) => chassis::healthcheck::run(config.listen_addr).await,
        None => chassis::process::exit_code(users_service::run(config).await),
    }
}
