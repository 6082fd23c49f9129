//! A handler without its event type, so that handlers of all types fit into one table.

use super::handler::{Handle, HandleBatch, HandleSome, Received};
use super::meta::Meta;
use super::outcome::HandleError;
use crate::propagation::Handling;
use crate::transaction::Transaction;
use futures_util::future::BoxFuture;
use rabbit_outbox_event::Event;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use std::any::Any;
use std::marker::PhantomData;

/// A [`Received`] event of the type that its [`Subscription`] handles.
pub(crate) type Erased = Box<dyn Any + Send + Sync>;

/// The message if a downcast fails.
const READ_AS_ITS_OWN: &str = "an entry of the table reads events as the type that its subscription handles";

/// A handler without its event type.
pub(crate) trait Subscription: Send + Sync {
    /// Whether it takes all events of a batch at once.
    fn takes_sets(&self) -> bool;

    /// The order of an event within the batch; see [`Handle::lock_key`].
    fn lock_key(&self, event: &Erased) -> i64;

    /// Writes the trace context of this attempt into an event that was read for this subscription.
    fn on_trace(&self, event: &mut Erased, handling: &str);

    /// Whether it takes an event that was read for this subscription; `None` if it takes all.
    fn takes<'a>(
        &'a self,
        _tx: &'a mut Transaction,
        _event: &'a Erased,
    ) -> Option<BoxFuture<'a, Result<bool, HandleError>>> {
        None
    }

    /// Handles events that were read for this subscription.
    fn handle<'a>(&'a self, tx: &'a mut Transaction, events: Vec<Erased>) -> Handling<'a>;
}

/// Reads an event's data as `Wire`, for a subscription to `E`.
pub(crate) fn read_as<Wire: Event, E: Event + From<Wire>>(
    data: &RawValue,
    meta: Meta,
) -> Result<Erased, serde_json::Error> {
    let event: Wire = serde_json::from_str(data.get())?;
    Ok(Box::new(Received { event: E::from(event), meta }))
}

/// Reads a whole message as `T`.
pub(crate) fn read_plain<T: DeserializeOwned + Send + Sync + 'static>(
    data: &RawValue,
    meta: Meta,
) -> Result<Erased, serde_json::Error> {
    let event: T = serde_json::from_str(data.get())?;
    Ok(Box::new(Received { event, meta }))
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

impl<E: Send + Sync + 'static, H: Handle<E>> Subscription for OneByOne<E, H> {
    fn takes_sets(&self) -> bool {
        false
    }

    fn lock_key(&self, event: &Erased) -> i64 {
        let received: &Received<E> = event.downcast_ref().expect(READ_AS_ITS_OWN);
        self.handler.lock_key(&received.event)
    }

    fn on_trace(&self, event: &mut Erased, handling: &str) {
        let received: &mut Received<E> = event.downcast_mut().expect(READ_AS_ITS_OWN);
        received.meta.handling = Some(handling.to_owned());
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

/// [`OneByOne`] of a handler that takes only some events.
pub(super) struct SomeOf<E, H>(OneByOne<E, H>);

impl<E, H> SomeOf<E, H> {
    pub(super) fn new(handler: H) -> Self {
        Self(OneByOne::new(handler))
    }
}

impl<E: Send + Sync + 'static, H: HandleSome<E>> Subscription for SomeOf<E, H> {
    fn takes_sets(&self) -> bool {
        self.0.takes_sets()
    }

    fn lock_key(&self, event: &Erased) -> i64 {
        self.0.lock_key(event)
    }

    fn on_trace(&self, event: &mut Erased, handling: &str) {
        self.0.on_trace(event, handling);
    }

    fn takes<'a>(
        &'a self,
        tx: &'a mut Transaction,
        event: &'a Erased,
    ) -> Option<BoxFuture<'a, Result<bool, HandleError>>> {
        let received: &Received<E> = event.downcast_ref().expect(READ_AS_ITS_OWN);
        Some(Box::pin(self.0.handler.takes(tx, &received.event, &received.meta)))
    }

    fn handle<'a>(&'a self, tx: &'a mut Transaction, events: Vec<Erased>) -> Handling<'a> {
        self.0.handle(tx, events)
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

impl<E: Send + Sync + 'static, H: HandleBatch<E>> Subscription for Together<E, H> {
    fn takes_sets(&self) -> bool {
        true
    }

    fn lock_key(&self, _event: &Erased) -> i64 {
        0
    }

    fn on_trace(&self, event: &mut Erased, handling: &str) {
        let received: &mut Received<E> = event.downcast_mut().expect(READ_AS_ITS_OWN);
        received.meta.handling = Some(handling.to_owned());
    }

    fn handle<'a>(&'a self, tx: &'a mut Transaction, events: Vec<Erased>) -> Handling<'a> {
        Box::pin(async move {
            let received: Vec<Received<E>> =
                events.into_iter().map(|event| *event.downcast().expect(READ_AS_ITS_OWN)).collect();
            self.handler.handle(tx, &received).await
        })
    }
}
