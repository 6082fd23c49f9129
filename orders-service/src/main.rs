//! Runs orders-service.

use chassis::config::Command;
use orders_service::config::Config;
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    let config: Config = chassis::config::parse();
    match config.command {
        Some(Command::Healthcheck) => chassis::healthcheck::run(config.listen_addr).await,
        None => chassis::process::exit_code(orders_service::run(config).await),
    }
}
