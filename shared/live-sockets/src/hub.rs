//! All sockets of a process.

use crate::close::Close;
use crate::feed::{Feed, Update};
use crate::limits::Limits;
use crate::mailbox::Mailbox;
use http::{HeaderValue, StatusCode, header};
use http_api::problem::Problem;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::convert::Infallible;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use telemetry::counted::Counted;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// All sockets of this process; cheap to clone. `K` and `I` are the key and the item of a [`Feed`].
#[derive(Clone)]
pub struct Hub<K, I> {
    shared: Arc<Shared<K, I>>,
    pub(crate) sockets: TaskTracker,
}

struct Shared<K, I> {
    rooms: Mutex<HashMap<K, Room<I>>>,
    users: Mutex<HashMap<i64, u32>>,
    gauge: metrics::Gauge,
    limits: Limits,
}

/// The sockets of one key.
struct Room<I> {
    mailboxes: Vec<Arc<Mailbox<I>>>,
    /// The highest version pushed so far; 0 if none was.
    newest: i64,
    /// The large snapshots that are being sent.
    snapshots: Vec<Weak<Update<I>>>,
}

/// A shorter snapshot is not shared: finding it costs more than a copy.
const SHARED_BYTES_MIN: usize = 4096;

/// A socket's registration with the hub, which ends when it is dropped.
pub(crate) struct Subscription<F: Feed> {
    pub(crate) feed: F,
    pub(crate) mailbox: Arc<Mailbox<F::Item>>,
    hub: Arc<Shared<F::Key, F::Item>>,
    _counted: Counted,
}

impl<K: Clone + Eq + Hash, I: Clone + Eq> Hub<K, I> {
    /// Creates an empty hub. `gauge` shows the number of open sockets.
    pub fn new(gauge: metrics::Gauge, limits: Limits) -> Self {
        let shared = Shared { rooms: Mutex::default(), users: Mutex::default(), gauge, limits };
        Self { shared: Arc::new(shared), sockets: TaskTracker::new() }
    }

    /// Sends an update to the sockets of this key, unless they already have it. `serialise` is called at most once, and
    /// only if there are sockets; `None` sends nothing.
    pub fn push(&self, key: &K, version: i64, serialise: impl FnOnce() -> Option<Update<I>>) {
        // Not under the lock: serialising one key does not block the others.
        if !self.shared.rooms().contains_key(key) {
            return;
        }
        let Some(update) = serialise().map(Arc::new) else { return };
        if let Some(room) = self.shared.rooms().get_mut(key) {
            room.newest = room.newest.max(version);
            room.mailboxes.iter().for_each(|mailbox| mailbox.push(&update, self.shared.limits.queueing));
        }
    }

    /// Closes the sockets of this key.
    pub fn end(&self, key: &K, close: Close) {
        if let Some(room) = self.shared.rooms().get_mut(key) {
            room.newest = i64::MAX;
            room.mailboxes.iter().for_each(|mailbox| mailbox.close(close));
        }
    }

    /// Makes all sockets read their snapshot again, because updates may have been missed.
    pub fn resync(&self) {
        let rooms = self.shared.rooms();
        rooms.values().flat_map(|room| &room.mailboxes).for_each(|mailbox| mailbox.resync());
    }

    /// The highest version pushed to the sockets of this key, 0 if none was; `None` if there are no sockets.
    pub fn newest_version(&self, key: &K) -> Option<i64> {
        self.shared.rooms().get(key).map(|room| room.newest)
    }

    /// The keys that have sockets.
    pub fn keys(&self) -> Vec<K> {
        self.shared.rooms().keys().cloned().collect()
    }

    /// Completes when the process is stopping and every socket is closed.
    ///
    /// # Errors
    /// Never.
    pub async fn drained(self, stopping: CancellationToken) -> Result<(), Infallible> {
        stopping.cancelled().await;
        self.sockets.close();
        self.sockets.wait().await;
        Ok(())
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.shared.limits
    }

    /// Registers a socket.
    ///
    /// # Errors
    /// 429 if its user or its key already has the largest number of open sockets.
    pub(crate) fn subscribe<F: Feed<Key = K, Item = I>>(&self, feed: F) -> Result<Subscription<F>, Problem> {
        let mailbox = Arc::new(Mailbox::new(feed.only().cloned()));
        let mut rooms = self.shared.rooms();
        let open = rooms.get(feed.key()).map_or(0, |room| room.mailboxes.len());
        if open >= usize::try_from(self.shared.limits.per_key).unwrap_or(usize::MAX) {
            return Err(too_many(format_args!("{open} sockets of this address are open; try again later")));
        }
        if let Some(user_id) = feed.user_id() {
            self.shared.count(user_id)?;
        }
        let empty = || Room { mailboxes: vec![], newest: 0, snapshots: vec![] };
        rooms.entry(feed.key().clone()).or_insert_with(empty).mailboxes.push(Arc::clone(&mailbox));
        drop(rooms);
        let counted = Counted::new(self.shared.gauge.clone());
        Ok(Subscription { feed, mailbox, hub: Arc::clone(&self.shared), _counted: counted })
    }
}

impl<F: Feed> Subscription<F> {
    /// The same snapshot, held once for all sockets of the key that are sending it.
    pub(crate) fn shared(&self, update: Update<F::Item>) -> Arc<Update<F::Item>> {
        let update = Arc::new(update);
        if update.text.len() < SHARED_BYTES_MIN {
            return update;
        }
        let mut rooms = self.hub.rooms();
        let Some(room) = rooms.get_mut(self.feed.key()) else { return update };
        room.snapshots.retain(|snapshot| snapshot.strong_count() > 0);
        let same =
            room.snapshots.iter().filter_map(Weak::upgrade).find(|other| {
                other.item == update.item && other.version == update.version && other.text == update.text
            });
        same.unwrap_or_else(|| {
            room.snapshots.push(Arc::downgrade(&update));
            update
        })
    }
}

