//! The relay compared with a bare publisher on the same broker, alternating; and three ways of handling the inbox.

mod bare;
mod figures;
mod handlers;
mod inbox;
mod stage;

use crate::cli;
use crate::disk;
use crate::report::Report;
use figures::{median, per_s};
use serde_json::json;
use stage::Stage;
use std::error::Error;

/// Measures and reports.
pub(crate) async fn measure(options: &cli::Relay) -> Result<Report, Box<dyn Error>> {
    let mut report = Report::default();
    report.figure("disk", "fdatasync_per_s", disk::fdatasync_per_s(&options.folder)?, 0, "fdatasync/s of 8 KiB");
    let stage = Stage::new(options).await?;
    let (mut bare, mut relay) = (vec![], vec![]);
    for round in 0..=options.rounds {
        let bare_per_s = bare::publish(&stage, options.events).await?;
        let relay_per_s = relay_backlog(&stage, options.events).await?;
        // The first round is a warm-up.
        if round > 0 {
            bare.push(bare_per_s);
            relay.push(relay_per_s);
        }
    }
    let ratios: Vec<f64> = relay.iter().zip(&bare).map(|(relay, bare)| relay / bare).collect();
    let label = format!("publishing, {} rounds of {} events", options.rounds, options.events);
    report.figure(&label, "bare_per_s", median(&bare), 0, "events/s, bare publisher with confirms (window of 128)");
    report.figure("", "relay_per_s", median(&relay), 0, "events/s, the relay from the outbox, rows deleted");
    report.figure("relay / bare", "ratio", median(&ratios), 2, "median of the pairs");
    report.field("bare_per_s_by_turn", json!(bare));
    report.field("relay_per_s_by_turn", json!(relay));
    inbox::measure(&stage, options, &mut report).await?;
    report.checked(stage.broken().await?);
    Ok(report)
}

/// Fills the outbox, then starts a relay; returns events per second until the outbox is empty.
async fn relay_backlog(stage: &Stage, events: usize) -> Result<f64, Box<dyn Error>> {
    stage.append(events).await?;
    let took = stage.run_relay_until_empty().await?;
    stage.purge().await?;
    Ok(per_s(events, took))
}
