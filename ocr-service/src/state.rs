//! What every request gets: the doors to the database, the broker, the workers and the photos.

use crate::cache::Cache;
use crate::readings::Readings;
use crate::store::photos::Photos;
use crate::workers::pool::Pool;
use rabbit_outbox::Messaging;
use sqlx::PgPool;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, Semaphore};

/// Dependencies of the handlers; cheap to clone.
#[derive(Clone)]
pub struct State {
    /// Writes: transactions that can publish.
    pub messaging: Messaging,
    /// Reads. Not a replica: a photo is asked for the moment after it was taken.
    pub database: PgPool,
    /// Who reads pictures.
    pub pool: Pool,
    /// How far they are.
    pub readings: Readings,
    /// Places for pictures that are being received, each of which takes memory.
    pub uploads: Arc<Semaphore>,
    /// Where photos are.
    pub photos: Photos,
    /// Where router-service finds a cheque before its event arrives.
    pub cache: Cache,
    /// What links begin with, without a slash at the end.
    pub share_base_url: Arc<str>,
    /// How long a link lives.
    pub cheque_ttl: Duration,
    /// Wakes the janitor when there is a photo to delete.
    pub janitor: Arc<Notify>,
}
