//! Opening a link whose cheque is not here yet.

use super::cache::Cache;
use super::materialise::{MaterialiseError, materialise};
use super::turns::Turns;
use super::unknown::Unknown;
use crate::store::cheques::{self, Found};
use chassis::clock;
use chassis::problem::Problem;
use contracts::ids::ChequeHash;
use contracts::router::ChequeRequested;
use http::{HeaderValue, StatusCode, header};
use rabbit_outbox::Messaging;
use rabbit_outbox::transaction::CommitError;
use sqlx::PgPool;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Notify, Semaphore};
use tracing::{info, warn};

/// How long a link waits for its cheque.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often the database is asked meanwhile: the event may be handled by another replica.
const POLL: Duration = Duration::from_millis(100);
/// Links that wait for their cheques at a time; it bounds how many events guessing can cause.
const WAITING_MAX: usize = 64;

/// Cheques that are not here yet; cheap to clone.
#[derive(Clone)]
pub struct Arrivals {
    inner: Arc<Inner>,
}

struct Inner {
    messaging: Messaging,
    database: PgPool,
    cache: Cache,
    turns: Turns<ChequeHash>,
    unknown: Unknown,
    places: Semaphore,
    arrived: Notify,
}

impl Arrivals {
    /// Takes cheques from `cache`, or asks for them through `messaging`.
    pub fn new(messaging: Messaging, database: PgPool, cache: Cache) -> Self {
        let (turns, unknown, arrived) = (Turns::default(), Unknown::default(), Notify::new());
        let places = Semaphore::new(WAITING_MAX);
        Self { inner: Arc::new(Inner { messaging, database, cache, turns, unknown, places, arrived }) }
    }

    /// Somebody's cheque has come: whoever waits looks again.
    pub fn announce(&self, hash: &ChequeHash) {
        self.inner.unknown.remove(hash);
        self.inner.arrived.notify_waiters();
    }

    /// Brings a cheque here that is not; nothing when there is none.
    ///
    /// # Errors
    /// 503 when the database is away, or too many links wait for their cheques.
    pub async fn fetch(&self, hash: &ChequeHash) -> Result<Option<Found>, Problem> {
        let inner = &self.inner;
        if inner.unknown.contains(hash, Instant::now()) {
            return Ok(None);
        }
        // Who opens the same link at the same time waits here, and then finds the cheque, or that there is none.
        let _turn = inner.turns.wait(hash).await;
        if let Some(found) = cheques::find(&inner.database, hash).await? {
            return Ok(Some(found));
        }
        if inner.unknown.contains(hash, Instant::now()) {
            return Ok(None);
        }
        let Ok(Ok(_place)) = tokio::time::timeout(PATIENCE, inner.places.acquire()).await else {
            return Err(too_many_wait());
        };
        if let Some(found) = inner.take_from_cache(hash).await? {
            return Ok(Some(found));
        }
        let found = inner.ask_for_event(hash).await?;
        if found.is_none() {
            inner.unknown.insert(hash.clone(), Instant::now());
        }
        Ok(found)
    }
}

impl Inner {
    async fn take_from_cache(&self, hash: &ChequeHash) -> Result<Option<Found>, Problem> {
        let Some(read) = self.cache.find(hash).await else { return Ok(None) };
        let mut tx = self.messaging.begin().await?;
        match materialise(&mut tx, read, clock::now()).await {
            Ok(_) => {}
            Err(MaterialiseError::Store(failure)) => return Err(failure.into()),
            Err(MaterialiseError::Refused(refusal)) => {
                warn!(error = %refusal, "a cheque in the cache can't be shared");
                return Ok(None);
            }
        }
        tx.commit().await.map_err(CommitError::into_source)?;
        info!("a cheque was taken from the cache");
        Ok(cheques::find(&self.database, hash).await?)
    }

    /// Asks ocr-service to announce the cheque again, and waits for it.
    async fn ask_for_event(&self, hash: &ChequeHash) -> Result<Option<Found>, Problem> {
        let mut tx = self.messaging.begin().await?;
        tx.append(&ChequeRequested { hash: hash.clone() }, 1).map_err(|error| Problem::internal(&error))?;
        tx.commit().await.map_err(CommitError::into_source)?;
        let asked = Instant::now();
        while asked.elapsed() < PATIENCE {
            // Registered before looking: a cheque that comes in between wakes it.
            let arrived = self.arrived.notified();
            if let Some(found) = cheques::find(&self.database, hash).await? {
                return Ok(Some(found));
            }
            // Whether it came or the time is over, the next thing is to look.
            let _ = tokio::time::timeout(POLL, arrived).await;
        }
        Ok(cheques::find(&self.database, hash).await?)
    }
}

fn too_many_wait() -> Problem {
    let detail = "too many links are being opened; try again soon";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail)
        .with_header(header::RETRY_AFTER, HeaderValue::from_static("1"))
}
