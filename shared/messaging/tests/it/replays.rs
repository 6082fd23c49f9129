//! Dead letters are replayed and discarded, one by one and all that match a filter.

use crate::stage::{Ping, Stage, WriteDown, append_pings, broker, consuming, handled, open_letters, ping, unsent};
use rabbit_outbox::dead_letters::{Direction, Filter, SettleError, State};
use rabbit_outbox::relay::RelayOptions;
use rabbit_outbox::{EventId, Handle, HandleError, Messaging, Meta, Subscriptions, Transaction};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use testkit::{TestBroker, eventually};

/// Rejects everything until the test changes it.
#[derive(Clone, Default)]
struct Stubborn(Arc<AtomicBool>);

impl Stubborn {
    fn give_in(&self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl Handle<Ping> for Stubborn {
    async fn handle(&self, tx: &mut Transaction, ping: &Ping, _meta: &Meta) -> Result<(), HandleError> {
        if !self.0.load(Ordering::SeqCst) {
            return Err(HandleError::reject(format!("no to {}", ping.n)));
        }
        sqlx::query("insert into handled (n) values ($1)").bind(ping.n).execute(&mut **tx).await?;
        Ok(())
    }
}

/// Beta with `pings` dead letters, and its relay.
async fn with_letters(stage: &Stage, broker: &TestBroker, pings: i64) -> (Messaging, Stubborn, Vec<EventId>) {
    let beta = Messaging::new("beta", stage.beta.clone(), broker.url());
    let stubborn = Stubborn::default();
    broker.declare_exchange("alpha").await;
    stage.run(beta.consumer(Subscriptions::new().on(stubborn.clone())).run(stage.stopping()));
    consuming(&beta).await;
    let mut ids = vec![];
    for n in 0..pings {
        ids.push(broker.announce(&ping(n)).await);
    }
    let expected = usize::try_from(pings).unwrap();
    eventually(expected, async || open_letters(&beta).await.len()).await;
    stage.run(beta.relay().run(stage.stopping()));
    (beta, stubborn, ids)
}

#[tokio::test]
async fn a_replayed_letter_is_handled_once_with_the_id_it_always_had() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let (beta, stubborn, ids) = with_letters(&stage, &broker, 2).await;
    stubborn.give_in();
    let letters = beta.dead_letters();
    letters.replay(Direction::Incoming, ids[0].0).await.unwrap();
    eventually((1, 1), async || handled(&stage.beta).await).await;
    let inbox: Vec<uuid::Uuid> = sqlx::query_scalar("select event_id from inbox").fetch_all(&stage.beta).await.unwrap();
    assert_eq!(inbox, [ids[0].0]);

    let again = letters.replay(Direction::Incoming, ids[0].0).await;
    assert!(matches!(again, Err(SettleError::Settled(State::Replayed))), "{again:?}");
    let unknown = letters.replay(Direction::Outgoing, ids[1].0).await;
    assert!(matches!(unknown, Err(SettleError::NotFound { .. })), "{unknown:?}");
    assert_eq!(open_letters(&beta).await.len(), 1);
    stage.stop().await;
}

#[tokio::test]
async fn two_people_who_replay_the_same_letter_replay_it_once() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let (beta, stubborn, ids) = with_letters(&stage, &broker, 1).await;
    stubborn.give_in();
    let letters = beta.dead_letters();
    let replay = || letters.replay(Direction::Incoming, ids[0].0);
    let outcomes = tokio::join!(replay(), replay(), replay());
    let succeeded = [outcomes.0, outcomes.1, outcomes.2].iter().filter(|outcome| outcome.is_ok()).count();
    assert_eq!(succeeded, 1);
    eventually((1, 1), async || handled(&stage.beta).await).await;
    stage.stop().await;
}

#[tokio::test]
async fn a_letter_that_fails_again_is_open_again_and_counts_all_its_attempts() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let (beta, _, ids) = with_letters(&stage, &broker, 1).await;
    beta.dead_letters().replay(Direction::Incoming, ids[0].0).await.unwrap();
    eventually(Some(2), async || open_letters(&beta).await.first().map(|letter| letter.attempts)).await;
    stage.stop().await;
}

