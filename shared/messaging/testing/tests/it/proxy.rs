//! The proxy between a client and a real broker.

use crate::story::harness;
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions, QueueDeclareOptions};
use lapin::types::FieldTable;
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties, PublisherConfirm};
use rabbit_outbox_testing::{AmqpProxy, Harness, Publish};
use std::time::{Duration, Instant};

const SOON: Duration = Duration::from_secs(10);
/// Long enough for a confirm that is not withheld.
const AWHILE: Duration = Duration::from_millis(300);

/// A client behind the proxy, with the queues `one` and `two`.
struct Client {
    proxy: AmqpProxy,
    channel: Channel,
    connection: Connection,
    harness: Harness,
}

impl Client {
    async fn start() -> Self {
        let harness = harness().await;
        let proxy = AmqpProxy::start(harness.amqp_url()).await;
        let (connection, channel) = connect(&proxy).await;
        for queue in ["one", "two"] {
            let durable = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
            channel.queue_declare(queue.into(), durable, FieldTable::default()).await.unwrap();
        }
        Self { proxy, channel, connection, harness }
    }

    async fn publish(&self, queue: &str, id: &str, bytes: usize) -> PublisherConfirm {
        let properties = BasicProperties::default().with_message_id(id.into()).with_delivery_mode(2);
        let (options, body) = (BasicPublishOptions::default(), vec![b'x'; bytes]);
        self.channel.basic_publish("".into(), queue.into(), options, &body, properties).await.unwrap()
    }

    /// The number of messages in a queue, as the broker counts them now.
    async fn depth(&self, queue: &str) -> u32 {
        let connection = Connection::connect(self.harness.amqp_url(), ConnectionProperties::default()).await.unwrap();
        let channel = connection.create_channel().await.unwrap();
        let passive = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
        channel.queue_declare(queue.into(), passive, FieldTable::default()).await.unwrap().message_count()
    }
}

async fn connect(proxy: &AmqpProxy) -> (Connection, Channel) {
    let connection = Connection::connect(proxy.url(), ConnectionProperties::default()).await.unwrap();
    let channel = connection.create_channel().await.unwrap();
    channel.confirm_select(ConfirmSelectOptions::default()).await.unwrap();
    (connection, channel)
}

