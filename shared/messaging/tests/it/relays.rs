//! Several relays of one service: processes that are killed and frozen, and neighbours that wake each other.

use crate::bare::BareConsumer;
use crate::lanes::shares;
use crate::stage::{Ping, Stage, broker, unsent};
use rabbit_outbox::Messaging;
use rustix::process::{Pid, Signal, kill_process};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, Instant};
use testkit::{TestBroker, eventually, eventually_within};
use tokio_util::sync::CancellationToken;

/// A process that only relays.
pub(crate) struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // SIGKILL ends a stopped process, too.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Process {
    fn start(stage: &Stage, broker: &TestBroker) -> Self {
        Self::start_at(stage, broker.url())
    }

    pub(crate) fn start_at(stage: &Stage, amqp_url: &str) -> Self {
        // Examples are built next to the tests.
        let test: PathBuf = std::env::current_exe().unwrap();
        let program = test.parent().unwrap().parent().unwrap().join("examples/relay_only");
        let child = Command::new(&program)
            .args(["--database-url", &stage.database.admin_url(), "--amqp-url", amqp_url, "--service", "alpha"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", program.display()));
        Self(child)
    }

    /// Its peak memory, in bytes.
    pub(crate) fn memory_peak(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id())).unwrap();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        peak.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.0), signal).unwrap();
    }
}

/// Appends events on forty keys until stopped, in transactions of one to three; returns how many.
async fn talk(alpha: &Messaging, sequence: &AtomicI64, enough: &AtomicBool) {
    while !enough.load(Ordering::Relaxed) {
        let mut tx = alpha.begin().await.unwrap();
        for _ in 0..3 {
            let n = sequence.fetch_add(1, Ordering::Relaxed);
            tx.append(&Ping { n, key: format!("key {}", n % 40) }, n).unwrap();
        }
        tx.commit().await.unwrap();
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test]
async fn order_per_key_survives_a_relay_that_is_killed_and_one_that_is_frozen() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let bare_consumer = BareConsumer::at(&broker, "alpha", &["alpha.Ping.v1"]).await;
    let alpha = Messaging::new("alpha", stage.alpha.clone(), broker.url());
    let (sequence, enough) = (AtomicI64::new(0), AtomicBool::new(false));
    let story = async {
        let killed = Process::start(&stage, &broker);
        let frozen = Process::start(&stage, &broker);
        let third = Process::start(&stage, &broker);
        eventually(vec![2, 3, 3], async || sorted(shares(&stage).await)).await;
        eventually(true, async || bare_consumer.count() > 300).await;
        drop(killed);
        eventually(vec![4, 4], async || shares(&stage).await).await;

        // Frozen while it works. The server ends its session, the other relay gets its lanes.
        frozen.signal(Signal::STOP);
        let stopped = Instant::now();
        eventually(vec![8], async || shares(&stage).await).await;
        assert!(stopped.elapsed() < Duration::from_secs(30), "{:?}", stopped.elapsed());
        let before = bare_consumer.count();
        eventually(true, async || bare_consumer.count() > before + 300).await;
        frozen.signal(Signal::CONT);
        eventually(vec![4, 4], async || shares(&stage).await).await;
        let before = bare_consumer.count();
        eventually(true, async || bare_consumer.count() > before + 300).await;
        enough.store(true, Ordering::Relaxed);
        eventually(0, async || unsent(&stage.alpha).await).await;
        drop((frozen, third));
    };
    tokio::join!(story, talk(&alpha, &sequence, &enough));

    let said = sequence.load(Ordering::Relaxed);
    eventually(usize::try_from(said).unwrap(), async || bare_consumer.count()).await;
    stage.stop().await;
    let mut seen = BTreeSet::new();
    let mut last: BTreeMap<i64, i64> = BTreeMap::new();
    for arrival in bare_consumer.arrivals() {
        // The inbox handles duplicates; what counts is the first publication of each.
        if seen.insert(arrival.sequence) {
            let last = last.insert(arrival.sequence % 40, arrival.sequence);
            assert!(last.is_none_or(|last| last < arrival.sequence), "{} after {last:?}", arrival.sequence);
        }
    }
}

fn sorted(mut numbers: Vec<i64>) -> Vec<i64> {
    numbers.sort_unstable();
    numbers
}

#[tokio::test]
async fn the_lanes_of_a_relay_that_stops_are_taken_over_at_once() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let first = Messaging::new("alpha", stage.alpha.clone(), broker.url());
    let second = Messaging::new("alpha", stage.alpha.clone(), broker.url());
    stage.run(second.relay().run(stage.stopping()));
    let mut fastest = Duration::MAX;
    for _ in 0..5 {
        let stop_first = CancellationToken::new();
        stage.run(first.relay().run(stop_first.clone()));
        eventually(vec![4, 4], async || shares(&stage).await).await;
        stop_first.cancel();
        let stopped = Instant::now();
        eventually_within(Duration::from_secs(3), vec![8], async || shares(&stage).await).await;
        fastest = fastest.min(stopped.elapsed());
    }
    // Five times faster than the poll alone would be on average: the second relay was notified.
    assert!(fastest < Duration::from_millis(200), "{fastest:?}");
    stage.stop().await;
}

#[tokio::test]
async fn a_relay_wakes_another_whose_lane_got_an_event_faster_than_the_poll() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let bare_consumer = BareConsumer::at(&broker, "alpha", &["alpha.Ping.v1"]).await;
    let first = Messaging::new("alpha", stage.alpha.clone(), broker.url());
    let second = Messaging::new("alpha", stage.alpha.clone(), broker.url());
    stage.run(first.relay().run(stage.stopping()));
    stage.run(second.relay().run(stage.stopping()));
    eventually(vec![4, 4], async || shares(&stage).await).await;

    let mut waits = vec![];
    for n in 0..60_i64 {
        let mut tx = first.begin().await.unwrap();
        tx.append(&Ping { n, key: format!("key {n}") }, n).unwrap();
        tx.commit().await.unwrap();
        let committed = Instant::now();
        eventually(true, async || bare_consumer.first_arrivals().contains_key(&n)).await;
        waits.push(bare_consumer.first_arrivals()[&n].saturating_duration_since(committed));
    }
    stage.stop().await;
    waits.sort_unstable();
    // Half of the events are on the other's lanes: the slower half shows how it is woken.
    assert!(waits[45] < Duration::from_millis(200), "{waits:?}");
}
