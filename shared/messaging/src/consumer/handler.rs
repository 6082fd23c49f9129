//! What a service implements: a handler for one type of event.

use super::meta::Meta;
use super::outcome::HandleError;
use crate::transaction::Transaction;
use std::future::Future;

/// Handles one type of event.
///
/// The inbox row, the effect and the new events commit together in `tx`, once. Change nothing outside the database
/// here: the handler runs again if the commit fails.
pub trait Handle<E: Send + Sync + 'static>: Send + Sync + 'static {
    /// Applies the event. Return `Ok` also for a duplicate or a late event that changes nothing.
    ///
    /// It must end within [`ConsumerOptions::handler_timeout`](crate::ConsumerOptions::handler_timeout); a panic is a
    /// failure of this event like any other.
    fn handle(
        &self,
        tx: &mut Transaction,
        event: &E,
        meta: &Meta,
    ) -> impl Future<Output = Result<(), HandleError>> + Send;

    /// A number for the row that the handler will lock. Events of one batch are handled in this order, so that two
    /// replicas lock the same rows in the same order.
    fn lock_key(&self, _event: &E) -> i64 {
        0
    }
}

/// A handler that takes only some of the events of its type. Register it with
/// [`Subscriptions::on_some`](crate::Subscriptions::on_some).
///
/// An event that it does not take is acknowledged and leaves no inbox row. It is for events that strangers can cause as
/// often as they like, about things that may not exist: each would otherwise cost a row for as long as the inbox keeps
/// them. An event that it takes is handled once, as always.
pub trait HandleSome<E: Send + Sync + 'static>: Handle<E> {
    /// Whether the event could have an effect. It is asked before the inbox, so also for events that were handled before,
    /// and for the same event again if the transaction fails: change nothing here.
    fn takes(
        &self,
        tx: &mut Transaction,
        event: &E,
        meta: &Meta,
    ) -> impl Future<Output = Result<bool, HandleError>> + Send;
}

/// Handles all events of one type that arrived together, with set-based statements.
///
/// It gets the events that were not handled before, in the order of arrival: at least one and at most
/// [`ConsumerOptions::batch_max`](crate::consumer::ConsumerOptions). An error rolls back the whole transaction; then
/// each event is handled alone, as a batch of one, so that only the faulty one fails. Lock rows in an order that does
/// not depend on the order of the events.
pub trait HandleBatch<E: Send + Sync + 'static>: Send + Sync + 'static {
    /// Applies the events. Append new events with `append_for` and the `meta` of their cause, which continues the
    /// causal chain and the trace.
    fn handle(
        &self,
        tx: &mut Transaction,
        events: &[Received<E>],
    ) -> impl Future<Output = Result<(), HandleError>> + Send;
}

/// An event and its envelope.
#[derive(Clone, Debug)]
pub struct Received<E> {
    /// The event.
    pub event: E,
    /// Its envelope.
    pub meta: Meta,
}
