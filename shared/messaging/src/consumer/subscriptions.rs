//! Which events a service hears, and who handles each: a table that fits on one screen.

use super::function::{Function, HandleFn};
use super::handler::{Handle, HandleBatch, Meta};
use super::subscription::{Erased, OneByOne, Subscription, Together, read_as};
use rabbit_outbox_event::Event;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The events that a service hears.
#[derive(Clone, Default)]
pub struct Subscriptions {
    entries: BTreeMap<&'static str, Entry>,
}

/// How an event of one wire type is read, and who gets it.
#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) read: fn(&RawValue, Meta) -> Result<Erased, serde_json::Error>,
    pub(crate) subscription: Arc<dyn Subscription>,
    /// The wire type of the subscription's own events.
    pub(crate) handled_as: &'static str,
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
    pub fn on<E: Event>(self, handler: impl Handle<E>) -> Self {
        self.with::<E>(Arc::new(OneByOne::<E, _>::new(handler)))
    }

    /// Gives events of type `E` to a plain `async fn`.
    ///
    /// ```
    /// # use rabbit_outbox::{Event, HandleError, Meta, Subscriptions, Transaction};
    /// # #[derive(serde::Serialize, serde::Deserialize)]
    /// # struct ParcelSent { parcel: i64 }
    /// # impl Event for ParcelSent {
    /// #     const TYPE: &'static str = "parcels.ParcelSent.v1";
    /// #     fn ordering_key(&self) -> String { self.parcel.to_string() }
    /// # }
    /// async fn note(tx: &mut Transaction, event: &ParcelSent, _meta: &Meta) -> Result<(), HandleError> {
    ///     sqlx::query("insert into letters (parcel) values ($1)").bind(event.parcel).execute(&mut **tx).await?;
    ///     Ok(())
    /// }
    ///
    /// let subscriptions = Subscriptions::new().on_fn(note);
    /// assert_eq!(subscriptions.wire_types(), ["parcels.ParcelSent.v1"]);
    /// ```
    ///
    /// # Panics
    /// As [`Subscriptions::on`].
    #[must_use]
    pub fn on_fn<E: Event>(self, function: impl for<'a> HandleFn<'a, E>) -> Self {
        self.on(Function::new(function))
    }

    /// Gives all new events of type `E` that arrived together to `handler`.
    ///
    /// # Panics
    /// As [`Subscriptions::on`].
    #[must_use]
    pub fn on_batch<E: Event>(self, handler: impl HandleBatch<E>) -> Self {
        self.with::<E>(Arc::new(Together::<E, _>::new(handler)))
    }

    /// Hears events of the former version `Old` too, turns each into a `New` one and gives it to the handler of that.
    ///
    /// # Panics
    /// When `New` has no handler yet, or `Old` has one.
    #[must_use]
    pub fn upcast<Old: Event, New: Event + From<Old>>(self) -> Self {
        let Some(current) = self.entries.get(New::TYPE) else {
            panic!("{} can't become {}, which nobody handles: subscribe to that first", Old::TYPE, New::TYPE)
        };
        let entry =
            Entry { read: read_as::<Old, New>, subscription: Arc::clone(&current.subscription), handled_as: New::TYPE };
        self.entry(Old::TYPE, entry)
    }

    /// The wire types that are heard.
    pub fn wire_types(&self) -> Vec<&'static str> {
        self.entries.keys().copied().collect()
    }

    /// How events of a wire type are read and who handles them, if somebody does.
    pub(crate) fn find(&self, wire_type: &str) -> Option<&Entry> {
        self.entries.get(wire_type)
    }

    fn with<E: Event>(self, subscription: Arc<dyn Subscription>) -> Self {
        self.entry(E::TYPE, Entry { read: read_as::<E, E>, subscription, handled_as: E::TYPE })
    }

    fn entry(mut self, wire_type: &'static str, entry: Entry) -> Self {
        let former = self.entries.insert(wire_type, entry);
        assert!(former.is_none(), "two handlers for {wire_type}");
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consumer::outcome::HandleError;
    use crate::transaction::Transaction;
    use serde::{Deserialize, Serialize};

    #[derive(Serialize, Deserialize)]
    struct Sent;

    #[derive(Serialize, Deserialize)]
    struct SentWithWeight;

    impl Event for Sent {
        const TYPE: &'static str = "parcels.Sent.v1";

        fn ordering_key(&self) -> String {
            String::new()
        }
    }

    impl Event for SentWithWeight {
        const TYPE: &'static str = "parcels.Sent.v2";

        fn ordering_key(&self) -> String {
            String::new()
        }
    }

    impl From<Sent> for SentWithWeight {
        fn from(Sent: Sent) -> Self {
            Self
        }
    }

    async fn ignore(_: &mut Transaction, _: &SentWithWeight, _: &Meta) -> Result<(), HandleError> {
        Ok(())
    }

    #[test]
    fn a_former_version_is_heard_too() {
        let subscriptions = Subscriptions::new().on_fn(ignore).upcast::<Sent, SentWithWeight>();
        assert_eq!(subscriptions.wire_types(), ["parcels.Sent.v1", "parcels.Sent.v2"]);
    }

    #[test]
    #[should_panic(expected = "two handlers for parcels.Sent.v2")]
    fn an_event_has_one_handler() {
        let _ = Subscriptions::new().on_fn(ignore).on_fn(ignore);
    }

    #[test]
    #[should_panic(expected = "parcels.Sent.v1 can't become parcels.Sent.v2, which nobody handles")]
    fn a_former_version_needs_a_handler_of_the_current_one() {
        let _ = Subscriptions::new().upcast::<Sent, SentWithWeight>();
    }
}
