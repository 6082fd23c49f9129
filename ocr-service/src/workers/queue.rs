//! A bounded queue of pictures that wait for a worker. Each requester can see its position.
//!
//! Users take turns, in rounds with one picture of each user (start-time fair queueing). In a full queue, the last
//! picture of a user who has several gives its place to a user who has fewer.

use super::stage::{ReadError, Stage};
use super::worker::Reading;
use axum::body::Bytes;
use contracts::ids::UserId;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, oneshot, watch};

/// A queued picture.
pub(super) struct Job {
    id: u64,
    owner: UserId,
    round: u64,
    /// The picture.
    pub(super) picture: Bytes,
    /// Reports the stage of the reading.
    pub(super) stage: watch::Sender<Stage>,
    /// Receives the result; closed when the requester is gone.
    pub(super) answer: oneshot::Sender<Result<Reading, ReadError>>,
}

/// How many pictures may wait.
#[derive(Clone, Copy, Debug)]
pub(crate) struct QueueLimits {
    pub(crate) length: usize,
    pub(crate) per_user: usize,
}

/// Beyond this number of users, an empty queue drops whose turn it was.
const USERS_REMEMBERED_MAX: usize = 10_000;

/// The queue.
pub(super) struct Queue {
    inner: Mutex<Inner>,
    changed: Notify,
    limits: QueueLimits,
}

#[derive(Default)]
struct Inner {
    /// In the order of arrival.
    waiting: Vec<Job>,
    /// The round of the picture that was taken last.
    round: u64,
    /// The last round of each user who has had a picture in this round or has one in a later round.
    last_rounds: HashMap<UserId, u64>,
    next_id: u64,
    closed: bool,
}

/// Why a picture cannot be queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum QueueError {
    /// The queue is full.
    Full,
    /// The user has as many pictures in the queue as a user may have.
    UserFull,
    /// The process is stopping.
    Closed,
}

/// A position in the queue; dropping it leaves the queue.
pub(super) struct QueueEntry<'a> {
    queue: &'a Queue,
    id: u64,
}

impl Queue {
    /// Creates an empty queue.
    pub(super) fn new(limits: QueueLimits) -> Self {
        Self { inner: Mutex::default(), changed: Notify::new(), limits }
    }

