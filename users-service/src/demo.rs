//! Demo users, for a machine that other machines can't reach. Their password is public, so it is accepted only while they
//! are enabled, and only from this machine: they stay in the database when they are disabled, and a gateway in front of this
//! service may be public.

use crate::client::ClientInfo;
use crate::create_user::{self, CreateUserError};
use crate::domain::login::Login;
use crate::domain::password::{DEMO_PASSWORD, Password};
use crate::passwords::PasswordError;
use crate::state::State;
use crate::store;
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

/// Whether the password may be used to sign in from there.
pub fn is_accepted(state: &State, client: &ClientInfo, password: &Password) -> bool {
    !password.is_of_demo_users() || (state.demo_users && client.is_on_this_machine())
}

/// Ends the sessions of demo users who were created while they were enabled; retries until the database is available.
///
/// # Errors
/// None.
pub async fn end_sessions(state: Arc<State>, stopping: CancellationToken) -> Result<(), Infallible> {
    while let Err(failure) = try_end_sessions(&state).await {
        warn!(error = chain(&failure), "could not end the sessions of demo users; retrying");
        tokio::select! {
            () = tokio::time::sleep(Duration::from_secs(2)) => {}
            () = stopping.cancelled() => return Ok(()),
        }
    }
    Ok(())
}

async fn try_end_sessions(state: &State) -> Result<(), DemoError> {
    for (login, _) in USERS {
        let known = {
            let mut connection = state.database.acquire().await.during("find a demo user")?;
            store::users::by_login(&mut connection, login).await?
        };
        let (Some(known), Ok(password)) = (known, Password::parse(DEMO_PASSWORD.to_owned())) else { continue };
        // The login may belong to a real user, and a demo user may have got another password.
        if !state.passwords.matches(password, Some(known.password_hash)).await? {
            continue;
        }
        let id = known.user.id;
        let mut connection = state.database.acquire().await.during("end the sessions of a demo user")?;
        store::refresh_tokens::revoke_all(&mut connection, id).await?;
        warn!(user.id = %id, "user {id} has the public password of the demo users and can't sign in: DEMO_USERS=false");
    }
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
        let (Ok(login), Ok(password)) = (Login::parse(login), Password::parse(DEMO_PASSWORD.to_owned())) else {
            continue;
        };
        let hash = state.passwords.hash(password).await?;
        let mut tx = state.messaging.begin().await.during("begin to create a demo user")?;
        if let Some(user) = create_user::create_user(&mut tx, &login, &hash, role).await? {
            tx.commit().await.during(format_args!("commit demo user {}", user.id))?;
            info!(%login, "created a demo user");
        }
    }
    Ok(())
}
