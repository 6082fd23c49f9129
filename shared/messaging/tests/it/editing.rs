//! Dead letters that are selected, corrected, and deleted.

use crate::stage::{Ping, Stage, WriteDown, broker, consuming, count, handled, open_letters, ping};
use rabbit_outbox::dead_letters::{Direction, EditError, SettleError, State};
use rabbit_outbox::{ConsumerOptions, EventId, Handle, HandleError, Messaging, Meta, Subscriptions, Transaction};
use serde_json::json;
use std::sync::{Arc, Mutex};
use testkit::{TestBroker, eventually};
use uuid::Uuid;

const INCOMING: Direction = Direction::Incoming;

/// Rejects numbers below zero, and stores the envelopes of the others.
#[derive(Clone, Default)]
struct Strict(Arc<Mutex<Vec<Meta>>>);

impl Handle<Ping> for Strict {
    async fn handle(&self, tx: &mut Transaction, ping: &Ping, meta: &Meta) -> Result<(), HandleError> {
        if ping.n < 0 {
            return Err(HandleError::reject(format!("{} is below zero", ping.n)));
        }
        WriteDown.handle(tx, ping, meta).await?;
        self.0.lock().unwrap().push(meta.clone());
        Ok(())
    }
}

/// Beta with dead letters of events below zero, and its relay.
async fn with_letters(stage: &Stage, broker: &TestBroker, letters: i64) -> (Messaging, Strict, Vec<EventId>) {
    broker.declare_exchange("alpha").await;
    let beta = Messaging::new("beta", stage.beta.clone(), broker.url());
    let strict = Strict::default();
    stage.run(beta.consumer(Subscriptions::new().on(strict.clone())).run(stage.stopping()));
    stage.run(beta.relay().run(stage.stopping()));
    consuming(&beta).await;
    let mut ids = vec![];
    for n in 1..=letters {
        ids.push(broker.announce(&ping(-n)).await);
    }
    eventually(ids.len(), async || open_letters(&beta).await.len()).await;
    (beta, strict, ids)
}

#[tokio::test]
async fn selected_letters_are_settled_and_each_says_what_became_of_it() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let (beta, _, ids) = with_letters(&stage, &broker, 4).await;
    let letters = beta.dead_letters();
    let unknown = Uuid::now_v7();
    let discarded = letters.discard_selected(&[(INCOMING, ids[0].0), (INCOMING, unknown)]).await.unwrap();
    assert!(matches!(discarded[..], [Ok(()), Err(SettleError::NotFound { .. })]), "{discarded:?}");

    let selected = [(INCOMING, ids[0].0), (INCOMING, ids[1].0), (INCOMING, ids[2].0)];
    let replayed = letters.replay_selected(&selected).await.unwrap();
    assert!(matches!(replayed[..], [Err(SettleError::Settled(State::Discarded)), Ok(()), Ok(())]), "{replayed:?}");
    // They fail again, and are open again; the one that was not selected is unchanged.
    let twice = "select count(*) from dead_letters where attempts = 2 and state = 'open'";
    eventually(2, async || count(&stage.beta, twice).await).await;
    assert_eq!(open_letters(&beta).await.len(), 3);
    stage.stop().await;
}

#[tokio::test]
async fn a_corrected_letter_is_published_as_a_new_event_that_names_the_old_one() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let (beta, strict, ids) = with_letters(&stage, &broker, 1).await;
    let letters = beta.dead_letters();
    let new = letters.replace(INCOMING, ids[0].0, &json!({ "n": 5, "key": "5" })).await.unwrap();
    eventually((1, 1), async || handled(&stage.beta).await).await;
    let meta = strict.0.lock().unwrap()[0].clone();
    assert_eq!((meta.event_id, meta.causation_id, meta.correlation_id), (new, Some(ids[0]), ids[0]));
    assert_eq!(count(&stage.beta, "select n from handled").await, 5);

    let settled: (String, Option<Uuid>) =
        sqlx::query_as("select state, replaced_by from dead_letters").fetch_one(&stage.beta).await.unwrap();
    assert_eq!(settled, ("replayed".to_owned(), Some(new.0)));
    let again = letters.replace(INCOMING, ids[0].0, &json!({})).await;
    assert!(matches!(again, Err(EditError::Settle(SettleError::Settled(State::Replayed)))), "{again:?}");
    stage.stop().await;
}

#[tokio::test]
async fn a_letter_that_holds_no_event_can_not_be_corrected() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let (beta, ..) = with_letters(&stage, &broker, 0).await;
    broker.publish("alpha", "alpha.Ping.v1", "not even JSON").await;
    eventually(1, async || open_letters(&beta).await.len()).await;
    let letter = open_letters(&beta).await.remove(0);
    let refused = beta.dead_letters().replace(INCOMING, letter.event_id, &json!({ "n": 1, "key": "1" })).await;
    assert!(matches!(refused, Err(EditError::NoEvent(_))), "{refused:?}");
    assert_eq!(open_letters(&beta).await, [letter]);
    stage.stop().await;
}

#[tokio::test]
async fn letters_are_deleted_once_they_were_settled() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let (beta, _, ids) = with_letters(&stage, &broker, 3).await;
    let letters = beta.dead_letters();
    let refused = letters.delete(INCOMING, ids[0].0).await;
    assert!(matches!(refused, Err(SettleError::StillOpen)), "{refused:?}");
    letters.discard(INCOMING, ids[0].0).await.unwrap();
    letters.delete(INCOMING, ids[0].0).await.unwrap();
    let gone = letters.delete(INCOMING, ids[0].0).await;
    assert!(matches!(gone, Err(SettleError::NotFound { .. })), "{gone:?}");

    letters.discard(INCOMING, ids[1].0).await.unwrap();
    assert_eq!(letters.delete_settled(30).await.unwrap(), 0);
    let long_ago = "update dead_letters set settled_at = settled_at - interval '31 days'";
    sqlx::query(long_ago).execute(&stage.beta).await.unwrap();
    assert_eq!(letters.delete_settled(30).await.unwrap(), 1);
    assert_eq!(open_letters(&beta).await.len(), 1);
    stage.stop().await;
}

#[tokio::test]
async fn a_consumer_deletes_letters_that_were_settled_long_ago() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let (beta, _, ids) = with_letters(&stage, &broker, 2).await;
    beta.dead_letters().discard(INCOMING, ids[0].0).await.unwrap();
    let long_ago = "update dead_letters set settled_at = settled_at - interval '31 days'";
    sqlx::query(long_ago).execute(&stage.beta).await.unwrap();
    // Another replica, which starts with maintenance.
    let other = Messaging::new("beta", stage.beta.clone(), broker.url());
    let options = ConsumerOptions::default().with_settled_letters_days(Some(30));
    let consumer = other.consumer(Subscriptions::new().on(Strict::default())).with_options(options);
    stage.run(consumer.run(stage.stopping()));
    eventually(1, async || count(&stage.beta, "select count(*) from dead_letters").await).await;
    assert_eq!(open_letters(&beta).await.len(), 1);
    stage.stop().await;
}
