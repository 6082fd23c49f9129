//! User accounts, sign-in, and the keys of access tokens.

pub mod config;
pub mod state;

pub mod api;

pub mod create_user;
pub mod demo;
pub mod keys;
pub mod maintenance;
pub mod passwords;
pub mod tokens;

pub mod domain;
pub mod store;
pub mod user;

use config::Config;
use http_server::readiness::Readiness;
use http_server::serve;
use keys::Keys;
use passwords::Passwords;
use process::{Process, Shutdown};
use rabbit_outbox::Messaging;
use service::app;
use state::State;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;
use tracing::info;

/// The service's name: its schema, its exchange, and the prefix of its queues.
pub const SERVICE: &str = "users";

const DAY: Duration = Duration::from_hours(24);

/// Runs the service until a signal arrives or a task fails.
///
/// # Errors
/// When it can't start: a malformed URL, a port in use, or keys that can't be read or written.
pub async fn run(config: Config) -> Result<Shutdown, Box<dyn Error>> {
    let metrics = telemetry::start(&config.process)?;
    let process = Process::default();
    let stopping = process.stopping();
    if config.demo_users && !config.listen_addr.ip().is_loopback() {
        return Err(demo::InsecureDemoUsers.into());
    }

    let database = postgres::pool(&config.postgres, SERVICE)?;
    let messaging = Messaging::new(SERVICE, database.clone(), &config.amqp_url).with_tracing(trace::Propagation);
    let keys = Keys::load(&config.keys_dir, DAY * u32::from(config.key_rotation_days))?;
    let state = State {
        messaging: messaging.clone(),
        database: database.clone(),
        keys: keys.clone(),
        passwords: Passwords::new()?,
        admin_logins: config.admin_logins.into(),
    };

    // The broker is not checked: events wait in the outbox, and users can sign in meanwhile.
    let readiness = Readiness::default().check("database", {
        let database = database.clone();
        move || postgres::check(database.clone())
    });
    let internal_auth = config.internal_auth.build(config.listen_addr)?;
    let router = app::with_common_routes(api::routes(state.clone()), internal_auth, readiness, metrics);
    let listener = serve::listen(config.listen_addr).await?;
    info!(address = %listener.local_addr()?, "users-service is listening");

    process.run("http", serve::serve(listener, router, stopping.clone()));
    process.run("relay", messaging.relay().run(stopping.clone()));
    process.run("keys", keys.rotate_until(stopping.clone()));
    process.run("inbox maintenance", rabbit_outbox::maintenance::run(database.clone(), stopping.clone()));
    process.run("users maintenance", maintenance::run(database, stopping.clone()));
    if config.demo_users {
        process.run("demo users", demo::create(Arc::new(state), stopping));
    }
    Ok(process.run_until_shutdown(config.process.shutdown_timeout()).await?)
}
