//! Which events a service hears, and who handles each: a table that fits on one screen.

use super::foreign::Foreign;
use super::function::{Function, HandleFn};
use super::handler::{Handle, HandleBatch, Meta};
use super::subscription::{Erased, OneByOne, Subscription, Together, read_as, read_plain};
use crate::topology::Binding;
use rabbit_outbox_event::{Event, producer};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The events that a service hears.
#[derive(Clone, Default)]
pub struct Subscriptions {
    entries: BTreeMap<&'static str, Vec<Entry>>,
    foreign: Vec<(Foreign, Vec<Entry>)>,
}

/// How an event of one wire type is read, and who gets it.
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
    /// Hears nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives events of type `E` to `handler`.
    ///
    /// # Panics
    /// When `E` has such a handler already: see [`Subscriptions::also_on`] for another one.
    #[must_use]
    pub fn on<E: Event>(self, handler: impl Handle<E>) -> Self {
        self.with::<E>("", Arc::new(OneByOne::<E, _>::new(handler)))
    }

    /// Gives events of type `E` to one more handler, with an inbox row of its own under `name`.
    ///
    /// Each handler has the effect of an event once, whatever becomes of it at the others: when one fails, the event
    /// comes back for that one only. The name is stored: another name is another handler, for events that come again
    /// too.
    ///
    /// # Panics
    /// When the name is empty or taken.
    #[must_use]
    pub fn also_on<E: Event>(self, name: &'static str, handler: impl Handle<E>) -> Self {
        assert!(!name.is_empty(), "another handler of {} needs a name", E::TYPE);
        self.with::<E>(name, Arc::new(OneByOne::<E, _>::new(handler)))
    }

    /// Gives messages of a producer that knows nothing of this crate to `handler`: JSON without an envelope.
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
    /// Of several patterns that cover a message, the one that was registered first gets it.
    ///
    /// # Panics
    /// When the same pattern has a handler already, or it covers an event type that has one.
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
        self.with::<E>("", Arc::new(Together::<E, _>::new(handler)))
    }

    /// Hears events of the former version `Old` too, turns each into a `New` one and gives it to the handlers of that.
    ///
    /// # Panics
    /// When `New` has no handler yet, or `Old` has one.
    #[must_use]
    pub fn upcast<Old: Event, New: Event + From<Old>>(mut self) -> Self {
        let Some(current) = self.entries.get(New::TYPE) else {
            panic!("{} can't become {}, which nobody handles: subscribe to that first", Old::TYPE, New::TYPE)
        };
        let entries = current.iter().map(|entry| Entry { read: read_as::<Old, New>, ..entry.clone() }).collect();
        let former = self.entries.insert(Old::TYPE, entries);
        assert!(former.is_none(), "two handlers for {}", Old::TYPE);
        self
    }

    /// The wire types that are heard.
    pub fn wire_types(&self) -> Vec<&'static str> {
        self.entries.keys().copied().collect()
    }

    /// How events of a wire type are read and who handles them; nobody, perhaps.
    pub(crate) fn find(&self, wire_type: &str) -> &[Entry] {
        self.entries.get(wire_type).map_or(&[], Vec::as_slice)
    }

    /// The same of a message of a foreign producer, if it is one.
    pub(crate) fn foreign(&self, exchange: &str, routing_key: &str) -> Option<(&Foreign, &[Entry])> {
        let found = self.foreign.iter().find(|(foreign, _)| foreign.covers(exchange, routing_key));
        found.map(|(foreign, entries)| (foreign, entries.as_slice()))
    }

    /// What the inbox is to be bound to for foreign producers.
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
