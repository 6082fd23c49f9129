//! Deliveries without a broker: repeated, late and in any order, which a broker may do but rarely does.

use crate::harness::Harness;
use rabbit_outbox::consumer::Delivered;
use rabbit_outbox_event::envelope::SPEC_VERSION;
use rabbit_outbox_event::{Envelope, Event, EventId, producer};
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use std::future::Future;
use std::panic::Location;
use time::OffsetDateTime;
use uuid::Uuid;

/// An event in its envelope, as its producer would publish it.
#[derive(Clone, Debug)]
pub struct Message {
    event_id: EventId,
    wire_type: &'static str,
    body: Vec<u8>,
}

/// The results of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The id of the event.
    pub event_id: EventId,
    /// For each delivery: the service, and the result.
    pub outcomes: Vec<(String, Delivered)>,
}

impl Message {
    /// The event with a new id and sequence 1.
    ///
    /// # Panics
    /// If the event can't be serialized to JSON.
    pub fn of<E: Event>(event: &E) -> Self {
        let (event_id, key) = (EventId(Uuid::now_v7()), event.ordering_key());
        let envelope = Envelope {
            specversion: SPEC_VERSION.to_owned(),
            id: event_id,
            source: format!("/{}", producer(E::TYPE)),
            wire_type: E::TYPE.to_owned(),
            subject: key.clone(),
            time: OffsetDateTime::now_utc(),
            datacontenttype: "application/json".to_owned(),
            sequence: "1".to_owned(),
            partitionkey: key,
            correlationid: event_id,
            causationid: None,
            traceparent: None,
            data: event,
        };
        let body = serde_json::to_vec(&envelope).expect("an event can be written as JSON");
        Self { event_id, wire_type: E::TYPE, body }
    }

    /// The event's id.
    pub fn event_id(&self) -> EventId {
        self.event_id
    }
}

/// They bypass the broker, so each is complete when the call returns. Inbox, transaction and immediate attempts are the
/// same as for a delivery from a queue.
impl Harness {
    /// Delivers an event to every service that handles it.
    ///
    /// # Panics
    /// If no service handles it, or the database refuses.
    #[track_caller]
    pub fn deliver<E: Event>(&self, event: &E) -> impl Future<Output = Delivery> {
        self.deliver_times(Message::of(event), 1, Location::caller())
    }

    /// Delivers an event twice, like a broker that has missed the acknowledgement.
    ///
    /// # Panics
    /// Same as [`Harness::deliver`].
    #[track_caller]
    pub fn deliver_twice<E: Event>(&self, event: &E) -> impl Future<Output = Delivery> {
        self.deliver_times(Message::of(event), 2, Location::caller())
    }

    /// Delivers messages in reverse order of their publication.
    ///
    /// # Panics
    /// Same as [`Harness::deliver`].
    #[track_caller]
    pub fn deliver_out_of_order(
        &self,
        messages: impl IntoIterator<Item = Message>,
    ) -> impl Future<Output = Vec<Delivery>> {
        let mut messages: Vec<Message> = messages.into_iter().collect();
        messages.reverse();
        self.deliver_each(messages, Location::caller())
    }

    /// Delivers messages in an order that is determined by the seed.
    ///
    /// # Panics
    /// Same as [`Harness::deliver`].
    #[track_caller]
    pub fn deliver_shuffled(
        &self,
        messages: impl IntoIterator<Item = Message>,
        seed: u64,
    ) -> impl Future<Output = Vec<Delivery>> {
        let mut messages: Vec<Message> = messages.into_iter().collect();
        messages.shuffle(&mut StdRng::seed_from_u64(seed));
        self.deliver_each(messages, Location::caller())
    }

    async fn deliver_each(&self, messages: Vec<Message>, at: &'static Location<'static>) -> Vec<Delivery> {
        let mut deliveries = Vec::with_capacity(messages.len());
        for message in messages {
            deliveries.push(self.deliver_times(message, 1, at).await);
        }
        deliveries
    }

    async fn deliver_times(&self, message: Message, times: usize, at: &'static Location<'static>) -> Delivery {
        let mut outcomes = vec![];
        for service in self.services().await {
            let subscriptions = service.subscriptions();
            if !subscriptions.wire_types().contains(&message.wire_type) {
                continue;
            }
            for _ in 0..times {
                let delivered = service.messaging.deliver(&subscriptions, &[&message.body]).await;
                let delivered = delivered.unwrap_or_else(|failure| panic!("{at}: deliver: {failure}"));
                outcomes.extend(delivered.into_iter().map(|outcome| (service.name.clone(), outcome)));
            }
        }
        assert!(
            !outcomes.is_empty(),
            "{at}: no service handles `{}`: call `run` or `subscribe` first",
            message.wire_type
        );
        Delivery { event_id: message.event_id, outcomes }
    }
}
