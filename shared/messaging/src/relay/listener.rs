//! Listens for notifications of other relays, on a dedicated connection that is always read: a listener that falls
//! behind would keep a snapshot open in the server and so block vacuum.

use super::database::DatabaseProvider;
use super::error::{RelayError, doing};
use super::session::KEEPALIVES;
use super::wake::{Occasions, Wake};
use crate::backoff::Backoff;
use crate::causes::chain;
use sqlx::Executor;
use sqlx::postgres::{PgListener, PgPoolOptions};
use tracing::warn;

/// Passes on notifications. They only reduce latency: without a connection, the poll finds the same rows a little
/// later.
pub(crate) async fn listen_for_ever(
    database: &DatabaseProvider,
    service: &str,
    channel: &str,
    wake: &Wake,
) -> std::convert::Infallible {
    let name = format!("{service}-relay-listen");
    let mut backoff = Backoff::for_connections();
    loop {
        let failure = listen(database, &name, channel, wake, &mut backoff).await;
        let wait = backoff.next();
        warn!(
            error = %chain(&failure), wait_ms = wait.as_millis(),
            "receiving notifications of other relays failed, retrying"
        );
        tokio::time::sleep(wait).await;
    }
}

async fn listen(
    database: &DatabaseProvider,
    name: &str,
    channel: &str,
    wake: &Wake,
    backoff: &mut Backoff,
) -> RelayError {
    let listening = async {
        let options = database.options().await.map_err(RelayError::DatabaseProvider)?.application_name(name);
        let pool = PgPoolOptions::new().max_connections(1).max_lifetime(None).idle_timeout(None);
        let pool = pool.connect_lazy_with(options);
        let mut listener = PgListener::connect_with(&pool).await.map_err(doing("connect to listen"))?;
        listener.eager_reconnect(false);
        listener.execute(sqlx::raw_sql(KEEPALIVES)).await.map_err(doing("set up to listen"))?;
        listener.listen(channel).await.map_err(doing("listen"))?;
        backoff.reset();
        loop {
            match listener.try_recv().await.map_err(doing("listen"))? {
                Some(notification) => wake.notified(Occasions::from_payload(notification.payload())),
                None => return Err(doing("listen")(sqlx::Error::WorkerCrashed)),
            }
        }
    };
    let ended: Result<std::convert::Infallible, RelayError> = listening.await;
    match ended {
        Ok(never) => match never {},
        Err(failure) => failure,
    }
}
