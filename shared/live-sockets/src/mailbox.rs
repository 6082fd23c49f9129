//! What a socket has to send.

use crate::close::Close;
use crate::feed::Update;
use crate::limits::Queueing;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// What a socket should do next.
#[derive(Debug)]
pub(crate) enum Signal<I> {
    /// Send this update, which is shared with all sockets that get it.
    Update(Arc<Update<I>>),
    /// Updates may have been missed: read the state again.
    Resync,
    /// Close the socket.
    Close(Close),
}

/// The unsent signals of one socket. An empty mailbox allocates no queue, and most are empty.
#[derive(Debug)]
pub(crate) struct Mailbox<I> {
    only: Option<I>,
    waiting: Mutex<Waiting<I>>,
    added: Notify,
}

#[derive(Debug)]
struct Waiting<I> {
    updates: VecDeque<Arc<Update<I>>>,
    resync: bool,
    close: Option<Close>,
}

impl<I: Clone + Eq> Mailbox<I> {
    /// An empty mailbox, for all items or only for one.
    pub(crate) fn new(only: Option<I>) -> Self {
        let waiting = Waiting { updates: VecDeque::new(), resync: false, close: None };
        Self { only, waiting: Mutex::new(waiting), added: Notify::new() }
    }

    /// Adds an update, if the client watches the item.
    pub(crate) fn push(&self, update: &Arc<Update<I>>, queueing: Queueing) {
        if self.only.as_ref().is_some_and(|only| *only != update.item) {
            return;
        }
        let mut waiting = self.lock();
        match queueing {
            Queueing::Every(max) if waiting.updates.len() >= max => {
                // The client does not read. What is queued is of no use to it: it connects again and gets a snapshot.
                waiting.updates = VecDeque::new();
                waiting.close.get_or_insert(Close::SLOW);
            }
            Queueing::Every(_) => waiting.updates.push_back(Arc::clone(update)),
            Queueing::Newest => match waiting.updates.iter_mut().find(|queued| queued.item == update.item) {
                Some(queued) if queued.version < update.version => *queued = Arc::clone(update),
                Some(_) => {}
                None => waiting.updates.push_back(Arc::clone(update)),
            },
        }
        drop(waiting);
        self.added.notify_one();
    }

    /// Asks for a new snapshot.
    pub(crate) fn resync(&self) {
        self.lock().resync = true;
        self.added.notify_one();
    }

    /// Closes the socket, without sending what is queued.
    pub(crate) fn close(&self, close: Close) {
        self.lock().close.get_or_insert(close);
        self.added.notify_one();
    }

    /// Waits for the next signal. Dropping the future loses none.
    pub(crate) async fn next(&self) -> Signal<I> {
        loop {
            if let Some(signal) = self.take() {
                return signal;
            }
            // A signal that was added since then has stored a permit.
            self.added.notified().await;
        }
    }

    fn take(&self) -> Option<Signal<I>> {
        let mut waiting = self.lock();
        if let Some(close) = waiting.close {
            return Some(Signal::Close(close));
        }
        if std::mem::take(&mut waiting.resync) {
            return Some(Signal::Resync);
        }
        let update = waiting.updates.pop_front();
        if waiting.updates.is_empty() {
            waiting.updates = VecDeque::new();
        }
        update.map(Signal::Update)
    }

    fn lock(&self) -> MutexGuard<'_, Waiting<I>> {
        // A panic while the lock is held cannot leave the queue in an invalid state.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Queueing::{Every, Newest};

    fn update(item: u32, version: i64) -> Arc<Update<u32>> {
        Arc::new(Update { item, version, text: "{}".into(), context: None })
    }

    fn sent(mailbox: &Mailbox<u32>) -> Vec<(u32, i64)> {
        std::iter::from_fn(|| match mailbox.take()? {
            Signal::Update(update) => Some((update.item, update.version)),
            Signal::Resync | Signal::Close(_) => None,
        })
        .collect()
    }

    #[test]
    fn each_update_is_sent_in_order() {
        let mailbox = Mailbox::new(None);
        for (item, version) in [(1, 1), (2, 1), (1, 2)] {
            mailbox.push(&update(item, version), Every(3));
        }
        assert_eq!(sent(&mailbox), [(1, 1), (2, 1), (1, 2)]);
    }

    #[test]
    fn a_client_that_reads_too_slowly_is_closed() {
        let mailbox = Mailbox::new(None);
        for version in 1..=4 {
            mailbox.push(&update(1, version), Every(3));
        }
        assert!(matches!(mailbox.take(), Some(Signal::Close(Close::SLOW))));
    }

    #[test]
    fn a_slow_client_skips_to_the_newest_update_and_never_back() {
        let mailbox = Mailbox::new(None);
        for version in [1, 3, 2] {
            mailbox.push(&update(1, version), Newest);
        }
        assert_eq!(sent(&mailbox), [(1, 3)]);
    }

    #[test]
    fn a_client_of_one_item_gets_no_other() {
        let mailbox = Mailbox::new(Some(2));
        mailbox.push(&update(1, 1), Every(3));
        mailbox.push(&update(2, 1), Every(3));
        assert_eq!(sent(&mailbox), [(2, 1)]);
    }

    #[test]
    fn the_first_reason_to_close_stays_and_nothing_is_sent_before_it() {
        let mailbox = Mailbox::new(None);
        mailbox.push(&update(1, 1), Every(3));
        mailbox.resync();
        mailbox.close(Close::TRY_AGAIN);
        mailbox.close(Close::RESTART);
        assert!(matches!(mailbox.take(), Some(Signal::Close(Close::TRY_AGAIN))));
    }
}
