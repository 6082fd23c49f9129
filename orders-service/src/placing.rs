//! Orders that arrive together are written together: one transaction for all of them, and none waits for a timer.

use crate::api::order_json::OrderJson;
use crate::domain::order::Order;
use crate::live::hub::Hub;
use crate::store;
use axum::response::{IntoResponse, Response};
use chassis::batcher::Batcher;
use chassis::idempotency::{self, Claim, Scope, StoredResponse};
use chassis::problem::Problem;
use contracts::orders::OrderCreated;
use http::StatusCode;
use rabbit_outbox::transaction::CommitError;
use rabbit_outbox::{Messaging, Transaction};
use trace::TraceContext;

/// Transactions at a time: while one waits for the disk, the next is written.
const WORKERS: usize = 2;
/// Orders of one transaction. Far more than come together in the time of a commit.
const ORDERS_MAX: usize = 128;

/// An order that is to be placed, and the request that asks for it.
#[derive(Debug)]
pub struct Wanted {
    /// The request's idempotency key, if it has one.
    pub scope: Option<Scope>,
    /// The order.
    pub order: Order,
    /// What is announced of it.
    pub created: OrderCreated,
    /// What the address of the order begins with, for the client.
    pub location_prefix: String,
    /// The trace of the request.
    pub context: Option<TraceContext>,
}

/// The way to place orders; cheap to clone.
#[derive(Clone)]
pub struct Placing {
    batcher: Batcher<Wanted, Result<Response, Problem>>,
}

impl Placing {
    /// Starts the tasks that write.
    pub fn start(messaging: Messaging, hub: Hub) -> Self {
        let work = move |wanted: Vec<Wanted>| place(messaging.clone(), hub.clone(), wanted);
        Self { batcher: Batcher::start(WORKERS, ORDERS_MAX, work) }
    }

    /// Places an order, alone or together with others, and returns the answer to its request.
    ///
    /// # Errors
    /// The problem to answer instead; then nothing was placed, unless the database went away at the very end.
    pub async fn place(&self, wanted: Wanted) -> Result<Response, Problem> {
        self.batcher.submit(wanted).await.map_err(|gone| Problem::unavailable(&gone))?
    }
}

/// Why a transaction of several orders ended without any of them.
enum Failure {
    /// Nothing is written: each may be tried alone.
    Undone(sqlx::Error),
    /// It may be written, so it must not be tried again.
    Unknown(sqlx::Error),
}

impl From<sqlx::Error> for Failure {
    fn from(failure: sqlx::Error) -> Self {
        Self::Undone(failure)
    }
}

async fn place(messaging: Messaging, hub: Hub, wanted: Vec<Wanted>) -> Vec<Result<Response, Problem>> {
    let failure = match place_together(&messaging, &hub, &wanted).await {
        Ok(answers) => return answers,
        Err(failure) => failure,
    };
    match failure {
        // One that can't be written must not cost its neighbours their orders; a database that is away costs all.
        Failure::Undone(failure) if wanted.len() > 1 && !chassis::postgres::is_outage(&failure) => {
            let mut answers = Vec::with_capacity(wanted.len());
            for alone in wanted {
                let placed = place_together(&messaging, &hub, std::slice::from_ref(&alone)).await;
                answers.push(match placed {
                    Ok(mut answer) => answer.pop().unwrap_or_else(|| Err(refused(&sqlx::Error::WorkerCrashed))),
                    Err(Failure::Undone(failure) | Failure::Unknown(failure)) => Err(refused(&failure)),
                });
            }
            answers
        }
        Failure::Undone(failure) | Failure::Unknown(failure) => {
            let problem = refused(&failure);
            wanted.iter().map(|_| Err(problem.clone())).collect()
        }
    }
}

fn refused(failure: &sqlx::Error) -> Problem {
    if chassis::postgres::is_outage(failure) { Problem::unavailable(failure) } else { Problem::internal(failure) }
}

/// Writes and announces all orders in one transaction; the answers have the order of the requests.
async fn place_together(
    messaging: &Messaging,
    hub: &Hub,
    wanted: &[Wanted],
) -> Result<Vec<Result<Response, Problem>>, Failure> {
    let mut tx = messaging.begin().await?;
    let scopes: Vec<Option<&Scope>> = wanted.iter().map(|wanted| wanted.scope.as_ref()).collect();
    let claims = idempotency::claim_all(&mut tx, &scopes).await?;
    let mut answers = Vec::with_capacity(wanted.len());
    let (mut orders, mut kept) = (vec![], vec![]);
    for (wanted, claim) in wanted.iter().zip(claims) {
        answers.push(match claim {
            Claim::Respond(answer) => Ok(answer),
            Claim::New => match announce(&mut tx, wanted).await {
                Ok(answer) => {
                    orders.push((&wanted.order, wanted.context));
                    kept.extend(wanted.scope.as_ref().map(|scope| (scope, answer.clone())));
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
    let kept: Vec<(&Scope, &StoredResponse)> = kept.iter().map(|(scope, answer)| (*scope, answer)).collect();
    idempotency::store_all(&mut tx, &kept).await?;
    for (order, context) in orders {
        let (hub, order) = (hub.clone(), order.clone());
        tx.after_commit(move || hub.announce(&order, context));
    }
    match tx.commit().await {
        Ok(()) => Ok(answers),
        Err(CommitError::Commit(failure)) => Err(Failure::Unknown(failure)),
        Err(undone) => Err(Failure::Undone(undone.into_source())),
    }
}

/// Announces one order on the trace of its own request, and returns the answer to it.
async fn announce(tx: &mut Transaction, wanted: &Wanted) -> Result<StoredResponse, Problem> {
    let Wanted { order, created, location_prefix, .. } = wanted;
    let append = async { tx.append(created, order.version) };
    let appended = match wanted.context {
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
