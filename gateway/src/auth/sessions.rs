//! Sessions that have ended: their access tokens and tickets are refused, and their sockets closed.
//!
//! users-service is asked every second what has ended since the last time, so nothing is lost while it is away, and
//! nothing depends on Redis. Until the first response no token is accepted; later the last known list applies, because
//! without users-service no token can be renewed: docs/adr/0033.

use super::keys::{FetchError, fetch};
use crate::upstream::Upstream;
use metrics::gauge;
use serde::Deserialize;
use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, PoisonError, RwLock, RwLockWriteGuard};
use std::time::{Duration, Instant};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};
use uuid::Uuid;

const PATH: &str = "/internal/ended-sessions";
/// Time between two requests.
const EVERY: Duration = Duration::from_secs(1);
/// The same until the first response, so that sign-in works right after everything is started together.
const RETRY: Duration = Duration::from_millis(100);
const TIMEOUT: Duration = Duration::from_secs(3);
/// 5,000 sessions per response, of 39 bytes each.
const BYTES_MAX: usize = 512 * 1024;
/// How long an ended session is remembered: longer than its access tokens are valid, and than users-service repeats it.
const REMEMBERED: Duration = Duration::from_mins(20);

/// The ended sessions, and those with open sockets; cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Sessions {
    known: Arc<RwLock<Known>>,
    /// Where the next request goes on; locked while there is one.
    cursor: Arc<Mutex<Option<String>>>,
}

#[derive(Default)]
struct Known {
    /// Whether users-service has answered once.
    is_complete: bool,
    /// Until when each is remembered.
    ended: HashMap<Uuid, Instant>,
    /// Sessions with open sockets.
    watched: HashMap<Uuid, Watched>,
}

struct Watched {
    sockets: usize,
    end: CancellationToken,
}

/// Notices the end of a session for as long as it exists.
pub(crate) struct SessionWatch {
    sessions: Sessions,
    id: Uuid,
    end: CancellationToken,
}

/// A part of the response of users-service.
#[derive(Deserialize)]
struct EndedSessions {
    sessions: Vec<Uuid>,
    cursor: String,
    more: bool,
}

impl Sessions {
    /// Whether the list has been fetched once.
    pub(super) fn is_known(&self) -> bool {
        self.known.read().is_ok_and(|known| known.is_complete)
    }

    /// Whether a session has ended.
    pub(super) fn has_ended(&self, id: Uuid) -> bool {
        // After a panic while the lock was held, no user is admitted.
        self.known.read().map_or(true, |known| known.ended.contains_key(&id))
    }

    /// Whether a session has ended, with what users-service knows now: for requests that are rare and may do much. Without
    /// an answer the list of a second ago decides, so that operators can work while users-service is away.
    pub(super) async fn has_ended_now(&self, id: Uuid, users: &Arc<Upstream>) -> bool {
        if let Err(failure) = self.fetch(users).await {
            debug!(
                error = %telemetry::chain(&failure),
                "could not ask users-service about the session of an administrator"
            );
        }
        self.has_ended(id)
    }

    /// Watches a session; `None` if it has ended.
    pub(super) fn watch(&self, id: Uuid) -> Option<SessionWatch> {
        // Checked under the same lock, so that no end is missed between the two.
        let mut known = self.write();
        if known.ended.contains_key(&id) {
            return None;
        }
        let watched = known.watched.entry(id).or_insert_with(|| Watched { sockets: 0, end: CancellationToken::new() });
        watched.sockets += 1;
        let end = watched.end.clone();
        Some(SessionWatch { sessions: self.clone(), id, end })
    }

    /// Learns which sessions have ended.
    fn end(&self, sessions: &[Uuid], is_complete: bool) {
        let mut known = self.write();
        let until = Instant::now() + REMEMBERED;
        for id in sessions {
            if known.ended.insert(*id, until).is_some() {
                continue;
            }
            if let Some(watched) = known.watched.get(id) {
                debug!(session = %id, sockets = watched.sockets, "a session with open sockets has ended");
                watched.end.cancel();
            }
        }
        known.is_complete |= is_complete;
    }

