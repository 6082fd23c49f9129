//! The relay's metrics: how far it is behind, how many rows wait, and what prevents the table from shrinking.

use super::due::is_due;
use super::error::{RelayError, doing};
use super::reader_state::Reader;
use super::session::Session;
use super::wake::Occasions;
use crate::lane::LANES;
use std::time::{Duration, Instant};

/// Interval between samples.
const MEASURE_EVERY: Duration = Duration::from_secs(15);

impl Reader {
    /// Samples the gauges of this relay's lanes; the owner of lane 0 also samples those of the whole outbox.
    pub(super) async fn measure(&mut self) -> Result<(), RelayError> {
        if !is_due(self.chores.measured_at, MEASURE_EVERY) {
            return Ok(());
        }
        self.chores.measured_at = Some(Instant::now());
        self.session.measure_lanes().await?;
        if self.session.lanes().meets(Occasions::of_lanes([0])) {
            self.session.measure_outbox().await?;
        }
        let gate = self.shared.gate();
        #[expect(clippy::cast_precision_loss, reason = "routes and keys are few")]
        let (closed, held) = (gate.closed_routes() as f64, gate.keys_held() as f64);
        metrics::gauge!("messaging_routes_closed").set(closed);
        metrics::gauge!("messaging_keys_held").set(held);
        Ok(())
    }
}

impl Session {
    async fn measure_lanes(&mut self) -> Result<(), RelayError> {
        let lanes: Vec<(i16, Option<f64>, i64, i64)> = sqlx::query_as(include_str!("../sql/measure_lanes.sql"))
            .bind(self.owned.keys().copied().collect::<Vec<_>>())
            .fetch_all(&mut self.connection)
            .await
            .map_err(doing("measure lanes"))?;
        for lane in (0..LANES).filter(|lane| !self.owned.contains_key(lane)) {
            set(lane, 0.0, 0, 0);
        }
        for (lane, oldest_seconds, unsent, waiting) in lanes {
            set(lane, oldest_seconds.unwrap_or(0.0).max(0.0), unsent, waiting);
        }
        Ok(())
    }

    async fn measure_outbox(&mut self) -> Result<(), RelayError> {
        let (scheduled, parked, dead_tuples, snapshot_seconds): (i64, i64, i64, f64) =
            sqlx::query_as(include_str!("../sql/measure_outbox.sql"))
                .fetch_one(&mut self.connection)
                .await
                .map_err(doing("measure the outbox"))?;
        metrics::gauge!("messaging_scheduled").set(count(scheduled));
        metrics::gauge!("messaging_parked").set(count(parked));
        metrics::gauge!("messaging_outbox_dead_tuples").set(count(dead_tuples));
        metrics::gauge!("messaging_oldest_snapshot_age_seconds").set(snapshot_seconds);
        Ok(())
    }
}

/// This relay owns no lane: reset its gauges, because other relays report the values.
pub(super) fn own_nothing() {
    metrics::gauge!("messaging_lanes_owned").set(0.0);
    for lane in 0..LANES {
        set(lane, 0.0, 0, 0);
    }
}

/// Sets the gauges of one lane; 0 for a lane of another relay, which reports the value.
fn set(lane: i16, oldest_seconds: f64, unsent: i64, waiting: i64) {
    let lane = lane.to_string();
    metrics::gauge!("messaging_outbox_oldest_age_seconds", "lane" => lane.clone()).set(oldest_seconds);
    metrics::gauge!("messaging_outbox_unsent", "lane" => lane.clone()).set(count(unsent));
    metrics::gauge!("messaging_outbox_waiting", "lane" => lane).set(count(waiting));
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn count(rows: i64) -> f64 {
    rows as f64
}
