//! Dead letters: events that could not be handled or delivered, stored in a table for an operator to review.
//!
//! Incoming ones could not be handled: the consumer, or RabbitMQ itself, sends them to `<service>.dead`, and the sink
//! stores them. Outgoing ones could not be delivered: the relay parks them. Both are listed, shown, replayed and
//! discarded in the same way.

mod arrival;
pub(crate) mod sink;
mod store;

pub(crate) use actions::delete_old as delete_old_actions;
pub(crate) use expire::delete_settled;

mod actions;
mod edit;
mod expire;
mod filter;
mod letter;
mod operator;
mod read;
mod settle;
mod words;

pub use actions::{Action, ActionFilter, ActionKind};
pub use edit::EditError;
pub use filter::{Filter, Position};
pub use letter::{Body, DeadLetter};
pub use operator::Operator;
pub use read::Count;

/// The former name of [`DeadLetter`].
#[deprecated(since = "0.2.0", note = "renamed to `DeadLetter`")]
pub type Letter = DeadLetter;

pub use settle::SettleError;
pub use words::{Direction, State};

use crate::consumer::history::History;
use crate::transaction::Origin;
use arrival::Arrival;
use lapin::BasicProperties;
use sqlx::PgPool;

/// The dead letters of one service; cheap to clone.
#[derive(Clone)]
pub struct DeadLetters {
    pool: PgPool,
    origin: Origin,
    operator: Operator,
}

impl DeadLetters {
    pub(crate) fn new(pool: PgPool, origin: Origin) -> Self {
        Self { pool, origin, operator: Operator::default() }
    }
}

/// Stores a dead letter that was never at a broker.
pub(crate) async fn store_undelivered(pool: &PgPool, body: &[u8], history: History) -> Result<(), sqlx::Error> {
    let arrival = Arrival { history, ..Arrival::of(body, &BasicProperties::default()) };
    store::store(pool, &arrival, body).await
}
