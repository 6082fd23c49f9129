//! Committed events are published as soon as possible; uncommitted ones never are.

use crate::bare::BareConsumer;
use crate::stage::{Ping, Stage, Unheard, WriteDown, append_pings, broker, consuming, handled, ping, unsent};
use rabbit_outbox::{AppendError, Headers, Messaging, RelayOptions, Subscriptions};
use sqlx::Row;
use std::time::Duration;
use testkit::eventually;

#[tokio::test]
async fn committed_events_are_handled_and_rolled_back_ones_never_existed() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let alpha = Messaging::new("alpha", stage.alpha.clone(), broker.url());
    let beta = Messaging::new("beta", stage.beta.clone(), broker.url());
    stage.run(alpha.relay().run(stage.stopping()));
    stage.run(beta.consumer(Subscriptions::new().on::<Ping>(WriteDown)).run(stage.stopping()));

    append_pings(&alpha, 0, 10, 1).await;
    let mut dropped = alpha.begin().await.unwrap();
    dropped.append(&ping(99), 1).unwrap();
    drop(dropped);
    append_pings(&alpha, 10, 500, 7).await;

    eventually((500, 500), async || handled(&stage.beta).await).await;
    eventually(0, async || unsent(&stage.alpha).await).await;
    stage.stop().await;
}

#[tokio::test]
async fn publishing_is_behind_while_an_event_waits_for_longer_than_the_limit() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let alpha = Messaging::new("alpha", stage.alpha.clone(), broker.url());
    let limit = Duration::from_mins(1);
    assert!(!alpha.is_publishing_behind(limit).await.unwrap(), "the outbox is empty");
    append_pings(&alpha, 0, 2, 1).await;
    assert!(!alpha.is_publishing_behind(limit).await.unwrap(), "the events are new");
    let age =
        "update outbox set occurred_at = occurred_at - interval '2 minutes' where id = (select max(id) from outbox)";
    sqlx::query(age).execute(&stage.alpha).await.unwrap();
    assert!(alpha.is_publishing_behind(limit).await.unwrap());

    let beta = Messaging::new("beta", stage.beta.clone(), broker.url());
    stage.run(beta.consumer(Subscriptions::new().on::<Ping>(WriteDown)).run(stage.stopping()));
    stage.run(alpha.relay().run(stage.stopping()));
    eventually(0, async || unsent(&stage.alpha).await).await;
    assert!(!alpha.is_publishing_behind(limit).await.unwrap(), "both are published");
    stage.stop().await;
}

#[tokio::test]
async fn unroutable_events_among_others_are_never_taken_for_delivered() {
    const EVENTS: i64 = 3_500;
    let (stage, broker) = (Stage::new().await, broker().await);
    let alpha = Messaging::new("alpha", stage.alpha.clone(), broker.url());
    let beta = Messaging::new("beta", stage.beta.clone(), broker.url());
    // The relay, which declares the exchange, starts when there is a backlog.
    broker.declare_exchange("alpha").await;
    stage.run(beta.consumer(Subscriptions::new().on::<Ping>(WriteDown)).run(stage.stopping()));
    consuming(&beta).await;

    let all: Vec<i64> = (0..EVENTS).collect();
    for some in all.chunks(250) {
        let mut tx = alpha.begin().await.unwrap();
        for n in some {
            if n % 7 == 3 {
                tx.append(&Unheard { n: *n }, 1).unwrap();
            } else {
                tx.append(&ping(*n), 1).unwrap();
            }
        }
        tx.commit().await.unwrap();
    }
    stage.run(alpha.relay().run(stage.stopping()));

    let unroutable = EVENTS / 7;
    eventually((EVENTS - unroutable, EVENTS - unroutable), async || handled(&stage.beta).await).await;
    eventually((unroutable, unroutable), async || {
        sqlx::query_as(
            "select count(*), count(*) filter (where routing_key = 'alpha.Unheard.v1' and attempts > 0 \
             and last_error like '312 %') from outbox",
        )
        .fetch_one(&stage.alpha)
        .await
        .unwrap()
    })
    .await;
    stage.stop().await;
}

