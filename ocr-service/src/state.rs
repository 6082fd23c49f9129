//! Dependencies of the request handlers.

use crate::cache::Cache;
use crate::readings::Readings;
use crate::store::photos::Photos;
use crate::store::quotas::DailyQuota;
use crate::uploads::Uploads;
use crate::workers::pool::Pool;
use rabbit_outbox::Messaging;
use sqlx::PgPool;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

/// Dependencies of the handlers; cheap to clone.
#[derive(Clone)]
pub struct State {
    /// Writes: transactions that can publish.
    pub messaging: Messaging,
    /// Reads. Not a replica, because a photo is requested right after it was stored.
    pub database: PgPool,
    /// The workers that read pictures.
    pub pool: Pool,
    /// Progress of the readings.
    pub readings: Readings,
    /// Limits concurrent uploads, each of which takes memory.
    pub uploads: Uploads,
    /// What a user may have read in a day.
    pub daily_quota: DailyQuota,
    /// The stored photos.
    pub photos: Photos,
    /// The cache where router-service finds a cheque before its event arrives.
    pub cache: Cache,
    /// Base URL of share links, without a trailing slash.
    pub share_base_url: Arc<str>,
    /// Lifetime of a link.
    pub cheque_ttl: Duration,
    /// Wakes the janitor when a photo should be deleted.
    pub janitor: Arc<Notify>,
}
