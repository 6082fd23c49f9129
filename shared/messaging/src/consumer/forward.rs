//! Publishes copies of messages to the service's own exchanges: to the retry ladder and the dead letters.

use crate::backoff::Backoff;
use crate::broker::{BrokerError, Link};
use crate::causes::chain;
use crate::topology::Topology;
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::{BasicProperties, Channel, Confirmation};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tracing::warn;

/// Maximum wait for one confirm.
const CONFIRM_TIMEOUT: Duration = Duration::from_secs(10);

/// Why it is unknown whether a copy is safe.
#[derive(Debug, thiserror::Error)]
enum ForwardError {
    #[error("reach the broker")]
    Broker(#[source] BrokerError),
    #[error("declare exchanges, queues and bindings")]
    Declare(#[source] lapin::Error),
    #[error("publish a copy")]
    Publish(#[source] lapin::Error),
    #[error("no confirm within {} s", CONFIRM_TIMEOUT.as_secs())]
    ConfirmTimeout,
    #[error("the broker refused it")]
    Refused,
    #[error("no queue is bound for it: {0}")]
    Returned(String),
}

/// A copy to publish.
pub(crate) struct Copy<'a> {
    pub(crate) exchange: &'a str,
    pub(crate) routing_key: &'a str,
    pub(crate) body: &'a [u8],
    pub(crate) properties: BasicProperties,
}

/// Publishes copies on a separate channel in confirm mode.
///
/// It uses the connection for publishing: the broker may block that one when it is short of memory, and must not block
/// acknowledgements. One copy at a time, so that a returned message can only be this copy.
pub(crate) struct Forwarder {
    service: Arc<str>,
    declares: bool,
    link: Link,
    channel: Option<Channel>,
}

impl Forwarder {
    pub(crate) fn new(service: Arc<str>, link: Link, declares: bool) -> Self {
        Self { service, link, declares, channel: None }
    }

    /// Publishes a copy and waits until the broker has stored it in a queue, however long that takes.
    ///
    /// Meanwhile the original stays unacknowledged: returning it would count as a delivery, although the broker failed.
    /// `false` if the process stops, or if `still_wanted` returns false: then the original is delivered again.
    pub(crate) async fn forward(
        &mut self,
        copy: &Copy<'_>,
        still_wanted: impl Fn() -> bool,
        stopping: &CancellationToken,
    ) -> bool {
        let mut backoff = Backoff::for_connections();
        loop {
            if !still_wanted() {
                return false;
            }
            let Err(failure) = self.publish(copy).await else { return true };
            // A new channel declares the topology again, including a queue that was deleted.
            self.channel = None;
            let wait = backoff.next();
            warn!(
                error = %chain(&failure), exchange = copy.exchange, wait_ms = wait.as_millis(),
                "a copy was not confirmed and is published again"
            );
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = stopping.cancelled() => return false,
            }
        }
    }

    async fn publish(&mut self, copy: &Copy<'_>) -> Result<(), ForwardError> {
        let channel = match self.channel.take().filter(|channel| channel.status().connected()) {
            Some(channel) => channel,
            None => self.open().await?,
        };
        let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
        let (exchange, routing_key) = (copy.exchange.into(), copy.routing_key.into());
        let confirming = async {
            channel
                .basic_publish(exchange, routing_key, options, copy.body, copy.properties.clone())
                .await
                .map_err(ForwardError::Publish)?
                .await
                .map_err(ForwardError::Publish)
        };
        match tokio::time::timeout(CONFIRM_TIMEOUT, confirming).await.map_err(|_| ForwardError::ConfirmTimeout)?? {
            Confirmation::Ack(None) => {}
            Confirmation::Ack(Some(returned)) => {
                return Err(ForwardError::Returned(format!("{} {}", returned.reply_code, returned.reply_text)));
            }
            Confirmation::Nack(_) | Confirmation::NotRequested => return Err(ForwardError::Refused),
        }
        self.channel = Some(channel);
        Ok(())
    }

    async fn open(&self) -> Result<Channel, ForwardError> {
        let channel = self.link.channel().await.map_err(ForwardError::Broker)?;
        if self.declares {
            Topology::consuming(&self.service).declare(&channel).await.map_err(ForwardError::Declare)?;
        }
        channel.confirm_select(ConfirmSelectOptions::default()).await.map_err(ForwardError::Publish)?;
        Ok(channel)
    }
}
