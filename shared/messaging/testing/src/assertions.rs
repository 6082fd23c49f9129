//! Assertions. Each waits until it holds; on failure it reports what is missing.

use crate::harness::Harness;
use crate::ledger::{self, Appended};
use crate::spy::Published;
use crate::waiting::Seen;
use rabbit_outbox::dead_letters::{Filter, State};
use rabbit_outbox_event::{Event, EventId};
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::panic::Location;
use uuid::Uuid;

/// Maximum number of items that a failure message lists.
const LISTED_MAX: usize = 5;

/// Assertions; all panic with the location of the caller.
impl Harness {
    /// An event of this type that matches `predicate` has reached a queue.
    ///
    /// # Panics
    /// If none has within the time limit.
    #[track_caller]
    pub fn assert_published<E: Event>(&self, predicate: impl Fn(&E) -> bool) -> impl Future<Output = ()> {
        let at = Location::caller();
        async move {
            self.wait(at, async || {
                if self.ids_of(&predicate).is_empty() { Seen::NotYet(self.none_of::<E>()) } else { Seen::Holds }
            })
            .await;
        }
    }

    /// Exactly `times` different events of this type that match `predicate` have reached a queue, and no unpublished
    /// event is left that could be another. An event that was published again after a crash counts once.
    ///
    /// # Panics
    /// If there are more, or fewer within the time limit.
    #[track_caller]
    pub fn assert_published_times<E: Event>(
        &self,
        times: usize,
        predicate: impl Fn(&E) -> bool,
    ) -> impl Future<Output = ()> {
        let at = Location::caller();
        async move {
            self.wait(at, async || {
                let lost = self.lost(at).await;
                let seen = self.ids_of(&predicate).len();
                let counted = format!("{seen} matching events `{}` were published, not {times}", E::TYPE);
                match seen.cmp(&times) {
                    std::cmp::Ordering::Greater => Seen::Never(counted),
                    std::cmp::Ordering::Less => Seen::NotYet(counted),
                    std::cmp::Ordering::Equal if lost.is_empty() => Seen::Holds,
                    std::cmp::Ordering::Equal => Seen::NotYet(listed("appended and not published", &lost)),
                }
            })
            .await;
        }
    }

    /// How many times the event has reached a queue so far; may be more than once, for example after a crash.
    pub fn publications(&self, event_id: EventId) -> usize {
        self.spy.published().iter().filter(|published| published.event_id == event_id && published.routed).count()
    }

    /// The event has had its effect: at least one service has handled it, and none more than once.
    ///
    /// # Panics
    /// If a service has handled it again, or none has within the time limit.
    #[track_caller]
    pub fn assert_handled_once(&self, event_id: EventId) -> impl Future<Output = ()> {
        let at = Location::caller();
        async move {
            self.wait(at, async || {
                let handlings = ledger::handlings(&self.ledger, event_id.0).await;
                let handlings = handlings.unwrap_or_else(|failure| panic!("{at}: read the ledger: {failure}"));
                let again = handlings.iter().find(|(_, times)| *times != 1);
                match (handlings.is_empty(), again) {
                    (true, _) => Seen::NotYet(format!("no service has handled event {event_id}")),
                    (false, None) => Seen::Holds,
                    (false, Some((service, times))) => {
                        Seen::Never(format!("`{service}` has handled event {event_id} {times} times"))
                    }
                }
            })
            .await;
        }
    }

    /// Every event that was appended and committed has reached a queue, or needs none.
    ///
    /// # Panics
    /// If one has not within the time limit.
    #[track_caller]
    pub fn assert_no_loss(&self) -> impl Future<Output = ()> {
        self.no_loss(Location::caller())
    }

    /// Events of one key were first published in the order of their sequences. Waits until nothing is left to be
    /// published.
    ///
    /// # Panics
    /// If a lower sequence was published after a higher one, or an event was not published within the time limit.
    #[track_caller]
    pub fn assert_key_order(&self) -> impl Future<Output = ()> {
        let at = Location::caller();
        async move {
            self.no_loss(at).await;
            if let Some(why) = out_of_order(&self.spy.published()) {
                panic!("{at}: {why}");
            }
        }
    }

