//! Applies roles, schemas and tables of every service, then exits. Running it again changes nothing.

use clap::{Arg, ArgMatches, CommandFactory, FromArgMatches, Parser, value_parser};
use configuration::{DatabaseUrl, LogFormat, Password};
use migrations::{SCHEMAS, Schema};
use std::process::ExitCode;

/// Applies roles, schemas and tables of every service, then exits. Running it again changes nothing.
#[derive(Parser)]
#[command(version)]
struct Config {
    /// URL of the database, as an administrator who may create roles and schemas.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    database_url: DatabaseUrl,

    /// Format of the line that reports a failure.
    #[arg(long, env = "LOG_FORMAT", value_enum, default_value = "json")]
    log_format: LogFormat,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let matches = configuration::matches(SCHEMAS.iter().map(password).fold(Config::command(), clap::Command::arg));
    let config = Config::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    match migrations::apply(config.database_url.as_str(), |schema| given(&matches, schema)).await {
        Ok(()) => {
            println!("migrations: every schema is up to date");
            ExitCode::SUCCESS
        }
        Err(failure) => {
            configuration::report(&format!("migrations: {}", failure.chain()));
            ExitCode::FAILURE
        }
    }
}

/// The argument for the password of a schema's role: `ORDERS_DB_PASSWORD` and so on.
fn password(schema: &Schema) -> Arg {
    Arg::new(schema.password_argument)
        .long(schema.password_argument)
        .env(schema.password_variable)
        .hide_env_values(true)
        .value_parser(value_parser!(Password))
        .required(true)
        .help("Password of the service's role")
}

fn given(matches: &ArgMatches, schema: &Schema) -> String {
    matches.get_one::<Password>(schema.password_argument).map(|given| given.as_str().to_owned()).unwrap_or_default()
}