fn to(queue: &'static str) -> impl Fn(&Publish) -> bool + Send + Sync + 'static {
    move |publish| publish.routing_key == queue
}

/// Whether the client has received an acknowledgement.
async fn is_confirmed(confirm: &mut PublisherConfirm) -> bool {
    matches!(tokio::time::timeout(AWHILE, confirm).await, Ok(Ok(confirmation)) if confirmation.is_ack())
}

async fn confirmed(confirm: PublisherConfirm) {
    let confirmation = tokio::time::timeout(SOON, confirm).await.expect("it is confirmed in time").unwrap();
    assert!(confirmation.is_ack());
}

#[tokio::test]
async fn held_confirms_come_when_the_rule_ends_and_others_are_not_held() {
    let client = Client::start().await;
    let held = client.proxy.hold_confirms(to("one"));
    let (mut withheld, mut others) = (vec![], vec![]);
    for n in 0..50 {
        withheld.push(client.publish("one", &format!("one {n}"), 10).await);
        others.push(client.publish("two", &format!("two {n}"), 10).await);
    }
    for other in others {
        confirmed(other).await;
    }
    assert!(!is_confirmed(&mut withheld[0]).await);
    assert!(!is_confirmed(&mut withheld[49]).await);
    client.harness.eventually(50, async || held.matched()).await;
    held.release();
    for confirm in withheld {
        confirmed(confirm).await;
    }
    assert_eq!((client.proxy.published("one"), client.proxy.published("two"), client.proxy.repeated()), (50, 50, 0));
    assert_eq!(client.proxy.users().len(), 1);
}

#[tokio::test]
async fn a_rule_may_mean_one_message_by_its_id() {
    let client = Client::start().await;
    let dropped = client.proxy.drop_confirms(|publish| publish.message_id.as_deref() == Some("b"));
    let (a, mut b, c) =
        (client.publish("one", "a", 1).await, client.publish("one", "b", 1).await, client.publish("one", "c", 0).await);
    confirmed(a).await;
    confirmed(c).await;
    dropped.release();
    assert!(!is_confirmed(&mut b).await, "what was dropped does not come back");
    confirmed(client.publish("one", "b", 1).await).await;
    assert_eq!(client.proxy.repeated(), 1);
}

#[tokio::test]
async fn confirms_of_a_closed_channel_are_not_sent_to_its_successor() {
    let client = Client::start().await;
    let held = client.proxy.hold_confirms(to("one"));
    let lost = client.publish("one", "a", 1).await;
    client.harness.eventually(1, async || held.matched()).await;
    client.channel.close(200, "enough".into()).await.unwrap();
    assert!(lost.await.is_err());
    let channel = client.connection.create_channel().await.unwrap();
    channel.confirm_select(ConfirmSelectOptions::default()).await.unwrap();
    let options = BasicPublishOptions::default();
    let confirm = channel.basic_publish("".into(), "two".into(), options, b"x", BasicProperties::default());
    let confirm = confirm.await.unwrap();
    held.release();
    confirmed(confirm).await;
    assert!(client.connection.status().connected());
}

#[tokio::test]
async fn late_and_reversed_confirms_all_come() {
    let client = Client::start().await;
    let late = client.proxy.delay_confirms(AWHILE, to("one"));
    let published = Instant::now();
    confirmed(client.publish("one", "a", 1).await).await;
    assert!(published.elapsed() >= AWHILE);
    drop(late);

    let _reversed = client.proxy.reverse_confirms(3, to("two"));
    let mut first = client.publish("two", "1", 1).await;
    let second = client.publish("two", "2", 1).await;
    assert!(!is_confirmed(&mut first).await);
    let third = client.publish("two", "3", 1).await;
    for confirm in [third, second, first] {
        confirmed(confirm).await;
    }
}

#[tokio::test]
async fn a_connection_is_cut_when_the_broker_has_the_message_and_the_client_does_not_know() {
    let client = Client::start().await;
    let cut = client.proxy.cut_at_confirm(to("one"));
    assert!(client.publish("one", "a", 1).await.await.is_err());
    client.harness.eventually(1, async || client.depth("one").await).await;
    drop(cut);

    let cut = client.proxy.cut_after_publish(3, to("two"));
    let (_connection, channel) = connect(&client.proxy).await;
    let mut confirms = vec![];
    for _ in 0..3 {
        let options = BasicPublishOptions::default();
        let confirm = channel.basic_publish("".into(), "two".into(), options, b"x", BasicProperties::default()).await;
        confirms.push(confirm.unwrap());
    }
    assert!(confirms.pop().unwrap().await.is_err());
    client.harness.eventually(3, async || client.depth("two").await).await;
    assert_eq!(cut.matched(), 3);
    client.harness.eventually(0, async || client.proxy.connections()).await;
}

#[tokio::test]
async fn a_message_that_is_doubled_is_there_twice_and_confirmed_once() {
    let client = Client::start().await;
    let doubled = client.proxy.duplicate_publishes(to("one"));
    for n in 0..10 {
        confirmed(client.publish("one", &format!("one {n}"), 40_000).await).await;
        confirmed(client.publish("two", &format!("two {n}"), 10).await).await;
    }
    drop(doubled);
    confirmed(client.publish("one", "once", 10).await).await;
    client.harness.eventually(21, async || client.depth("one").await).await;
    assert_eq!(client.depth("two").await, 10);
    assert_eq!(client.proxy.repeated(), 0);
}

#[tokio::test]
async fn a_slow_link_is_as_slow_as_configured() {
    let client = Client::start().await;
    client.proxy.limit_bandwidth(Some(1_000_000));
    let started = Instant::now();
    for n in 0..5 {
        confirmed(client.publish("one", &n.to_string(), 200_000).await).await;
    }
    let took = started.elapsed();
    assert!(took > Duration::from_millis(900) && took < Duration::from_secs(5), "{took:?}");
    client.proxy.limit_bandwidth(None);
    let started = Instant::now();
    confirmed(client.publish("one", "fast", 1_000_000).await).await;
    assert!(started.elapsed() < Duration::from_millis(900), "{:?}", started.elapsed());
}

#[tokio::test]
async fn connections_are_ended_and_refused_while_the_broker_is_said_to_be_away() {
    let client = Client::start().await;
    assert_eq!(client.proxy.connections(), 1);
    client.proxy.refuse_connections(true);
    assert_eq!(client.proxy.close_connections(), 1);
    client.harness.eventually(false, async || client.connection.status().connected()).await;
    assert!(Connection::connect(client.proxy.url(), ConnectionProperties::default()).await.is_err());
    client.proxy.refuse_connections(false);
    let (connection, _channel) = connect(&client.proxy).await;
    assert!(connection.status().connected());
}
