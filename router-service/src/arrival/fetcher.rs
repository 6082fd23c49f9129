//! Fetches cheques that are not stored here yet when their links are opened.

use super::cache::Cache;
use super::materialise::{MaterialiseError, materialise};
use super::negative_cache::NegativeCache;
use super::request_budget::RequestBudget;
use super::single_flight::SingleFlight;
use crate::store::cheques::{self, Found};
use contracts::ids::ChequeHash;
use contracts::router::ChequeRequested;
use http::{HeaderValue, StatusCode, header};
use http_api::problem::Problem;
use postgres::During;
use process::clock;
use rabbit_outbox::Messaging;
use sqlx::PgPool;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use tracing::{info, warn};

/// How long a request waits for its cheque.
const TIMEOUT: Duration = Duration::from_secs(2);
/// How often to poll the database while waiting, because another replica may handle the event.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// Fetches cheques on demand; cheap to clone.
#[derive(Clone)]
pub struct ChequeFetcher {
    inner: Arc<Inner>,
}

struct Inner {
    messaging: Messaging,
    database: PgPool,
    cache: Cache,
    single_flight: SingleFlight<ChequeHash>,
    negative_cache: NegativeCache,
    request_budget: RequestBudget,
    arrived: Notify,
}

impl ChequeFetcher {
    /// Fetches cheques from `cache`, or requests them through `messaging`.
    pub fn new(messaging: Messaging, database: PgPool, cache: Cache) -> Self {
        let inner = Inner {
            messaging,
            database,
            cache,
            single_flight: SingleFlight::default(),
            negative_cache: NegativeCache::default(),
            request_budget: RequestBudget::default(),
            arrived: Notify::new(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// A cheque was stored: wakes all waiting requests, which then check the database.
    pub fn announce(&self, hash: &ChequeHash) {
        self.inner.negative_cache.remove(hash);
        self.inner.arrived.notify_waiters();
    }

    /// Fetches a cheque and stores it here; `None` if it does not exist.
    ///
    /// # Errors
    /// 503 if the database is down, or if too many cheques were requested within the last seconds.
    pub async fn fetch(&self, hash: &ChequeHash) -> Result<Option<Found>, Problem> {
        let inner = &self.inner;
        if inner.negative_cache.contains(hash, Instant::now()) {
            return Ok(None);
        }
        // Concurrent requests for the same link wait here, and then find the result of the first one.
        let _guard = inner.single_flight.acquire(hash).await;
        if let Some(found) = cheques::find(&inner.database, hash).await? {
            return Ok(Some(found));
        }
        if inner.negative_cache.contains(hash, Instant::now()) {
            return Ok(None);
        }
        if let Some(found) = inner.take_from_cache(hash).await? {
            return Ok(Some(found));
        }
        if !inner.request_budget.spend(Instant::now()) {
            metrics::counter!("router_cheque_requests_refused_total").increment(1);
            return Err(too_many_requests());
        }
        let found = inner.request_event(hash).await?;
        if found.is_none() {
            inner.negative_cache.insert(hash.clone(), Instant::now());
        }
        Ok(found)
    }
}

impl Inner {
    async fn take_from_cache(&self, hash: &ChequeHash) -> Result<Option<Found>, Problem> {
        let Some(read) = self.cache.find(hash).await else { return Ok(None) };
        let short = hash.shortened();
        let mut tx = self.messaging.begin().await.during(format_args!("begin to store cheque {short} of the cache"))?;
        match materialise(&mut tx, read, clock::now()).await {
            Ok(_) => {}
            Err(MaterialiseError::Store(failure)) => return Err(failure.into()),
            Err(MaterialiseError::Refused(refusal)) => {
                warn!(error = %refusal, cheque = %short, "cheque {short} from the cache cannot be shared");
                return Ok(None);
            }
        }
        tx.commit().await.during(format_args!("commit cheque {short} of the cache"))?;
        info!(cheque = %short, "cheque {short} was loaded from the cache");
        Ok(cheques::find(&self.database, hash).await?)
    }

    /// Asks ocr-service to publish the cheque's event again, and waits for it.
    async fn request_event(&self, hash: &ChequeHash) -> Result<Option<Found>, Problem> {
        let short = hash.shortened();
        let mut tx = self.messaging.begin().await.during(format_args!("begin to request cheque {short}"))?;
        tx.append(&ChequeRequested { hash: hash.clone() }, 1).map_err(|error| Problem::internal(&error))?;
        tx.commit().await.during(format_args!("commit the request of cheque {short}"))?;
        let requested_at = Instant::now();
        while requested_at.elapsed() < TIMEOUT {
            // Register before querying: a cheque stored between the two would otherwise wait for the next poll.
            let arrived = self.arrived.notified();
            if let Some(found) = cheques::find(&self.database, hash).await? {
                return Ok(Some(found));
            }
            // Check again, both after a notification and after the timeout.
            let _ = tokio::time::timeout(POLL_INTERVAL, arrived).await;
        }
        Ok(cheques::find(&self.database, hash).await?)
    }
}

fn too_many_requests() -> Problem {
    let detail = "too many unknown links are being opened; try again soon";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail)
        .with_header(header::RETRY_AFTER, HeaderValue::from_static("1"))
}
