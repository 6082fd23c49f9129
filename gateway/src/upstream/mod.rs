//! The services behind the gateway and the connections to them.

mod base_url;
mod connection;
mod failure;
mod pool;
mod response;
mod upload;

pub(crate) use base_url::BaseUrl;
pub(crate) use failure::SendError;
pub(crate) use response::{ResponseBody, UpstreamResponse};
pub(crate) use upload::{Upload, UploadError, UploadWatch};

use crate::limits::Limits;
use connection::Connection;
use http::{HeaderMap, Method, Request, Uri};
use hyper::client::conn::TrySendError;
use identity::{GATEWAY_TOKEN_HEADER, Operation, Origin, SigningKey};
use pool::Pool;
use std::sync::Arc;
use tls::ClientTls;

/// A service that requests are forwarded to, with its connections: they are reused, and replaced once when they turn
/// out to be closed.
pub(crate) struct Upstream {
    /// Its name in logs and metrics.
    pub(crate) name: &'static str,
    pub(crate) base: BaseUrl,
    /// Signs gateway tokens. Without it, which is allowed in development, requests have none.
    key: Option<SigningKey>,
    tls: ClientTls,
    limits: Limits,
    pool: Arc<Pool>,
}

impl Upstream {
    /// A service without open connections.
    pub(crate) fn new(
        name: &'static str,
        base: BaseUrl,
        key: Option<SigningKey>,
        tls: ClientTls,
        limits: Limits,
    ) -> Arc<Self> {
        Arc::new(Self { name, base, key, tls, limits, pool: Arc::new(Pool::new(limits.workers, limits.idle)) })
    }

    /// Adds the gateway token to the headers of a request. It proves to the service that the gateway sent this request,
    /// for which user and from which address.
    pub(crate) fn add_gateway_token(&self, headers: &mut HeaderMap, (method, uri): (&Method, &Uri), origin: Origin) {
        if let Some(key) = &self.key {
            let operation = Operation { service: self.name, method, uri };
            headers.insert(GATEWAY_TOKEN_HEADER, key.gateway_token(operation, origin));
        }
    }

    /// Sends a request, over an idle connection if there is one.
    ///
    /// The service may close an idle connection at the moment it is used. If no byte was sent, the request is sent on
    /// another connection. If the service may have seen the request, it is rebuilt with `rebuild` and sent once more,
    /// but only if it [may be retried](is_retryable).
    ///
    /// # Errors
    /// [`SendError`] when there is no response head.
    pub(crate) fn send(
        self: &Arc<Self>,
        request: Request<Upload>,
        rebuild: impl FnOnce() -> Request<Upload> + Send,
    ) -> impl Future<Output = Result<UpstreamResponse, SendError>> + Send {
        let rebuild = is_retryable(&request).then_some(rebuild);
        let sent = match self.pool.take() {
            Some(connection) => Sent::OnIdle(connection.send(request)),
            None => Sent::OnNew(Box::pin(self.send_on_new(request))),
        };
        async move {
            let outcome = match sent {
                Sent::OnIdle(sent) => match sent.await {
                    Ok((answer, connection)) => return Ok(UpstreamResponse::new(answer, connection, &self.pool)),
                    Err(mut failure) => match failure.take_message() {
                        Some(unsent) => Box::pin(self.send_on_another(unsent)).await,
                        None => Err(failure.into_error().into()),
                    },
                },
                Sent::OnNew(sent) => sent.await,
            };
            match (outcome, rebuild) {
                (Err(failure), Some(rebuild)) if failure.is_close() => {
                    metrics::counter!("gateway_upstream_retries_total").increment(1);
                    // The retry must not use another closed connection.
                    Box::pin(self.send_on_new(rebuild())).await
                }
                (outcome, _) => outcome,
            }
        }
    }

    /// Sends a request that a closed connection did not accept.
    async fn send_on_another(self: &Arc<Self>, mut request: Request<Upload>) -> Result<UpstreamResponse, SendError> {
        while let Some(connection) = self.pool.take() {
            match connection.send(request).await {
                Ok((answer, connection)) => return Ok(UpstreamResponse::new(answer, connection, &self.pool)),
                Err(mut failure) => match failure.take_message() {
                    Some(unsent) => request = unsent,
                    None => return Err(failure.into_error().into()),
                },
            }
        }
        self.send_on_new(request).await
    }

    async fn send_on_new(self: &Arc<Self>, request: Request<Upload>) -> Result<UpstreamResponse, SendError> {
        let connection = Connection::open(&self.base, &self.tls, &self.limits).await.map_err(SendError::Connect)?;
        let (answer, connection) = Box::new(connection).send(request).await.map_err(TrySendError::into_error)?;
        Ok(UpstreamResponse::new(answer, connection, &self.pool))
    }
}

/// A request being sent over an idle connection or, which takes longer and more memory, a new one.
enum Sent<K, N> {
    OnIdle(K),
    OnNew(N),
}

/// Whether the service may receive the request twice: an idempotent method without a body.
fn is_retryable(request: &Request<Upload>) -> bool {
    request.body().is_empty() && request.method().is_idempotent()
}
