//! The confirms of one route do not arrive: a queue without a majority, or an overloaded one.

use crate::backlog::Rows;
use crate::bare::BareConsumer;
use crate::stage::{Ping, Stage, broker, unsent};
use rabbit_outbox::{Messaging, RelayOptions};
use rabbit_outbox_testing::AmqpProxy;
use sqlx::PgPool;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use testkit::{eventually, eventually_within};

const STUCK: &str = "alpha.Stuck.v1";
/// Longer than the relay waits for a confirm.
const LONGER: Duration = Duration::from_secs(30);

async fn insert_stuck(pool: &PgPool, from: i64, to: i64) {
    Rows { routing_key: "'alpha.Stuck.v1'", ..Rows::default() }.insert(pool, from, to).await;
}

async fn number(pool: &PgPool, statement: &'static str) -> i64 {
    sqlx::query_scalar(statement).fetch_one(pool).await.unwrap()
}

async fn waiting(pool: &PgPool) -> i64 {
    number(pool, "select count(*) from outbox where lane < 0").await
}

/// Appends events of a healthy route for so long, one every 20 ms with separate keys; returns when each was committed.
async fn talk(alpha: &Messaging, first: i64, duration: Duration) -> BTreeMap<i64, Instant> {
    let (started, mut said) = (Instant::now(), BTreeMap::new());
    while started.elapsed() < duration {
        let n = first + i64::try_from(said.len()).unwrap();
        let mut tx = alpha.begin().await.unwrap();
        tx.append(&Ping { n, key: format!("healthy {n}") }, n).unwrap();
        tx.commit().await.unwrap();
        said.insert(n, Instant::now());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    said
}

#[tokio::test]
async fn a_route_without_confirms_delays_no_other_and_is_made_up_for_when_they_come() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let bare_consumer = BareConsumer::at(&broker, "alpha", &["alpha.Ping.v1", STUCK]).await;
    let proxy = AmqpProxy::start(broker.url()).await;
    let alpha = Messaging::new("alpha", stage.alpha.clone(), proxy.url());
    let held = proxy.hold_confirms(|publish| publish.routing_key == STUCK);
    stage.run(alpha.relay().run(stage.stopping()));
    insert_stuck(&stage.alpha, 0, 50).await;
    let said = talk(&alpha, 1_000, Duration::from_secs(25)).await;
    // The route was closed while others went on; its events wait, and one at a time was tried.
    assert_eq!(waiting(&stage.alpha).await, 50);

    let last = *said.keys().last().unwrap();
    eventually(true, async || bare_consumer.first_arrivals().contains_key(&last)).await;
    let arrived = bare_consumer.first_arrivals();
    let mut waits: Vec<Duration> =
        said.iter().map(|(n, committed)| arrived[n].saturating_duration_since(*committed)).collect();
    waits.sort_unstable();
    let slowest = *waits.last().unwrap();
    println!("{} healthy events: median {:?}, slowest {slowest:?}", waits.len(), waits[waits.len() / 2]);
    // No event waits for the timeout of a confirm, 10 s. On an overloaded machine single events take a second.
    assert!(waits[waits.len() / 2] < Duration::from_millis(500), "{waits:?}");
    assert!(slowest < Duration::from_secs(5), "{slowest:?}");
    let tried = "select count(*) from outbox where last_error like 'no confirm within %' and attempts > 0";
    assert_eq!(number(&stage.alpha, tried).await, 50);
    let copies = proxy.repeated();
    println!("{copies} copies of stuck events after {} withheld confirms", held.matched());
    assert!(copies <= 3, "one for each try of the closed route: {copies}");
    let healthy = bare_consumer.arrivals().iter().filter(|arrival| arrival.sequence >= 1_000).count();
    assert_eq!(healthy, said.len(), "healthy events are sent once");

    // Late confirms count: nothing that the broker has is sent again.
    held.release();
    eventually_within(LONGER, 0, async || unsent(&stage.alpha).await).await;
    stage.stop().await;
    assert!(proxy.repeated() <= copies + 2, "{} after {copies}", proxy.repeated());
}

