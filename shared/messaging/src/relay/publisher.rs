//! Publishing a window on one channel in confirm mode, persistent and mandatory.

use super::RelayError;
use super::row::Row;
use super::shared::Lease;
use super::window::{self, Confirmed, Returned, Verdict};
use crate::broker::Link;
use crate::probe::{Probe, Step};
use crate::topology::Topology;
use lapin::message::BasicReturnMessage;
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions, ExchangeDeclareOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{BasicProperties, Channel, Confirmation, ErrorKind, ExchangeKind, PublisherConfirm};
use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};
use tracing::warn;
use uuid::Uuid;

/// Longest wait for the confirms of a window.
pub(crate) const CONFIRM_TIMEOUT: Duration = Duration::from_secs(10);
/// AMQP's delivery mode of messages that survive a restart of the broker.
const PERSISTENT: u8 = 2;
/// How long an exchange that is not there is taken for missing without asking again.
const MISSING_FOR: Duration = Duration::from_secs(1);

/// A channel that is known to be in confirm mode: it can't be made without.
pub(crate) struct Publisher {
    channel: Channel,
    link: Link,
    service: String,
    template: BasicProperties,
    /// Exchanges that are there: publishing to another would close the channel, and take everybody's confirms along.
    known: HashSet<String>,
    missing: HashMap<String, Instant>,
}

impl Publisher {
    /// Opens a channel, declares the service's exchange, and asks for confirms.
    pub(crate) async fn open(link: &Link, service: &str) -> Result<Self, RelayError> {
        let template = BasicProperties::default().with_app_id(service.to_owned().into()).with_delivery_mode(PERSISTENT);
        Ok(Self {
            channel: open(link, service).await?,
            link: link.clone(),
            service: service.to_owned(),
            template,
            known: HashSet::new(),
            missing: HashMap::new(),
        })
    }

    /// Publishes all rows in their order and waits for all confirms; the verdicts have the order of the rows.
    ///
    /// An exchange that is not there costs its own rows only. Whatever else closes the channel does so once: the window
    /// is published again row by row, and only the rows that close it again are barred.
    pub(crate) async fn publish(
        &mut self,
        rows: &[Row],
        lease: &Lease,
        probe: &Probe,
    ) -> Result<Vec<Verdict>, RelayError> {
        self.look_for_exchanges(rows).await?;
        let failure = match self.publish_together(rows, lease, probe).await {
            Err(RelayError::Publish(failure)) => failure,
            done => return done,
        };
        let Some(reason) = objection(&failure) else { return Err(RelayError::Publish(failure)) };
        warn!(rows = rows.len(), reason, "the broker closed the channel ({reason}): its window goes row by row");
        let mut verdicts = Vec::with_capacity(rows.len());
        self.reopen().await?;
        for row in rows {
            let alone = std::slice::from_ref(row);
            self.look_for_exchanges(alone).await?;
            match self.publish_together(alone, lease, probe).await {
                Ok(verdict) => verdicts.extend(verdict),
                Err(RelayError::Publish(failure)) => {
                    let Some(reason) = objection(&failure) else { return Err(RelayError::Publish(failure)) };
                    verdicts.push(Verdict::Barred(reason));
                    self.reopen().await?;
                }
                Err(failure) => return Err(failure),
            }
        }
        Ok(verdicts)
    }

    /// The barrier is what makes returns assignable: when the last confirm of the window is here, so is its last
    /// return.
    async fn publish_together(&self, rows: &[Row], lease: &Lease, probe: &Probe) -> Result<Vec<Verdict>, RelayError> {
        let mut verdicts = vec![Verdict::Barred("404 NOT_FOUND: there is no such exchange".to_owned()); rows.len()];
        let sent: Vec<usize> = (0..rows.len()).filter(|index| self.is_known(&rows[*index])).collect();
        let confirming = async {
            let mut pending = Vec::with_capacity(sent.len());
            for index in &sent {
                lease.held().await;
                pending.push(self.publish_one(&rows[*index]).await.map_err(RelayError::Publish)?);
            }
            probe.reached(Step::RelayPublished);
            let mut confirms = Vec::with_capacity(pending.len());
            for confirm in pending {
                confirms.push(read(confirm.await.map_err(RelayError::Publish)?)?);
            }
            Ok(confirms)
        };
        let confirms =
            tokio::time::timeout(CONFIRM_TIMEOUT, confirming).await.map_err(|_| RelayError::ConfirmTimeout)??;
        let message_ids: Vec<Uuid> = sent.iter().map(|index| rows[*index].event_id).collect();
        for (index, verdict) in sent.into_iter().zip(window::settle(&message_ids, confirms)) {
            verdicts[index] = verdict;
        }
        Ok(verdicts)
    }

