//! What a test has asked for, until it takes it back.

use super::frame::Frame;
use super::outgoing::Outgoing;
use super::publish::Publish;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What becomes of the messages that a rule means, or of their confirms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Confirms wait until the rule ends.
    Hold,
    /// Confirms vanish.
    Drop,
    /// Confirms come later.
    Delay(Duration),
    /// So many confirms wait for each other, and come in reverse order.
    Reverse(usize),
    /// The connection ends instead of the next confirm.
    CutAtConfirm,
    /// The connection ends right after so many messages were passed on.
    CutAfterPublish(u64),
    /// The broker gets the message twice.
    Duplicate,
}

impl Action {
    /// Whether it is about messages on their way to the broker, and not about confirms.
    pub(crate) fn is_about_publishes(self) -> bool {
        matches!(self, Self::CutAfterPublish(_) | Self::Duplicate)
    }
}

/// A confirm that waits.
pub(crate) struct Waiting {
    pub(crate) frame: Frame,
    pub(crate) to_client: Arc<Outgoing>,
    /// Whether its channel is closed: its tags mean nothing any more, or something else.
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

/// A rule that is in force.
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

/// What is to be done with a confirm or a message to which a rule applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Nothing more: it is on its way, waits, or is gone.
    Nothing,
    /// The connection ends.
    Cut,
    /// The message goes once more.
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
            // It may have ended since it was looked up.
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

    /// Applies the rule to a message that was passed on.
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
