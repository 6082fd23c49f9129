//! Runs users-service.

use process::config::Command;
use std::process::ExitCode;
use users_service::config::Config;

#[tokio::main]
async fn main() -> ExitCode {
    let config: Config = process::config::parse();
    match config.command {
        Some(Command::Healthcheck) => http_server::healthcheck::run(config.listen_addr).await,
        None => process::exit_code(users_service::run(config).await),
    }
}
