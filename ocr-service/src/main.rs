//! Runs ocr-service and its tools.

use ocr_service::config::Config;
use ocr_service::tools::Tools;
use process::config::Command;
use std::process::ExitCode;

fn main() -> ExitCode {
    // Before parsing the configuration: the tools need no database.
    if let Some(tools) = Tools::from_arguments() {
        return tools.run();
    }
    serve()
}

#[tokio::main]
async fn serve() -> ExitCode {
    let config: Config = process::config::parse();
    match config.command {
        Some(Command::Healthcheck) => {
            http_server::healthcheck::run(config.listen_addr, &config.service.listen_tls).await
        }
        None => process::exit_code(ocr_service::run(config).await),
    }
}
