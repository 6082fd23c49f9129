//! A process that only runs the relay of one service; tests kill and freeze it.

use clap::Parser;
use rabbit_outbox::Messaging;
use sqlx::PgPool;
use sqlx::postgres::PgConnectOptions;
use std::str::FromStr;
use tokio_util::sync::CancellationToken;

/// A relay without a service.
#[derive(Parser)]
struct Arguments {
    /// The database.
    #[arg(long)]
    database_url: String,
    /// The broker.
    #[arg(long)]
    amqp_url: String,
    /// The service, which is also the schema of its outbox.
    #[arg(long)]
    service: String,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments = Arguments::parse();
    let options = PgConnectOptions::from_str(&arguments.database_url)?.options([("search_path", &arguments.service)]);
    let pool = PgPool::connect_lazy_with(options);
    let messaging = Messaging::new(&arguments.service, pool, &arguments.amqp_url);
    let stopping = CancellationToken::new();
    let stop = stopping.clone();
    tokio::spawn(async move {
        // Without the signal it runs forever, as a relay does.
        let _ = tokio::signal::ctrl_c().await;
        stop.cancel();
    });
    messaging.relay().run(stopping).await?;
    Ok(())
}
