//! Relays that die at a step, without a word to anybody, and are followed by another.

use messaging::CancellationToken;
use messaging::Messaging;
use messaging::probe::{Probe, Step};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::watch;

/// Where a relay dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum At {
    /// It has read rows and published nothing of them.
    BeforePublish,
    /// It has handed messages to the broker and knows of no confirm: they come again.
    AfterPublish,
    /// The broker has confirmed, the rows are still there: they come again.
    AfterConfirm,
}

impl At {
    /// Every place, in the order of an event's way.
    pub const ALL: [Self; 3] = [Self::BeforePublish, Self::AfterPublish, Self::AfterConfirm];

    fn step(self) -> Step {
        match self {
            Self::BeforePublish => Step::RelayRead,
            Self::AfterPublish => Step::RelayPublished,
            Self::AfterConfirm => Step::RelayConfirmed,
        }
    }
}

/// The deaths of one service's relays: the one that is planned, and how many there were.
pub(crate) struct Crashes {
    planned: Mutex<Option<At>>,
    happened: watch::Sender<u32>,
}

/// Unwinds the relay's task; no other panic carries it.
struct Crashed;

impl Crashes {
    pub(crate) fn none() -> Arc<Self> {
        Arc::new(Self { planned: Mutex::new(None), happened: watch::Sender::new(0) })
    }

    /// The relay dies when it is there next.
    pub(crate) fn plan(&self, at: At) {
        *self.planned.lock().unwrap_or_else(PoisonError::into_inner) = Some(at);
    }

    pub(crate) fn count(&self) -> u32 {
        *self.happened.borrow()
    }

    /// Dies here, if it is planned: in the middle of the relay's task, all of which unwinds without another step.
    fn reached(&self, step: Step) {
        let dies = self
            .planned
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take_if(|planned| planned.step() == step)
            .is_some();
        if dies {
            // Not `panic!`: nobody needs to read of it.
            std::panic::resume_unwind(Box::new(Crashed));
        }
    }
}

/// Runs one relay after the other, each with connections of its own, until `stopping`.
pub(crate) async fn relay(messaging: Messaging, amqp_url: String, crashes: Arc<Crashes>, stopping: CancellationToken) {
    while !stopping.is_cancelled() {
        let listener = Arc::clone(&crashes);
        let life =
            messaging.clone().with_connections_to(&amqp_url).with_probe(Probe::new(move |step| listener.reached(step)));
        let ended = tokio::spawn(life.relay().run(stopping.clone())).await;
        // Its connections end with it.
        drop(life);
        let Err(death) = ended else { break };
        match death.try_into_panic().map(|reason| reason.is::<Crashed>()) {
            Ok(true) => crashes.happened.send_modify(|count| *count += 1),
            // It has said why on the standard error; what it should have done will be missed.
            Ok(false) | Err(_) => break,
        }
    }
}
