//! Undeliverable events: never counted as delivered, never delaying others, and parked in the end.

use crate::backlog::Rows;
use crate::bare::BareConsumer;
use crate::stage::{Ping, Stage, Unheard, append_pings, broker, unsent};
use rabbit_outbox::dead_letters::Direction;
use rabbit_outbox::{Messaging, RelayOptions};
use rabbit_outbox_event::{Event, Undeliverable};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use testkit::{eventually, eventually_within};

/// An event of a stream without gaps.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Strict {
    key: String,
}

impl Event for Strict {
    const TYPE: &'static str = "alpha.Strict.v1";
    const UNDELIVERABLE: Undeliverable = Undeliverable::ParkKey;

    fn ordering_key(&self) -> String {
        self.key.clone()
    }
}

/// An event that needs no consumer.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Rumour {}

impl Event for Rumour {
    const TYPE: &'static str = "alpha.Rumour.v1";
    const ALLOW_UNROUTED: bool = true;

    fn ordering_key(&self) -> String {
        String::new()
    }
}

fn impatient(attempts_max: u16) -> RelayOptions {
    let (retry_first, retry_longest) = (Duration::from_millis(50), Duration::from_millis(100));
    RelayOptions { attempts_max, retry_first, retry_longest, ..RelayOptions::default() }
}

/// Direction, type, attempts and state of all dead letters.
async fn parked(pool: &PgPool) -> Vec<(String, String, i32, String)> {
    let statement = "select direction, event_type, attempts, state from dead_letters order by event_type, sequence";
    sqlx::query_as(statement).fetch_all(pool).await.unwrap()
}

#[tokio::test]
async fn twenty_thousand_events_with_one_in_seven_unroutable_are_told_apart_without_an_error() {
    const EVENTS: i64 = 20_000;
    let (stage, broker) = (Stage::new().await, broker().await);
    let bare_consumer = BareConsumer::at(&broker, "alpha", &["alpha.Ping.v1"]).await;
    // Each unroutable event has its own route: none is closed, so all of them are mixed into the windows.
    let mixed = "case when n % 7 = 3 then 'alpha.Unheard.' || n else 'alpha.Ping.v1' end";
    Rows { routing_key: mixed, ..Rows::default() }.insert(&stage.alpha, 0, EVENTS).await;
    let alpha = Messaging::new("alpha", stage.alpha.clone(), broker.url());
    stage.run(alpha.relay().run(stage.stopping()));

    let (unroutable, routable): (BTreeSet<i64>, BTreeSet<i64>) = (0..EVENTS).partition(|n| n % 7 == 3);
    eventually_within(Duration::from_mins(1), routable.len(), async || bare_consumer.count()).await;
    let tried = "select count(*) from outbox where attempts > 0 and last_error like '312 %'";
    let tried = async || sqlx::query_scalar::<_, i64>(tried).fetch_one(&stage.alpha).await.unwrap();
    eventually(i64::try_from(unroutable.len()).unwrap(), tried).await;
    stage.stop().await;
    assert_eq!(bare_consumer.sequences(), routable);
    let left: Vec<i64> = sqlx::query_scalar("select sequence from outbox").fetch_all(&stage.alpha).await.unwrap();
    assert_eq!(left.into_iter().collect::<BTreeSet<_>>(), unroutable);
}

#[tokio::test]
async fn a_route_without_a_queue_delays_no_other_and_is_delivered_once_a_queue_is_bound() {
    const DEAD: i64 = 20_000;
    let (stage, broker) = (Stage::new().await, broker().await);
    let bare_consumer = BareConsumer::at(&broker, "alpha", &["alpha.Ping.v1"]).await;
    Rows { routing_key: "'alpha.Unheard.v1'", ..Rows::default() }.insert(&stage.alpha, 0, DEAD).await;
    Rows::default().insert(&stage.alpha, DEAD, DEAD + 500).await;
    let alpha = Messaging::new("alpha", stage.alpha.clone(), broker.url());
    let started = Instant::now();
    stage.run(alpha.relay().run(stage.stopping()));
    eventually(500, async || bare_consumer.count()).await;
    // Trying each of them once takes longer than this, and they would be tried repeatedly.
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());

    // They wait in the shadow lanes: a later event of the same lanes does not meet them.
    let waiting = async || {
        sqlx::query_scalar("select count(*) from outbox where lane < 0").fetch_one(&stage.alpha).await.unwrap()
    };
    eventually(DEAD, waiting).await;
    let later = Instant::now();
    Rows::default().insert(&stage.alpha, DEAD + 500, DEAD + 508).await;
    eventually(508, async || bare_consumer.count()).await;
    assert!(later.elapsed() < Duration::from_secs(5), "{:?}", later.elapsed());

    bare_consumer.listen_to("alpha", "alpha.Unheard.v1").await;
    eventually_within(Duration::from_mins(1), 20_508, async || bare_consumer.count()).await;
    eventually(0, async || unsent(&stage.alpha).await).await;
    stage.stop().await;
    assert_eq!(bare_consumer.sequences(), (0..DEAD + 508).collect());
}

