//! Applies roles, schemas and tables of every service, then exits. Running it again changes nothing.

use clap::Parser;
use migrations::Passwords;
use std::process::ExitCode;

/// Applies roles, schemas and tables of every service, then exits. Running it again changes nothing.
#[derive(Parser)]
#[command(version)]
struct Config {
    /// URL of the database, as an administrator who may create roles and schemas.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    database_url: String,

    /// Password of the role `orders_service`.
    #[arg(long, env = "ORDERS_DB_PASSWORD", hide_env_values = true)]
    orders_db_password: String,

    /// Password of the role `payments_service`.
    #[arg(long, env = "PAYMENTS_DB_PASSWORD", hide_env_values = true)]
    payments_db_password: String,

    /// Password of the role `ocr_service`.
    #[arg(long, env = "OCR_DB_PASSWORD", hide_env_values = true)]
    ocr_db_password: String,

    /// Password of the role `router_service`.
    #[arg(long, env = "ROUTER_DB_PASSWORD", hide_env_values = true)]
    router_db_password: String,

    /// Password of the role `users_service`.
    #[arg(long, env = "USERS_DB_PASSWORD", hide_env_values = true)]
    users_db_password: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let config = Config::parse();
    let passwords = Passwords {
        orders: &config.orders_db_password,
        payments: &config.payments_db_password,
        ocr: &config.ocr_db_password,
        router: &config.router_db_password,
        users: &config.users_db_password,
    };
    match migrations::apply(&config.database_url, &passwords).await {
        Ok(()) => {
            println!("migrations: every schema is up to date");
            ExitCode::SUCCESS
        }
        Err(failure) => {
            eprintln!("migrations: {}", failure.chain());
            ExitCode::FAILURE
        }
    }
}
