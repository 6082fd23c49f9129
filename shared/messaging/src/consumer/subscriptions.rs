//! Which events a service subscribes to, and the handlers of each.

use super::foreign::Foreign;
use super::function::{Function, HandleFn};
use super::handler::{Handle, HandleBatch, HandleSome};
use super::meta::Meta;
use super::subscription::{Erased, OneByOne, SomeOf, Subscription, Together, read_as, read_plain};
use crate::topology::Binding;
use rabbit_outbox_event::{Event, producer};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The subscriptions of a service.
#[derive(Clone, Default)]
pub struct Subscriptions {
    entries: BTreeMap<&'static str, Vec<Entry>>,
    foreign: Vec<(Foreign, Vec<Entry>)>,
}

/// How an event of one wire type is read, and which handler gets it.
#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) read: fn(&RawValue, Meta) -> Result<Erased, serde_json::Error>,
    pub(crate) subscription: Arc<dyn Subscription>,
    /// The wire type of the subscription's own events.
    pub(crate) handled_as: &'static str,
    /// The handler's name among those of its event; the first one has none.
    pub(crate) handler: &'static str,
}

impl Subscriptions {
    /// No subscriptions yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Handles events of type `E` with `handler`.
    ///
    /// # Panics
    /// If `E` already has such a handler: see [`Subscriptions::also_on`] for another one.
    #[must_use]
    pub fn on<E: Event>(self, handler: impl Handle<E>) -> Self {
        self.with::<E>("", Arc::new(OneByOne::<E, _>::new(handler)))
    }

    /// Handles those events of type `E` that `handler` takes; the others leave no inbox row.
    ///
    /// # Panics
    /// Same as [`Subscriptions::on`].
    #[must_use]
    pub fn on_some<E: Event>(self, handler: impl HandleSome<E>) -> Self {
        self.with::<E>("", Arc::new(SomeOf::<E, _>::new(handler)))
    }

    /// Handles events of type `E` with one more handler, which has its own inbox row under `name`.
    ///
    /// Each handler has the effect of an event once, independently of the others: if one fails, the event is retried
    /// for that one only. The name is stored: after a rename the handler counts as a new one, also for events that are
    /// delivered again.
    ///
    /// # Panics
    /// If the name is empty or taken.
    #[must_use]
    pub fn also_on<E: Event>(self, name: &'static str, handler: impl Handle<E>) -> Self {
        assert!(!name.is_empty(), "another handler of {} needs a name", E::TYPE);
        self.with::<E>(name, Arc::new(OneByOne::<E, _>::new(handler)))
    }

    /// Handles messages of a producer that does not use this crate with `handler`: JSON without an envelope.
    ///
    /// ```
    /// # use rabbit_outbox::{Foreign, Handle, HandleError, Meta, Subscriptions, Transaction};
    /// #[derive(serde::Deserialize)]
    /// struct Arrival { parcel: i64 }
    ///
    /// struct Note;
    ///
    /// impl Handle<Arrival> for Note {
    ///     async fn handle(&self, tx: &mut Transaction, arrival: &Arrival, _: &Meta) -> Result<(), HandleError> {
    ///         sqlx::query("insert into arrivals (parcel) values ($1)").bind(arrival.parcel).execute(&mut **tx).await?;
    ///         Ok(())
    ///     }
    /// }
    ///
    /// let subscriptions = Subscriptions::new().on_foreign(Foreign::at("legacy", "parcel.arrived"), Note);
    /// # let _ = subscriptions;
    /// ```
    ///
    /// If several patterns cover a message, the one that was registered first gets it.
    ///
    /// # Panics
    /// If the same pattern already has a handler, or it covers an event type that has one.
    #[must_use]
    pub fn on_foreign<T>(mut self, foreign: Foreign, handler: impl Handle<T>) -> Self
    where
        T: DeserializeOwned + Send + Sync + 'static,
    {
        let taken = self
            .foreign
            .iter()
            .any(|(other, _)| (&other.exchange, &other.routing_key) == (&foreign.exchange, &foreign.routing_key));
        assert!(!taken, "two handlers for {} of {}", foreign.routing_key, foreign.exchange);
        if let Some(wire_type) = self.entries.keys().find(|wire_type| foreign.covers(producer(wire_type), wire_type)) {
            panic!("{} of {} covers {wire_type}, which has a handler", foreign.routing_key, foreign.exchange);
        }
        let subscription = Arc::new(OneByOne::<T, _>::new(handler));
        let entry = Entry { read: read_plain::<T>, subscription, handled_as: "", handler: "" };
        self.foreign.push((foreign, vec![entry]));
        self
    }

