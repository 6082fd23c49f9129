//! Events from before the inbox window: dead letters, and delivered when an operator replays them.

use crate::bare::BarePublisher;
use crate::stage::{Ping, Stage, WriteDown, broker, consuming, count, handled, open_letters, ping};
use rabbit_outbox::dead_letters::{Direction, SettleError, State};
use rabbit_outbox::{ConsumerOptions, EventId, Messaging, Subscriptions};
use testkit::{TestBroker, eventually};
use time::{Duration, OffsetDateTime};
use uuid::{NoContext, Timestamp, Uuid};

fn id_of_days_ago(days: i64) -> EventId {
    let moment = OffsetDateTime::now_utc() - Duration::days(days);
    let seconds = u64::try_from(moment.unix_timestamp()).unwrap();
    EventId(Uuid::new_v7(Timestamp::from_unix(NoContext, seconds, 0)))
}

async fn start(stage: &Stage, broker: &TestBroker, window_days: u16) -> Messaging {
    broker.declare_exchange("alpha").await;
    let beta = Messaging::new("beta", stage.beta.clone(), broker.url());
    let options = ConsumerOptions::default().with_window_days(window_days);
    let consumer = beta.consumer(Subscriptions::new().on::<Ping>(WriteDown)).with_options(options);
    stage.run(consumer.run(stage.stopping()));
    consuming(&beta).await;
    let days = "select count(*) from pg_inherits where inhparent = 'inbox'::regclass";
    eventually(i64::from(window_days) + 4, async || count(&stage.beta, days).await).await;
    beta
}

#[tokio::test]
async fn an_event_of_nine_days_ago_is_replayed_only_on_purpose_and_then_handled_once() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let beta = start(&stage, &broker, 7).await;
    let id = id_of_days_ago(9);
    broker.announce_as(id, &ping(1)).await;
    eventually(1, async || open_letters(&beta).await.len()).await;
    assert!(open_letters(&beta).await[0].reason.contains("older than the inbox's window"));

    let letters = beta.dead_letters();
    let refused = letters.replay(Direction::Incoming, id.0).await;
    assert!(matches!(refused, Err(SettleError::BeyondWindow)), "{refused:?}");
    letters.replay_beyond_window(Direction::Incoming, id.0).await.unwrap();
    let again = letters.replay_beyond_window(Direction::Incoming, id.0).await;
    assert!(matches!(again, Err(SettleError::Settled(State::Replayed))), "{again:?}");

    // The relay publishes it; a relay that crashed publishes it again.
    let bare_publisher = BarePublisher::at(&broker).await;
    bare_publisher.relay(&stage.beta).await;
    bare_publisher.relay(&stage.beta).await;
    broker.announce(&ping(2)).await;
    eventually(true, async || handled(&stage.beta).await.0 == 2).await;
    eventually(0, async || broker.messages("beta.inbox").await).await;
    assert_eq!(handled(&stage.beta).await, (2, 2));
    assert_eq!(open_letters(&beta).await, []);
    stage.stop().await;
}

#[tokio::test]
async fn the_window_is_as_wide_as_its_option_says() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let wide = start(&stage, &broker, 10).await;
    broker.announce_as(id_of_days_ago(9), &ping(1)).await;
    eventually((1, 1), async || handled(&stage.beta).await).await;
    assert_eq!(open_letters(&wide).await, []);
    stage.stop().await;

    let stage = Stage::new().await;
    let narrow = start(&stage, &broker, 1).await;
    broker.announce_as(id_of_days_ago(3), &ping(1)).await;
    eventually(1, async || open_letters(&narrow).await.len()).await;
    assert_eq!(handled(&stage.beta).await, (0, 0));
    stage.stop().await;
}
