//! Applies roles, schemas and tables of every service, then exits. Running it again changes nothing.

use clap::{Arg, ArgMatches, CommandFactory, FromArgMatches, Parser, value_parser};
use configuration::{DatabaseUrl, LogFormat, Password};
use migrations::{SCHEMAS, Schema};
use std::process::ExitCode;
use tls::{ConnectTls, ConnectTlsError};

/// Applies roles, schemas and tables of every service, then exits. Running it again changes nothing.
#[derive(Parser)]
#[command(version)]
struct Config {
    /// URL of the database, as an administrator who may create roles and schemas.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    database_url: DatabaseUrl,

    /// The authorities.
    #[command(flatten)]
    tls: ConnectTls,

    /// Format of the line that reports a failure.
    #[arg(long, env = "LOG_FORMAT", value_enum, default_value = "json")]
    log_format: LogFormat,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let matches = configuration::matches(SCHEMAS.iter().map(password).fold(Config::command(), clap::Command::arg));
    let config = Config::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let database_url = match trusted(&config) {
        Ok(url) => url,
        Err(failure) => {
            configuration::report(&format!("can't start: {failure}"));
            return ExitCode::FAILURE;
        }
    };
    match migrations::apply(database_url.as_str(), |schema| given(&matches, schema)).await {
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

/// The URL of the database, with the authorities that it trusts.
fn trusted(config: &Config) -> Result<DatabaseUrl, ConnectTlsError> {
    config.tls.check_database("DATABASE_URL", &config.database_url)?;
    let authorities = config.tls.authorities()?;
    Ok(authorities.map_or_else(|| config.database_url.clone(), |file| config.database_url.trusting(file)))
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
