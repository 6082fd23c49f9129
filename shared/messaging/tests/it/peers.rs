//! What a peer with the right to publish can send: none of it prevents other messages from being handled.

use crate::peer::{Peer, Properties, Property, entry, list, nested, number, text};
use crate::stage::{Ping, Stage, broker, consuming, enveloped, handled, new_id, open_letters};
use rabbit_outbox::{Handle, HandleError, Messaging, Meta, Subscriptions, Transaction};
use rabbit_outbox_event::Event;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::time::Duration;
use testkit::{TestBroker, eventually, eventually_within};

const GARBAGE: &str = "not even JSON";

/// Stores every ping; those below zero at their second delivery only.
struct SecondTime;

impl Handle<Ping> for SecondTime {
    async fn handle(&self, tx: &mut Transaction, ping: &Ping, meta: &Meta) -> Result<(), HandleError> {
        if ping.n < 0 && meta.attempt == 1 {
            return Err(HandleError::retry_after(Duration::from_millis(1), "not at once"));
        }
        let text_fits = "select length($1::text) is not null";
        let _: bool = sqlx::query_scalar(text_fits).bind(&ping.key).fetch_one(&mut **tx).await?;
        sqlx::query("insert into handled (n) values ($1)").bind(ping.n).execute(&mut **tx).await?;
        Ok(())
    }
}

async fn start(stage: &Stage, broker: &TestBroker) -> Messaging {
    broker.declare_exchange("alpha").await;
    let beta = Messaging::new("beta", stage.beta.clone(), broker.url());
    stage.run(beta.consumer(Subscriptions::new().on(SecondTime)).run(stage.stopping()));
    consuming(&beta).await;
    beta
}

fn event(n: i64) -> Vec<u8> {
    enveloped(new_id(), &Ping { n, key: "peer".into() }).into_bytes()
}

fn baggage(bytes: usize) -> Properties {
    Properties::default().with_headers(&[text("baggage", &vec![b'a'; bytes])])
}

/// A bogus origin, as large as headers may be before any of them is left out.
fn far_away() -> Properties {
    let far = [text("outbox-exchange", &[b'a'; 6_000]), text("outbox-routing-key", &[b'a'; 6_000])];
    Properties::default().with_headers(&far)
}

/// Properties that a peer sets, once each.
fn oddities() -> Vec<(&'static str, Properties)> {
    let none = Properties::default;
    let latin_1 = b"caf\xe9";
    let all_latin_1 = none()
        .with(Property::MessageId, latin_1)
        .with(Property::Type, latin_1)
        .with(Property::AppId, latin_1)
        .with(Property::CorrelationId, latin_1);
    let forged =
        [number("outbox-attempts", i64::from(i32::MAX)), number("climbed", -1), text("failed-at", b"yesterday")];
    vec![
        ("headers of 20,000 bytes", baggage(20_000)),
        ("headers of 16,300 bytes", baggage(16_300)),
        ("headers of 16,000 bytes", baggage(16_000)),
        ("headers of 12,200 bytes", baggage(12_200)),
        ("headers of 120 KB", baggage(120_000)),
        ("a user", none().with(Property::UserId, b"guest")),
        ("a message id that is not UTF-8", none().with(Property::MessageId, latin_1)),
        ("texts that are not UTF-8", all_latin_1),
        ("a header's name that is not UTF-8", none().with_headers(&[entry(latin_1, b't', &[1])])),
        ("200 tables inside each other", none().with_headers(&[nested("deep", 200)])),
        ("5,000 tables inside each other", none().with_headers(&[nested("deep", 5_000)])),
        ("copies to elsewhere", none().with_headers(&[list("CC", &["2m", "5s"]), list("BCC", &["beta.lost"])])),
        ("an answer to itself", none().with(Property::ReplyTo, b"amq.rabbitmq.reply-to")),
        ("a minute to live", none().with(Property::Expiration, b"60000")),
        ("a history that is not a list", none().with_headers(&[text("x-death", b"often")])),
        ("a history of ours that is not", none().with_headers(&forged)),
        ("another origin", far_away()),
    ]
}

