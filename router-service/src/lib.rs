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
use live::hub::Hub;
use process::Shutdown;
use rabbit_outbox::ConsumerOptions;
use rabbit_outbox::fanout::Notification;
use service::Service;
use state::State;
use std::error::Error;
use std::time::Duration;

/// The service's name: its schema, its exchange, and the prefix of its queues.
pub const SERVICE: &str = "router";

/// Runs the service until a signal arrives or a task fails.
///
/// # Errors
/// If it cannot start, for example because of a malformed URL or a port that is in use.
pub async fn run(config: Config) -> Result<Shutdown, Box<dyn Error>> {
    let service = Service::new(SERVICE, config.listen_addr, &config.service)?;
    metrics_help::describe();
    let (database, messaging, stopping) = (service.database(), service.messaging(), service.stopping());
    let (fanout, fanout_tasks) = messaging.fanout("live");
    let hub = Hub::new(fanout, config.live_sockets_per_user.get(), config.live_sockets_per_cheque.get());
    let fetcher = ChequeFetcher::new(
        messaging.clone(),
        database.clone(),
        Cache::new(&config.redis_url, &config.service.connect_tls)?,
    );
    let state = State {
        messaging: messaging.clone(),
        database: database.clone(),
        fetcher: fetcher.clone(),
        hub: hub.clone(),
        share_base_url: config.share_base_url.as_str().into(),
        accounts: config.currency,
        link_lifetime: Duration::from_hours(24 * u64::from(config.link_days.get())),
        stopping: stopping.clone(),
    };
    let live = {
        let hub = hub.clone();
        let on_notification = move |notification: Notification<'_>| {
            if let Some(hash) = hub.on_notification(&notification) {
                fetcher.announce(&hash);
            }
        };
        fanout_tasks.run(on_notification, stopping.clone())
    };
    let patience = config.transfer_patience_secs.duration();
    // The cache is not a readiness check: without it, links only open more slowly.
    let service = service
        .consume(inbox::subscriptions(&state), ConsumerOptions::default())
        .ready_with_broker()
        .with_idempotency_keys()
        .task("live", live)
        .task("live reading", hub.clone().read_stale(database, stopping.clone()))
        .task("sockets", hub.drained(stopping.clone()))
        .task("reconciler", reconciler::run(messaging, patience, stopping));
    Ok(service.serve(api::routes(state)).await?)
}