#[tokio::test]
async fn an_unroutable_event_is_delivered_once_a_queue_is_bound() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let alpha = Messaging::new("alpha", stage.alpha.clone(), broker.url());
    stage.run(alpha.relay().run(stage.stopping()));
    append_pings(&alpha, 0, 5, 5).await;
    let given_back = "select count(*) from outbox where attempts > 0";
    eventually(5_i64, async || sqlx::query_scalar(given_back).fetch_one(&stage.alpha).await.unwrap()).await;

    let beta = Messaging::new("beta", stage.beta.clone(), broker.url());
    stage.run(beta.consumer(Subscriptions::new().on::<Ping>(WriteDown)).run(stage.stopping()));
    eventually((5, 5), async || handled(&stage.beta).await).await;
    eventually(0, async || unsent(&stage.alpha).await).await;
    stage.stop().await;
}

#[tokio::test]
async fn a_row_that_becomes_visible_late_is_published_all_the_same() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let alpha = Messaging::new("alpha", stage.alpha.clone(), broker.url());
    let beta = Messaging::new("beta", stage.beta.clone(), broker.url());
    stage.run(beta.consumer(Subscriptions::new().on::<Ping>(WriteDown)).run(stage.stopping()));
    stage.run(alpha.relay().run(stage.stopping()));

    // It takes its id before its successors and commits after them, like a slow transaction.
    let mut late = stage.alpha.begin().await.unwrap();
    sqlx::query("select nextval(pg_get_serial_sequence('outbox', 'id'))").execute(&mut *late).await.unwrap();
    append_pings(&alpha, 1, 4, 1).await;
    eventually((3, 3), async || handled(&stage.beta).await).await;
    let payload = serde_json::json!({
        "specversion": "1.0", "id": uuid::Uuid::now_v7(), "source": "/alpha", "type": "alpha.Ping.v1",
        "subject": "1", "time": "2026-01-01T00:00:00Z", "datacontenttype": "application/json", "sequence": "1",
        "partitionkey": "1", "correlationid": uuid::Uuid::now_v7(), "data": { "n": 0, "key": "1" },
    });
    sqlx::query(
        "insert into outbox (lane, id, event_id, exchange, routing_key, ordering_key, sequence, correlation_id, \
         content_type, payload, occurred_at) overriding system value \
         select lane, 1, $1, 'alpha', 'alpha.Ping.v1', '1', 1, $1, 'application/cloudevents+json', $2, now() \
         from generate_series(0, 0) as lane",
    )
    .bind(uuid::Uuid::now_v7())
    .bind(payload.to_string().into_bytes())
    .execute(&mut *late)
    .await
    .unwrap();
    late.commit().await.unwrap();

    eventually((4, 4), async || handled(&stage.beta).await).await;
    stage.stop().await;
}

#[tokio::test]
async fn events_of_one_key_are_published_in_the_order_of_their_commits() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let alpha = Messaging::new("alpha", stage.alpha.clone(), broker.url());
    let beta = Messaging::new("beta", stage.beta.clone(), broker.url());
    stage.run(alpha.relay().run(stage.stopping()));
    stage.run(beta.consumer(Subscriptions::new().on::<Ping>(WriteDown)).run(stage.stopping()));
    // An event without a bound queue waits for its next attempt; others of its key need not wait for it.
    consuming(&beta).await;
    append_pings(&alpha, 0, 1_000, 3).await;
    eventually((1_000, 1_000), async || handled(&stage.beta).await).await;

    // One consumer without failures keeps the order of the queue, which is the order of publishing.
    let handled: Vec<i64> =
        sqlx::query_scalar("select n from handled order by id").fetch_all(&stage.beta).await.unwrap();
    for key in 0..10 {
        let of_key: Vec<i64> = handled.iter().copied().filter(|n| n % 10 == key).collect();
        assert!(of_key.is_sorted(), "key {key}: {of_key:?}");
    }
    stage.stop().await;
}

