//! Handles a full inbox one by one, in batches, and as sets.

use super::figures::{median, per_s};
use super::handlers::{AsSet, OneByOne};
use super::stage::Stage;
use crate::cli;
use crate::report::Report;
use rabbit_outbox::{ConsumerOptions, Subscriptions};
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// Time limit until the inbox is empty.
const TIMEOUT: Duration = Duration::from_mins(5);
/// Largest number of events per set.
const SET: u16 = 128;

/// A way of handling events.
#[derive(Clone, Copy)]
enum Way {
    /// One transaction per event.
    OneByOne,
    /// One transaction for up to 32 events, one statement per event.
    Batched,
    /// One transaction and one statement for up to 128 events.
    AsSet,
}

pub(super) async fn measure(stage: &Stage, options: &cli::Relay, report: &mut Report) -> Result<(), Box<dyn Error>> {
    let ways = [
        (Way::OneByOne, "inbox_one_by_one_per_s", "events/s, one transaction per event"),
        (Way::Batched, "inbox_batched_per_s", "events/s, one transaction for up to 32 events"),
        (Way::AsSet, "inbox_set_based_per_s", "events/s, one statement for up to 128 events"),
    ];
    let mut figures = [vec![], vec![], vec![]];
    for _ in 0..options.rounds {
        for (figures, (way, ..)) in figures.iter_mut().zip(ways) {
            // Handling one by one is slow: the full number of events would take minutes.
            let events = if matches!(way, Way::OneByOne) { options.events / 5 } else { options.events };
            figures.push(handle(stage, way, events).await?);
        }
    }
    for (figures, (way, field, unit)) in figures.iter().zip(ways) {
        let label = if matches!(way, Way::OneByOne) { "handling a full inbox, one inserted row per event" } else { "" };
        report.figure(label, field, median(figures), 0, unit);
    }
    Ok(())
}

/// Fills the inbox, then handles all events; returns events per second from the first commit to the last.
async fn handle(stage: &Stage, way: Way, events: usize) -> Result<f64, Box<dyn Error>> {
    sqlx::query("truncate parcels").execute(&stage.pool).await?;
    stage.append(events).await?;
    stage.run_relay_until_empty().await?;
    let handled = Arc::new(AtomicUsize::new(0));
    let one_by_one = Subscriptions::new().on(OneByOne(Arc::clone(&handled)));
    let (subscriptions, limits) = match way {
        Way::OneByOne => (one_by_one, ConsumerOptions::batches_of(1).with_prefetch(96)),
        Way::Batched => (one_by_one, ConsumerOptions::default()),
        Way::AsSet => (Subscriptions::new().on_batch(AsSet(Arc::clone(&handled))), ConsumerOptions::batches_of(SET)),
    };
    let stopping = CancellationToken::new();
    let consumer = stage.messaging.consumer(subscriptions).with_options(limits);
    let consumer = tokio::spawn(consumer.run(stopping.clone()));
    let waiting_since = Instant::now();
    let so_far = || handled.load(Ordering::Relaxed);
    while so_far() == 0 && waiting_since.elapsed() < TIMEOUT {
        tokio::time::sleep(Duration::from_micros(200)).await;
    }
    // The connection time is excluded.
    let (began, counted_from) = (Instant::now(), so_far());
    while so_far() < events {
        if began.elapsed() > TIMEOUT {
            return Err(format!("{} of {events} events were handled", so_far()).into());
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let figure = per_s(events - counted_from, began.elapsed());
    stopping.cancel();
    consumer.await??;
    Ok(figure)
}
