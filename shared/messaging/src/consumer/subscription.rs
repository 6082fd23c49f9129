//! A handler whose event type is forgotten, so that handlers of all types fit into one table.

use super::handler::{Handle, HandleBatch, Meta, Received};
use super::outcome::HandleError;
use crate::transaction::Transaction;
use rabbit_outbox_event::Event;
use serde_json::value::RawValue;
use std::any::Any;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;

/// A [`Received`] event of the type that its [`Subscription`] handles.
pub(crate) type Erased = Box<dyn Any + Send + Sync>;

/// The handling of some events.
pub(crate) type Handling<'a> = Pin<Box<dyn Future<Output = Result<(), HandleError>> + Send + 'a>>;

/// What the downcasts rely on.
const READ_AS_ITS_OWN: &str = "an entry of the table reads events as the type that its subscription handles";

/// A handler without its event type.
pub(crate) trait Subscription: Send + Sync {
    /// Whether it takes all events of a batch at once.
    fn takes_sets(&self) -> bool;

    /// Where among the batch an event is to be handled; see [`Handle::lock_key`].
    fn lock_key(&self, event: &Erased) -> i64;

    /// Handles events that were read for this subscription.
    fn handle<'a>(&'a self, tx: &'a mut Transaction, events: Vec<Erased>) -> Handling<'a>;
}

/// Reads an event's own fields as `Wire`, for a subscription to `E`.
pub(crate) fn read_as<Wire: Event, E: Event + From<Wire>>(
    data: &RawValue,
    meta: Meta,
) -> Result<Erased, serde_json::Error> {
    let event: Wire = serde_json::from_str(data.get())?;
    Ok(Box::new(Received { event: E::from(event), meta }))
}

pub(super) struct OneByOne<E, H> {
    handler: H,
    event: PhantomData<fn() -> E>,
}

impl<E, H> OneByOne<E, H> {
    pub(super) fn new(handler: H) -> Self {
        Self { handler, event: PhantomData }
    }
}

impl<E: Event, H: Handle<E>> Subscription for OneByOne<E, H> {
    fn takes_sets(&self) -> bool {
        false
    }

    fn lock_key(&self, event: &Erased) -> i64 {
        let received: &Received<E> = event.downcast_ref().expect(READ_AS_ITS_OWN);
        self.handler.lock_key(&received.event)
    }

    fn handle<'a>(&'a self, tx: &'a mut Transaction, events: Vec<Erased>) -> Handling<'a> {
        Box::pin(async move {
            for event in &events {
                let received: &Received<E> = event.downcast_ref().expect(READ_AS_ITS_OWN);
                self.handler.handle(tx, &received.event, &received.meta).await?;
            }
            Ok(())
        })
    }
}

pub(super) struct Together<E, H> {
    handler: H,
    event: PhantomData<fn() -> E>,
}

impl<E, H> Together<E, H> {
    pub(super) fn new(handler: H) -> Self {
        Self { handler, event: PhantomData }
    }
}

impl<E: Event, H: HandleBatch<E>> Subscription for Together<E, H> {
    fn takes_sets(&self) -> bool {
        true
    }

    fn lock_key(&self, _event: &Erased) -> i64 {
        0
    }

    fn handle<'a>(&'a self, tx: &'a mut Transaction, events: Vec<Erased>) -> Handling<'a> {
        Box::pin(async move {
            let received: Vec<Received<E>> =
                events.into_iter().map(|event| *event.downcast().expect(READ_AS_ITS_OWN)).collect();
            self.handler.handle(tx, &received).await
        })
    }
}
