//! Cheques: recognises them on photos in isolated workers, stores the photos, and publishes the results.

pub mod config;
mod metrics_help;
pub mod state;

pub mod api;
pub mod inbox;

pub mod readings;
pub mod workers;

pub mod domain;
pub mod store;

pub mod cache;
pub mod janitor;

pub mod tools;

use cache::Cache;
use config::Config;
use http_server::readiness::Readiness;
use http_server::serve;
use janitor::Janitor;
use postgres::idempotency;
use process::{Process, Shutdown};
use rabbit_outbox::Messaging;
use readings::Readings;
use service::app;
use state::State;
use std::error::Error;
use std::sync::Arc;
use store::photos::Photos;
use tokio::sync::{Notify, Semaphore};
use tracing::info;
use workers::pool::Pool;

/// The service's name: its schema, its exchange, and the prefix of its queues.
pub const SERVICE: &str = "ocr";

/// Largest number of concurrent uploads; each takes up to 10 MB of memory.
const UPLOADS_MAX: usize = 32;

/// Runs the service until a signal or a failure.
///
/// # Errors
/// If it cannot start, for example because of a malformed URL, a port in use, or a folder that cannot be created.
pub async fn run(config: Config) -> Result<Shutdown, Box<dyn Error>> {
    let metrics = telemetry::start(&config.process)?;
    metrics_help::describe();
    let process = Process::default();
    let stopping = process.stopping();

    let database = postgres::pool(&config.postgres, SERVICE)?;
    let messaging = Messaging::new(SERVICE, database.clone(), &config.amqp_url).with_tracing(trace::Propagation);
    let state = State {
        messaging: messaging.clone(),
        database: database.clone(),
        pool: Pool::new(&config.workers)?,
        readings: Readings::default(),
        uploads: Arc::new(Semaphore::new(UPLOADS_MAX)),
        photos: Photos::open(&config.photos_dir)?,
        cache: Cache::new(&config.redis_url)?,
        share_base_url: config.share_base_url.trim_end_matches('/').into(),
        cheque_ttl: config.cheque_ttl(),
        janitor: Arc::new(Notify::new()),
    };
    let janitor = Janitor {
        database: database.clone(),
        photos: state.photos.clone(),
        cache: state.cache.clone(),
        wake: Arc::clone(&state.janitor),
    };

    let router = app::with_common_routes(
        api::routes(state.clone()),
        config.internal_auth.build(config.listen_addr)?,
        readiness(&state),
        metrics,
    );
    let listener = serve::listen(config.listen_addr).await?;
    info!(address = %listener.local_addr()?, "ocr-service listens");

    process.run("http", serve::serve(listener, router, stopping.clone()));
    process.run("workers", state.pool.clone().run(stopping.clone()));
    process.run("relay", messaging.relay().run(stopping.clone()));
    process.run("consumer", messaging.consumer(inbox::subscriptions(&state)).run(stopping.clone()));
    process.run("janitor", janitor.run(stopping.clone()));
    process.run("idempotency maintenance", idempotency::delete_expired_until(database, stopping));
    Ok(process.run_until_shutdown(config.process.shutdown_timeout()).await?)
}

/// Redis is not a readiness check: without it, links only open a little later.
fn readiness(state: &State) -> Readiness {
    let State { database, messaging, pool, .. } = state.clone();
    Readiness::default()
        .check("database", move || postgres::check(database.clone()))
        .check("broker", move || std::future::ready(messaging.check()))
        .check("workers", move || std::future::ready(pool.check()))
}
