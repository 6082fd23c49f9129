//! Relays that crash at a step, without any cleanup, and are replaced by another one.

use crate::spy::PublishedLog;
use rabbit_outbox::CancellationToken;
use rabbit_outbox::Messaging;
use rabbit_outbox::probe::{Probe, Step};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;

/// Threads of a relay: one may block at a step while the other serves the connections.
const THREADS: usize = 2;
/// Maximum time that a relay blocks at a step until its messages reach the broker.
const ARRIVAL_LIMIT: Duration = Duration::from_secs(10);

/// Where a relay crashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum At {
    /// It has read rows and published none of them.
    BeforePublish,
    /// The broker has messages for which the relay has no confirm: at least one, which is published again.
    AfterPublish,
    /// The broker has confirmed, the rows are not deleted yet: they are published again.
    AfterConfirm,
}

impl At {
    /// Every crash point, in the order in which an event reaches them.
    pub const ALL: [Self; 3] = [Self::BeforePublish, Self::AfterPublish, Self::AfterConfirm];

    fn step(self) -> Step {
        match self {
            Self::BeforePublish => Step::RelayRead,
            Self::AfterPublish => Step::RelayPublished,
            Self::AfterConfirm => Step::RelayConfirmed,
        }
    }
}

/// The crashes of one service's relay: the planned one, and how many there were.
pub(crate) struct Crashes {
    planned: Mutex<Option<Plan>>,
    happened: watch::Sender<u32>,
    published_log: PublishedLog,
}

#[derive(Clone, Copy)]
struct Plan {
    at: At,
    /// The number of messages published when the crash was planned.
    seen: usize,
}

/// The panic payload that unwinds the relay's task; no other panic carries it.
struct Crashed;

impl Crashes {
    pub(crate) fn none(published_log: PublishedLog) -> Arc<Self> {
        Arc::new(Self { planned: Mutex::new(None), happened: watch::Sender::new(0), published_log })
    }

    /// The relay crashes when it reaches `crash` next.
    pub(crate) fn plan(&self, at: At) {
        let plan = Plan { at, seen: self.published_log.count() };
        *self.planned.lock().unwrap_or_else(PoisonError::into_inner) = Some(plan);
    }

    pub(crate) fn count(&self) -> u32 {
        *self.happened.borrow()
    }

    /// Crashes here if it is planned: in the middle of the relay's task, which unwinds without another step.
    fn reached(&self, step: Step) {
        let plan = self.planned.lock().unwrap_or_else(PoisonError::into_inner).take_if(|plan| plan.at.step() == step);
        let Some(plan) = plan else { return };
        if plan.at == At::AfterPublish {
            // The client library may still buffer the messages, so block until the broker has one. Other tasks of this
            // thread, such as the connection's own, move to another thread.
            tokio::task::block_in_place(|| {
                let started = Instant::now();
                while self.published_log.count() <= plan.seen && started.elapsed() < ARRIVAL_LIMIT {
                    std::thread::sleep(Duration::from_millis(1));
                }
            });
        }
        // Not `panic!`, which would print a message.
        std::panic::resume_unwind(Box::new(Crashed));
    }
}

/// One relay with its own threads: when they end, so do its connections, even in the middle of work.
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

/// Runs relays one after the other, each with its own connections, until `stopping`.
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
            // The panic was printed; assertions will report what the relay did not do.
            Ok(false) | Err(_) => break,
        }
    }
}
