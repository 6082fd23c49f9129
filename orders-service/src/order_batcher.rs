//! Batches concurrent order placements into one transaction.

use crate::batcher::{Batcher, WorkerGone};
use crate::domain::order::Order;
use crate::live::hub::Hub;
use crate::store;
use contracts::ids::{OrderId, UserId};
use contracts::orders::OrderCreated;
use postgres::idempotency::{self, Claim, Earlier, Scope, StoredResponse};
use postgres::{During, StoreError};
use rabbit_outbox::transaction::CommitError;
use rabbit_outbox::{AppendError, Messaging, Transaction};
use std::sync::Arc;
use trace::TraceContext;

/// Number of concurrent transactions: while one waits for the disk, the next one is prepared.
const WORKERS: usize = 2;
/// Largest number of orders in one transaction. Far more than arrive during one commit.
const ORDERS_MAX: usize = 128;

/// An order to place.
#[derive(Debug)]
pub struct PendingOrder {
    /// The request's idempotency key, if it has one, with the response to store for a repeated request.
    pub keyed: Option<(Scope, StoredResponse)>,
    /// The order.
    pub order: Order,
    /// The event that announces it.
    pub created: OrderCreated,
    /// The trace context of the request.
    pub context: Option<TraceContext>,
}

/// What became of an order.
#[derive(Debug)]
pub enum Placed {
    /// It was stored and announced.
    Now,
    /// Nothing was stored: there was an earlier request with its key.
    Before(Earlier),
}

/// Why an order was not placed. Only after a failed commit it may have been.
#[derive(Clone, Debug, thiserror::Error)]
pub enum PlaceOrderError {
    /// The transaction failed, which other orders may share.
    #[error("place order {order} of user {user}")]
    Write {
        /// The order.
        order: OrderId,
        /// Its user.
        user: UserId,
        /// What failed.
        source: Arc<StoreError>,
    },
    /// The event is invalid.
    #[error("announce the order")]
    Announce(#[source] Arc<AppendError>),
    /// No worker placed it.
    #[error(transparent)]
    WorkerGone(#[from] WorkerGone),
}

impl PlaceOrderError {
    fn write(pending: &PendingOrder, failure: &Arc<StoreError>) -> Self {
        let Order { id: order, user_id: user, .. } = pending.order;
        Self::Write { order, user, source: Arc::clone(failure) }
    }
}

/// Handle for placing orders; cheap to clone.
#[derive(Clone)]
pub struct OrderBatcher {
    batcher: Batcher<PendingOrder, Result<Placed, PlaceOrderError>>,
}

impl OrderBatcher {
    /// Starts the worker tasks.
    pub fn start(messaging: Messaging, hub: Hub) -> Self {
        let work = move |pending: Vec<PendingOrder>| place(messaging.clone(), hub.clone(), pending);
        Self { batcher: Batcher::start(WORKERS, ORDERS_MAX, work) }
    }

    /// Places an order, alone or in a batch with others.
    ///
    /// # Errors
    /// Nothing was placed, unless the connection failed during the commit.
    pub async fn place(&self, pending: PendingOrder) -> Result<Placed, PlaceOrderError> {
        self.batcher.submit(pending).await?
    }
}

/// Why the transaction of a batch failed.
enum Failure {
    /// Nothing was written; each order may be retried alone.
    RolledBack(StoreError),
    /// The commit may have succeeded, so it must not be retried.
    Unknown(StoreError),
}

impl From<StoreError> for Failure {
    fn from(failure: StoreError) -> Self {
        Self::RolledBack(failure)
    }
}

async fn place(messaging: Messaging, hub: Hub, pending: Vec<PendingOrder>) -> Vec<Result<Placed, PlaceOrderError>> {
    let failure = match place_batch(&messaging, &hub, &pending).await {
        Ok(outcomes) => return outcomes,
        Err(failure) => failure,
    };
    match failure {
        // One order that cannot be written must not make the others fail. A database outage fails all of them.
        Failure::RolledBack(failure) if pending.len() > 1 && !failure.is_outage() => {
            let mut outcomes = Vec::with_capacity(pending.len());
            for order in pending {
                let placed = place_batch(&messaging, &hub, std::slice::from_ref(&order)).await;
                outcomes.push(match placed {
                    Ok(mut outcome) => outcome.pop().unwrap_or_else(|| Err(WorkerGone.into())),
                    Err(Failure::RolledBack(failure) | Failure::Unknown(failure)) => {
                        Err(PlaceOrderError::write(&order, &Arc::new(failure)))
                    }
                });
            }
            outcomes
        }
        Failure::RolledBack(failure) | Failure::Unknown(failure) => {
            let failure = Arc::new(failure);
            pending.iter().map(|pending| Err(PlaceOrderError::write(pending, &failure))).collect()
        }
    }
}

/// Stores and announces all orders in one transaction. The outcomes are in the order of the requests.
async fn place_batch(
    messaging: &Messaging,
    hub: &Hub,
    pending: &[PendingOrder],
) -> Result<Vec<Result<Placed, PlaceOrderError>>, Failure> {
    let mut tx = messaging.begin().await.during(format_args!("begin to write {} orders", pending.len()))?;
    let scopes: Vec<Option<&Scope>> =
        pending.iter().map(|pending| pending.keyed.as_ref().map(|(scope, _)| scope)).collect();
    let claims = idempotency::claim_all(&mut tx, &scopes).await?;
    let mut outcomes = Vec::with_capacity(pending.len());
    let (mut orders, mut responses) = (vec![], vec![]);
    for (pending, claim) in pending.iter().zip(claims) {
        outcomes.push(match claim {
            Claim::Respond(earlier) => Ok(Placed::Before(earlier)),
            Claim::New => announce(&mut tx, pending).await.map(|()| {
                orders.push((&pending.order, pending.context));
                responses.extend(pending.keyed.as_ref().map(|(scope, response)| (scope, response)));
                Placed::Now
            }),
        });
    }
    if orders.is_empty() {
        tx.rollback().await.during(format_args!("roll back {} repeated orders", pending.len()))?;
        return Ok(outcomes);
    }
    let written: Vec<&Order> = orders.iter().map(|(order, _)| *order).collect();
    store::orders::insert_all(&mut tx, &written).await?;
    idempotency::store_all(&mut tx, &responses).await?;
    for (order, context) in orders {
        let (hub, order) = (hub.clone(), order.clone());
        tx.after_commit(move || hub.announce(&order, context));
    }
    let committed = tx.commit().await;
    let is_unknown = matches!(committed, Err(CommitError::Commit(_)));
    match committed.during(format_args!("commit {} orders", written.len())) {
        Ok(()) => Ok(outcomes),
        Err(failure) if is_unknown => Err(Failure::Unknown(failure)),
        Err(failure) => Err(Failure::RolledBack(failure)),
    }
}

/// Appends the order's event with the trace context of its own request.
async fn announce(tx: &mut Transaction, pending: &PendingOrder) -> Result<(), PlaceOrderError> {
    let append = async { tx.append(&pending.created, pending.order.version) };
    let appended = match pending.context {
        Some(context) => trace::scope(context, append).await,
        None => append.await,
    };
    appended.map(drop).map_err(|failure| PlaceOrderError::Announce(Arc::new(failure)))
}
