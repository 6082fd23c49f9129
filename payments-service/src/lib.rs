//! Accounts, the ledger, and the decision about the payment of each order.

pub mod config;
pub mod state;

pub mod api;
pub mod inbox;

pub mod domain;
pub mod store;

use config::Config;
use http_server::readiness::Readiness;
use http_server::serve;
use postgres::idempotency;
use process::{Process, Shutdown};
use rabbit_outbox::{ConsumerOptions, Messaging};
use service::app;
use state::State;
use std::error::Error;
use tracing::info;

/// The service's name: its schema, its exchange, and the prefix of its queues.
pub const SERVICE: &str = "payments";

/// Runs the service until a signal arrives or a task fails.
///
/// # Errors
/// When it can't start: a malformed URL or a port in use.
pub async fn run(config: Config) -> Result<Shutdown, Box<dyn Error>> {
    let metrics = telemetry::start(&config.process)?;
    let process = Process::default();
    let stopping = process.stopping();

    let database = postgres::pool(&config.postgres, SERVICE)?;
    let replica = postgres::read_pool(&config.postgres, SERVICE)?;
    let messaging = Messaging::new(SERVICE, database.clone(), &config.amqp_url).with_tracing(trace::Propagation);
    let state = State { messaging: messaging.clone(), database: database.clone(), replica };

    let readiness = Readiness::default()
        .check("database", {
            let database = database.clone();
            move || postgres::check(database.clone())
        })
        .check("broker", {
            let messaging = messaging.clone();
            move || std::future::ready(messaging.check())
        });
    let router = app::with_common_routes(
        api::routes(state),
        config.internal_auth.build(config.listen_addr)?,
        readiness,
        metrics,
    );
    let listener = serve::listen(config.listen_addr).await?;
    info!(address = %listener.local_addr()?, "payments-service is listening");

    process.run("http", serve::serve(listener, router, stopping.clone()));
    process.run("relay", messaging.relay().run(stopping.clone()));
    let consumer =
        messaging.consumer(inbox::subscriptions()).with_options(ConsumerOptions::batches_of(inbox::BATCH_MAX));
    process.run("consumer", consumer.run(stopping.clone()));
    process.run("idempotency maintenance", idempotency::delete_expired_until(database, stopping));
    Ok(process.run_until_shutdown(config.process.shutdown_timeout()).await?)
}
