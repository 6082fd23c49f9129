//! A handler can't harm its process.

use crate::stage::{Ping, Stage, WriteDown, broker, consuming, handled, open_letters, ping};
use rabbit_outbox::{ConsumerOptions, Handle, HandleError, Messaging, Meta, Subscriptions, Transaction};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use testkit::{TestBroker, eventually, eventually_within};

/// Well below the shortest pause of an open breaker: its first trial is after half a second.
const PROMPTLY: Duration = Duration::from_secs(10);

/// Misbehaves for numbers below zero at their first delivery, and stores the others.
#[derive(Clone)]
struct Bad {
    what: What,
    calls: Arc<AtomicU32>,
}

#[derive(Clone, Copy)]
enum What {
    Panic,
    Hang,
    /// In the database: without a statement timeout, its session would go on after the handler's time limit.
    HangInDatabase,
    BreakARule,
}

impl Bad {
    fn new(what: What) -> Self {
        Self { what, calls: Arc::default() }
    }
}

impl Handle<Ping> for Bad {
    async fn handle(&self, tx: &mut Transaction, ping: &Ping, meta: &Meta) -> Result<(), HandleError> {
        if ping.n < 0 && meta.attempt == 1 {
            self.calls.fetch_add(1, Ordering::SeqCst);
            match self.what {
                What::Panic => panic!("{} is too little", ping.n),
                What::Hang => std::future::pending().await,
                What::HangInDatabase => {
                    sqlx::query("select pg_sleep(600)").execute(&mut **tx).await?;
                }
                What::BreakARule => {
                    sqlx::query("insert into positive (n) values ($1)").bind(ping.n).execute(&mut **tx).await?;
                }
            }
        }
        sqlx::query("insert into handled (n) values ($1)").bind(ping.n).execute(&mut **tx).await?;
        Ok(())
    }
}

async fn start(stage: &Stage, broker: &TestBroker, bad: Bad) -> Messaging {
    broker.declare_exchange("alpha").await;
    let beta = Messaging::new("beta", stage.beta.clone(), broker.url());
    let options = ConsumerOptions::default().with_handler_timeout(Duration::from_millis(200));
    let consumer = beta.consumer(Subscriptions::new().on(bad)).with_options(options);
    stage.run(consumer.run(stage.stopping()));
    consuming(&beta).await;
    beta
}

#[tokio::test]
async fn a_handler_that_panics_or_hangs_is_tried_again_while_its_neighbours_are_handled() {
    for what in [What::Panic, What::Hang, What::HangInDatabase] {
        let (stage, broker) = (Stage::new().await, broker().await);
        let bad = Bad::new(what);
        let beta = start(&stage, &broker, bad.clone()).await;
        for n in [1, 2, -3, 4, 5] {
            broker.announce(&ping(n)).await;
        }
        eventually_within(PROMPTLY, true, async || handled(&stage.beta).await.0 >= 4).await;
        // Three attempts alone, and those together with its neighbours.
        eventually(true, async || bad.calls.load(Ordering::SeqCst) >= 3).await;
        // Then it waits on the ladder, and succeeds.
        eventually((5, 5), async || handled(&stage.beta).await).await;
        assert_eq!((open_letters(&beta).await, beta.check()), (vec![], Ok(())));
        stage.stop().await;
    }
}

#[tokio::test]
async fn ten_different_poison_events_do_not_open_the_breaker() {
    for what in [What::Panic, What::BreakARule] {
        let (stage, broker) = (Stage::new().await, broker().await);
        sqlx::raw_sql("create table positive (n bigint constraint positive_n check (n > 0))")
            .execute(&stage.beta)
            .await
            .unwrap();
        let beta = start(&stage, &broker, Bad::new(what)).await;
        for n in 1..=12 {
            broker.announce(&ping(-n)).await;
        }
        broker.announce(&ping(1)).await;
        let good = "select count(*) from handled where n = 1";
        eventually_within(PROMPTLY, 1, async || crate::stage::count(&stage.beta, good).await).await;
        assert_eq!(beta.check(), Ok(()));
        match what {
            What::BreakARule => {
                eventually(12, async || open_letters(&beta).await.len()).await;
                let letters = open_letters(&beta).await;
                assert!(letters.iter().all(|letter| letter.attempts == 1 && letter.reason.contains("positive_n")));
            }
            _ => eventually((13, 13), async || handled(&stage.beta).await).await,
        }
        assert_eq!(beta.check(), Ok(()));
        stage.stop().await;
    }
}

#[tokio::test]
async fn a_consumer_whose_task_was_aborted_is_not_ready() {
    let (stage, broker) = (Stage::new().await, broker().await);
    broker.declare_exchange("alpha").await;
    let beta = Messaging::new("beta", stage.beta.clone(), broker.url());
    let consuming_task = tokio::spawn(beta.consumer(Subscriptions::new().on::<Ping>(WriteDown)).run(stage.stopping()));
    consuming(&beta).await;
    consuming_task.abort();
    assert!(consuming_task.await.is_err_and(|ended| ended.is_cancelled()));
    assert_eq!(beta.check(), Err("consuming: ended: its task ended".to_owned()));
    stage.stop().await;
}