#[tokio::test]
async fn with_any_properties_of_a_peer_an_event_is_handled_and_garbage_is_a_dead_letter() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let beta = start(&stage, &broker).await;
    let mut peer = Peer::of(&broker).await;
    let oddities = oddities();
    let count = i64::try_from(oddities.len()).unwrap();
    for (n, (what, properties)) in (1..).zip(oddities) {
        let garbage = format!("not even JSON, around it {what}");
        peer.publish("beta.inbox", Properties::default(), &event(1_000 + n)).await;
        peer.publish("beta.inbox", properties.clone(), &event(n)).await;
        peer.publish("beta.inbox", properties.clone(), garbage.as_bytes()).await;
        // Its copy goes through the ladder, and comes back.
        peer.publish("beta.inbox", properties, &event(-n)).await;
        peer.publish("beta.inbox", Properties::default(), &event(2_000 + n)).await;
    }
    eventually(usize::try_from(count).unwrap(), async || open_letters(&beta).await.len()).await;
    eventually((4 * count, 4 * count), async || handled(&stage.beta).await).await;
    let letters = open_letters(&beta).await;
    assert!(letters.iter().all(|letter| letter.reason.contains("the body is not an event")), "{letters:?}");
    // A dead letter lists the headers that were left out.
    let note = "select count(*) from dead_letters where headers->>'outbox-headers-left-out' like 'baggage (%'";
    assert_eq!(crate::stage::count(&stage.beta, note).await, 4);
    assert_eq!((letters.len() as u64, beta.check()), (count.unsigned_abs(), Ok(())));
    stage.stop().await;
}

#[tokio::test]
async fn whatever_comes_to_the_queue_of_dead_letters_is_kept_and_stops_none_of_the_others() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let beta = start(&stage, &broker).await;
    let mut peer = Peer::of(&broker).await;
    let mut bodies = BTreeSet::new();
    for (what, properties) in oddities() {
        let garbage = format!("not even JSON, around it {what}");
        peer.publish("beta.dead", properties.clone(), garbage.as_bytes()).await;
        // A repeated message is the same dead letter.
        peer.publish("beta.dead", properties, garbage.as_bytes()).await;
        bodies.insert(garbage);
    }
    peer.publish("beta.dead", Properties::default(), GARBAGE.as_bytes()).await;
    bodies.insert(GARBAGE.to_owned());
    let kept = async || {
        let kept: Vec<String> = sqlx::query_scalar("select convert_from(payload, 'utf8') from dead_letters")
            .fetch_all(&stage.beta)
            .await
            .unwrap();
        kept.into_iter().collect::<BTreeSet<_>>()
    };
    let count = bodies.len();
    eventually(bodies, kept).await;
    eventually(0, async || broker.messages("beta.dead").await).await;
    let letters = open_letters(&beta).await;
    assert!(letters.len() == count && letters.iter().all(|letter| !letter.reason.is_empty()), "{letters:?}");
    peer.publish("beta.inbox", Properties::default(), &event(1)).await;
    eventually((1, 1), async || handled(&stage.beta).await).await;
    assert_eq!(beta.check(), Ok(()));
    stage.stop().await;
}

/// An event with the longest possible type in its failure reason.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Unknown;

impl Event for Unknown {
    const TYPE: &'static str = "alpha.Unknown.v1";

    fn ordering_key(&self) -> String {
        String::new()
    }
}

#[tokio::test]
async fn a_copy_fits_into_a_frame_whatever_its_headers_and_its_failure_say() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let beta = start(&stage, &broker).await;
    let mut peer = Peer::of(&broker).await;
    let event_with_long_type = enveloped(new_id(), &Unknown).replace(Unknown::TYPE, &"long".repeat(1_000));
    peer.publish("beta.inbox", far_away(), event_with_long_type.as_bytes()).await;
    eventually(1, async || broker.messages("beta.retry.1s").await).await;
    peer.publish("beta.inbox", Properties::default(), &event(1)).await;
    eventually((1, 1), async || handled(&stage.beta).await).await;
    assert_eq!(beta.check(), Ok(()));
    stage.stop().await;
}

