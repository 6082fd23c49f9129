//! Dependencies of the request handlers.

use crate::arrival::fetcher::ChequeFetcher;
use crate::live::hub::Hub;
use configuration::Currency;
use rabbit_outbox::Messaging;
use sqlx::PgPool;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Dependencies of the handlers; cheap to clone.
#[derive(Clone)]
pub struct State {
    /// Writes: transactions that can publish.
    pub messaging: Messaging,
    /// Reads. Not a read replica: it may lag behind what the client has just written or seen.
    pub database: PgPool,
    /// Fetches cheques that are not stored here yet.
    pub fetcher: ChequeFetcher,
    /// The live sockets.
    pub hub: Hub,
    /// Base URL of share links, such as `http://localhost:8090`, without a trailing slash.
    pub share_base_url: Arc<str>,
    /// The currency of the accounts.
    pub accounts: Currency,
    /// How long a link lives after the last change.
    pub link_lifetime: Duration,
    /// Cancelled when the process should stop.
    pub stopping: CancellationToken,
}
