//! Binding the inbox to the exchanges of other services, some of which may not exist yet.

use super::error::ConsumeError;
use crate::broker::Link;
use crate::causes::chain;
use crate::topology::{Binding, Topology};
use lapin::ErrorKind;
use lapin::protocol::{AMQPErrorKind, AMQPSoftError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tracing::{info, warn};

/// Interval between checks for missing exchanges.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// Interval between repeated declarations: someone may have deleted exchanges, queues or bindings.
const DECLARE_AGAIN: Duration = Duration::from_secs(5);

/// How much of its subscriptions a service receives, for `/readyz`.
#[derive(Clone, Debug, Default)]
pub(crate) struct SubscriptionState(Arc<Mutex<State>>);

#[derive(Clone, Debug, Default)]
enum State {
    #[default]
    Nothing,
    /// The last session failed for this reason.
    Failed(String),
    /// Everything except these wire types.
    AllBut(Vec<String>),
}

impl SubscriptionState {
    /// Whether all subscriptions are bound.
    ///
    /// # Errors
    /// The reason, for the readiness report.
    pub(crate) fn check(&self) -> Result<(), String> {
        match &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            State::Nothing => Err("not subscribed".to_owned()),
            State::Failed(why) => Err(format!("not subscribed: {why}")),
            State::AllBut(missing) if missing.is_empty() => Ok(()),
            State::AllBut(missing) => Err(format!("no exchange exists yet for {}", missing.join(", "))),
        }
    }

    /// Whether the last session did not fail; its error is more precise than "not connected".
    ///
    /// # Errors
    /// The reason, for the readiness report.
    pub(crate) fn check_failure(&self) -> Result<(), String> {
        match &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            State::Failed(why) => Err(format!("not subscribed: {why}")),
            State::Nothing | State::AllBut(_) => Ok(()),
        }
    }

    /// Nothing is received now.
    pub(super) fn end(&self) {
        self.set(State::Nothing);
    }

    /// Nothing is received now, for this reason.
    pub(super) fn fail(&self, why: &str) {
        self.set(State::Failed(why.to_owned()));
    }

    fn set(&self, state: State) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }
}

/// Keeps the topology of a consumer declared while it consumes.
///
/// A missing exchange of a service that was never deployed must not prevent other events from being consumed: it is
/// retried in parallel. Deleted exchanges, queues and bindings are declared again.
#[derive(Clone)]
pub(super) struct InboxBindings {
    link: Link,
    topology: Topology,
    missing: Vec<Binding>,
}

impl InboxBindings {
    /// Binds the inbox to the exchanges that exist.
    ///
    /// # Errors
    /// [`ConsumeError`] if the broker refuses for another reason than a missing exchange.
    pub(super) async fn begin(link: Link, topology: Topology) -> Result<Self, ConsumeError> {
        let mut bindings = Self { link, topology, missing: vec![] };
        bindings.bind().await?;
        for binding in &bindings.missing {
            warn!(
                exchange = binding.exchange,
                "not subscribed to {}: its exchange does not exist yet", binding.routing_key
            );
        }
        Ok(bindings)
    }

    /// Publishes the state once deliveries are consumed.
    pub(super) fn report(&self, state: &SubscriptionState) {
        let missing = self.missing.iter().map(|binding| binding.routing_key.clone());
        state.set(State::AllBut(missing.collect()));
    }

    /// Declares everything repeatedly; never ends. It runs in parallel to the deliveries, so that their number does not
    /// delay it and its failures do not affect them.
    pub(super) async fn keep_declaring(
        mut self,
        state: &SubscriptionState,
        declares: bool,
    ) -> std::convert::Infallible {
        if !declares {
            return std::future::pending().await;
        }
        loop {
            tokio::time::sleep(if self.missing.is_empty() { DECLARE_AGAIN } else { LOOK_AGAIN }).await;
            if let Err(failure) = self.topology.declare_on(&self.link, true).await {
                warn!(error = %chain(&failure), "the topology could not be declared again");
            }
            let before = self.missing.clone();
            if let Err(failure) = self.bind().await {
                warn!(error = %chain(&failure), "the inbox could not be bound again");
            }
            for bound in before.iter().filter(|binding| !self.missing.contains(binding)) {
                info!(exchange = bound.exchange, "the inbox is bound to {}", bound.routing_key);
            }
            if before != self.missing {
                self.report(state);
            }
        }
    }

    /// Binds everything, and records the missing exchanges.
    async fn bind(&mut self) -> Result<(), ConsumeError> {
        let mut channel = None;
        let mut missing = vec![];
        for binding in &self.topology.subscriptions {
            // A failed binding closes its channel.
            let open = match channel.take() {
                Some(open) => open,
                None => self.link.channel().await.map_err(ConsumeError::Broker)?,
            };
            match binding.declare(&open).await {
                Ok(()) => channel = Some(open),
                Err(refused) if is_not_found(&refused) => missing.push(binding.clone()),
                Err(refused) => return Err(ConsumeError::Bind(refused)),
            }
        }
        if let Some(open) = channel {
            // The next call uses another channel.
            let _ = open.close(200, "bound".into()).await;
        }
        self.missing = missing;
        Ok(())
    }
}

fn is_not_found(error: &lapin::Error) -> bool {
    match error.kind() {
        ErrorKind::ProtocolError(error) => *error.kind() == AMQPErrorKind::Soft(AMQPSoftError::NOTFOUND),
        _ => false,
    }
}
