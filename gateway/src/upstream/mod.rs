//! The services behind the gateway and the connections to them.

mod answer;
mod base_url;
mod connection;
mod failure;
mod kept;

pub(crate) use answer::{Answer, Arriving};
pub(crate) use base_url::BaseUrl;
pub(crate) use failure::SendError;

use crate::forward::upload::Upload;
use crate::limits::Limits;
use connection::Connection;
use http::Request;
use hyper::client::conn::TrySendError;
use kept::Kept;
use std::sync::Arc;

/// A service that requests are forwarded to, and the connections to it: kept, reused, and replaced once when they turn
/// out stale.
pub(crate) struct Upstream {
    /// Its name in logs and metrics.
    pub(crate) name: &'static str,
    pub(crate) base: BaseUrl,
    limits: Limits,
    kept: Kept,
}

impl Upstream {
    /// A service, without connections yet.
    pub(crate) fn new(name: &'static str, base: BaseUrl, limits: Limits) -> Arc<Self> {
        Arc::new(Self { name, base, limits, kept: Kept::new(limits.workers, limits.idle) })
    }

    /// Sends a request, over a connection that is there if possible.
    ///
    /// A kept connection may be closed by the service in the moment in which it is used. When not a byte was sent,
    /// the connection is replaced silently. When the service may have seen the request, it is made `again` and sent
    /// once more only if that [is harmless](is_harmless).
    ///
    /// # Errors
    /// [`SendError`] when no head of an answer came.
    pub(crate) fn send(
        self: &Arc<Self>,
        request: Request<Upload>,
        again: impl FnOnce() -> Request<Upload> + Send,
    ) -> impl Future<Output = Result<Answer, SendError>> + Send {
        let again = is_harmless(&request).then_some(again);
        let sent = match self.kept.take() {
            Some(connection) => Sent::OnKept(connection.send(request)),
            None => Sent::OnNew(Box::pin(self.send_on_new(request))),
        };
        async move {
            let outcome = match sent {
                Sent::OnKept(sent) => match sent.await {
                    Ok((answer, connection)) => return Ok(Answer::new(answer, connection, self)),
                    Err(mut failure) => match failure.take_message() {
                        Some(unsent) => Box::pin(self.send_on_another(unsent)).await,
                        None => Err(failure.into_error().into()),
                    },
                },
                Sent::OnNew(sent) => sent.await,
            };
            match (outcome, again) {
                (Err(failure), Some(again)) if failure.is_close() => {
                    metrics::counter!("gateway_upstream_retries_total").increment(1);
                    // The second try must not meet another stale connection.
                    Box::pin(self.send_on_new(again())).await
                }
                (outcome, _) => outcome,
            }
        }
    }

    /// Sends what a stale connection did not take.
    async fn send_on_another(self: &Arc<Self>, mut request: Request<Upload>) -> Result<Answer, SendError> {
        while let Some(connection) = self.kept.take() {
            match connection.send(request).await {
                Ok((answer, connection)) => return Ok(Answer::new(answer, connection, self)),
                Err(mut failure) => match failure.take_message() {
                    Some(unsent) => request = unsent,
                    None => return Err(failure.into_error().into()),
                },
            }
        }
        self.send_on_new(request).await
    }

    async fn send_on_new(self: &Arc<Self>, request: Request<Upload>) -> Result<Answer, SendError> {
        let connection = Connection::open(&self.base, &self.limits).await.map_err(SendError::Connect)?;
        let (answer, connection) = Box::new(connection).send(request).await.map_err(TrySendError::into_error)?;
        Ok(Answer::new(answer, connection, self))
    }
}

/// A request on its way, over a connection that was there or, which takes longer and more memory, over another.
enum Sent<K, N> {
    OnKept(K),
    OnNew(N),
}

/// Whether it may reach the service twice: an idempotent method without a body.
fn is_harmless(request: &Request<Upload>) -> bool {
    request.body().is_empty() && request.method().is_idempotent()
}
