//! Orders: placing them, their states, and their live status over WebSocket.

pub mod config;
mod metrics_help;
pub mod state;

pub mod api;
pub mod inbox;

pub mod order_batcher;
pub mod reconciler;

pub mod live;

pub mod domain;
pub mod store;

use config::Config;
use http_server::readiness::Readiness;
use http_server::serve;
use live::hub::Hub;
use order_batcher::OrderBatcher;
use postgres::idempotency;
use process::{Process, Shutdown};
use rabbit_outbox::{ConsumerOptions, Messaging};
use service::app;
use state::State;
use std::error::Error;
use std::time::Duration;
use tracing::info;

/// The service's name: its schema, its exchange, and the prefix of its queues.
pub const SERVICE: &str = "orders";

/// Runs the service until a signal or a failure.
///
/// # Errors
/// If it cannot start, for example because of a malformed URL or a port that is in use.
pub async fn run(config: Config) -> Result<Shutdown, Box<dyn Error>> {
    let metrics = telemetry::start(&config.process)?;
    metrics_help::describe();
    let process = Process::default();
    let stopping = process.stopping();

    let database = postgres::pool(&config.postgres, SERVICE)?;
    let replica = postgres::read_pool(&config.postgres, SERVICE)?;
    let messaging = Messaging::new(SERVICE, database.clone(), &config.amqp_url).with_tracing(trace::Propagation);
    let (fanout, fanout_tasks) = messaging.fanout("live");
    let hub = Hub::new(fanout, config.live_sockets_per_user);
    let order_batcher = OrderBatcher::start(messaging.clone(), hub.clone());
    let state = State {
        messaging: messaging.clone(),
        order_batcher,
        database: database.clone(),
        replica,
        hub: hub.clone(),
        stopping: process.stopping(),
    };

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
        api::routes(state.clone(), messaging.clone()),
        config.internal_auth.build(config.listen_addr)?,
        readiness,
        metrics,
    );
    let listener = serve::listen(config.listen_addr).await?;
    info!(address = %listener.local_addr()?, "orders-service listens");

    process.run("http", serve::serve(listener, router, stopping.clone()));
    process.run("relay", messaging.relay().run(stopping.clone()));
    let consumer =
        messaging.consumer(inbox::subscriptions(&state)).with_options(ConsumerOptions::batches_of(inbox::BATCH_MAX));
    process.run("consumer", consumer.run(stopping.clone()));
    process.run("live", {
        let hub = hub.clone();
        fanout_tasks.run(move |notification| hub.on_notification(&notification), stopping.clone())
    });
    process.run("sockets", hub.drained(stopping.clone()));
    let patience = Duration::from_secs(config.order_patience_secs);
    process.run("reconciler", reconciler::run(messaging, patience, stopping.clone()));
    process.run("idempotency maintenance", idempotency::delete_expired_until(database, stopping));
    Ok(process.run_until_shutdown(config.process.shutdown_timeout()).await?)
}
