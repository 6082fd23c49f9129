//! Cheques: recognises them on photos in isolated workers, stores the photos, and publishes the results.

pub mod config;
mod metrics_help;
pub mod state;
pub mod tessdata;

pub mod api;
pub mod inbox;

pub mod readings;
pub mod uploads;
pub mod workers;

pub mod domain;
pub mod store;

pub mod cache;
pub mod janitor;

pub mod tools;

use cache::Cache;
use config::Config;
use janitor::Janitor;
use process::Shutdown;
use rabbit_outbox::ConsumerOptions;
use readings::Readings;
use service::Service;
use state::State;
use std::error::Error;
use std::sync::Arc;
use store::photos::{Photos, PhotosError};
use tokio::sync::Notify;
use uploads::Uploads;
use workers::pool::Pool;

/// The service's name: its schema, its exchange, and the prefix of its queues.
pub const SERVICE: &str = "ocr";

/// The folder for photos can't be used.
#[derive(Debug, thiserror::Error)]
#[error("PHOTOS_DIR must be a folder in which this program may write")]
struct PhotosDirError(#[source] PhotosError);

/// Runs the service until a signal arrives or a task fails.
///
/// # Errors
/// If it cannot start, for example because of a malformed URL, a port that is in use, or a folder that cannot be
/// created.
pub async fn run(config: Config) -> Result<Shutdown, Box<dyn Error>> {
    let service = Service::new(SERVICE, config.listen_addr, &config.service)?;
    metrics_help::describe();
    let (database, stopping) = (service.database(), service.stopping());
    let state = State {
        messaging: service.messaging(),
        database: database.clone(),
        pool: Pool::new(&config.workers)?,
        readings: Readings::default(),
        uploads: Uploads::default(),
        daily_quota: config.daily_quota(),
        photos: Photos::open(&config.photos_dir).map_err(PhotosDirError)?,
        cache: Cache::new(&config.redis_url, &config.service.connect_tls)?,
        share_base_url: config.share_base_url.as_str().into(),
        cheque_ttl: config.cheque_ttl(),
        janitor: Arc::new(Notify::new()),
    };
    let janitor = Janitor {
        database,
        photos: state.photos.clone(),
        cache: state.cache.clone(),
        wake: Arc::clone(&state.janitor),
    };
    let pool = state.pool.clone();
    // Redis is not a readiness check: without it, links only open a little later.
    let service = service
        .consume(inbox::subscriptions(&state), ConsumerOptions::default())
        .ready_with_broker()
        .with_idempotency_keys()
        .ready_if("workers", move || pool.check())
        .task("workers", state.pool.clone().run(stopping.clone()))
        .task("janitor", janitor.run(stopping));
    Ok(service.serve(api::routes(state)).await?)
}
