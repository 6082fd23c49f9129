//! Binding the inbox to the exchanges of others, some of which may not be there yet.

use super::ConsumeError;
use super::outcome::chain;
use crate::broker::Link;
use crate::topology::{Binding, Topology};
use lapin::ErrorKind;
use lapin::protocol::{AMQPErrorKind, AMQPSoftError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tracing::{info, warn};

/// Between two looks for exchanges that were not there.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// Between two declarations of what is there: exchanges, queues or bindings may be deleted by hand.
const DECLARE_AGAIN: Duration = Duration::from_secs(5);

/// How much of what it subscribes to a service hears; `/readyz` tells.
#[derive(Clone, Debug, Default)]
pub(crate) struct Heard(Arc<Mutex<State>>);

#[derive(Clone, Debug, Default)]
enum State {
    #[default]
    Nothing,
    /// The last session ended with this.
    Failed(String),
    /// All but these wire types.
    AllBut(Vec<String>),
}

impl Heard {
    /// Whether everything is heard.
    ///
    /// # Errors
    /// Words for the report.
    pub(crate) fn check(&self) -> Result<(), String> {
        match &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            State::Nothing => Err("not subscribed".to_owned()),
            State::Failed(why) => Err(format!("not subscribed: {why}")),
            State::AllBut(missing) if missing.is_empty() => Ok(()),
            State::AllBut(missing) => Err(format!("nobody has ever announced {}", missing.join(", "))),
        }
    }

    /// Whether the last session did not fail: why it did says more than that there is no connection.
    ///
    /// # Errors
    /// Words for the report.
    pub(crate) fn check_failure(&self) -> Result<(), String> {
        match &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            State::Failed(why) => Err(format!("not subscribed: {why}")),
            State::Nothing | State::AllBut(_) => Ok(()),
        }
    }

    /// Nothing is heard now.
    pub(super) fn end(&self) {
        self.set(State::Nothing);
    }

    /// Nothing is heard now, for this reason.
    pub(super) fn fail(&self, why: &str) {
        self.set(State::Failed(why.to_owned()));
    }

    fn set(&self, state: State) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }
}

/// The topology of a consumer, kept as it should be while it consumes.
///
/// A service that was never deployed must not keep another from what it already hears: what is missing is looked for
/// while the rest is consumed. What was deleted by hand is declared again.
#[derive(Clone)]
pub(super) struct Hearing {
    link: Link,
    topology: Topology,
    missing: Vec<Binding>,
}

impl Hearing {
    /// Binds what can be bound.
    ///
    /// # Errors
    /// [`ConsumeError`] when the broker refuses for another reason than that an exchange is not there.
    pub(super) async fn begin(link: Link, topology: Topology) -> Result<Self, ConsumeError> {
        let mut hearing = Self { link, topology, missing: vec![] };
        hearing.bind().await?;
        for binding in &hearing.missing {
            warn!(exchange = binding.exchange, "{} is not heard: there is no such exchange yet", binding.routing_key);
        }
        Ok(hearing)
    }

    /// Says how much is heard, now that deliveries are taken.
    pub(super) fn report(&self, heard: &Heard) {
        let missing = self.missing.iter().map(|binding| binding.routing_key.clone());
        heard.set(State::AllBut(missing.collect()));
    }

    /// Declares everything again and again; never ends. It runs beside the deliveries, so that no number of them delays
    /// it, and what fails here keeps none of them from being handled.
    pub(super) async fn keep_declaring(mut self, heard: &Heard, declares: bool) -> std::convert::Infallible {
        if !declares {
            return std::future::pending().await;
        }
        loop {
            tokio::time::sleep(if self.missing.is_empty() { DECLARE_AGAIN } else { LOOK_AGAIN }).await;
            if let Err(failure) = self.topology.declare_on(&self.link, true).await {
                warn!(error = %chain(&failure), "declare again what may have been deleted");
            }
            let before = self.missing.clone();
            if let Err(failure) = self.bind().await {
                warn!(error = %chain(&failure), "bind the inbox again");
            }
            for bound in before.iter().filter(|binding| !self.missing.contains(binding)) {
                info!(exchange = bound.exchange, "the inbox is bound to {}", bound.routing_key);
            }
            if before != self.missing {
                self.report(heard);
            }
        }
    }

    /// Binds everything, and notes what there is no exchange for.
    async fn bind(&mut self) -> Result<(), ConsumeError> {
        let mut channel = None;
        let mut missing = vec![];
        for binding in &self.topology.heard {
            // A binding that fails closes its channel.
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
            // The next time it is another channel.
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
