//! User accounts, sign-in, and the keys of access tokens.

pub mod config;
pub mod state;

pub mod api;
pub mod client;

pub mod audit;
pub mod create_admin;
pub mod create_user;
pub mod demo;
pub mod factor_key;
pub mod keys;
pub mod lifetimes;
pub mod maintenance;
pub mod passwords;
pub mod second_factor;
pub mod tokens;

pub mod domain;
pub mod store;
pub mod user;

use audit::Refusals;
use config::Config;
use factor_key::{FactorKey, FactorKeyError};
use keys::{Keys, KeysError};
use passwords::Passwords;
use process::Shutdown;
use service::Service;
use state::State;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;
use tracing::warn;

/// The service's name: its schema, its exchange, and the prefix of its queues.
pub const SERVICE: &str = "users";

const DAY: Duration = Duration::from_hours(24);

/// The folder of the keys can't be used.
#[derive(Debug, thiserror::Error)]
#[error("KEYS_DIR must be a folder in which this program may write, with keys that it can read")]
struct KeysDirError(#[source] KeysError);

/// The key of second factors, in the same folder.
#[derive(Debug, thiserror::Error)]
#[error("KEYS_DIR must be a folder in which this program may write, with a key of second factors that it can read")]
struct FactorKeyInKeysDirError(#[source] FactorKeyError);

/// Runs the service until a signal arrives or a task fails.
///
/// # Errors
/// If it cannot start, for example because of a malformed URL, a port that is in use, or keys that cannot be read or
/// written.
pub async fn run(config: Config) -> Result<Shutdown, Box<dyn Error>> {
    if config.demo_users && !config.listen_addr.ip().is_loopback() {
        return Err(demo::InsecureDemoUsers.into());
    }
    // Readiness does not depend on the broker: events wait in the outbox, and users can sign in meanwhile.
    let service = Service::new(SERVICE, config.listen_addr, &config.service)?;
    let keys = Keys::load(&config.keys_dir, DAY * config.key_rotation_days.get()).map_err(KeysDirError)?;
    let (database, stopping) = (service.database(), service.stopping());
    let refusals = Refusals::default();
    let state = State {
        messaging: service.messaging(),
        database: database.clone(),
        keys: keys.clone(),
        factor_key: FactorKey::load(&config.keys_dir).map_err(FactorKeyInKeysDirError)?,
        passwords: Passwords::new()?,
        demo_users: config.demo_users,
        refusals: refusals.clone(),
        lifetimes: config.lifetimes.into(),
    };
    if !config.admin_logins.is_empty() {
        warn!("ADMIN_LOGINS has no effect any more: make an administrator with `users-service create-admin LOGIN`");
    }
    let audit_days = i32::try_from(config.audit_days.get()).unwrap_or(i32::MAX);
    let mut service = service
        .with_idempotency_keys()
        .task("keys", keys.rotate_until(stopping.clone()))
        .task("refusals", refusals.write_until(database.clone(), stopping.clone()))
        .task("users maintenance", maintenance::run(database, config.lifetimes.into(), audit_days, stopping.clone()));
    let for_demo = Arc::new(state.clone());
    service = if config.demo_users {
        service.task_once("demo users", demo::create(for_demo, stopping))
    } else {
        service.task_once("demo users", demo::end_sessions(for_demo, stopping))
    };
    Ok(service.serve(api::routes(state)).await?)
}
