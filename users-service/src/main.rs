//! Runs users-service.

use std::process::ExitCode;
use users_service::config::{Command, Config};

#[tokio::main]
async fn main() -> ExitCode {
    let config: Config = process::config::parse();
    match &config.command {
        Some(Command::Healthcheck) => {
            http_server::healthcheck::run(config.listen_addr, &config.service.listen_tls).await
        }
        Some(Command::CreateAdmin { login, remove_second_factor }) => {
            users_service::create_admin::run(&config, login, *remove_second_factor).await
        }
        None => process::exit_code(users_service::run(config).await),
    }
}
