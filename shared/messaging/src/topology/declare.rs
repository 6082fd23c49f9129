//! Declaring a topology on a broker, and removing bindings from it.

use super::argument::Argument;
use super::objects::{Binding, Exchange, Queue};
use super::service::Topology;
use crate::broker::{BoxError, BrokerAddress, BrokerError, Link};
use lapin::Channel;
use lapin::options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable};

/// Why the topology could not be declared, checked or changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TopologyError {
    /// No channel could be opened.
    #[error("reach the broker")]
    Broker(#[source] BrokerError),
    /// It exists with other arguments (406, the broker says which), or the broker's user has no permission (403).
    #[error("declare {what}: an existing one can't be changed, only deleted or kept")]
    Refused {
        /// What was declared.
        what: String,
        /// The broker's error.
        source: BoxError,
    },
    /// It does not exist, and this service declares nothing; an administrator imports `Topology::definitions`.
    #[error("find {what}: an administrator must declare it")]
    Missing {
        /// What was looked up.
        what: String,
        /// The broker's error.
        source: BoxError,
    },
    /// The broker's user has no permission (403), or the connection broke.
    #[error("remove {what}")]
    NotRemoved {
        /// What was to be removed.
        what: String,
        /// The broker's error.
        source: BoxError,
    },
}

/// Removes bindings, for example those of [`Plan::unmanaged`](super::Plan::unmanaged); a binding that does not exist is
/// no error.
///
/// The broker's user needs the rights of `queue.unbind`: write on the queue and read on the exchange.
///
/// # Errors
/// [`TopologyError`]; bindings that were already removed stay removed.
pub async fn unbind(broker: impl Into<BrokerAddress>, bindings: &[Binding]) -> Result<(), TopologyError> {
    let link = Link::to_publish(broker.into(), "topology".to_owned());
    let channel = link.channel().await.map_err(TopologyError::Broker)?;
    for binding in bindings {
        let refused = |source: lapin::Error| TopologyError::NotRemoved {
            what: format!("binding {binding}"),
            source: source.into(),
        };
        binding.remove(&channel).await.map_err(refused)?;
    }
    Ok(())
}

impl Topology {
    /// Declares the service's own exchanges, queues and bindings; what exists with the same arguments is not changed. A
    /// consumer does this itself when it starts.
    ///
    /// # Errors
    /// [`TopologyError::Refused`] if something exists with other arguments, or the broker's user has no permission.
    pub async fn declare_at(&self, broker: impl Into<BrokerAddress>) -> Result<(), TopologyError> {
        self.declare_on(&Link::to_publish(broker.into(), "topology".to_owned()), true).await
    }

    pub(crate) async fn declare(&self, channel: &Channel) -> Result<(), lapin::Error> {
        for exchange in &self.exchanges {
            exchange.declare(channel).await?;
        }
        for queue in &self.queues {
            queue.declare(channel).await?;
        }
        for binding in &self.bindings {
            binding.declare(channel).await?;
        }
        Ok(())
    }

    /// Same, on a separate channel, because a refusal closes the channel, and with readable errors. If the service
    /// declares nothing, this checks that everything exists.
    pub(crate) async fn declare_on(&self, link: &Link, declares: bool) -> Result<(), TopologyError> {
        let channel = link.channel().await.map_err(TopologyError::Broker)?;
        let refused = |what: String| {
            move |source: lapin::Error| {
                let source = source.into();
                if declares { TopologyError::Refused { what, source } } else { TopologyError::Missing { what, source } }
            }
        };
        for exchange in &self.exchanges {
            let done = if declares { exchange.declare(&channel).await } else { exchange.look(&channel).await };
            done.map_err(refused(format!("exchange {}", exchange.name)))?;
        }
        for queue in &self.queues {
            let done = if declares { queue.declare(&channel).await } else { queue.look(&channel).await };
            done.map_err(refused(format!("queue {}", queue.name)))?;
        }
        // AMQP can't query bindings.
        for binding in self.bindings.iter().filter(|_| declares) {
            binding.declare(&channel).await.map_err(refused(format!("binding {binding}")))?;
        }
        // The next check needs another channel.
        let _ = channel.close(200, "declared".into()).await;
        Ok(())
    }
}

impl Exchange {
    /// Whether it exists; the broker closes the channel if not.
    async fn look(&self, channel: &Channel) -> Result<(), lapin::Error> {
        let options = ExchangeDeclareOptions { passive: true, ..ExchangeDeclareOptions::default() };
        channel.exchange_declare(self.name.as_str().into(), self.kind.into(), options, FieldTable::default()).await
    }

    async fn declare(&self, channel: &Channel) -> Result<(), lapin::Error> {
        let options = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
        channel.exchange_declare(self.name.as_str().into(), self.kind.into(), options, FieldTable::default()).await
    }
}

impl Queue {
    /// Whether it exists; the broker closes the channel if not.
    async fn look(&self, channel: &Channel) -> Result<(), lapin::Error> {
        let options = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
        channel.queue_declare(self.name.as_str().into(), options, FieldTable::default()).await.map(drop)
    }

    async fn declare(&self, channel: &Channel) -> Result<(), lapin::Error> {
        let mut arguments = FieldTable::default();
        arguments.insert("x-queue-type".into(), AMQPValue::LongString("quorum".into()));
        for (name, value) in &self.arguments {
            let value = match value {
                Argument::Text(text) => AMQPValue::LongString(text.as_str().into()),
                Argument::Number(number) => AMQPValue::LongInt(*number),
            };
            arguments.insert((*name).into(), value);
        }
        let options = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
        channel.queue_declare(self.name.as_str().into(), options, arguments).await.map(drop)
    }
}

impl Binding {
    async fn remove(&self, channel: &Channel) -> Result<(), lapin::Error> {
        let (queue, exchange, key) = (self.queue.as_str(), self.exchange.as_str(), self.routing_key.as_str());
        channel.queue_unbind(queue.into(), exchange.into(), key.into(), FieldTable::default()).await
    }

    /// Declares the binding; an existing one is not changed. A refusal closes the channel: 404 if the exchange does not
    /// exist, 403 if the broker's user has no permission.
    pub(crate) async fn declare(&self, channel: &Channel) -> Result<(), lapin::Error> {
        let (queue, exchange, key) = (self.queue.as_str(), self.exchange.as_str(), self.routing_key.as_str());
        let options = QueueBindOptions::default();
        channel.queue_bind(queue.into(), exchange.into(), key.into(), options, FieldTable::default()).await
    }
}