impl<F: Feed> Drop for Subscription<F> {
    fn drop(&mut self) {
        if let Some(user_id) = self.feed.user_id() {
            self.hub.uncount(user_id);
        }
        if let Entry::Occupied(mut room) = self.hub.rooms().entry(self.feed.key().clone()) {
            room.get_mut().mailboxes.retain(|other| !Arc::ptr_eq(other, &self.mailbox));
            if room.get().mailboxes.is_empty() {
                room.remove();
            }
        }
    }
}

impl<K, I> Shared<K, I> {
    fn count(&self, user_id: i64) -> Result<(), Problem> {
        let mut users = self.users();
        let open = users.entry(user_id).or_default();
        if *open >= self.limits.per_user {
            return Err(too_many(format_args!("a user may have {} open sockets; close one", self.limits.per_user)));
        }
        *open += 1;
        Ok(())
    }

    fn uncount(&self, user_id: i64) {
        if let Entry::Occupied(mut open) = self.users().entry(user_id) {
            *open.get_mut() -= 1;
            if *open.get() == 0 {
                open.remove();
            }
        }
    }

    fn rooms(&self) -> MutexGuard<'_, HashMap<K, Room<I>>> {
        // A panic while the lock is held cannot leave the map in an invalid state.
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn users(&self) -> MutexGuard<'_, HashMap<i64, u32>> {
        self.users.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn too_many(detail: std::fmt::Arguments<'_>) -> Problem {
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_sockets", detail.to_string())
        .with_header(header::RETRY_AFTER, HeaderValue::from_static("10"))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Watched {
        user_id: Option<i64>,
    }

    impl Feed for Watched {
        type Key = u32;
        type Item = ();

        fn key(&self) -> &u32 {
            &1
        }

        fn user_id(&self) -> Option<i64> {
            self.user_id
        }

        async fn snapshot(&self) -> Result<Vec<Update<()>>, Close> {
            Ok(vec![])
        }
    }

    fn hub() -> Hub<u32, ()> {
        Hub::new(metrics::Gauge::noop(), Limits { per_user: 2, ..Limits::default() })
    }

    #[test]
    fn a_user_has_at_most_the_limit_of_sockets_and_another_after_one_is_closed() {
        let hub = hub();
        let watched = |user_id| hub.subscribe(Watched { user_id });
        let open = [watched(Some(7)), watched(Some(7)), watched(None), watched(None), watched(None), watched(Some(8))];
        assert!(open.iter().all(Result::is_ok), "only a user's own sockets are counted");
        let refused = watched(Some(7)).err().unwrap();
        assert_eq!((refused.status(), refused.code()), (StatusCode::TOO_MANY_REQUESTS, "too_many_sockets"));
        drop(open);
        assert!(watched(Some(7)).is_ok());
        assert!(hub.shared.users().is_empty(), "a user without sockets takes no memory");
    }

    #[test]
    fn a_key_has_at_most_the_limit_of_sockets_and_a_refused_one_is_not_counted_for_its_user() {
        let hub: Hub<u32, ()> = Hub::new(metrics::Gauge::noop(), Limits { per_key: 2, ..Limits::default() });
        let open = [None, Some(1)].map(|user_id| hub.subscribe(Watched { user_id }).unwrap());
        let refused = hub.subscribe(Watched { user_id: Some(2) }).err().unwrap();
        assert_eq!((refused.status(), refused.code()), (StatusCode::TOO_MANY_REQUESTS, "too_many_sockets"));
        assert_eq!(hub.shared.users().get(&2), None);
        drop(open);
        assert!(hub.subscribe(Watched { user_id: Some(2) }).is_ok());
    }

    #[test]
    fn a_large_snapshot_is_held_once_for_all_sockets_that_send_it() {
        let hub = hub();
        let open = [(); 3].map(|()| hub.subscribe(Watched { user_id: None }).unwrap());
        let read = |version| Update { item: (), version, text: "x".repeat(100_000).into(), context: None };
        let [one, two, newer] = [(0, 1), (1, 1), (2, 2)].map(|(at, version)| open[at].shared(read(version)));
        assert!(Arc::ptr_eq(&one, &two) && !Arc::ptr_eq(&two, &newer));
        drop((one, two, newer));
        let _newest = open[0].shared(read(3));
        assert_eq!(hub.shared.rooms()[&1].snapshots.len(), 1, "a snapshot that was sent takes no memory");
    }

    #[test]
    fn a_key_without_sockets_takes_no_memory_and_serialises_nothing() {
        let hub = hub();
        drop(hub.subscribe(Watched { user_id: None }));
        assert_eq!((hub.keys(), hub.newest_version(&1)), (vec![], None));
        hub.push(&1, 2, || panic!("there is no socket"));
    }

    #[test]
    fn a_message_is_serialised_once_for_all_sockets() {
        let (hub, mut serialised) = (hub(), 0);
        let _open = [(); 3].map(|()| hub.subscribe(Watched { user_id: None }));
        hub.push(&1, 2, || {
            serialised += 1;
            Some(Update { item: (), version: 2, text: "{}".into(), context: None })
        });
        assert_eq!((serialised, hub.newest_version(&1)), (1, Some(2)));
    }
}
