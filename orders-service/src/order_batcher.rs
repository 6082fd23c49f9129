//! Batches concurrent order placements into one transaction, without waiting for a timer.

use crate::api::order_json::OrderJson;
use crate::batcher::Batcher;
use crate::domain::order::Order;
use crate::live::hub::Hub;
use crate::store;
use axum::response::{IntoResponse, Response};
use contracts::orders::OrderCreated;
use http::StatusCode;
use http_api::problem::Problem;
use postgres::idempotency::{self, Claim, Scope, StoredResponse};
use rabbit_outbox::transaction::CommitError;
use rabbit_outbox::{Messaging, Transaction};
use trace::TraceContext;

/// Number of concurrent transactions: while one waits for the disk, the next one is prepared.
const WORKERS: usize = 2;
/// Largest number of orders in one transaction. Far more than arrive during one commit.
const ORDERS_MAX: usize = 128;

/// An order to place, with what is needed to answer its request.
#[derive(Debug)]
pub struct PendingOrder {
    /// The request's idempotency key, if it has one.
    pub scope: Option<Scope>,
    /// The order.
    pub order: Order,
    /// The event that announces it.
    pub created: OrderCreated,
    /// Path prefix of the order's `Location` header.
    pub location_prefix: String,
    /// The trace context of the request.
    pub context: Option<TraceContext>,
}

/// Handle for placing orders; cheap to clone.
#[derive(Clone)]
pub struct OrderBatcher {
    batcher: Batcher<PendingOrder, Result<Response, Problem>>,
}

impl OrderBatcher {
    /// Starts the worker tasks.
    pub fn start(messaging: Messaging, hub: Hub) -> Self {
        let work = move |pending: Vec<PendingOrder>| place(messaging.clone(), hub.clone(), pending);
        Self { batcher: Batcher::start(WORKERS, ORDERS_MAX, work) }
    }

    /// Places an order, alone or in a batch with others, and returns the response.
    ///
    /// # Errors
    /// The problem to respond with. Nothing was placed, unless the connection failed during the commit.
    pub async fn place(&self, pending: PendingOrder) -> Result<Response, Problem> {
        self.batcher.submit(pending).await.map_err(|gone| Problem::unavailable(&gone))?
    }
}

/// Why the transaction of a batch failed.
enum Failure {
    /// Nothing was written; each order may be retried alone.
    RolledBack(sqlx::Error),
    /// The commit may have succeeded, so it must not be retried.
    Unknown(sqlx::Error),
}

impl From<sqlx::Error> for Failure {
    fn from(failure: sqlx::Error) -> Self {
        Self::RolledBack(failure)
    }
}

async fn place(messaging: Messaging, hub: Hub, pending: Vec<PendingOrder>) -> Vec<Result<Response, Problem>> {
    let failure = match place_batch(&messaging, &hub, &pending).await {
        Ok(answers) => return answers,
        Err(failure) => failure,
    };
    match failure {
        // One order that cannot be written must not make the others fail. A database outage fails all of them.
        Failure::RolledBack(failure) if pending.len() > 1 && !postgres::is_outage(&failure) => {
            let mut answers = Vec::with_capacity(pending.len());
            for order in pending {
                let placed = place_batch(&messaging, &hub, std::slice::from_ref(&order)).await;
                answers.push(match placed {
                    Ok(mut answer) => answer.pop().unwrap_or_else(|| Err(problem_for(&sqlx::Error::WorkerCrashed))),
                    Err(Failure::RolledBack(failure) | Failure::Unknown(failure)) => Err(problem_for(&failure)),
                });
            }
            answers
        }
        Failure::RolledBack(failure) | Failure::Unknown(failure) => {
            let problem = problem_for(&failure);
            pending.iter().map(|_| Err(problem.clone())).collect()
        }
    }
}

fn problem_for(failure: &sqlx::Error) -> Problem {
    if postgres::is_outage(failure) { Problem::unavailable(failure) } else { Problem::internal(failure) }
}

/// Stores and announces all orders in one transaction. The responses are in the order of the requests.
async fn place_batch(
    messaging: &Messaging,
    hub: &Hub,
    pending: &[PendingOrder],
) -> Result<Vec<Result<Response, Problem>>, Failure> {
    let mut tx = messaging.begin().await?;
    let scopes: Vec<Option<&Scope>> = pending.iter().map(|pending| pending.scope.as_ref()).collect();
    let claims = idempotency::claim_all(&mut tx, &scopes).await?;
    let mut answers = Vec::with_capacity(pending.len());
    let (mut orders, mut responses) = (vec![], vec![]);
    for (pending, claim) in pending.iter().zip(claims) {
        answers.push(match claim {
            Claim::Respond(answer) => Ok(answer),
            Claim::New => match announce(&mut tx, pending).await {
                Ok(answer) => {
                    orders.push((&pending.order, pending.context));
                    responses.extend(pending.scope.as_ref().map(|scope| (scope, answer.clone())));
                    Ok(answer.into_response())
                }
                Err(problem) => Err(problem),
            },
        });
    }
    if orders.is_empty() {
        tx.rollback().await?;
        return Ok(answers);
    }
    let written: Vec<&Order> = orders.iter().map(|(order, _)| *order).collect();
    store::orders::insert_all(&mut tx, &written).await?;
    let responses: Vec<(&Scope, &StoredResponse)> = responses.iter().map(|(scope, answer)| (*scope, answer)).collect();
    idempotency::store_all(&mut tx, &responses).await?;
    for (order, context) in orders {
        let (hub, order) = (hub.clone(), order.clone());
        tx.after_commit(move || hub.announce(&order, context));
    }
    match tx.commit().await {
        Ok(()) => Ok(answers),
        Err(CommitError::Commit(failure)) => Err(Failure::Unknown(failure)),
        Err(failure) => Err(Failure::RolledBack(failure.into_source())),
    }
}

/// Appends the order's event with the trace context of its own request, and returns the response.
async fn announce(tx: &mut Transaction, pending: &PendingOrder) -> Result<StoredResponse, Problem> {
    let PendingOrder { order, created, location_prefix, .. } = pending;
    let append = async { tx.append(created, order.version) };
    let appended = match pending.context {
        Some(context) => trace::scope(context, append).await,
        None => append.await,
    };
    appended.map_err(|error| Problem::internal(&error))?;
    Ok(StoredResponse {
        status: StatusCode::CREATED,
        location: Some(format!("{location_prefix}/orders/{}", order.id)),
        body: serde_json::to_vec(&OrderJson::from(order.clone())).map_err(|error| Problem::internal(&error))?,
    })
}
