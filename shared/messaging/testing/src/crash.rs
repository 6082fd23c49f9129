//! Relays that die at a step, without a word to anybody, and are followed by another.

use crate::spy::Sightings;
use rabbit_outbox::CancellationToken;
use rabbit_outbox::Messaging;
use rabbit_outbox::probe::{Probe, Step};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;

/// Threads of a relay: one may stand still at a step while the other serves its connections.
const THREADS: usize = 2;
/// Longest wait of a relay, at a step, for its messages to reach the broker.
const ARRIVAL_LIMIT: Duration = Duration::from_secs(10);

/// Where a relay dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum At {
    /// It has read rows and published nothing of them.
    BeforePublish,
    /// The broker has messages of which the relay knows no confirm: at least one, and it comes again.
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
    planned: Mutex<Option<Plan>>,
    happened: watch::Sender<u32>,
    sightings: Sightings,
}

#[derive(Clone, Copy)]
struct Plan {
    at: At,
    /// How many messages had been seen when it was made.
    seen: usize,
}

/// Unwinds the relay's task; no other panic carries it.
struct Crashed;

impl Crashes {
    pub(crate) fn none(sightings: Sightings) -> Arc<Self> {
        Arc::new(Self { planned: Mutex::new(None), happened: watch::Sender::new(0), sightings })
    }

    /// The relay dies when it is there next.
    pub(crate) fn plan(&self, at: At) {
        let plan = Plan { at, seen: self.sightings.count() };
        *self.planned.lock().unwrap_or_else(PoisonError::into_inner) = Some(plan);
    }

    pub(crate) fn count(&self) -> u32 {
        *self.happened.borrow()
    }

    /// Dies here, if it is planned: in the middle of the relay's task, all of which unwinds without another step.
    fn reached(&self, step: Step) {
        let plan = self.planned.lock().unwrap_or_else(PoisonError::into_inner).take_if(|plan| plan.at.step() == step);
        let Some(plan) = plan else { return };
        if plan.at == At::AfterPublish {
            // The client library may still hold them; the relay stands still until the broker has one. What waits on
            // this very thread, such as the connection's own task, is handed to another.
            tokio::task::block_in_place(|| {
                let started = Instant::now();
                while self.sightings.count() <= plan.seen && started.elapsed() < ARRIVAL_LIMIT {
                    std::thread::sleep(Duration::from_millis(1));
                }
            });
        }
        // Not `panic!`: nobody needs to read of it.
        std::panic::resume_unwind(Box::new(Crashed));
    }
}

/// One relay with threads of its own: when they end, so do its connections, in the middle of whatever they did.
struct Life(Option<Runtime>);

impl Life {
    fn begin() -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(THREADS).thread_name("relay").enable_all().build();
        Self(Some(runtime.expect("start threads for a relay")))
    }

    fn runtime(&self) -> &Runtime {
        self.0.as_ref().expect("a life has threads until it is dropped")
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// Runs one relay after the other, each with connections of its own, until `stopping`.
pub(crate) async fn relay(messaging: Messaging, amqp_url: String, crashes: Arc<Crashes>, stopping: CancellationToken) {
    while !stopping.is_cancelled() {
        let listener = Arc::clone(&crashes);
        let probe = Probe::new(move |step| listener.reached(step));
        let service = messaging.clone().with_connections_to(&amqp_url).with_probe(probe);
        let life = Life::begin();
        let ended = life.runtime().spawn(service.relay().run(stopping.clone())).await;
        drop(life);
        let Err(death) = ended else { break };
        match death.try_into_panic().map(|reason| reason.is::<Crashed>()) {
            Ok(true) => crashes.happened.send_modify(|count| *count += 1),
            // It has said why on the standard error; what it should have done will be missed.
            Ok(false) | Err(_) => break,
        }
    }
}