    /// Handles events of type `E` with a plain `async fn`.
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
    /// Same as [`Subscriptions::on`].
    #[must_use]
    pub fn on_fn<E: Event>(self, function: impl for<'a> HandleFn<'a, E>) -> Self {
        self.on(Function::new(function))
    }

    /// Handles all new events of type `E` that arrived together with `handler`.
    ///
    /// # Panics
    /// Same as [`Subscriptions::on`].
    #[must_use]
    pub fn on_batch<E: Event>(self, handler: impl HandleBatch<E>) -> Self {
        self.with::<E>("", Arc::new(Together::<E, _>::new(handler)))
    }

    /// Subscribes to the former version `Old`, too: converts its events into `New` ones for the handlers of `New`.
    ///
    /// # Panics
    /// If `New` has no handler yet, or `Old` has one.
    #[must_use]
    pub fn upcast<Old: Event, New: Event + From<Old>>(mut self) -> Self {
        let Some(current) = self.entries.get(New::TYPE) else {
            panic!("{} can't become {}, which has no handler: subscribe to that first", Old::TYPE, New::TYPE)
        };
        let entries = current.iter().map(|entry| Entry { read: read_as::<Old, New>, ..entry.clone() }).collect();
        let former = self.entries.insert(Old::TYPE, entries);
        assert!(former.is_none(), "two handlers for {}", Old::TYPE);
        self
    }

    /// The wire types of all subscriptions.
    pub fn wire_types(&self) -> Vec<&'static str> {
        self.entries.keys().copied().collect()
    }

    /// The handlers of a wire type; may be empty.
    pub(crate) fn find(&self, wire_type: &str) -> &[Entry] {
        self.entries.get(wire_type).map_or(&[], Vec::as_slice)
    }

    /// The handler of a foreign producer's message, if a pattern covers it.
    pub(crate) fn foreign(&self, exchange: &str, routing_key: &str) -> Option<(&Foreign, &[Entry])> {
        let found = self.foreign.iter().find(|(foreign, _)| foreign.covers(exchange, routing_key));
        found.map(|(foreign, entries)| (foreign, entries.as_slice()))
    }

    /// The bindings of the inbox for foreign producers.
    pub(crate) fn foreign_bindings(&self, inbox: &str) -> Vec<Binding> {
        let binding = |foreign: &Foreign| Binding {
            exchange: foreign.exchange.clone(),
            routing_key: foreign.routing_key.clone(),
            queue: inbox.to_owned(),
        };
        self.foreign.iter().map(|(foreign, _)| binding(foreign)).collect()
    }

    fn with<E: Event>(mut self, handler: &'static str, subscription: Arc<dyn Subscription>) -> Self {
        let covering = self.foreign.iter().find(|(foreign, _)| foreign.covers(producer(E::TYPE), E::TYPE));
        assert!(covering.is_none(), "a pattern of a foreign producer covers {}", E::TYPE);
        let entries = self.entries.entry(E::TYPE).or_default();
        let taken = entries.iter().any(|entry| entry.handler == handler);
        assert!(!taken, "two handlers for {}{}{handler}", E::TYPE, if handler.is_empty() { "" } else { " named " });
        entries.push(Entry { read: read_as::<E, E>, subscription, handled_as: E::TYPE, handler });
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
    fn a_former_version_is_handled_too() {
        let subscriptions = Subscriptions::new().on_fn(ignore).upcast::<Sent, SentWithWeight>();
        assert_eq!(subscriptions.wire_types(), ["parcels.Sent.v1", "parcels.Sent.v2"]);
    }

    #[test]
    #[should_panic(expected = "two handlers for parcels.Sent.v2")]
    fn an_event_has_one_handler() {
        let _ = Subscriptions::new().on_fn(ignore).on_fn(ignore);
    }

    #[test]
    #[should_panic(expected = "parcels.Sent.v1 can't become parcels.Sent.v2, which has no handler")]
    fn a_former_version_needs_a_handler_of_the_current_one() {
        let _ = Subscriptions::new().upcast::<Sent, SentWithWeight>();
    }
}
