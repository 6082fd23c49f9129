//! Events of hundreds of kilobytes over a slow connection: memory and messages in flight are limited in bytes.

use crate::backlog::Rows;
use crate::bare::BareConsumer;
use crate::relays::Process;
use crate::stage::{Stage, broker, unsent};
use rabbit_outbox_testing::AmqpProxy;
use std::time::{Duration, Instant};
use testkit::{eventually, eventually_within};

const MIB: u64 = 1024 * 1024;

#[tokio::test]
async fn large_events_over_a_slow_link_are_sent_once_and_in_little_memory() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let bare_consumer = BareConsumer::at(&broker, "alpha", &["alpha.Ping.v1"]).await;
    let proxy = AmqpProxy::start(broker.url()).await;
    let relay = Process::start_at(&stage, proxy.url());
    // The memory without any event of that size.
    Rows::default().insert(&stage.alpha, 0, 100).await;
    eventually(0, async || unsent(&stage.alpha).await).await;
    let before = relay.memory_peak();

    proxy.limit_bandwidth(Some(8_000_000));
    Rows { bytes: 240 * 1024, ..Rows::default() }.insert(&stage.alpha, 100, 700).await;
    let started = Instant::now();
    eventually_within(Duration::from_mins(2), 0, async || unsent(&stage.alpha).await).await;
    let (took, memory) = (started.elapsed(), relay.memory_peak() - before);
    println!("600 events of 240 KiB: {took:?}, {} MiB of memory above {}", memory / MIB, before / MIB);
    eventually(700, async || bare_consumer.count()).await;
    assert_eq!(proxy.repeated(), 0);
    // 16 MiB read ahead and one event of each lane, the same amount again in flight, and the buffers of two drivers.
    assert!(memory < 64 * MIB, "{memory} bytes");
    drop(relay);
    stage.stop().await;
}
