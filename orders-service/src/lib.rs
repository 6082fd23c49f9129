//! Orders: placing them, their states, and their live status over WebSocket.

pub mod config;
mod metrics_help;
pub mod state;

pub mod api;
pub mod inbox;

pub mod batcher;
pub mod order_batcher;
pub mod reconciler;

pub mod live;

pub mod domain;
pub mod store;

use config::Config;
use live::hub::Hub;
use order_batcher::OrderBatcher;
use process::Shutdown;
use rabbit_outbox::ConsumerOptions;
use service::Service;
use state::State;
use std::error::Error;

/// The service's name: its schema, its exchange, and the prefix of its queues.
pub const SERVICE: &str = "orders";

/// Runs the service until a signal arrives or a task fails.
///
/// # Errors
/// If it cannot start, for example because of a malformed URL or a port that is in use.
pub async fn run(config: Config) -> Result<Shutdown, Box<dyn Error>> {
    let service = Service::new(SERVICE, config.listen_addr, &config.service)?;
    metrics_help::describe();
    let (messaging, stopping) = (service.messaging(), service.stopping());
    let (fanout, fanout_tasks) = messaging.fanout("live");
    let hub = Hub::new(fanout, config.live_sockets_per_user.get());
    let state = State {
        messaging: messaging.clone(),
        order_batcher: OrderBatcher::start(messaging.clone(), hub.clone()),
        database: service.database(),
        replica: service.replica()?,
        hub: hub.clone(),
        stopping: stopping.clone(),
    };
    let live = {
        let hub = hub.clone();
        fanout_tasks.run(move |notification| hub.on_notification(&notification), stopping.clone())
    };
    let patience = config.order_patience_secs.duration();
    let service = service
        .consume(inbox::subscriptions(&state), ConsumerOptions::batches_of(inbox::BATCH_MAX))
        .ready_with_broker()
        .with_idempotency_keys()
        .task("live", live)
        .task("sockets", hub.drained(stopping.clone()))
        .task("reconciler", reconciler::run(messaging, patience, stopping));
    Ok(service.serve(api::routes(state)).await?)
}
