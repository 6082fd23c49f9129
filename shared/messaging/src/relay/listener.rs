//! Hearing other relays, on a connection that does nothing else and is always read: a listener that falls behind
//! would keep a snapshot in the server, and vacuum from its work.

use super::wake::{Occasions, Wake};
use crate::backoff::Backoff;
use crate::consumer::handler::chain;
use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use tracing::warn;

/// Passes on what is heard. It is a hint: while there is no connection, the poll finds the same a little later.
pub(crate) async fn listen_for_ever(
    database: &PgConnectOptions,
    service: &str,
    channel: &str,
    wake: &Wake,
) -> std::convert::Infallible {
    let options = database.clone().application_name(&format!("{service}-relay-listen")).options([
        ("tcp_keepalives_idle", "10"),
        ("tcp_keepalives_interval", "5"),
        ("tcp_keepalives_count", "3"),
        ("tcp_user_timeout", "30s"),
    ]);
    let mut backoff = Backoff::for_connections();
    loop {
        let failure = listen(options.clone(), channel, wake, &mut backoff).await;
        let wait = backoff.next();
        warn!(error = %chain(&failure), wait_ms = wait.as_millis(), "other relays are not heard: a pause");
        tokio::time::sleep(wait).await;
    }
}

async fn listen(options: PgConnectOptions, channel: &str, wake: &Wake, backoff: &mut Backoff) -> sqlx::Error {
    let pool = PgPoolOptions::new().max_connections(1).max_lifetime(None).idle_timeout(None);
    let pool = pool.connect_lazy_with(options);
    let listening = async {
        let mut listener = PgListener::connect_with(&pool).await?;
        listener.eager_reconnect(false);
        listener.listen(channel).await?;
        backoff.reset();
        loop {
            match listener.try_recv().await? {
                Some(notification) => wake.heard(Occasions::from_payload(notification.payload())),
                None => return Err(sqlx::Error::WorkerCrashed),
            }
        }
    };
    let ended: Result<std::convert::Infallible, sqlx::Error> = listening.await;
    match ended {
        Ok(never) => match never {},
        Err(failure) => failure,
    }
}
