//! A bounded queue of pictures that wait for a worker. Each requester can see its position.

use super::pool::{ReadError, Stage};
use super::worker::Reading;
use axum::body::Bytes;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, oneshot, watch};

/// A queued picture.
pub(super) struct Job {
    id: u64,
    /// The picture.
    pub(super) picture: Bytes,
    /// Reports the stage of the reading.
    pub(super) stage: watch::Sender<Stage>,
    /// Receives the result; closed when the requester is gone.
    pub(super) answer: oneshot::Sender<Result<Reading, ReadError>>,
}

/// The queue.
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

/// Why a picture cannot be queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turned {
    /// The queue is full.
    Full,
    /// The process is stopping.
    Closed,
}

/// A position in the queue; dropping it leaves the queue.
pub(super) struct Place<'a> {
    queue: &'a Queue,
    id: u64,
}

impl Queue {
    /// Creates a queue for at most `length_max` pictures.
    pub(super) fn new(length_max: usize) -> Self {
        Self { line: Mutex::default(), changed: Notify::new(), length_max }
    }

    /// Appends a picture to the queue.
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

    /// Waits for the first picture; `None` when the queue is closed and empty.
    pub(super) async fn next(&self) -> Option<Job> {
        loop {
            // Register before checking: a picture that is added between the two would otherwise not be noticed.
            let changed = self.changed.notified();
            {
                let mut line = self.lock();
                if let Some(job) = line.waiting.pop_front() {
                    line.tell_positions();
                    if line.closed || !line.waiting.is_empty() {
                        // One notification wakes only one worker, so pass it on while there are more pictures.
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

    /// Rejects new pictures; queued ones are still read.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_one();
    }

    /// Removes all queued pictures and drops their result channels.
    pub(super) fn send_away(&self) {
        let mut line = self.lock();
        line.waiting.clear();
        line.tell_positions();
    }

    /// Number of queued pictures.
    pub(super) fn length(&self) -> usize {
        self.lock().waiting.len()
    }

    fn lock(&self) -> MutexGuard<'_, Line> {
        // No panic can happen while the lock is held, and even then the queue would be valid.
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