#[tokio::test]
async fn the_trace_goes_on_through_outbox_and_broker() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let alpha = Messaging::new("alpha", stage.alpha.clone(), broker.url()).with_tracing(trace::Propagation);
    let context = trace::TraceContext::root();
    trace::scope(context, async {
        let mut tx = alpha.begin().await.unwrap();
        tx.append(&ping(1), 7).unwrap();
        tx.commit().await.unwrap();
    })
    .await;
    let row = sqlx::query("select traceparent, sequence, payload from outbox").fetch_one(&stage.alpha).await.unwrap();
    assert_eq!(row.get::<String, _>("traceparent"), context.to_string());
    assert_eq!(row.get::<i64, _>("sequence"), 7);
    let body: serde_json::Value = serde_json::from_slice(row.get("payload")).unwrap();
    assert_eq!(body["traceparent"], context.to_string());
    assert_eq!(body["sequence"], "7");
}

#[tokio::test]
async fn a_service_can_not_speak_for_another_nor_without_end() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let beta = Messaging::new("beta", stage.beta.clone(), broker.url());
    let mut tx = beta.begin().await.unwrap();
    assert!(matches!(tx.append(&ping(1), 1), Err(AppendError::Foreign { .. })));
    drop(tx);
    let alpha = Messaging::new("alpha", stage.alpha.clone(), broker.url());
    let mut tx = alpha.begin().await.unwrap();
    let endless = Ping { n: 1, key: "x".repeat(1_025) };
    assert!(matches!(tx.append(&endless, 1), Err(AppendError::Key { .. })));
    assert!(matches!(tx.append(&Ping { n: 1, key: "a\0b".into() }, 1), Err(AppendError::Key { .. })));
    let large = Large { text: "x".repeat(300_000) };
    assert!(matches!(tx.append(&large, 1), Err(AppendError::TooLarge { .. })));
    let elsewhere = Headers::new().with("CC", "elsewhere");
    assert!(matches!(tx.append_with(&ping(1), 1, elsewhere), Err(AppendError::Headers { .. })));
}

/// An event that is larger than the limit.
#[derive(serde::Serialize, serde::Deserialize)]
struct Large {
    text: String,
}

impl rabbit_outbox::Event for Large {
    const TYPE: &'static str = "alpha.Large.v1";

    fn ordering_key(&self) -> String {
        String::new()
    }
}

#[tokio::test]
async fn a_message_that_the_broker_refuses_is_parked_and_holds_no_other() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let pause = Duration::from_millis(50);
    let options = RelayOptions { attempts_max: 2, retry_first: pause, retry_longest: pause, ..RelayOptions::default() };
    let alpha = Messaging::new("alpha", stage.alpha.clone(), broker.url()).with_relay_options(options);
    let bare_consumer = BareConsumer::at(&broker, "alpha", &["alpha.Ping.v1"]).await;
    append_pings(&alpha, 0, 10, 10).await;
    // An earlier release would have accepted it: RabbitMQ accepts only a list.
    sqlx::query("update outbox set headers = '{\"CC\": \"elsewhere\"}' where id = (select min(id) from outbox)")
        .execute(&stage.alpha)
        .await
        .unwrap();
    stage.run(alpha.relay().run(stage.stopping()));
    eventually(9, async || bare_consumer.count()).await;
    eventually(1, async || crate::stage::open_letters(&alpha).await.len()).await;
    let letter = crate::stage::open_letters(&alpha).await.remove(0);
    assert!(letter.reason.contains("PRECONDITION_FAILED") || letter.reason.contains("406"), "{}", letter.reason);
    stage.stop().await;
}
