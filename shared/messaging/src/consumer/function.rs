//! Plain async functions as handlers.

use super::handler::Handle;
use super::meta::Meta;
use super::outcome::HandleError;
use crate::transaction::Transaction;
use rabbit_outbox_event::Event;
use std::future::Future;
use std::marker::PhantomData;

/// An `async fn (tx: &mut Transaction, event: &E, meta: &Meta) -> Result<(), HandleError>`.
///
/// The lifetime is that of the call: an `async fn` item returns a different type for each, which an `Fn` bound with one
/// future type can't express.
pub trait HandleFn<'a, E: Event>: Send + Sync + 'static {
    /// The future that the function returns.
    type Handling: Future<Output = Result<(), HandleError>> + Send + 'a;

    /// Calls the function.
    fn call(&self, tx: &'a mut Transaction, event: &'a E, meta: &'a Meta) -> Self::Handling;
}

impl<'a, E, F, Handling> HandleFn<'a, E> for F
where
    E: Event,
    F: Fn(&'a mut Transaction, &'a E, &'a Meta) -> Handling + Send + Sync + 'static,
    Handling: Future<Output = Result<(), HandleError>> + Send + 'a,
{
    type Handling = Handling;

    fn call(&self, tx: &'a mut Transaction, event: &'a E, meta: &'a Meta) -> Handling {
        self(tx, event, meta)
    }
}

/// Adapts a function to a handler.
pub(super) struct Function<E, F> {
    function: F,
    event: PhantomData<fn() -> E>,
}

impl<E, F> Function<E, F> {
    pub(super) fn new(function: F) -> Self {
        Self { function, event: PhantomData }
    }
}

impl<E: Event, F: for<'a> HandleFn<'a, E>> Handle<E> for Function<E, F> {
    async fn handle(&self, tx: &mut Transaction, event: &E, meta: &Meta) -> Result<(), HandleError> {
        self.function.call(tx, event, meta).await
    }
}
