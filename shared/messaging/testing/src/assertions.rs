//! What must hold. Each assertion waits until it does, and says what is missing when it does not.

use crate::harness::Harness;
use crate::ledger::{self, Appended};
use crate::patience::Seen;
use crate::spy::Published;
use rabbit_outbox::dead_letters::{Filter, State};
use rabbit_outbox_event::{Event, EventId};
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::panic::Location;
use uuid::Uuid;

/// So many of what is wrong are told.
const TOLD_MAX: usize = 5;

/// Assertions; all panic with the place where they were made.
impl Harness {
    /// An event of this type, of which `predicate` is true, has reached a queue.
    ///
    /// # Panics
    /// When none has in time.
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

    /// Exactly so many different events of this type, of which `predicate` is true, have reached a queue, and nothing
    /// is left that would be another. An event that was published again after a crash counts once.
    ///
    /// # Panics
    /// When there are more, or not so many in time.
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
                let counted = format!("{seen} events `{}` were published that are meant, not {times}", E::TYPE);
                match seen.cmp(&times) {
                    std::cmp::Ordering::Greater => Seen::Never(counted),
                    std::cmp::Ordering::Less => Seen::NotYet(counted),
                    std::cmp::Ordering::Equal if lost.is_empty() => Seen::Holds,
                    std::cmp::Ordering::Equal => Seen::NotYet(told("appended and not published", &lost)),
                }
            })
            .await;
        }
    }

    /// How often the event has reached a queue so far: more than once after a crash, for instance.
    pub fn publications(&self, event_id: EventId) -> usize {
        self.spy.published().iter().filter(|published| published.event_id == event_id && published.routed).count()
    }

    /// The event has had its effect: every service that has handled it has done so once, and one has.
    ///
    /// # Panics
    /// When a service has handled it again, or none has in time.
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
    /// When one has not in time.
    #[track_caller]
    pub fn assert_no_loss(&self) -> impl Future<Output = ()> {
        self.no_loss(Location::caller())
    }

    /// Events of one key were first published in the order of the versions of the thing they are about. It waits until
    /// nothing is left to be published.
    ///
    /// # Panics
    /// When a lower version came after a higher one, or an event did not come in time.
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

    /// Every running service has handled or given up all that was published and that it hears, and nothing is left to
    /// be published, not even what a relay that crashed has published already.
    ///
    /// # Panics
    /// When something is left in time.
    #[track_caller]
    pub fn assert_settled(&self) -> impl Future<Output = ()> {
        self.settled(Location::caller())
    }

    /// No service has given up an event, incoming or outgoing. It waits as [`Harness::assert_settled`] does.
    ///
    /// # Panics
    /// When there is a dead letter about which nobody has decided.
    #[track_caller]
    pub fn assert_no_dead_letters(&self) -> impl Future<Output = ()> {
        let at = Location::caller();
        async move {
            // First, so that it is not waited in vain for what lies there.
            self.no_letters(at).await;
            self.settled(at).await;
            self.no_letters(at).await;
        }
    }

    /// The relay of a service has crashed so often, as planned.
    ///
    /// # Panics
    /// When it has not in time.
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
            if lost.is_empty() { Seen::Holds } else { Seen::NotYet(told("appended and not published", &lost)) }
        })
        .await;
    }

    async fn settled(&self, at: &'static Location<'static>) {
        self.wait(at, async || {
            let before = self.appended(at).await;
            let lost = lost(&before, &self.spy.published());
            if !lost.is_empty() {
                return Seen::NotYet(told("appended and not published", &lost));
            }
            let unsent = self.unsent(at).await;
            if !unsent.is_empty() {
                return Seen::NotYet(told("rows left to be published, perhaps again", &unsent));
            }
            let open = self.unhandled(at).await;
            if !open.is_empty() {
                return Seen::NotYet(told("published and not handled", &open));
            }
            // What was handled in between may have led to more.
            match self.appended(at).await.len() - before.len() {
                0 => Seen::Holds,
                more => Seen::NotYet(format!("{more} events were appended just now")),
            }
        })
        .await;
    }

    /// What is left in the outboxes of services whose relays run.
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

    /// What was published for a running service that has neither handled nor given it up.
    async fn unhandled(&self, at: &Location<'_>) -> Vec<String> {
        let mut open = vec![];
        for service in self.services().await {
            let settled = ledger::settled(&service.pool, &service.name).await;
            let settled = settled.unwrap_or_else(|failure| panic!("{at}: read the ledger: {failure}"));
            let settled: BTreeSet<Uuid> = settled.into_iter().collect();
            let heard = service.consumed();
            let waiting = self.spy.published().into_iter().filter(|published| {
                heard.contains(&published.wire_type.as_str()) && !settled.contains(&published.event_id.0)
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
        assert!(letters.is_empty(), "{at}: {}", told("dead letters", &letters));
    }

    /// What was appended and has reached no queue that it needs.
    async fn lost(&self, at: &Location<'_>) -> Vec<String> {
        // First: what is appended after it is not expected to be published.
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
        format!("no event `{}` was published that is meant; {}", E::TYPE, told("others", &others))
    }
}

fn lost(appended: &[Appended], published: &[Published]) -> Vec<String> {
    let mut routed: BTreeMap<Uuid, bool> = BTreeMap::new();
    for event in published {
        *routed.entry(event.event_id.0).or_default() |= event.routed;
    }
    let why = |event: &Appended| match routed.get(&event.event_id) {
        None => Some("never published"),
        Some(false) if !event.allow_unrouted => Some("nobody listens"),
        Some(_) => None,
    };
    appended
        .iter()
        .filter_map(|event| {
            why(event).map(|why| format!("`{}` {} of `{}`: {why}", event.wire_type, event.event_id, event.service))
        })
        .collect()
}

/// The first event that came after a later version of its thing.
fn out_of_order(published: &[Published]) -> Option<String> {
    let mut seen = BTreeSet::new();
    let mut highest: BTreeMap<(&str, &str), i64> = BTreeMap::new();
    // One that was returned has not been published to anybody, unless nobody needed to listen.
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

fn told<T: AsRef<str>>(what: &str, all: &[T]) -> String {
    let some: Vec<&str> = all.iter().take(TOLD_MAX).map(AsRef::as_ref).collect();
    let more = if all.len() > TOLD_MAX { ", and more" } else { "" };
    format!("{what}: {} ({}{more})", all.len(), some.join("; "))
}