    /// Every running service has handled or dead-lettered all published events that it subscribes to, and nothing is
    /// left to be published, including rows that a crashed relay had published already.
    ///
    /// # Panics
    /// If something is left after the time limit.
    #[track_caller]
    pub fn assert_settled(&self) -> impl Future<Output = ()> {
        self.settled(Location::caller())
    }

    /// No service has a dead letter, incoming or outgoing. Waits as [`Harness::assert_settled`] does.
    ///
    /// # Panics
    /// If there is an open dead letter.
    #[track_caller]
    pub fn assert_no_dead_letters(&self) -> impl Future<Output = ()> {
        let at = Location::caller();
        async move {
            // Checked first, to avoid waiting in vain for an event that is a dead letter.
            self.no_letters(at).await;
            self.settled(at).await;
            self.no_letters(at).await;
        }
    }

    /// The relay of a service has crashed as many times as planned.
    ///
    /// # Panics
    /// If it has not within the time limit.
    #[track_caller]
    pub fn assert_relay_crashed(&self, service: &str, times: u32) -> impl Future<Output = ()> {
        let at = Location::caller();
        async move {
            let known = self.known(service).await;
            self.wait(at, async || match known.crashes.count() {
                count if count == times => Seen::Holds,
                count => Seen::NotYet(format!("the relay of `{service}` has crashed {count} times, not {times}")),
            })
            .await;
        }
    }

    async fn no_loss(&self, at: &'static Location<'static>) {
        self.wait(at, async || {
            let lost = self.lost(at).await;
            if lost.is_empty() { Seen::Holds } else { Seen::NotYet(listed("appended and not published", &lost)) }
        })
        .await;
    }

    async fn settled(&self, at: &'static Location<'static>) {
        self.wait(at, async || {
            let before = self.appended(at).await;
            let lost = lost(&before, &self.spy.published());
            if !lost.is_empty() {
                return Seen::NotYet(listed("appended and not published", &lost));
            }
            let unsent = self.unsent(at).await;
            if !unsent.is_empty() {
                return Seen::NotYet(listed("rows left to be published, perhaps again", &unsent));
            }
            let open = self.unhandled(at).await;
            if !open.is_empty() {
                return Seen::NotYet(listed("published and not handled", &open));
            }
            // Handlers may have appended more events in the meantime.
            match self.appended(at).await.len() - before.len() {
                0 => Seen::Holds,
                more => Seen::NotYet(format!("{more} events were appended just now")),
            }
        })
        .await;
    }

    /// The rows left in the outboxes of services with a running relay.
    async fn unsent(&self, at: &Location<'_>) -> Vec<String> {
        let mut unsent = vec![];
        for service in self.services().await.into_iter().filter(|service| service.relays()) {
            let rows: Result<Vec<Uuid>, _> =
                sqlx::query_scalar("select event_id from outbox").fetch_all(&service.pool).await;
            let rows = rows.unwrap_or_else(|failure| panic!("{at}: look into an outbox: {failure}"));
            unsent.extend(rows.iter().map(|event_id| format!("{event_id} of `{}`", service.name)));
        }
        unsent
    }

    /// The events published for a running service that it has neither handled nor dead-lettered.
    async fn unhandled(&self, at: &Location<'_>) -> Vec<String> {
        let mut open = vec![];
        for service in self.services().await {
            let settled = ledger::settled(&service.pool, &service.name).await;
            let settled = settled.unwrap_or_else(|failure| panic!("{at}: read the ledger: {failure}"));
            let settled: BTreeSet<Uuid> = settled.into_iter().collect();
            let consumed = service.consumed();
            let waiting = self.spy.published().into_iter().filter(|published| {
                consumed.contains(&published.wire_type.as_str()) && !settled.contains(&published.event_id.0)
            });
            let name = &service.name;
            open.extend(waiting.map(|event| format!("`{}` {} at `{name}`", event.wire_type, event.event_id)));
        }
        open
    }

