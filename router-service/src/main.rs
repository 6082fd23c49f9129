//! Runs router-service.

use process::config::Command;
use router_service::config::Config;
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    let config: Config = process::config::parse();
    match config.command {
        Some(Command::Healthcheck) => {
            http_server::healthcheck::run(config.listen_addr, &config.service.listen_tls).await
        }
        None => process::exit_code(router_service::run(config).await),
    }
}
