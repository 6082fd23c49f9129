//! Waiting for many confirms at little cost: only one of them wakes the task, which then checks all.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

/// With more confirms pending than this, they are taken in portions.
const BUSY: usize = 80;
/// RabbitMQ confirms a few messages at a time, and each wake-up costs a turn of the relay's whole task. So with many
/// pending, the confirm that wakes the task is this far behind the first.
const PORTION: usize = 40;

/// Futures that resolve nearly in the order in which they were pushed.
///
/// One that resolves out of order is found at the next wake-up, or by [`Confirms::look`].
#[derive(Debug)]
pub(crate) struct Confirms<F> {
    pending: VecDeque<F>,
    /// Index of the future that wakes the task; may be out of range.
    waking: usize,
}

impl<F: Future + Unpin> Confirms<F> {
    pub(crate) fn new() -> Self {
        Self { pending: VecDeque::new(), waking: 0 }
    }

    pub(crate) fn len(&self) -> usize {
        self.pending.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }

    pub(crate) fn push(&mut self, confirm: F) {
        self.pending.push_back(confirm);
    }

    /// All that have resolved, at least one. Cancellation-safe.
    pub(crate) async fn arrived(&mut self) -> Vec<F::Output> {
        poll_fn(|context| {
            let waking = self.pending.get_mut(self.waking);
            let Some(Poll::Ready(first)) = waking.map(|confirm| Pin::new(confirm).poll(context)) else {
                return Poll::Pending;
            };
            self.pending.remove(self.waking);
            let mut arrived = vec![first];
            self.take(&mut arrived, self.waking);
            Poll::Ready(arrived)
        })
        .await
    }

    /// All that have resolved, possibly none.
    pub(crate) fn look(&mut self) -> Vec<F::Output> {
        let mut arrived = vec![];
        self.take(&mut arrived, 0);
        arrived
    }

    /// Takes resolved futures until a pass finds none: then everything that resolved before a taken one is taken, too.
    /// The attribution of returned messages relies on this.
    fn take(&mut self, arrived: &mut Vec<F::Output>, mut behind: usize) {
        loop {
            let before = arrived.len();
            behind = self.take_once(arrived, behind);
            if arrived.len() == before {
                break;
            }
        }
        let rest = self.pending.len() - behind;
        self.waking = behind + if rest > BUSY { PORTION } else { 0 };
    }

    /// Takes resolved futures in one pass; returns how many pending ones have been overtaken, which no longer wake the
    /// task. `behind` of them were overtaken before.
    fn take_once(&mut self, arrived: &mut Vec<F::Output>, behind: usize) -> usize {
        let mut context = Context::from_waker(Waker::noop());
        let (mut index, mut kept, mut overtaken) = (0, 0, 0);
        self.pending.retain_mut(|confirm| {
            let resolved = match Pin::new(confirm).poll(&mut context) {
                Poll::Ready(output) => {
                    arrived.push(output);
                    true
                }
                Poll::Pending => false,
            };
            index += 1;
            kept += usize::from(!resolved);
            if resolved || index <= behind {
                overtaken = kept;
            }
            !resolved
        });
        overtaken
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;
    use tokio::sync::oneshot::{Receiver, Sender, channel};

    fn several(confirms: &mut Confirms<Receiver<usize>>, many: usize) -> Vec<Option<Sender<usize>>> {
        let (senders, receivers): (Vec<_>, Vec<_>) = (0..many).map(|_| channel()).unzip();
        for receiver in receivers {
            confirms.push(receiver);
        }
        senders.into_iter().map(Some).collect()
    }

    fn resolve(senders: &mut [Option<Sender<usize>>], which: usize) {
        senders[which].take().unwrap().send(which).unwrap();
    }

    fn now(confirms: &mut Confirms<Receiver<usize>>) -> Vec<usize> {
        let arrived = confirms.arrived().now_or_never().unwrap_or_default();
        arrived.into_iter().map(Result::unwrap).collect()
    }

    #[test]
    fn the_first_wakes_and_all_that_are_there_are_taken() {
        let mut confirms = Confirms::new();
        let mut senders = several(&mut confirms, 5);
        assert!(now(&mut confirms).is_empty());
        resolve(&mut senders, 2);
        assert!(now(&mut confirms).is_empty(), "found later");
        resolve(&mut senders, 0);
        assert_eq!(now(&mut confirms), [0, 2]);
        assert_eq!(confirms.len(), 3);
        // The second is overtaken: the fourth wakes the task.
        resolve(&mut senders, 1);
        assert!(now(&mut confirms).is_empty());
        resolve(&mut senders, 3);
        assert_eq!(now(&mut confirms), [3, 1]);
    }

    #[test]
    fn one_that_is_stuck_is_passed_by_at_the_next_look() {
        let mut confirms = Confirms::new();
        let mut senders = several(&mut confirms, 2);
        resolve(&mut senders, 1);
        assert!(now(&mut confirms).is_empty());
        assert_eq!(confirms.look().len(), 1);
        // The next one wakes at once, although the first is still pending.
        let mut later = several(&mut confirms, 1);
        resolve(&mut later, 0);
        assert_eq!(now(&mut confirms), [0]);
        resolve(&mut senders, 0);
        assert_eq!(confirms.look().len(), 1);
        assert!(confirms.is_empty());
    }

    #[test]
    fn many_are_taken_in_portions() {
        let mut confirms = Confirms::new();
        let mut senders = several(&mut confirms, 200);
        resolve(&mut senders, 0);
        assert_eq!(now(&mut confirms), [0]);
        (1..41).for_each(|which| resolve(&mut senders, which));
        assert!(now(&mut confirms).is_empty());
        resolve(&mut senders, 41);
        assert_eq!(now(&mut confirms).len(), 41);
    }
}
