//! Messages of producers that do not use this crate: handled once, by whichever id they have.

use crate::bare::BarePublisher;
use crate::stage::{Stage, broker, consuming, count, handled, open_letters};
use lapin::BasicProperties;
use lapin::types::{AMQPValue, FieldTable};
use rabbit_outbox::dead_letters::Filter;
use rabbit_outbox::{Foreign, ForeignId, Handle, HandleError, Messaging, Meta, Subscriptions, Transaction};
use serde::Deserialize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use testkit::{TestBroker, eventually};

#[derive(Deserialize)]
struct Parcel {
    parcel: i64,
}

/// Stores parcels; those below zero at their second delivery, number zero once it may.
#[derive(Clone, Default)]
struct Note {
    takes_zero: Arc<AtomicBool>,
}

impl Handle<Parcel> for Note {
    async fn handle(&self, tx: &mut Transaction, parcel: &Parcel, meta: &Meta) -> Result<(), HandleError> {
        if parcel.parcel < 0 && meta.attempt == 1 {
            return Err(HandleError::retry_after(Duration::from_millis(1), "not at once"));
        }
        if parcel.parcel == 0 && !self.takes_zero.load(Ordering::SeqCst) {
            return Err(HandleError::reject("not zero"));
        }
        sqlx::query("insert into handled (n) values ($1)").bind(parcel.parcel).execute(&mut **tx).await?;
        Ok(())
    }
}

async fn start(stage: &Stage, broker: &TestBroker, note: Note) -> Messaging {
    broker.declare_exchange("legacy").await;
    let beta = Messaging::new("beta", stage.beta.clone(), broker.url());
    let subscriptions = Subscriptions::new()
        .on_foreign(Foreign::at("legacy", "sent.#"), note.clone())
        .on_foreign(Foreign::at("legacy", "lost").identified_by(ForeignId::Header("x-request-id")), note.clone())
        .on_foreign(Foreign::at("legacy", "found").identified_by(ForeignId::Contents), note);
    stage.run(beta.consumer(subscriptions).run(stage.stopping()));
    consuming(&beta).await;
    beta
}

fn parcel(n: i64) -> Vec<u8> {
    format!(r#"{{"parcel": {n}}}"#).into_bytes()
}

fn with_id(id: &str) -> BasicProperties {
    BasicProperties::default().with_message_id(id.into())
}

fn with_header(id: AMQPValue) -> BasicProperties {
    let mut headers = FieldTable::default();
    headers.insert("x-request-id".into(), id);
    BasicProperties::default().with_headers(headers)
}

fn with_text(id: &str) -> BasicProperties {
    with_header(AMQPValue::LongString(id.into()))
}

#[tokio::test]
async fn messages_with_ids_of_any_kind_are_handled_once_also_after_the_retry_ladder() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let beta = start(&stage, &broker, Note::default()).await;
    let bare_publisher = BarePublisher::at(&broker).await;
    // Each twice: the second one is a duplicate.
    for _ in 0..2 {
        bare_publisher.publish("legacy", "sent.by.air", with_id("17"), &parcel(1)).await;
        bare_publisher.publish("legacy", "sent", with_id("18"), &parcel(-2)).await;
        // The same id from another exchange is another message.
        bare_publisher.publish("legacy", "lost", with_text("17"), &parcel(3)).await;
        bare_publisher.publish("legacy", "lost", with_text("18"), &parcel(-4)).await;
        bare_publisher.publish("legacy", "lost", with_header(AMQPValue::LongLongInt(19)), &parcel(5)).await;
        bare_publisher.publish("legacy", "found", BasicProperties::default(), &parcel(6)).await;
        bare_publisher.publish("legacy", "found", BasicProperties::default(), &parcel(-7)).await;
    }
    eventually((7, 7), async || handled(&stage.beta).await).await;
    eventually(0, async || broker.messages("beta.retry.1s").await + broker.messages("beta.inbox").await).await;
    assert_eq!(handled(&stage.beta).await, (7, 7));
    assert_eq!(count(&stage.beta, "select count(*) from inbox_by_key").await, 7);
    assert_eq!((open_letters(&beta).await, beta.check()), (vec![], Ok(())));
    stage.stop().await;
}

#[tokio::test]
async fn messages_without_an_id_or_with_wrong_contents_become_separate_dead_letters() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let beta = start(&stage, &broker, Note::default()).await;
    let bare_publisher = BarePublisher::at(&broker).await;
    bare_publisher.publish("legacy", "sent", BasicProperties::default(), &parcel(1)).await;
    bare_publisher.publish("legacy", "lost", BasicProperties::default(), &parcel(2)).await;
    // Two messages with the same contents are different if their ids are.
    bare_publisher.publish("legacy", "sent", with_id("1"), b"{}").await;
    bare_publisher.publish("legacy", "sent", with_id("2"), b"{}").await;
    eventually(4, async || open_letters(&beta).await.len()).await;
    let mut reasons: Vec<String> = open_letters(&beta).await.into_iter().map(|letter| letter.reason).collect();
    reasons.sort_unstable();
    assert!(reasons[0].starts_with("the data of `sent` is not valid"), "{reasons:?}");
    assert!(reasons[2].contains("property message_id is missing"), "{reasons:?}");
    assert!(reasons[3].contains("x-request-id"), "{reasons:?}");
    bare_publisher.publish("legacy", "sent", with_id("3"), &parcel(3)).await;
    eventually((1, 1), async || handled(&stage.beta).await).await;
    stage.stop().await;
}

#[tokio::test]
async fn a_replayed_message_has_the_id_that_its_publisher_gave_it() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let note = Note::default();
    let beta = start(&stage, &broker, note.clone()).await;
    let bare_publisher = BarePublisher::at(&broker).await;
    let publish = async || {
        bare_publisher.publish("legacy", "sent", with_id("17"), &parcel(0)).await;
        bare_publisher.publish("legacy", "lost", with_text("17"), &parcel(0)).await;
    };
    publish().await;
    eventually(2, async || open_letters(&beta).await.len()).await;
    note.takes_zero.store(true, Ordering::SeqCst);
    assert_eq!(beta.dead_letters().replay_matching(&Filter::default(), 10).await.unwrap(), 2);
    bare_publisher.relay(&stage.beta).await;
    let handled = async || count(&stage.beta, "select count(*) from handled").await;
    eventually(2, handled).await;
    // A replay is a duplicate of the original, and so is a repeated publication.
    bare_publisher.relay(&stage.beta).await;
    publish().await;
    bare_publisher.publish("legacy", "sent", with_id("18"), &parcel(1)).await;
    eventually(3, handled).await;
    eventually(0, async || broker.messages("beta.inbox").await).await;
    assert_eq!((handled().await, open_letters(&beta).await), (3, vec![]));
    stage.stop().await;
}
