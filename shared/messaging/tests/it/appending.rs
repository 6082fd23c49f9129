//! Events with headers, in transactions of the caller, and the envelope as a handler sees it.

use crate::bare::BarePublisher;
use crate::stage::{Ping, Stage, broker, consuming, count, enveloped, new_id, ping, unsent};
use lapin::BasicProperties;
use lapin::types::{AMQPValue, FieldTable};
use rabbit_outbox::{AppendError, Handle, HandleError, Headers, Messaging, Meta, Subscriptions, Transaction};
use rabbit_outbox_event::Event;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use testkit::eventually;

/// Beta's event about each ping.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Echo {
    n: i64,
}

impl Event for Echo {
    const TYPE: &'static str = "beta.Echo.v1";

    fn ordering_key(&self) -> String {
        self.n.to_string()
    }
}

/// Stores every envelope, fails each event's first delivery, and publishes an event at the second.
#[derive(Clone, Default)]
struct Curious(Arc<Mutex<Vec<Meta>>>);

impl Handle<Ping> for Curious {
    async fn handle(&self, tx: &mut Transaction, ping: &Ping, meta: &Meta) -> Result<(), HandleError> {
        self.0.lock().unwrap().push(meta.clone());
        if meta.attempt == 1 {
            return Err(HandleError::retry_after(std::time::Duration::from_millis(1), "not at once"));
        }
        tx.append(&Echo { n: ping.n }, 1)?;
        Ok(())
    }
}

#[tokio::test]
async fn a_handler_learns_what_the_envelope_says_and_which_delivery_it_is() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let alpha = Messaging::new("alpha", stage.alpha.clone(), broker.url());
    let beta = Messaging::new("beta", stage.beta.clone(), broker.url());
    let curious = Curious::default();
    stage.run(alpha.relay().run(stage.stopping()));
    stage.run(beta.consumer(Subscriptions::new().on(curious.clone())).run(stage.stopping()));
    consuming(&beta).await;
    let mut tx = alpha.begin().await.unwrap();
    let id = tx.append(&ping(7), 42).unwrap();
    tx.commit().await.unwrap();

    eventually(1, async || unsent(&stage.beta).await).await;
    let metas = curious.0.lock().unwrap().clone();
    let attempts: Vec<u32> = metas.iter().map(|meta| meta.attempt).collect();
    assert_eq!(attempts, [1, 2]);
    for meta in metas {
        assert_eq!((meta.event_id, meta.correlation_id, meta.causation_id), (id, id, None));
        assert_eq!((meta.sequence, meta.ordering_key.as_str()), (42, "7"));
    }
    let payload: Vec<u8> = sqlx::query_scalar("select payload from outbox").fetch_one(&stage.beta).await.unwrap();
    let echo: Value = serde_json::from_slice(&payload).unwrap();
    assert_eq!((&echo["causationid"], &echo["correlationid"]), (&json!(id), &json!(id)));
    stage.stop().await;
}

#[tokio::test]
async fn headers_of_a_publisher_reach_the_handler_at_every_delivery() {
    let (stage, broker) = (Stage::new().await, broker().await);
    broker.declare_exchange("alpha").await;
    let beta = Messaging::new("beta", stage.beta.clone(), broker.url());
    let curious = Curious::default();
    stage.run(beta.consumer(Subscriptions::new().on(curious.clone())).run(stage.stopping()));
    consuming(&beta).await;
    let mut headers = FieldTable::default();
    headers.insert("tenant".into(), AMQPValue::LongString("7".into()));
    headers.insert("priority".into(), AMQPValue::LongLongInt(3));
    headers.insert("traceparent".into(), AMQPValue::LongString("00-1-2-01".into()));
    let properties = BasicProperties::default().with_headers(headers);
    let body = enveloped(new_id(), &ping(1));
    BarePublisher::at(&broker).await.publish("alpha", Ping::TYPE, properties, body.as_bytes()).await;
    eventually(1, async || unsent(&stage.beta).await).await;
    let expected = Headers::new().with("tenant", "7").with("priority", "3");
    let metas = curious.0.lock().unwrap().clone();
    assert_eq!(metas.into_iter().map(|meta| meta.headers).collect::<Vec<_>>(), [expected.clone(), expected]);
    stage.stop().await;
}

