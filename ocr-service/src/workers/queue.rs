//! Pictures that wait for a worker: a bounded line in which everybody can see their place.

use super::pool::{ReadError, Stage};
use super::worker::Reading;
use axum::body::Bytes;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, oneshot, watch};

/// A picture that is to be read.
pub(super) struct Job {
    id: u64,
    /// The picture.
    pub(super) picture: Bytes,
    /// Where its reading is.
    pub(super) stage: watch::Sender<Stage>,
    /// Where the answer goes; closed when nobody waits for it any more.
    pub(super) answer: oneshot::Sender<Result<Reading, ReadError>>,
}

/// The line.
pub(super) struct Queue {
    line: Mutex<Line>,
    changed: Notify,
    length_max: usize,
}

#[derive(Default)]
struct Line {
    waiting: VecDeque<Job>,
    next_id: u64,
    closed: bool,
}

/// Why a picture may not wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turned {
    /// The line is as long as it may be.
    Full,
    /// The process stops.
    Closed,
}

/// A place in the line; dropping it gives the place up.
pub(super) struct Place<'a> {
    queue: &'a Queue,
    id: u64,
}

impl Queue {
    /// A line of at most `length_max`.
    pub(super) fn new(length_max: usize) -> Self {
        Self { line: Mutex::default(), changed: Notify::new(), length_max }
    }

    /// Joins the end of the line.
    pub(super) fn join(
        &self,
        picture: Bytes,
        stage: watch::Sender<Stage>,
        answer: oneshot::Sender<Result<Reading, ReadError>>,
    ) -> Result<Place<'_>, Turned> {
        let mut line = self.lock();
        if line.closed {
            return Err(Turned::Closed);
        }
        if line.waiting.len() >= self.length_max {
            return Err(Turned::Full);
        }
        let id = line.next_id;
        line.next_id += 1;
        line.waiting.push_back(Job { id, picture, stage, answer });
        line.tell_positions();
        drop(line);
        self.changed.notify_one();
        Ok(Place { queue: self, id })
    }

    /// Waits for the first in line; `None` when the line is closed and empty.
    pub(super) async fn next(&self) -> Option<Job> {
        loop {
            // Register before looking: a picture that joins between the two would otherwise not be seen.
            let changed = self.changed.notified();
            {
                let mut line = self.lock();
                if let Some(job) = line.waiting.pop_front() {
                    line.tell_positions();
                    if line.closed || !line.waiting.is_empty() {
                        // Whoever waits too is woken in turn: one word wakes one.
                        self.changed.notify_one();
                    }
                    return Some(job);
                }
                if line.closed {
                    self.changed.notify_one();
                    return None;
                }
            }
            changed.await;
        }
    }

    /// Lets nobody join any more; who waits is still served.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_one();
    }

    /// Sends everybody away who waits; their answers are dropped unsaid.
    pub(super) fn send_away(&self) {
        let mut line = self.lock();
        line.waiting.clear();
        line.tell_positions();
    }

    /// How many wait.
    pub(super) fn length(&self) -> usize {
        self.lock().waiting.len()
    }

    fn lock(&self) -> MutexGuard<'_, Line> {
        // No panic can happen while it is held; if one did, the line would still be a line.
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Line {
    fn tell_positions(&self) {
        for (position, job) in (1..).zip(&self.waiting) {
            job.stage.send_replace(Stage::Queued { position: Some(position) });
        }
        metrics::gauge!("ocr_queue_length").set(u32::try_from(self.waiting.len()).unwrap_or(u32::MAX));
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut line = self.queue.lock();
        let length = line.waiting.len();
        line.waiting.retain(|job| job.id != self.id);
        if line.waiting.len() < length {
            line.tell_positions();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stage() -> (watch::Sender<Stage>, watch::Receiver<Stage>) {
        watch::channel(Stage::Queued { position: None })
    }

    fn join(queue: &Queue) -> (Result<Place<'_>, Turned>, watch::Receiver<Stage>) {
        let (sender, receiver) = stage();
        (queue.join(Bytes::new(), sender, oneshot::channel().0), receiver)
    }

    #[tokio::test]
    async fn everybody_sees_their_place_and_who_leaves_gives_it_up() {
        let queue = Queue::new(3);
        let [(first, _), (second, _), (third, seen)] = [join(&queue), join(&queue), join(&queue)];
        assert_eq!(join(&queue).0.err(), Some(Turned::Full));
        assert_eq!(*seen.borrow(), Stage::Queued { position: Some(3) });
        drop(second);
        assert_eq!(*seen.borrow(), Stage::Queued { position: Some(2) });
        assert_eq!(queue.next().await.unwrap().id, 0);
        assert_eq!(*seen.borrow(), Stage::Queued { position: Some(1) });
        drop((first, third));
        assert_eq!(queue.length(), 0);
    }

    #[tokio::test]
    async fn a_closed_line_serves_who_waits_and_lets_nobody_join() {
        let queue = Queue::new(3);
        let (place, _seen) = join(&queue);
        queue.close();
        assert_eq!(join(&queue).0.err(), Some(Turned::Closed));
        assert!(queue.next().await.is_some());
        let (one, other) = tokio::join!(queue.next(), queue.next());
        assert!(one.is_none() && other.is_none());
        drop(place);
    }
}