#[tokio::test]
async fn all_that_match_are_replayed_and_all_that_match_are_discarded() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let (beta, stubborn, ids) = with_letters(&stage, &broker, 12).await;
    stubborn.give_in();
    let letters = beta.dead_letters();
    // 1, 10 and 11.
    let with_one = Filter { reason: Some("NO TO 1".into()), ..Filter::default() };
    assert_eq!(letters.replay_matching(&with_one, 100).await.unwrap(), 3);
    eventually((3, 3), async || handled(&stage.beta).await).await;
    assert_eq!(letters.replay_matching(&with_one, 100).await.unwrap(), 0);

    letters.discard(Direction::Incoming, ids[0].0).await.unwrap();
    let by_type = Filter { event_type: Some("alpha.Ping.v1".into()), ..Filter::default() };
    assert_eq!(letters.count().await.unwrap()[0].open, 8);
    assert_eq!(letters.discard_matching(&by_type, 5).await.unwrap(), 5);
    assert_eq!(letters.discard_matching(&by_type, 100).await.unwrap(), 3);
    assert_eq!(open_letters(&beta).await, []);
    let discarded = Filter { state: Some(State::Discarded), ..Filter::default() };
    assert_eq!(letters.list(&discarded, None, 100).await.unwrap().len(), 9);
    assert_eq!(handled(&stage.beta).await, (3, 3));
    stage.stop().await;
}

#[tokio::test]
async fn letters_are_listed_newest_first_page_by_page() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let (beta, _, ids) = with_letters(&stage, &broker, 5).await;
    let letters = beta.dead_letters();
    let mut seen = vec![];
    let mut after = None;
    loop {
        let page = letters.list(&Filter::default(), after, 2).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.position());
        seen.extend(page.iter().map(|letter| letter.failed_at));
    }
    assert_eq!(seen.len(), ids.len());
    assert!(seen.iter().rev().is_sorted(), "{seen:?}");
    stage.stop().await;
}

#[tokio::test]
async fn a_replayed_outgoing_letter_goes_where_it_was_to_go_with_the_id_it_always_had() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let impatient = RelayOptions { attempts_max: 1, ..RelayOptions::default() };
    let alpha = Messaging::new("alpha", stage.alpha.clone(), broker.url()).with_relay_options(impatient);
    stage.run(alpha.relay().run(stage.stopping()));
    append_pings(&alpha, 0, 3, 3).await;
    eventually(3, async || open_letters(&alpha).await.len()).await;
    let parked = open_letters(&alpha).await;
    assert!(parked.iter().all(|letter| letter.direction == Direction::Outgoing), "{parked:?}");
    let (_, body) = alpha.dead_letters().show(Direction::Outgoing, parked[0].event_id).await.unwrap().unwrap();
    assert_eq!((body.exchange.as_deref(), body.routing_key.as_deref()), (Some("alpha"), Some("alpha.Ping.v1")));

    let beta = Messaging::new("beta", stage.beta.clone(), broker.url());
    stage.run(beta.consumer(Subscriptions::new().on(WriteDown)).run(stage.stopping()));
    consuming(&beta).await;
    assert_eq!(alpha.dead_letters().replay_matching(&Filter::default(), 10).await.unwrap(), 3);
    eventually((3, 3), async || handled(&stage.beta).await).await;
    eventually(0, async || unsent(&stage.alpha).await).await;
    let handled: Vec<uuid::Uuid> =
        sqlx::query_scalar("select event_id from inbox order by event_id").fetch_all(&stage.beta).await.unwrap();
    let mut said: Vec<uuid::Uuid> = parked.iter().map(|letter| letter.event_id).collect();
    said.sort_unstable();
    assert_eq!(handled, said);
    assert_eq!(open_letters(&alpha).await, []);
    stage.stop().await;
}
