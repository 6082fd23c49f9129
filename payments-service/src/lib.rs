//! Accounts, the ledger, and the decision about the payment of each order.

pub mod config;
pub mod state;

pub mod api;
pub mod inbox;

pub mod domain;
pub mod store;

use config::Config;
use process::Shutdown;
use rabbit_outbox::ConsumerOptions;
use service::Service;
use state::State;
use std::error::Error;

/// The service's name: its schema, its exchange, and the prefix of its queues.
pub const SERVICE: &str = "payments";

/// Runs the service until a signal arrives or a task fails.
///
/// # Errors
/// If it cannot start, for example because of a malformed URL or a port that is in use.
pub async fn run(config: Config) -> Result<Shutdown, Box<dyn Error>> {
    let service = Service::new(SERVICE, config.listen_addr, &config.service)?;
    let state = State { messaging: service.messaging(), database: service.database(), replica: service.replica()? };
    let service = service
        .consume(inbox::subscriptions(), ConsumerOptions::batches_of(inbox::BATCH_MAX))
        .ready_with_broker()
        .with_idempotency_keys();
    Ok(service.serve(api::routes(state)).await?)
}
