//! Runs payments-service.

use payments_service::config::Config;
use process::config::Command;
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    let config: Config = process::config::parse();
    match config.command {
        Some(Command::Healthcheck) => {
            http_server::healthcheck::run(config.listen_addr, &config.service.listen_tls).await
        }
        None => process::exit_code(payments_service::run(config).await),
    }
}
