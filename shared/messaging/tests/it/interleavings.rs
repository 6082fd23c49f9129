//! Random orders of appending, loss, duplication, reordering, crashes and replays: every committed event has its effect
//! once, and no other event has any.

use crate::stage::{Ping, Stage, ping};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use rabbit_outbox::dead_letters::Filter;
use rabbit_outbox::probe::{Probe, Step};
use rabbit_outbox::{Handle, HandleError, Messaging, Meta, Subscriptions, Transaction};
use sqlx::PgPool;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use tokio_util::sync::CancellationToken;

/// An address without a listener: these stories need no broker.
const NOWHERE: &str = "amqp://127.0.0.1:1";

/// A step of a story.
#[derive(Clone, Debug)]
enum Act {
    /// Appends so many events in one transaction, which commits or not.
    Append { events: u8, commits: bool },
    /// Both relays publish everything; they may crash before they delete what they published.
    Publish { dies: bool },
    /// Delivers messages together: those at these positions of the queue, in this order.
    Deliver { places: Vec<u8>, fate: DeliveryFate },
    /// Replays every dead letter.
    Replay,
}

#[derive(Clone, Copy, Debug)]
enum DeliveryFate {
    /// Handled and acknowledged.
    Acknowledged,
    /// Handled; the process crashes before the acknowledgement.
    Repeated,
    /// The process crashes right after this step.
    Crashes(Step),
    /// The handler rejects the event.
    Refused,
    /// The handler fails, in all three attempts.
    Failed,
}

fn act() -> impl Strategy<Value = Act> {
    let crash = prop::sample::select(vec![Step::InboxRecorded, Step::InboxHandled, Step::InboxCommitted]);
    let fate = prop_oneof![
        4 => Just(DeliveryFate::Acknowledged),
        3 => Just(DeliveryFate::Repeated),
        3 => crash.prop_map(DeliveryFate::Crashes),
        2 => Just(DeliveryFate::Refused),
        1 => Just(DeliveryFate::Failed),
    ];
    prop_oneof![
        3 => (1..4_u8, prop::bool::weighted(0.8)).prop_map(|(events, commits)| Act::Append { events, commits }),
        3 => any::<bool>().prop_map(|dies| Act::Publish { dies }),
        5 => (prop::collection::vec(any::<u8>(), 1..6), fate).prop_map(|(places, fate)| Act::Deliver { places, fate }),
        1 => Just(Act::Replay),
    ]
}

/// Stores, rejects or fails, as configured.
#[derive(Clone, Default)]
struct Moody(Arc<AtomicU8>);

impl Handle<Ping> for Moody {
    async fn handle(&self, tx: &mut Transaction, ping: &Ping, _meta: &Meta) -> Result<(), HandleError> {
        sqlx::query("insert into handled (n) values ($1)").bind(ping.n).execute(&mut **tx).await?;
        match self.0.load(Ordering::SeqCst) {
            0 => Ok(()),
            1 => Err(HandleError::reject("not today")),
            _ => Err(HandleError::retry("stumbled")),
        }
    }
}

/// Two services and the queue between them.
struct World {
    stage: Stage,
    alpha: Messaging,
    beta: Messaging,
    moody: Moody,
    subscriptions: Subscriptions,
    /// Where beta crashes, and how.
    crash: Arc<Mutex<Option<(Step, CancellationToken)>>>,
    queue: Vec<Vec<u8>>,
    next: i64,
    committed: Vec<i64>,
}

impl World {
    async fn new() -> Self {
        let stage = Stage::new().await;
        let crash: Arc<Mutex<Option<(Step, CancellationToken)>>> = Arc::default();
        let probe = Probe::new({
            let crash = Arc::clone(&crash);
            move |reached| {
                if let Some((step, dies)) = &*crash.lock().unwrap()
                    && *step == reached
                {
                    dies.cancel();
                }
            }
        });
        let moody = Moody::default();
        let alpha = Messaging::new("alpha", stage.alpha.clone(), NOWHERE);
        let beta = Messaging::new("beta", stage.beta.clone(), NOWHERE).with_probe(probe);
        let subscriptions = Subscriptions::new().on(moody.clone());
        Self { stage, alpha, beta, moody, subscriptions, crash, queue: vec![], next: 0, committed: vec![] }
    }