    async fn appended(&self, at: &Location<'_>) -> Vec<Appended> {
        let appended = ledger::appended(&self.ledger).await;
        appended.unwrap_or_else(|failure| panic!("{at}: read the ledger: {failure}"))
    }

    async fn no_letters(&self, at: &Location<'_>) {
        let mut letters = vec![];
        for service in self.services().await {
            let filter = Filter { state: Some(State::Open), ..Filter::default() };
            let open = service.messaging.dead_letters().list(&filter, None, 100).await;
            let open = open.unwrap_or_else(|failure| panic!("{at}: list dead letters: {failure}"));
            let name = &service.name;
            letters.extend(open.iter().map(|letter| format!("{:?} at `{name}`: {}", letter.event_type, letter.reason)));
        }
        assert!(letters.is_empty(), "{at}: {}", listed("dead letters", &letters));
    }

    /// The appended events that have not reached a queue although they need one.
    async fn lost(&self, at: &Location<'_>) -> Vec<String> {
        // Read first: events that are appended later are not expected to be published.
        let appended = self.appended(at).await;
        lost(&appended, &self.spy.published())
    }

    fn ids_of<E: Event>(&self, predicate: impl Fn(&E) -> bool) -> BTreeSet<EventId> {
        let meant = |published: &Published| {
            published.wire_type == E::TYPE && serde_json::from_str(&published.data).is_ok_and(|event| predicate(&event))
        };
        let published = self.spy.published().into_iter().filter(|published| published.routed || E::ALLOW_UNROUTED);
        published.filter(meant).map(|published| published.event_id).collect()
    }

    fn none_of<E: Event>(&self) -> String {
        let published = self.spy.published();
        let others: Vec<&str> = published
            .iter()
            .filter(|published| published.wire_type == E::TYPE)
            .map(|published| published.data.as_str())
            .collect();
        format!("no matching event `{}` was published; {}", E::TYPE, listed("others", &others))
    }
}

fn lost(appended: &[Appended], published: &[Published]) -> Vec<String> {
    let mut routed: BTreeMap<Uuid, bool> = BTreeMap::new();
    for event in published {
        *routed.entry(event.event_id.0).or_default() |= event.routed;
    }
    let why = |event: &Appended| match routed.get(&event.event_id) {
        None => Some("never published"),
        Some(false) if !event.allow_unrouted => Some("no queue is bound"),
        Some(_) => None,
    };
    appended
        .iter()
        .filter_map(|event| {
            why(event).map(|why| format!("`{}` {} of `{}`: {why}", event.wire_type, event.event_id, event.service))
        })
        .collect()
}

/// Describes the first event that was published after a later version of its aggregate.
fn out_of_order(published: &[Published]) -> Option<String> {
    let mut seen = BTreeSet::new();
    let mut highest: BTreeMap<(&str, &str), i64> = BTreeMap::new();
    // A returned event was not published, unless it may be unrouted.
    for event in published.iter().filter(|event| event.routed) {
        if !seen.insert(event.event_id) {
            continue;
        }
        let key = (event.exchange.as_str(), event.key.as_str());
        let before = highest.insert(key, event.sequence);
        if let Some(before) = before.filter(|before| *before > event.sequence) {
            let (wire_type, key, sequence) = (&event.wire_type, &event.key, event.sequence);
            return Some(format!(
                "`{wire_type}` of key `{key}` with sequence {sequence} was first published after sequence {before}"
            ));
        }
    }
    None
}

fn listed<T: AsRef<str>>(what: &str, all: &[T]) -> String {
    let some: Vec<&str> = all.iter().take(LISTED_MAX).map(AsRef::as_ref).collect();
    let more = if all.len() > LISTED_MAX { ", and more" } else { "" };
    format!("{what}: {} ({}{more})", all.len(), some.join("; "))
}
