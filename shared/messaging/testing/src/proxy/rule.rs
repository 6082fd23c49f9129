//! A rule of a test, until the test removes it.

use super::frame::Frame;
use super::outgoing::Outgoing;
use super::publish::Publish;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What to do with matching messages, or with their confirms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Withhold confirms until the rule ends.
    Hold,
    /// Drop confirms.
    Drop,
    /// Delay confirms.
    Delay(Duration),
    /// Withhold confirms until there are this many, then send them in reverse order.
    Reverse(usize),
    /// Cut the connection instead of the next confirm.
    CutAtConfirm,
    /// Cut the connection right after this many messages were forwarded.
    CutAfterPublish(u64),
    /// Send the message to the broker twice.
    Duplicate,
}

impl Action {
    /// Whether it applies to messages sent to the broker, and not to confirms.
    pub(crate) fn is_about_publishes(self) -> bool {
        matches!(self, Self::CutAfterPublish(_) | Self::Duplicate)
    }
}

/// A withheld confirm.
pub(crate) struct Waiting {
    pub(crate) frame: Frame,
    pub(crate) to_client: Arc<Outgoing>,
    /// Whether its channel is closed: its tags are no longer valid, or mean something else.
    pub(crate) channel_closed: Arc<AtomicBool>,
}

impl Waiting {
    pub(crate) fn send(self) {
        if !self.channel_closed.load(Ordering::Acquire) {
            self.to_client.push(self.frame.into_bytes());
        }
    }
}

pub(crate) type Predicate = Box<dyn Fn(&Publish) -> bool + Send + Sync>;

/// An active rule.
pub(crate) struct InForce {
    pub(crate) action: Action,
    pub(crate) means: Predicate,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    matched: u64,
    waiting: Vec<Waiting>,
    ended: bool,
}

/// What to do with a confirm or a message to which a rule applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Nothing: it was sent, is withheld, or was dropped.
    Nothing,
    /// Cut the connection.
    Cut,
    /// Send the message once more.
    Again,
}

impl InForce {
    pub(crate) fn new(action: Action, means: Predicate) -> Self {
        Self { action, means, state: Mutex::default() }
    }

    /// Applies the rule to a confirm.
    pub(crate) fn confirm(&self, confirm: Waiting) -> Next {
        let mut state = self.lock();
        state.matched += 1;
        match self.action {
            // The rule may have ended since it was looked up.
            Action::Hold if !state.ended => state.waiting.push(confirm),
            Action::Reverse(together) if !state.ended => {
                state.waiting.push(confirm);
                if state.waiting.len() >= together {
                    state.waiting.drain(..).rev().for_each(Waiting::send);
                }
            }
            Action::Drop => {}
            Action::Delay(by) => {
                tokio::spawn(async move {
                    tokio::time::sleep(by).await;
                    confirm.send();
                });
            }
            Action::CutAtConfirm => return Next::Cut,
            Action::Hold | Action::Reverse(_) | Action::CutAfterPublish(_) | Action::Duplicate => confirm.send(),
        }
        Next::Nothing
    }

    /// Applies the rule to a message that was forwarded.
    pub(crate) fn published(&self) -> Next {
        let mut state = self.lock();
        state.matched += 1;
        match self.action {
            Action::Duplicate => Next::Again,
            Action::CutAfterPublish(nth) if state.matched == nth => Next::Cut,
            _ => Next::Nothing,
        }
    }

    /// Whether it still has something to do.
    pub(crate) fn is_in_force(&self) -> bool {
        let state = self.lock();
        // A connection is cut once.
        let done = self.action == Action::CutAtConfirm && state.matched > 0;
        !state.ended && !done
    }

    pub(crate) fn matched(&self) -> u64 {
        self.lock().matched
    }

    pub(crate) fn end(&self) {
        let mut state = self.lock();
        state.ended = true;
        if matches!(self.action, Action::Reverse(_)) {
            state.waiting.reverse();
        }
        state.waiting.drain(..).for_each(Waiting::send);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
