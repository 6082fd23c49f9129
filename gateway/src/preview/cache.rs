//! Titles of bills that were asked for a few seconds ago: a link that is posted in a group is fetched by many at once.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A title that is older is asked for again.
const FRESH: Duration = Duration::from_secs(5);
/// Most titles; further ones are not kept.
const TITLES_MAX: usize = 1024;

/// Titles by the path of their link.
#[derive(Debug, Default)]
pub(crate) struct Previews(Mutex<HashMap<String, (Instant, String)>>);

impl Previews {
    /// The title, if it is fresh.
    pub(super) fn get(&self, link: &str, now: Instant) -> Option<String> {
        self.lock().get(link).filter(|(since, _)| now.duration_since(*since) < FRESH).map(|(_, title)| title.clone())
    }

    pub(super) fn put(&self, link: &str, title: &str, now: Instant) {
        let mut titles = self.lock();
        if titles.len() >= TITLES_MAX {
            titles.retain(|_, (since, _)| now.duration_since(*since) < FRESH);
        }
        if titles.len() < TITLES_MAX {
            titles.insert(link.to_owned(), (now, title.to_owned()));
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, (Instant, String)>> {
        // After a panic while the lock was held, the titles are still valid.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_kept_for_seconds_and_the_cache_is_bounded() {
        let (previews, now) = (Previews::default(), Instant::now());
        for number in 0..=TITLES_MAX {
            previews.put(&format!("/{number}"), "Luna", now);
        }
        assert_eq!(previews.lock().len(), TITLES_MAX);
        assert_eq!(previews.get("/7", now).as_deref(), Some("Luna"));
        assert_eq!(previews.get("/7", now + FRESH), None);
        previews.put("/new", "Sol", now + FRESH);
        assert_eq!(previews.lock().len(), 1, "old titles make room");
    }
}
