//! Publishing a window on one channel in confirm mode, persistent and mandatory.

use super::RelayError;
use super::session::Row;
use super::window::{self, Confirmed, Outcome, Returned};
use crate::broker::Link;
use crate::probe::{Probe, Step};
use crate::topology::Topology;
use futures_util::stream::{FuturesOrdered, StreamExt};
use lapin::message::BasicReturnMessage;
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{BasicProperties, Channel, Confirmation, PublisherConfirm};
use std::future::Future;
use std::pin::pin;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// Longest wait for the confirms of a window.
pub(crate) const CONFIRM_TIMEOUT: Duration = Duration::from_secs(10);
/// AMQP's delivery mode of messages that survive a restart of the broker.
const PERSISTENT: u8 = 2;

/// A channel that is known to be in confirm mode: it can't be made without.
pub(crate) struct Publisher {
    channel: Channel,
    service: String,
}

impl Publisher {
    /// Opens a channel, declares the service's exchange, and asks for confirms.
    pub(crate) async fn open(link: &Link, service: &str) -> Result<Self, RelayError> {
        let channel = link.channel().await.map_err(RelayError::Broker)?;
        // Without its queues: the consumer declares those. A publisher needs no more than where to publish.
        let topology = Topology { queues: vec![], bindings: vec![], ..Topology::of(service, &[]) };
        topology.declare(&channel).await.map_err(RelayError::Publish)?;
        channel.confirm_select(ConfirmSelectOptions::default()).await.map_err(RelayError::Publish)?;
        Ok(Self { channel, service: service.to_owned() })
    }

    /// Publishes all rows in their order, then waits for all confirms; `keep_alive` runs beside the waiting.
    ///
    /// The barrier is what makes returns assignable: when the last confirm of the window is here, so is its last
    /// return.
    pub(crate) async fn publish(
        &mut self,
        rows: &[Row],
        probe: &Probe,
        keep_alive: impl Future<Output = RelayError>,
    ) -> Result<Outcome, RelayError> {
        let started = Instant::now();
        let confirming = async {
            let mut pending = FuturesOrdered::new();
            for row in rows {
                pending.push_back(self.publish_one(row).await.map_err(RelayError::Publish)?);
            }
            probe.reached(Step::RelayPublished);
            let mut confirms = Vec::with_capacity(rows.len());
            while let Some(confirmation) = pending.next().await {
                confirms.push(read(confirmation.map_err(RelayError::Publish)?)?);
            }
            Ok(confirms)
        };
        let mut keep_alive = pin!(keep_alive);
        let confirms = tokio::select! {
            confirms = tokio::time::timeout(CONFIRM_TIMEOUT, confirming) => {
                confirms.map_err(|_| RelayError::ConfirmTimeout)??
            }
            broken = &mut keep_alive => return Err(broken),
        };
        metrics::histogram!("messaging_confirm_duration_seconds").record(started.elapsed().as_secs_f64());
        let message_ids: Vec<Uuid> = rows.iter().map(|row| row.event_id).collect();
        Ok(window::settle(&message_ids, confirms))
    }

    async fn publish_one(&self, row: &Row) -> Result<PublisherConfirm, lapin::Error> {
        let mut headers = FieldTable::default();
        headers.insert("sequence".into(), AMQPValue::LongLongInt(row.sequence));
        if let Some(traceparent) = &row.traceparent {
            headers.insert("traceparent".into(), AMQPValue::LongString(traceparent.as_str().into()));
        }
        let properties = BasicProperties::default()
            .with_message_id(row.event_id.to_string().into())
            .with_type(row.routing_key.as_str().into())
            .with_app_id(self.service.as_str().into())
            .with_content_type(row.content_type.as_str().into())
            .with_correlation_id(row.correlation_id.to_string().into())
            .with_timestamp(row.occurred_at.unix_timestamp().unsigned_abs())
            .with_delivery_mode(PERSISTENT)
            .with_headers(headers);
        let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
        let (exchange, routing_key) = (row.exchange.as_str().into(), row.routing_key.as_str().into());
        self.channel.basic_publish(exchange, routing_key, options, &row.payload, properties).await
    }
}

fn read(confirmation: Confirmation) -> Result<Confirmed, RelayError> {
    match confirmation {
        Confirmation::Ack(returned) => {
            Ok(Confirmed { acked: true, returned: returned.map(|message| came_back(&message)) })
        }
        Confirmation::Nack(returned) => {
            Ok(Confirmed { acked: false, returned: returned.map(|message| came_back(&message)) })
        }
        Confirmation::NotRequested => Err(RelayError::Unconfirmed),
    }
}

fn came_back(message: &BasicReturnMessage) -> Returned {
    let id = message.delivery.properties.message_id().as_ref();
    Returned {
        message_id: id.and_then(|id| id.as_str().parse().ok()),
        reason: format!("{} {}", message.reply_code, message.reply_text),
    }
}
