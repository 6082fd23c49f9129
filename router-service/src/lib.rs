//! Share links, joint splitting of a cheque, settlement.

pub mod config;
mod metrics_help;
pub mod state;

pub mod api;
pub mod arrival;
pub mod inbox;

pub mod live;
pub mod reconciler;
pub mod wire;

pub mod domain;
pub mod store;

use arrival::cache::Cache;
use arrival::fetcher::ChequeFetcher;
use config::Config;
use http_server::readiness::Readiness;
use http_server::serve;
use live::hub::Hub;
use postgres::idempotency;
use process::{Process, Shutdown};
use rabbit_outbox::Messaging;
use service::app;
use state::State;
use std::error::Error;
use std::time::Duration;
use tracing::info;

/// The service's name: its schema, its exchange, and the prefix of its queues.
pub const SERVICE: &str = "router";

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
    let messaging = Messaging::new(SERVICE, database.clone(), &config.amqp_url).with_tracing(trace::Propagation);
    let (fanout, fanout_tasks) = messaging.fanout("live");
    let hub = Hub::new(fanout, config.live_sockets_per_user);
    let fetcher = ChequeFetcher::new(messaging.clone(), database.clone(), Cache::new(&config.redis_url)?);
    let state = State {
        messaging: messaging.clone(),
        database: database.clone(),
        fetcher: fetcher.clone(),
        hub: hub.clone(),
        share_base_url: config.share_base_url.trim_end_matches('/').into(),
        stopping: process.stopping(),
    };

    // The cache is not a readiness check: without it, links only open more slowly.
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
        api::routes(state.clone()),
        config.internal_auth.build(config.listen_addr)?,
        readiness,
        metrics,
    );
    let listener = serve::listen(config.listen_addr).await?;
    info!(address = %listener.local_addr()?, "router-service listens");

    process.run("http", serve::serve(listener, router, stopping.clone()));
    process.run("relay", messaging.relay().run(stopping.clone()));
    process.run("consumer", messaging.consumer(inbox::subscriptions(&state)).run(stopping.clone()));
    process.run("live", {
        let hub = hub.clone();
        let on_notification = move |notification: rabbit_outbox::fanout::Heard<'_>| {
            if let Some(hash) = hub.on_notification(&notification) {
                fetcher.announce(&hash);
            }
        };
        fanout_tasks.run(on_notification, stopping.clone())
    });
    process.run("live reading", hub.clone().read_stale(database.clone(), stopping.clone()));
    process.run("sockets", hub.drained(stopping.clone()));
    let patience = Duration::from_secs(config.transfer_patience_secs);
    process.run("reconciler", reconciler::run(messaging, patience, stopping.clone()));
    process.run("idempotency maintenance", idempotency::delete_expired_until(database, stopping));
    Ok(process.run_until_shutdown(config.process.shutdown_timeout()).await?)
}