#[tokio::test]
async fn dead_letters_do_not_expire_while_they_can_not_be_stored() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let beta = start(&stage, &broker).await;
    let mut peer = Peer::of(&broker).await;
    let mut lock = stage.beta.begin().await.unwrap();
    sqlx::query("lock table dead_letters in access exclusive mode").execute(&mut *lock).await.unwrap();
    let brief = Properties::default().with(Property::Expiration, b"1000");
    for n in 0..30 {
        peer.publish("beta.inbox", brief.clone(), format!("not even JSON {n}").as_bytes()).await;
    }
    // Three times as long as they would live.
    tokio::time::sleep(Duration::from_secs(3)).await;
    lock.rollback().await.unwrap();
    eventually(30, async || open_letters(&beta).await.len()).await;
    peer.publish("beta.inbox", Properties::default(), &event(1)).await;
    eventually((1, 1), async || handled(&stage.beta).await).await;
    assert_eq!(beta.check(), Ok(()));
    stage.stop().await;
}

#[tokio::test]
async fn a_text_that_can_not_be_stored_is_a_dead_letter_at_once_and_no_outage() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let beta = start(&stage, &broker).await;
    let mut peer = Peer::of(&broker).await;
    for n in 0..20 {
        let unstorable = Ping { n, key: "nul\0".into() };
        peer.publish("beta.inbox", Properties::default(), enveloped(new_id(), &unstorable).as_bytes()).await;
    }
    peer.publish("beta.inbox", Properties::default(), &event(100)).await;
    // Half of the number that would open the breaker, whose pauses would take longer.
    let soon = Duration::from_secs(10);
    eventually_within(soon, (20, (1, 1)), async || (open_letters(&beta).await.len(), handled(&stage.beta).await)).await;
    let letters = open_letters(&beta).await;
    assert!(letters.iter().all(|letter| letter.attempts == 1 && letter.reason.contains("invalid byte sequence")));
    assert_eq!(beta.check(), Ok(()));
    stage.stop().await;
}

/// An event with texts that PostgreSQL does not store.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Nameless;

impl Event for Nameless {
    const TYPE: &'static str = "alpha.\0.v1";

    fn ordering_key(&self) -> String {
        "\0".repeat(1_000)
    }
}

#[tokio::test]
async fn an_envelope_with_unstorable_texts_is_a_dead_letter() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let beta = start(&stage, &broker).await;
    let mut peer = Peer::of(&broker).await;
    peer.publish("beta.dead", Properties::default(), enveloped(new_id(), &Nameless).as_bytes()).await;
    eventually(1, async || open_letters(&beta).await.len()).await;
    assert_eq!(open_letters(&beta).await[0].event_type, "alpha..v1");
    stage.stop().await;
}

#[tokio::test]
async fn a_message_that_names_the_user_of_its_peer_is_stored_by_a_service_with_another_user() {
    let (stage, broker) = (Stage::new().await, broker().await);
    broker.declare_exchange("alpha").await;
    // The broker refuses a copy that names `guest` from any other user.
    let user = broker.user(".*", ".*", ".*").await;
    let (address, host) = (broker.url(), broker.url().split_once('@').unwrap().1);
    assert!(address.starts_with("amqp://guest:guest@"), "the peer is another user");
    let beta = Messaging::new("beta", stage.beta.clone(), &*format!("amqp://{0}:{0}@{host}", user.name()));
    stage.run(beta.consumer(Subscriptions::new().on(SecondTime)).run(stage.stopping()));
    consuming(&beta).await;
    let mut peer = Peer::of(&broker).await;
    let foreign = Properties::default().with(Property::UserId, b"guest");
    peer.publish("beta.inbox", foreign.clone(), GARBAGE.as_bytes()).await;
    peer.publish("beta.inbox", foreign, &event(-1)).await;
    peer.publish("beta.inbox", Properties::default(), &event(2)).await;
    eventually(1, async || open_letters(&beta).await.len()).await;
    eventually((2, 2), async || handled(&stage.beta).await).await;
    assert_eq!(beta.check(), Ok(()));
    stage.stop().await;
}
