//! Which events a service hears, and who handles each: a table that fits on one screen.

use super::handler::{Handle, HandleError, Meta};
use crate::transaction::Transaction;
use event::Event;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;

/// The events that a service hears.
#[derive(Clone, Default)]
pub struct Subscriptions {
    handlers: BTreeMap<&'static str, Arc<dyn Subscription>>,
}

impl Subscriptions {
    /// Hears nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives events of type `E` to `handler`.
    ///
    /// # Panics
    /// When `E` has a handler already: the inbox counts an event as handled once, not once per handler.
    #[must_use]
    pub fn on<E: Event>(mut self, handler: impl Handle<E>) -> Self {
        let subscription = Typed { handler: Arc::new(handler), event: PhantomData::<fn() -> E> };
        let former = self.handlers.insert(E::TYPE, Arc::new(subscription));
        assert!(former.is_none(), "two handlers for {}", E::TYPE);
        self
    }

    /// The wire types that are heard.
    pub fn wire_types(&self) -> Vec<&'static str> {
        self.handlers.keys().copied().collect()
    }

    pub(crate) fn find(&self, wire_type: &str) -> Option<&Arc<dyn Subscription>> {
        self.handlers.get(wire_type)
    }
}

/// A handler whose event type is forgotten.
pub(crate) trait Subscription: Send + Sync {
    /// Reads the event's own fields.
    fn read(&self, data: &RawValue) -> Result<Box<dyn Deed>, serde_json::Error>;
}

/// An event together with its handler: ready to run, again if need be.
pub(crate) trait Deed: Send + Sync {
    fn lock_key(&self) -> i64;
    fn run<'a>(
        &'a self,
        tx: &'a mut Transaction,
        meta: &'a Meta,
    ) -> Pin<Box<dyn Future<Output = Result<(), HandleError>> + Send + 'a>>;
}

struct Typed<E, H> {
    handler: Arc<H>,
    event: PhantomData<fn() -> E>,
}

struct Ready<E, H> {
    handler: Arc<H>,
    event: E,
}

impl<E: Event, H: Handle<E>> Subscription for Typed<E, H> {
    fn read(&self, data: &RawValue) -> Result<Box<dyn Deed>, serde_json::Error> {
        let event: E = serde_json::from_str(data.get())?;
        Ok(Box::new(Ready { handler: Arc::clone(&self.handler), event }))
    }
}

impl<E: Event, H: Handle<E>> Deed for Ready<E, H> {
    fn lock_key(&self) -> i64 {
        self.handler.lock_key(&self.event)
    }

    fn run<'a>(
        &'a self,
        tx: &'a mut Transaction,
        meta: &'a Meta,
    ) -> Pin<Box<dyn Future<Output = Result<(), HandleError>> + Send + 'a>> {
        Box::pin(self.handler.handle(tx, &self.event, meta))
    }
}