#[tokio::test]
async fn more_events_of_a_stuck_route_than_memory_holds_delay_no_other_for_longer_than_a_moment() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let bare_consumer = BareConsumer::at(&broker, "alpha", &["alpha.Ping.v1", STUCK]).await;
    let proxy = AmqpProxy::start(broker.url()).await;
    let alpha = Messaging::new("alpha", stage.alpha.clone(), proxy.url());
    let held = proxy.hold_confirms(|publish| publish.routing_key == STUCK);
    insert_stuck(&stage.alpha, 0, 10_000).await;
    stage.run(alpha.relay().run(stage.stopping()));
    eventually(true, async || held.matched() > 300).await;
    let started = Instant::now();
    Rows::default().insert(&stage.alpha, 10_000, 10_100).await;
    eventually(100, async || bare_consumer.sequences().range(10_000..).count()).await;
    println!("a hundred events behind ten thousand stuck ones: {:?}", started.elapsed());
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    // 256 on each of two channels, and trials.
    eventually(10_000, async || waiting(&stage.alpha).await).await;
    assert!(proxy.published(STUCK) <= 2 * 256 + 2, "{}", proxy.published(STUCK));
    held.release();
    eventually_within(Duration::from_mins(1), 0, async || unsent(&stage.alpha).await).await;
    stage.stop().await;
    assert!(proxy.repeated() <= 4, "{}", proxy.repeated());
}

#[tokio::test]
async fn an_event_that_is_never_confirmed_is_parked_after_its_last_try() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let _bare_consumer = BareConsumer::at(&broker, "alpha", &[STUCK]).await;
    let proxy = AmqpProxy::start(broker.url()).await;
    let (retry_first, retry_longest) = (Duration::from_millis(50), Duration::from_millis(100));
    let options = RelayOptions { attempts_max: 2, retry_first, retry_longest, ..RelayOptions::default() };
    let alpha = Messaging::new("alpha", stage.alpha.clone(), proxy.url()).with_relay_options(options);
    let _held = proxy.drop_confirms(|publish| publish.routing_key == STUCK);
    stage.run(alpha.relay().run(stage.stopping()));
    insert_stuck(&stage.alpha, 0, 1).await;
    let parked = "select count(*) from dead_letters where reason like 'no confirm within %' and attempts = 2";
    eventually_within(LONGER, 1, async || number(&stage.alpha, parked).await).await;
    stage.stop().await;
    assert_eq!((proxy.published(STUCK), proxy.repeated()), (2, 1));
}

#[tokio::test]
async fn a_connection_on_which_nothing_comes_back_is_no_fault_of_a_route() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let bare_consumer = BareConsumer::at(&broker, "alpha", &["alpha.Ping.v1"]).await;
    let proxy = AmqpProxy::start(broker.url()).await;
    let alpha = Messaging::new("alpha", stage.alpha.clone(), proxy.url());
    stage.run(alpha.relay().run(stage.stopping()));
    Rows::default().insert(&stage.alpha, 0, 1).await;
    eventually(0, async || unsent(&stage.alpha).await).await;
    // One byte every ten seconds: the broker runs, and can't be reached in practice.
    proxy.limit_bandwidth(Some(1));
    Rows::default().insert(&stage.alpha, 1, 100).await;
    tokio::time::sleep(Duration::from_secs(15)).await;
    proxy.limit_bandwidth(None);
    proxy.close_connections();
    eventually_within(LONGER, 0, async || unsent(&stage.alpha).await).await;
    eventually(100, async || bare_consumer.count()).await;
    stage.stop().await;
    assert_eq!(number(&stage.alpha, "select count(*) from dead_letters").await, 0);
}

#[tokio::test]
async fn a_broker_that_says_it_is_short_of_memory_is_waited_for_and_nothing_is_sent_twice() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let bare_consumer = BareConsumer::at(&broker, "alpha", &["alpha.Ping.v1"]).await;
    let proxy = AmqpProxy::start(broker.url()).await;
    let alpha = Messaging::new("alpha", stage.alpha.clone(), proxy.url());
    stage.run(alpha.relay().run(stage.stopping()));
    Rows::default().insert(&stage.alpha, 0, 10).await;
    eventually(10, async || bare_consumer.sequences().len()).await;
    let connected = proxy.users().len();

    proxy.announce_blocked(true);
    eventually(true, async || alpha.check().is_err_and(|why| why.contains("blocked by the broker"))).await;
    Rows::default().insert(&stage.alpha, 10, 1_000).await;
    // Longer than the relay waits for a confirm.
    tokio::time::sleep(Duration::from_secs(12)).await;
    proxy.announce_blocked(false);
    eventually(1_000, async || bare_consumer.sequences().len()).await;
    eventually(0, async || unsent(&stage.alpha).await).await;
    eventually(Ok(()), async || alpha.check()).await;
    assert_eq!((proxy.users().len(), proxy.repeated()), (connected, 0), "connections, and events that were sent twice");
    stage.stop().await;
}
