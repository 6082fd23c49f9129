//! Settling deliveries: acknowledging them, or publishing a copy.

use super::batch::Disposition;
use super::copies::copy;
use super::error::ConsumeError;
use super::forward::{Copy, Forwarder};
use super::incoming::Arrived;
use super::ladder::Fate;
use lapin::message::Delivery;
use lapin::options::BasicAckOptions;
use tokio_util::sync::CancellationToken;

/// What settling needs.
pub(super) struct Settling<'a> {
    pub(super) service: &'a str,
    pub(super) forwarder: &'a mut Forwarder,
    pub(super) stopping: &'a CancellationToken,
    /// No delivery before these is unsettled on the channel.
    pub(super) in_order: bool,
}

impl Settling<'_> {
    /// Acknowledges handled deliveries, then forwards the failed ones: a blocked ladder must not delay the
    /// acknowledgement of committed effects.
    ///
    /// Nothing is rejected or requeued. The original is acknowledged once its copy is safe in the next queue; if the
    /// process crashes in between, both exist, and the inbox drops the duplicate.
    pub(super) async fn settle(self, arrived: &[Delivery], dispositions: &[Disposition]) -> Result<(), ConsumeError> {
        // One frame for a batch instead of one per delivery. It covers everything before it on the channel, too: that
        // is settled, because an unsettled delivery ends the session and its channel.
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
            let properties = copy(&Arrived::in_delivery(delivery), history);
            let copied = Copy { exchange, routing_key, body: &delivery.data, properties };
            if self.forwarder.forward(&copied, || delivery.acker.usable(), self.stopping).await {
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