    /// Another channel, and nothing is known any more.
    async fn reopen(&mut self) -> Result<(), RelayError> {
        self.channel = open(&self.link, &self.service).await?;
        self.known.clear();
        self.missing.clear();
        Ok(())
    }

    async fn publish_one(&self, row: &Row) -> Result<PublisherConfirm, lapin::Error> {
        let mut headers = FieldTable::default();
        headers.insert("sequence".into(), AMQPValue::LongLongInt(row.sequence));
        if let Some(traceparent) = &row.traceparent {
            headers.insert("traceparent".into(), AMQPValue::LongString(traceparent.as_str().into()));
        }
        let properties = self
            .template
            .clone()
            .with_message_id(row.event_id.to_string().into())
            .with_type(row.event_type().into())
            .with_content_type(row.content_type.as_str().into())
            .with_correlation_id(row.correlation_id.to_string().into())
            .with_timestamp(row.occurred_at.unix_timestamp().unsigned_abs())
            .with_headers(headers);
        let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
        let (exchange, routing_key) = (row.route.exchange.as_str().into(), row.route.routing_key.as_str().into());
        self.channel.basic_publish(exchange, routing_key, options, &row.payload, properties).await
    }

    /// Asks the broker for exchanges that were not published to yet: on a channel of its own, for a no closes it.
    async fn look_for_exchanges(&mut self, rows: &[Row]) -> Result<(), RelayError> {
        for row in rows {
            let exchange = &row.route.exchange;
            let missing = self.missing.get(exchange).is_some_and(|since| since.elapsed() < MISSING_FOR);
            if missing || self.is_known(row) {
                continue;
            }
            let channel = self.link.channel().await.map_err(RelayError::Broker)?;
            let options = ExchangeDeclareOptions { passive: true, ..ExchangeDeclareOptions::default() };
            let asked = channel
                .exchange_declare(exchange.as_str().into(), ExchangeKind::Topic, options, FieldTable::default())
                .await;
            match asked {
                Ok(()) => drop(self.known.insert(exchange.clone())),
                Err(failure) if objection(&failure).is_some() => {
                    self.missing.insert(exchange.clone(), Instant::now());
                }
                Err(failure) => return Err(RelayError::Publish(failure)),
            }
        }
        Ok(())
    }

    /// The default exchange is always there, and can't be asked for.
    fn is_known(&self, row: &Row) -> bool {
        row.route.exchange.is_empty() || self.known.contains(&row.route.exchange)
    }
}

async fn open(link: &Link, service: &str) -> Result<Channel, RelayError> {
    let channel = link.channel().await.map_err(RelayError::Broker)?;
    // Without its queues: the consumer declares those. A publisher needs no more than where to publish.
    let topology = Topology { queues: vec![], bindings: vec![], ..Topology::of(service, &[]) };
    topology.declare(&channel).await.map_err(RelayError::Publish)?;
    channel.confirm_select(ConfirmSelectOptions::default()).await.map_err(RelayError::Publish)?;
    Ok(channel)
}

/// What the broker has against a message, if that is why it closed the channel; the connection stands.
///
/// Source: AMQP 0-9-1, reply codes; 403 and 404 are soft errors.
fn objection(failure: &lapin::Error) -> Option<String> {
    match failure.kind() {
        ErrorKind::ProtocolError(error) if matches!(error.get_id(), 403 | 404) => Some(error.to_string()),
        _ => None,
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
