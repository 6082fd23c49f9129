//! One channel's work: window after window, each settled by what became of its rows.

use super::RelayError;
use super::publisher::Publisher;
use super::row::Row;
use super::settler::Settlement;
use super::shared::Shared;
use super::span;
use super::window::Verdict;
use crate::probe::Step;
use std::time::Instant;
use tokio::sync::mpsc;
use tracing::{error, info};

/// Messages of one channel that may be unconfirmed at a time.
pub(crate) const WINDOW_ROWS: usize = 256;

/// Publishes what comes through queue `index` until something breaks.
pub(crate) async fn publish_for_ever(
    shared: &Shared,
    index: usize,
    mut publisher: Publisher,
    settlements: mpsc::Sender<Settlement>,
) -> RelayError {
    let confirm_duration = metrics::histogram!("messaging_confirm_duration_seconds");
    loop {
        let window = shared.queues[index].next_window(&shared.gate, WINDOW_ROWS).await;
        shared.demand.notify_one();
        let mut settlement = Settlement { closed: window.closed, held: window.held, ..Settlement::default() };
        if !window.rows.is_empty() {
            let started = Instant::now();
            let verdicts = match publisher.publish(&window.rows, &shared.lease, &shared.probe).await {
                Ok(verdicts) => verdicts,
                Err(failure) => return failure,
            };
            confirm_duration.record(started.elapsed().as_secs_f64());
            shared.probe.reached(Step::RelayConfirmed);
            judge(shared, window.rows, verdicts, &mut settlement);
        }
        if settlements.send(settlement).await.is_err() {
            return RelayError::Ended;
        }
    }
}

/// Tells the gate of every verdict before the next window is composed, and sorts the rows by it.
fn judge(shared: &Shared, rows: Vec<Row>, verdicts: Vec<Verdict>, settlement: &mut Settlement) {
    let now = Instant::now();
    let mut gate = shared.gate();
    for (row, verdict) in rows.into_iter().zip(verdicts) {
        span::leave(shared.tracing.as_ref(), &row, &verdict);
        let (reason, barred) = match verdict {
            Verdict::Delivered => {
                if gate.delivered(&row) {
                    let route = &row.route;
                    info!("somebody takes `{}` of exchange `{}` again", route.routing_key, route.exchange);
                }
                settlement.delivered.push(row);
                continue;
            }
            Verdict::Returned(_) if row.allow_unrouted => {
                metrics::counter!("messaging_unrouted_total", "event" => row.event_type().to_owned()).increment(1);
                settlement.delivered.push(row);
                continue;
            }
            Verdict::Returned(reason) | Verdict::Refused(reason) => (reason, false),
            Verdict::Barred(reason) => (reason, true),
        };
        if gate.failed(&row, &reason, barred, now) {
            let (key, exchange) = (&row.route.routing_key, &row.route.exchange);
            error!(
                exchange,
                routing_key = key,
                reason,
                "nobody takes `{key}` of exchange `{exchange}` ({reason}): such events wait, one of them tries"
            );
        }
        if row.hold_key {
            gate.hold(row.home(), &row.ordering_key, row.event_id);
        }
        settlement.failed.push((row, reason));
    }
}