    /// Adds a picture of `owner` to the queue.
    pub(super) fn join(
        &self,
        owner: UserId,
        picture: Bytes,
        stage: watch::Sender<Stage>,
        answer: oneshot::Sender<Result<Reading, ReadError>>,
    ) -> Result<QueueEntry<'_>, QueueError> {
        let mut inner = lock(&self.inner);
        if inner.closed {
            return Err(QueueError::Closed);
        }
        let of_owner = inner.waiting.iter().filter(|job| job.owner == owner).count();
        if inner.waiting.len() >= self.limits.length {
            inner.make_room(of_owner)?;
        } else if of_owner >= self.limits.per_user {
            return Err(QueueError::UserFull);
        }
        let id = inner.next_id;
        inner.next_id += 1;
        let round = inner.next_round(owner);
        inner.waiting.push(Job { id, owner, round, picture, stage, answer });
        inner.report_positions();
        drop(inner);
        self.changed.notify_one();
        Ok(QueueEntry { queue: self, id })
    }

    /// Waits for the next picture; `None` when the queue is closed and empty.
    pub(super) async fn next(&self) -> Option<Job> {
        loop {
            // Register before checking: a picture that is added between the two would otherwise not be noticed.
            let changed = self.changed.notified();
            {
                let mut inner = lock(&self.inner);
                if let Some(first) = inner.turns().first().copied() {
                    let job = inner.waiting.remove(first);
                    inner.taken(job.round);
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
        lock(&self.inner).closed = true;
        self.changed.notify_one();
    }

    /// Removes all queued pictures and drops their result channels.
    pub(super) fn reject_all(&self) {
        let mut inner = lock(&self.inner);
        inner.waiting.clear();
        inner.report_positions();
    }

    /// Number of queued pictures.
    pub(super) fn length(&self) -> usize {
        lock(&self.inner).waiting.len()
    }
}

fn lock(inner: &Mutex<Inner>) -> MutexGuard<'_, Inner> {
    // No panic can happen while the lock is held, and even then the queue would be valid.
    inner.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Inner {
    /// The indexes of the waiting pictures in the order in which they are read.
    fn turns(&self) -> Vec<usize> {
        let mut turns: Vec<usize> = (0..self.waiting.len()).collect();
        turns.sort_unstable_by_key(|at| (self.waiting[*at].round, self.waiting[*at].id));
        turns
    }

    /// The round of a new picture: this one, or the next after those of its user.
    fn next_round(&mut self, owner: UserId) -> u64 {
        let round = self.last_rounds.get(&owner).map_or(self.round, |last| self.round.max(last + 1));
        self.last_rounds.insert(owner, round);
        round
    }

    /// A picture of this round is being read.
    fn taken(&mut self, round: u64) {
        if round > self.round {
            self.round = round;
            self.last_rounds.retain(|_, last| *last >= round);
        }
        if self.waiting.is_empty() && self.last_rounds.len() > USERS_REMEMBERED_MAX {
            self.last_rounds.clear();
        }
    }

    /// Refuses the last picture, if its user has at least two more than `of_owner`, those of the user who arrives.
    fn make_room(&mut self, of_owner: usize) -> Result<(), QueueError> {
        let at = self.turns().last().copied().ok_or(QueueError::Full)?;
        let greedy = self.waiting[at].owner;
        if self.waiting.iter().filter(|job| job.owner == greedy).count() < of_owner + 2 {
            return Err(QueueError::Full);
        }
        let displaced = self.waiting.remove(at);
        // The requester may have left in this moment.
        let _ = displaced.answer.send(Err(ReadError::TooMany));
        Ok(())
    }

    fn report_positions(&self) {
        for (position, at) in (1..).zip(self.turns()) {
            self.waiting[at].stage.send_replace(Stage::Queued { position: Some(position) });
        }
        metrics::gauge!("ocr_queue_length").set(u32::try_from(self.waiting.len()).unwrap_or(u32::MAX));
    }
}

impl Drop for QueueEntry<'_> {
    fn drop(&mut self) {
        let mut inner = lock(&self.queue.inner);
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

    type Answer = oneshot::Receiver<Result<Reading, ReadError>>;
    type Joined<'a> = (Result<QueueEntry<'a>, QueueError>, watch::Receiver<Stage>, Answer);

    fn queue(length: usize) -> Queue {
        Queue::new(QueueLimits { length, per_user: 3 })
    }

    fn join(queue: &Queue, user: i64) -> Joined<'_> {
        let (sender, receiver) = watch::channel(Stage::Queued { position: None });
        let (answer, answered) = oneshot::channel();
        (queue.join(UserId::try_from(user).unwrap(), Bytes::new(), sender, answer), receiver, answered)
    }

    async fn next_owner(queue: &Queue) -> i64 {
        queue.next().await.unwrap().owner.get()
    }

    #[tokio::test]
    async fn positions_are_reported_and_leaving_frees_a_place() {
        let queue = queue(3);
        let [(first, ..), (second, ..), (third, seen, _)] = [join(&queue, 1), join(&queue, 1), join(&queue, 1)];
        assert_eq!(join(&queue, 1).0.err(), Some(QueueError::Full));
        assert_eq!(*seen.borrow(), Stage::Queued { position: Some(3) });
        drop(second);
        assert_eq!(*seen.borrow(), Stage::Queued { position: Some(2) });
        assert_eq!(queue.next().await.unwrap().id, 0);
        assert_eq!(*seen.borrow(), Stage::Queued { position: Some(1) });
        drop((first, third));
        assert_eq!(queue.length(), 0);
    }

    #[tokio::test]
    async fn users_take_turns_however_many_pictures_one_of_them_has() {
        let queue = queue(9);
        let _joined = [1, 1, 1, 2, 3].map(|user| join(&queue, user));
        let mut owners = vec![];
        for _ in 0..2 {
            owners.push(next_owner(&queue).await);
        }
        // The one who arrives now has had nothing.
        let _late = join(&queue, 4);
        for _ in 0..4 {
            owners.push(next_owner(&queue).await);
        }
        assert_eq!(owners, [1, 2, 3, 4, 1, 1]);
    }

    #[tokio::test]
    async fn the_next_picture_of_one_user_waits_for_the_first_one_of_another_who_came_later() {
        let queue = queue(9);
        let _first = [1, 1, 1].map(|user| join(&queue, user));
        assert_eq!((next_owner(&queue).await, next_owner(&queue).await), (1, 1));
        let _other = join(&queue, 2);
        assert_eq!((next_owner(&queue).await, next_owner(&queue).await), (2, 1));
    }

    #[tokio::test]
    async fn one_user_has_a_few_places_and_gives_one_of_a_full_queue_to_somebody_who_has_none() {
        let queue = queue(4);
        let [_first, _second, (_entry, _, answer)] = [1, 1, 1].map(|user| join(&queue, user));
        assert_eq!(join(&queue, 1).0.err(), Some(QueueError::UserFull));
        let (other, position, _other_answer) = join(&queue, 2);
        assert_eq!(*position.borrow(), Stage::Queued { position: Some(2) });
        let (third, ..) = join(&queue, 3);
        assert!(other.is_ok() && third.is_ok());
        assert!(matches!(answer.await, Ok(Err(ReadError::TooMany))));
        assert_eq!(join(&queue, 3).0.err(), Some(QueueError::Full), "nobody has two more than this user");
    }

    #[tokio::test]
    async fn a_closed_queue_serves_waiting_pictures_and_rejects_new_ones() {
        let queue = queue(3);
        let (entry, ..) = join(&queue, 1);
        queue.close();
        assert_eq!(join(&queue, 1).0.err(), Some(QueueError::Closed));
        assert!(queue.next().await.is_some());
        let (one, other) = tokio::join!(queue.next(), queue.next());
        assert!(one.is_none() && other.is_none());
        drop(entry);
    }
}