#[tokio::test]
async fn headers_are_stored_with_the_event() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let alpha = Messaging::new("alpha", stage.alpha.clone(), broker.url());
    let mut tx = alpha.begin().await.unwrap();
    tx.append_with(&ping(1), 1, Headers::new().with("tenant", "7")).unwrap();
    tx.append(&ping(2), 2).unwrap();
    let refused = tx.append_with(&ping(3), 3, Headers::new().with("x-death", "no"));
    assert!(matches!(refused, Err(AppendError::Headers { .. })), "{refused:?}");
    tx.commit().await.unwrap();
    let stored: Vec<(i64, Option<String>)> =
        sqlx::query_as("select sequence, headers::text from outbox order by sequence")
            .fetch_all(&stage.alpha)
            .await
            .unwrap();
    assert_eq!(stored, [(1, Some(r#"{"tenant": "7"}"#.to_owned())), (2, None)]);
    stage.stop().await;
}

#[tokio::test]
async fn events_join_a_transaction_of_another_pool_and_leave_with_its_commit() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let alpha = Messaging::new("alpha", stage.alpha.clone(), broker.url());
    let beta = Messaging::new("beta", stage.beta.clone(), broker.url());
    let curious = Curious::default();
    stage.run(alpha.relay().run(stage.stopping()));
    stage.run(beta.consumer(Subscriptions::new().on(curious.clone())).run(stage.stopping()));
    consuming(&beta).await;

    // A pool of the same search path, and one of another, with an explicit schema.
    let same = stage.database.admin_pool("alpha");
    for (pool, schema, n) in [(&same, None, 1), (&stage.beta, Some("alpha"), 2)] {
        for commits in [false, true] {
            let mut events = alpha.appender();
            if let Some(schema) = schema {
                events = events.in_schema(schema);
            }
            events.append_with(&ping(n), 1, Headers::new().with("tenant", "7")).unwrap();
            let mut tx = pool.begin().await.unwrap();
            sqlx::query("insert into todo (n) values ($1)").bind(n).execute(&mut *tx).await.unwrap();
            let inserted = events.insert(&mut tx).await.unwrap();
            if commits {
                tx.commit().await.unwrap();
                inserted.committed();
            } else {
                tx.rollback().await.unwrap();
            }
        }
    }
    eventually(2, async || count(&stage.beta, "select count(*) from inbox").await).await;
    eventually(0, async || unsent(&stage.alpha).await).await;
    assert_eq!(unsent(&stage.beta).await, 2);
    assert_eq!(count(&stage.beta, "select count(*) from todo where n = 2").await, 1);
    stage.stop().await;
}

/// An event whose type is longer than a routing key.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Endless {}

impl Event for Endless {
    const TYPE: &'static str = concat!(
        "alpha.",
        "AnEventWhoseTypeIsLongerThanTheTwoHundredAndFiftyFiveBytesOfARoutingKeyInTheProtocolOfTheBroker",
        "AnEventWhoseTypeIsLongerThanTheTwoHundredAndFiftyFiveBytesOfARoutingKeyInTheProtocolOfTheBroker",
        "AnEventWhoseTypeIsLongerThanTheTwoHundredAndFiftyFiveBytesOfARoutingKeyInTheProtocolOfTheBroker",
        ".v1",
    );

    fn ordering_key(&self) -> String {
        String::new()
    }
}

#[tokio::test]
async fn a_type_that_is_longer_than_a_routing_key_is_refused_when_it_is_appended() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let alpha = Messaging::new("alpha", stage.alpha.clone(), broker.url());
    let mut tx = alpha.begin().await.unwrap();
    assert!(matches!(tx.append(&Endless {}, 1), Err(AppendError::Type { .. })));
    stage.stop().await;
}