#[tokio::test]
async fn an_unroutable_event_is_parked_after_its_last_try() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let alpha = Messaging::new("alpha", stage.alpha.clone(), broker.url()).with_relay_options(impatient(3));
    stage.run(alpha.relay().run(stage.stopping()));
    let mut tx = alpha.begin().await.unwrap();
    tx.append(&Unheard { n: 1 }, 1).unwrap();
    tx.append(&Rumour {}, 1).unwrap();
    tx.commit().await.unwrap();
    let unheard = ("outgoing".to_owned(), "alpha.Unheard.v1".to_owned(), 3, "open".to_owned());
    eventually(vec![unheard], async || parked(&stage.alpha).await).await;
    eventually(0, async || unsent(&stage.alpha).await).await;

    // Of a closed route, too: both events that were never tried themselves and those that were.
    Rows { routing_key: "'alpha.Unheard.v1'", ..Rows::default() }.insert(&stage.alpha, 0, 1_000).await;
    eventually(1_001, async || parked(&stage.alpha).await.len()).await;
    eventually(0, async || unsent(&stage.alpha).await).await;
    stage.stop().await;
}

#[tokio::test]
async fn an_event_that_may_be_unrouted_stays_so_after_a_replay() {
    let (stage, broker) = (Stage::new().await, broker().await);
    // A missing exchange is not checked again for a second.
    let (retry_first, retry_longest) = (Duration::from_millis(1_100), Duration::from_millis(1_100));
    let patient = RelayOptions { attempts_max: 2, retry_first, retry_longest, ..RelayOptions::default() };
    let alpha = Messaging::new("alpha", stage.alpha.clone(), broker.url()).with_relay_options(patient);
    let mut tx = alpha.begin().await.unwrap();
    tx.append(&Rumour {}, 1).unwrap();
    tx.commit().await.unwrap();
    sqlx::query("update outbox set exchange = 'nowhere'").execute(&stage.alpha).await.unwrap();
    stage.run(alpha.relay().run(stage.stopping()));
    let letter = |state: &str| vec![("outgoing".to_owned(), "alpha.Rumour.v1".to_owned(), 2, state.to_owned())];
    eventually(letter("open"), async || parked(&stage.alpha).await).await;

    broker.declare_exchange("nowhere").await;
    let event: uuid::Uuid =
        sqlx::query_scalar("select event_id from dead_letters").fetch_one(&stage.alpha).await.unwrap();
    alpha.dead_letters().replay(Direction::Outgoing, event).await.unwrap();
    eventually(0, async || unsent(&stage.alpha).await).await;
    stage.stop().await;
    assert_eq!(parked(&stage.alpha).await, letter("replayed"));
}

#[tokio::test]
async fn while_an_event_of_a_strict_key_can_not_be_delivered_later_ones_of_the_key_are_held() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let bare_consumer = BareConsumer::at(&broker, "alpha", &["alpha.Ping.v1"]).await;
    let alpha = Messaging::new("alpha", stage.alpha.clone(), broker.url()).with_relay_options(impatient(3));
    let ping = |n: i64, key: &str| Ping { n, key: key.to_owned() };
    let mut tx = alpha.begin().await.unwrap();
    tx.append(&Strict { key: "strict".into() }, 1).unwrap();
    for n in 2..200 {
        tx.append(&ping(n, "strict"), n).unwrap();
        tx.append(&ping(n, "other"), 1_000 + n).unwrap();
    }
    tx.commit().await.unwrap();
    let relaying = tokio_util::sync::CancellationToken::new();
    stage.run(alpha.relay().run(relaying.clone()));

    eventually(198, async || bare_consumer.count()).await;
    let strict = ("outgoing".to_owned(), "alpha.Strict.v1".to_owned(), 3, "open".to_owned());
    eventually(vec![strict], async || parked(&stage.alpha).await).await;
    assert!(bare_consumer.sequences().iter().all(|sequence| *sequence > 1_000), "{:?}", bare_consumer.sequences());

    // Another relay knows it, too; new events are held as well.
    relaying.cancel();
    let successor = Messaging::new("alpha", stage.alpha.clone(), broker.url()).with_relay_options(impatient(3));
    stage.run(successor.relay().run(stage.stopping()));
    let mut tx = successor.begin().await.unwrap();
    tx.append(&ping(200, "strict"), 200).unwrap();
    tx.append(&ping(200, "other"), 1_200).unwrap();
    tx.commit().await.unwrap();
    eventually(199, async || bare_consumer.count()).await;
    eventually(199, async || unsent(&stage.alpha).await).await;

    // An operator decides that the key may continue without it.
    sqlx::query("update dead_letters set state = 'discarded', settled_at = now()").execute(&stage.alpha).await.unwrap();
    eventually(398, async || bare_consumer.count()).await;
    eventually(0, async || unsent(&stage.alpha).await).await;
    stage.stop().await;
    let order: Vec<i64> =
        bare_consumer.arrivals().iter().map(|arrival| arrival.sequence).filter(|n| *n < 1_000).collect();
    assert_eq!(order, (2..=200).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_strict_key_goes_on_in_order_once_its_event_is_delivered() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let bare_consumer = BareConsumer::at(&broker, "alpha", &["alpha.Ping.v1"]).await;
    let alpha = Messaging::new("alpha", stage.alpha.clone(), broker.url());
    stage.run(alpha.relay().run(stage.stopping()));
    for n in 1..100 {
        let mut tx = alpha.begin().await.unwrap();
        if n % 10 == 1 {
            tx.append(&Strict { key: "strict".into() }, n).unwrap();
        } else {
            tx.append(&Ping { n, key: "strict".into() }, n).unwrap();
        }
        tx.commit().await.unwrap();
    }
    let held =
        async || sqlx::query_scalar("select count(*) from outbox_held_keys").fetch_one(&stage.alpha).await.unwrap();
    eventually(1_i64, held).await;
    assert_eq!(bare_consumer.count(), 0);
    bare_consumer.listen_to("alpha", "alpha.Strict.v1").await;
    eventually(99, async || bare_consumer.count()).await;
    eventually(0_i64, held).await;
    stage.stop().await;
    let order: Vec<i64> = bare_consumer.arrivals().iter().map(|arrival| arrival.sequence).collect();
    assert_eq!(order, (1..100).collect::<Vec<_>>());
}