    async fn perform(&mut self, act: &Act) {
        match act {
            Act::Append { events, commits } => self.append(i64::from(*events), *commits).await,
            Act::Publish { dies } => self.publish(*dies).await,
            Act::Deliver { places, fate } => self.deliver(places, *fate).await,
            Act::Replay => drop(self.beta.dead_letters().replay_matching(&Filter::default(), 1_000).await.unwrap()),
        }
    }

    async fn append(&mut self, events: i64, commits: bool) {
        let mut tx = self.alpha.begin().await.unwrap();
        let numbers: Vec<i64> = (self.next..self.next + events).collect();
        self.next += events;
        for n in &numbers {
            tx.append(&ping(*n), 1).unwrap();
        }
        if commits {
            tx.commit().await.unwrap();
            self.committed.extend(numbers);
        }
    }

    /// Acts as relay and broker: moves the rows of an outbox to the queue.
    async fn publish(&mut self, dies: bool) {
        for pool in [&self.stage.alpha, &self.stage.beta] {
            self.queue.extend(bodies(pool).await);
            if !dies {
                sqlx::query("delete from outbox").execute(pool).await.unwrap();
            }
        }
    }

    async fn deliver(&mut self, places: &[u8], fate: DeliveryFate) {
        if self.queue.is_empty() {
            return;
        }
        let places: Vec<usize> = places.iter().map(|place| usize::from(*place) % self.queue.len()).collect();
        let batch: Vec<Vec<u8>> = places.iter().map(|place| self.queue[*place].clone()).collect();
        let bodies: Vec<&[u8]> = batch.iter().map(Vec::as_slice).collect();
        let mood = match fate {
            DeliveryFate::Refused => 1,
            DeliveryFate::Failed => 2,
            DeliveryFate::Acknowledged | DeliveryFate::Repeated | DeliveryFate::Crashes(_) => 0,
        };
        self.moody.0.store(mood, Ordering::SeqCst);
        let dies = CancellationToken::new();
        if let DeliveryFate::Crashes(step) = fate {
            *self.crash.lock().unwrap() = Some((step, dies.clone()));
        }
        tokio::select! {
            biased;
            () = dies.cancelled() => {}
            delivered = self.beta.deliver(&self.subscriptions, &bodies) => drop(delivered.unwrap()),
        }
        *self.crash.lock().unwrap() = None;
        self.moody.0.store(0, Ordering::SeqCst);
        // A rejected message is a dead letter now, so it is acknowledged; a failed one is delivered again.
        if matches!(fate, DeliveryFate::Acknowledged | DeliveryFate::Refused) {
            let mut gone = places;
            gone.sort_unstable();
            gone.dedup();
            for place in gone.into_iter().rev() {
                self.queue.remove(place);
            }
        }
    }

    /// Everything works again, and everything in flight arrives.
    async fn come_to_rest(&mut self) {
        loop {
            self.beta.dead_letters().replay_matching(&Filter::default(), 1_000).await.unwrap();
            self.publish(false).await;
            if self.queue.is_empty() {
                return;
            }
            let all: Vec<Vec<u8>> = std::mem::take(&mut self.queue);
            let bodies: Vec<&[u8]> = all.iter().map(Vec::as_slice).collect();
            self.beta.deliver(&self.subscriptions, &bodies).await.unwrap();
        }
    }

    async fn handled(&self) -> Vec<i64> {
        sqlx::query_scalar("select n from handled order by n").fetch_all(&self.stage.beta).await.unwrap()
    }
}

async fn bodies(pool: &PgPool) -> Vec<Vec<u8>> {
    sqlx::query_scalar("select payload from outbox order by id").fetch_all(pool).await.unwrap()
}

#[test]
fn any_interleaving_ends_with_every_effect_once() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let mut runner =
        TestRunner::new(Config { cases: 32, max_shrink_iters: 64, failure_persistence: None, ..Config::default() });
    let story = prop::collection::vec(act(), 1..30);
    let outcome = runner.run(&story, |acts| {
        let (handled, committed) = runtime.block_on(async {
            let mut world = World::new().await;
            for act in &acts {
                world.perform(act).await;
            }
            world.come_to_rest().await;
            (world.handled().await, world.committed.clone())
        });
        prop_assert_eq!(handled, committed);
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
}
