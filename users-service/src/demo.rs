//! Users for trying it out, on a machine that nobody else can reach.

use crate::domain::login::Login;
use crate::domain::password::Password;
use crate::registering;
use crate::state::State;
use chassis::passage::Role;
use chassis::problem::Problem;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

const USERS: [(&str, Role); 4] =
    [("anna", Role::User), ("boris", Role::User), ("vera", Role::User), ("admin", Role::Administrator)];
/// Everybody knows it: the page shows it.
const PASSWORD: &str = "chipin-demo";

/// Such users on an address that others can reach.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("DEMO_USERS=true makes users whose password everybody knows: only where LISTEN_ADDR is a loopback address")]
pub struct KnownToAll;

/// Makes those that are not there, trying until the database answers.
///
/// # Errors
/// None.
pub async fn make(state: Arc<State>, stopping: CancellationToken) -> Result<(), Infallible> {
    while let Err(failure) = try_make(&state).await {
        warn!(code = failure.code(), "make the users for trying it out; trying again");
        tokio::select! {
            () = tokio::time::sleep(Duration::from_secs(2)) => {}
            () = stopping.cancelled() => return Ok(()),
        }
    }
    warn!("DEMO_USERS=true: everybody knows the password of anna, boris, vera and admin");
    Ok(())
}

async fn try_make(state: &State) -> Result<(), Problem> {
    for (login, role) in USERS {
        let (Ok(login), Ok(password)) = (Login::parse(login), Password::chosen(PASSWORD.to_owned())) else { continue };
        let hash = state.passwords.hash(password).await?;
        let mut tx = state.messaging.begin().await?;
        if registering::add(&mut tx, &login, &hash, role).await?.is_some() {
            tx.commit().await.map_err(rabbit_outbox::transaction::CommitError::into_source)?;
            info!(%login, "made a user for trying it out");
        }
    }
    Ok(())
}