    /// Asks users-service what has ended since the last time.
    async fn fetch(&self, users: &Arc<Upstream>) -> Result<(), FetchError> {
        let fetching = async {
            // A request that began earlier may have missed the latest end, so waiting for it is not enough.
            let mut cursor = self.cursor.lock().await;
            fetch_rest(self, users, &mut cursor).await
        };
        tokio::time::timeout(TIMEOUT, fetching).await.unwrap_or(Err(FetchError::TimedOut))
    }

    fn forget_old(&self) {
        let now = Instant::now();
        self.write().ended.retain(|_, until| *until > now);
    }

    fn write(&self) -> RwLockWriteGuard<'_, Known> {
        // After a panic while the lock was held, the entries are still valid.
        self.known.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SessionWatch {
    /// Completes when the session has ended.
    pub(crate) async fn ended(&self) {
        self.end.cancelled().await;
    }
}

impl Drop for SessionWatch {
    fn drop(&mut self) {
        let mut known = self.sessions.write();
        if let Some(watched) = known.watched.get_mut(&self.id) {
            watched.sockets -= 1;
            if watched.sockets == 0 {
                known.watched.remove(&self.id);
            }
        }
    }
}

/// Asks users-service until `stopping` is cancelled.
///
/// # Errors
/// None.
pub(crate) async fn follow_sessions(
    sessions: Sessions,
    users: Arc<Upstream>,
    stopping: CancellationToken,
) -> Result<(), Infallible> {
    let age = gauge!("gateway_ended_sessions_age_seconds");
    let (mut is_failing, mut fetched_at) = (false, Instant::now());
    loop {
        match sessions.fetch(&users).await {
            Ok(()) => (is_failing, fetched_at) = (false, Instant::now()),
            Err(failure) if !is_failing => {
                is_failing = true;
                warn!(
                    error = %telemetry::chain(&failure),
                    "could not ask users-service which sessions have ended; retrying"
                );
            }
            Err(_) => {}
        }
        age.set(fetched_at.elapsed().as_secs_f64());
        sessions.forget_old();
        tokio::select! {
            () = tokio::time::sleep(if sessions.is_known() { EVERY } else { RETRY }) => {}
            () = stopping.cancelled() => return Ok(()),
        }
    }
}

/// Fetches until users-service has no more. What was read stays known if a later request fails.
async fn fetch_rest(sessions: &Sessions, users: &Arc<Upstream>, cursor: &mut Option<String>) -> Result<(), FetchError> {
    loop {
        let page = cursor.as_ref().map_or_else(|| PATH.to_owned(), |cursor| format!("{PATH}?after={cursor}"));
        let ended: EndedSessions = fetch(users, page, BYTES_MAX).await?;
        sessions.end(&ended.sessions, !ended.more);
        *cursor = Some(ended.cursor);
        if !ended.more {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    #[test]
    fn the_end_of_a_session_reaches_its_sockets_only() {
        let sessions = Sessions::default();
        let (one, other) = (Uuid::now_v7(), Uuid::now_v7());
        let (first, second) = (sessions.watch(one).unwrap(), sessions.watch(one).unwrap());
        let elsewhere = sessions.watch(other).unwrap();
        sessions.end(&[one], true);
        assert!(first.ended().now_or_never().is_some() && second.ended().now_or_never().is_some());
        assert!(elsewhere.ended().now_or_never().is_none());
        assert!(sessions.has_ended(one) && !sessions.has_ended(other));
        assert!(sessions.watch(one).is_none(), "an ended session opens no socket");
        drop((first, second, elsewhere));
        assert!(sessions.write().watched.is_empty());
    }

    #[test]
    fn the_list_is_known_when_its_last_part_has_arrived() {
        let sessions = Sessions::default();
        sessions.end(&[Uuid::now_v7()], false);
        assert!(!sessions.is_known());
        sessions.end(&[], true);
        assert!(sessions.is_known());
    }
}
