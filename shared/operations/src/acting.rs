//! Who acts on dead letters.

use axum::extract::FromRequestParts;
use http::request::Parts;
use rabbit_outbox::Messaging;
use rabbit_outbox::dead_letters::{DeadLetters, Operator};
use std::convert::Infallible;

/// The dead letters, on which the operator of this request acts. Your authorization adds an [`Operator`] to the extensions
/// of a request; without it, actions are recorded without a name.
pub(crate) struct Letters(pub(crate) DeadLetters);

impl FromRequestParts<Messaging> for Letters {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, messaging: &Messaging) -> Result<Self, Infallible> {
        let operator = parts.extensions.get::<Operator>().cloned().unwrap_or_default();
        Ok(Self(messaging.dead_letters().with_operator(operator)))
    }
}