#[tokio::test]
async fn an_exchange_that_is_not_there_costs_its_own_events_only() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let bare_consumer = BareConsumer::at(&broker, "alpha", &["alpha.Ping.v1"]).await;
    let alpha = Messaging::new("alpha", stage.alpha.clone(), broker.url());
    stage.run(alpha.relay().run(stage.stopping()));
    for round in 0..20 {
        let lost = Rows { exchange: "nowhere", routing_key: "'nowhere.Lost.v1'", ..Rows::default() };
        lost.insert(&stage.alpha, 10_000 + round, 10_001 + round).await;
        append_pings(&alpha, round * 10, round * 10 + 10, 10).await;
    }
    eventually(200, async || bare_consumer.count()).await;
    let lost = "select count(*) from outbox where last_error like '404 %' and exchange = 'nowhere' and attempts > 0";
    eventually(20, async || sqlx::query_scalar::<_, i64>(lost).fetch_one(&stage.alpha).await.unwrap()).await;
    // The exchange is found once it exists. No queue is bound to it, which is a different failure.
    broker.declare_exchange("nowhere").await;
    let found = "select count(*) from outbox where last_error like '312 %' and exchange = 'nowhere'";
    eventually(true, async || sqlx::query_scalar::<_, i64>(found).fetch_one(&stage.alpha).await.unwrap() > 0).await;
    stage.stop().await;
}

#[tokio::test]
async fn a_row_may_name_another_type_than_its_routing_key() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let bare_consumer = BareConsumer::at(&broker, "alpha.return", &["alpha.inbox"]).await;
    Rows { exchange: "alpha.return", routing_key: "'alpha.inbox'", ..Rows::default() }.insert(&stage.alpha, 0, 1).await;
    sqlx::query("update outbox set wire_type = 'beta.Pong.v1'").execute(&stage.alpha).await.unwrap();
    let alpha = Messaging::new("alpha", stage.alpha.clone(), broker.url());
    stage.run(alpha.relay().run(stage.stopping()));
    eventually(1, async || bare_consumer.count()).await;
    stage.stop().await;
    assert_eq!(bare_consumer.arrivals()[0].wire_type, "beta.Pong.v1");
}

#[tokio::test]
async fn a_row_whose_route_is_longer_than_a_name_can_be_is_parked_and_stops_no_other() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let bare_consumer = BareConsumer::at(&broker, "alpha", &["alpha.Ping.v1"]).await;
    let alpha = Messaging::new("alpha", stage.alpha.clone(), broker.url()).with_relay_options(impatient(3));
    append_pings(&alpha, 0, 10, 1).await;
    // As a former release would have stored it.
    let long = "update outbox set routing_key = 'alpha.' || repeat('a', 300) where id = (select min(id) from outbox)";
    assert_eq!(sqlx::query(long).execute(&stage.alpha).await.unwrap().rows_affected(), 1);
    stage.run(alpha.relay().run(stage.stopping()));
    eventually(9, async || bare_consumer.count()).await;
    eventually(1, async || parked(&stage.alpha).await.len()).await;
    assert_eq!(alpha.check(), Ok(()));
    stage.stop().await;
}
