//! Telling the broker what became of deliveries.

use super::batch::Disposition;
use super::forward::{Copy, Forwarder};
use super::history;
use super::incoming::Arrived;
use super::ladder::Fate;
use super::session::ConsumeError;
use lapin::message::Delivery;
use lapin::options::BasicAckOptions;
use tokio_util::sync::CancellationToken;

/// What settling needs.
pub(super) struct Settling<'a> {
    pub(super) service: &'a str,
    pub(super) forwarder: &'a mut Forwarder,
    pub(super) stopping: &'a CancellationToken,
    /// Nothing else is unsettled on the channel before these deliveries.
    pub(super) in_order: bool,
}

impl Settling<'_> {
    /// Acknowledges what is done, then forwards what failed: a ladder that is stuck must not keep effects that are
    /// committed from being acknowledged.
    ///
    /// Nothing is rejected and nothing requeued. A copy that is safe in the next queue lets its original be
    /// acknowledged; should the process die in between, both exist, and the inbox drops the second.
    pub(super) async fn settle(self, arrived: &[Delivery], dispositions: &[Disposition]) -> Result<(), ConsumeError> {
        // One frame for a batch instead of one for each. It speaks for everything before it on the channel too: that is
        // settled, because a delivery that is left unsettled ends the session, and the channel with it.
        let done = dispositions.iter().take_while(|disposition| **disposition == Disposition::Done).count();
        let together = if self.in_order { done } else { 0 };
        if let Some(last) = arrived[..together].last() {
            acknowledge_up_to(last).await?;
        }
        for (delivery, disposition) in arrived.iter().zip(dispositions).skip(together) {
            if *disposition == Disposition::Done {
                acknowledge(delivery).await?;
            }
        }
        let (retry, dead) = (format!("{}.retry", self.service), format!("{}.dead", self.service));
        for (delivery, disposition) in arrived.iter().zip(dispositions) {
            let Disposition::Failed(fate) = disposition else { continue };
            let (exchange, routing_key, history) = match fate {
                Fate::Rung(rung, history) => (&retry, *rung, history),
                Fate::Dead(history) => (&dead, "", history),
            };
            let properties = history::copy(&Arrived::in_delivery(delivery), history);
            let copy = Copy { exchange, routing_key, body: &delivery.data, properties };
            if self.forwarder.forward(&copy, || delivery.acker.usable(), self.stopping).await {
                acknowledge(delivery).await?;
            }
        }
        Ok(())
    }
}

async fn acknowledge(delivery: &Delivery) -> Result<(), ConsumeError> {
    delivery.ack(BasicAckOptions::default()).await.map(drop).map_err(ConsumeError::Consume)
}

async fn acknowledge_up_to(delivery: &Delivery) -> Result<(), ConsumeError> {
    delivery.ack(BasicAckOptions { multiple: true }).await.map(drop).map_err(ConsumeError::Consume)
}
