//! A bounded queue of pictures that wait for a worker. Each requester can see its position.

use super::stage::{ReadError, Stage};
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
    inner: Mutex<Inner>,
    changed: Notify,
    length_max: usize,
}

#[derive(Default)]
struct Inner {
    waiting: VecDeque<Job>,
    next_id: u64,
    closed: bool,
}

/// Why a picture cannot be queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum QueueError {
    /// The queue is full.
    Full,
    /// The process is stopping.
    Closed,
}

/// A position in the queue; dropping it leaves the queue.
pub(super) struct QueueEntry<'a> {
    queue: &'a Queue,
    id: u64,
}

impl Queue {
    /// Creates a queue for at most `length_max` pictures.
    pub(super) fn new(length_max: usize) -> Self {
        Self { inner: Mutex::default(), changed: Notify::new(), length_max }
    }

    /// Appends a picture to the queue.
    pub(super) fn join(
        &self,
        picture: Bytes,
        stage: watch::Sender<Stage>,
        answer: oneshot::Sender<Result<Reading, ReadError>>,
    ) -> Result<QueueEntry<'_>, QueueError> {
        let mut inner = self.lock();
        if inner.closed {
            return Err(QueueError::Closed);
        }
        if inner.waiting.len() >= self.length_max {
            return Err(QueueError::Full);
        }
        let id = inner.next_id;
        inner.next_id += 1;
        inner.waiting.push_back(Job { id, picture, stage, answer });
        inner.report_positions();
        drop(inner);
        self.changed.notify_one();
        Ok(QueueEntry { queue: self, id })
    }

    /// Waits for the first picture; `None` when the queue is closed and empty.
    pub(super) async fn next(&self) -> Option<Job> {
        loop {
            // Register before checking: a picture that is added between the two would otherwise not be noticed.
            let changed = self.changed.notified();
            {
                let mut inner = self.lock();
                if let Some(job) = inner.waiting.pop_front() {
                    inner.report_positions();
                    if inner.closed || !inner.waiting.is_empty() {
                        // One notification wakes only one worker, so pass it on while there are more pictures.
                        self.changed.notify_one();
                    }
                    return Some(job);
                }
                if inner.closed {
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
    pub(super) fn reject_all(&self) {
        let mut inner = self.lock();
        inner.waiting.clear();
        inner.report_positions();
    }

    /// Number of queued pictures.
    pub(super) fn length(&self) -> usize {
        self.lock().waiting.len()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // No panic can happen while the lock is held, and even then the queue would be valid.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn report_positions(&self) {
        for (position, job) in (1..).zip(&self.waiting) {
            job.stage.send_replace(Stage::Queued { position: Some(position) });
        }
        metrics::gauge!("ocr_queue_length").set(u32::try_from(self.waiting.len()).unwrap_or(u32::MAX));
    }
}

impl Drop for QueueEntry<'_> {
    fn drop(&mut self) {
        let mut inner = self.queue.lock();
        let length = inner.waiting.len();
        inner.waiting.retain(|job| job.id != self.id);
        if inner.waiting.len() < length {
            inner.report_positions();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stage() -> (watch::Sender<Stage>, watch::Receiver<Stage>) {
        watch::channel(Stage::Queued { position: None })
    }

    fn join(queue: &Queue) -> (Result<QueueEntry<'_>, QueueError>, watch::Receiver<Stage>) {
        let (sender, receiver) = stage();
        (queue.join(Bytes::new(), sender, oneshot::channel().0), receiver)
    }

    #[tokio::test]
    async fn positions_are_reported_and_leaving_frees_a_place() {
        let queue = Queue::new(3);
        let [(first, _), (second, _), (third, seen)] = [join(&queue), join(&queue), join(&queue)];
        assert_eq!(join(&queue).0.err(), Some(QueueError::Full));
        assert_eq!(*seen.borrow(), Stage::Queued { position: Some(3) });
        drop(second);
        assert_eq!(*seen.borrow(), Stage::Queued { position: Some(2) });
        assert_eq!(queue.next().await.unwrap().id, 0);
        assert_eq!(*seen.borrow(), Stage::Queued { position: Some(1) });
        drop((first, third));
        assert_eq!(queue.length(), 0);
    }

    #[tokio::test]
    async fn a_closed_queue_serves_waiting_pictures_and_rejects_new_ones() {
        let queue = Queue::new(3);
        let (entry, _seen) = join(&queue);
        queue.close();
        assert_eq!(join(&queue).0.err(), Some(QueueError::Closed));
        assert!(queue.next().await.is_some());
        let (one, other) = tokio::join!(queue.next(), queue.next());
        assert!(one.is_none() && other.is_none());
        drop(entry);
    }
}
