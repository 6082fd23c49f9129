//! Demo users, for a machine that other machines can't reach.

use crate::create_user::{self, CreateUserError};
use crate::domain::login::Login;
use crate::domain::password::Password;
use crate::passwords::PasswordError;
use crate::state::State;
use identity::Role;
use postgres::{During, StoreError};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use telemetry::chain;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

const USERS: [(&str, Role); 4] =
    [("anna", Role::User), ("boris", Role::User), ("vera", Role::User), ("admin", Role::Administrator)];
/// Public: the page shows it.
const PASSWORD: &str = "chipin-demo";

/// Demo users are enabled on an address that is not loopback.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error(
    "DEMO_USERS=true creates users with a public password: it is allowed only if LISTEN_ADDR is a loopback address"
)]
pub struct InsecureDemoUsers;

/// Creates the missing demo users; retries until the database is available.
///
/// # Errors
/// None.
pub async fn create(state: Arc<State>, stopping: CancellationToken) -> Result<(), Infallible> {
    while let Err(failure) = try_create(&state).await {
        warn!(error = chain(&failure), "could not create the demo users; retrying");
        tokio::select! {
            () = tokio::time::sleep(Duration::from_secs(2)) => {}
            () = stopping.cancelled() => return Ok(()),
        }
    }
    warn!("DEMO_USERS=true: the password of anna, boris, vera and admin is public");
    Ok(())
}

/// Why the demo users were not created.
#[derive(Debug, thiserror::Error)]
enum DemoError {
    #[error(transparent)]
    Password(#[from] PasswordError),
    #[error(transparent)]
    Create(#[from] CreateUserError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

async fn try_create(state: &State) -> Result<(), DemoError> {
    for (login, role) in USERS {
        let (Ok(login), Ok(password)) = (Login::parse(login), Password::parse(PASSWORD.to_owned())) else { continue };
        let hash = state.passwords.hash(password).await?;
        let mut tx = state.messaging.begin().await.during("begin to create a demo user")?;
        if let Some(user) = create_user::create_user(&mut tx, &login, &hash, role).await? {
            tx.commit().await.during(format_args!("commit demo user {}", user.id))?;
            info!(%login, "created a demo user");
        }
    }
    Ok(())
}
