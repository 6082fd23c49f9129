//! Connections to services: kept, reused, and replaced once when they turn out stale.

use crate::forward::upload::Upload;
use crate::limits::Limits;
use crate::upstream::SendError;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};

/// Sends requests to services.
pub(crate) struct Client {
    pooled: legacy::Client<HttpConnector, Upload>,
    /// Opens a new connection each time: the second try must not meet another stale one.
    fresh: legacy::Client<HttpConnector, Upload>,
}

impl Client {
    /// A client without connections yet.
    pub(crate) fn new(limits: &Limits) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(limits.connect));
        connector.set_nodelay(true);
        connector.set_keepalive(Some(limits.keepalive));
        connector.set_keepalive_interval(Some(limits.keepalive / 3));
        connector.set_tcp_user_timeout(Some(limits.keepalive * 2));
        let mut builder = legacy::Client::builder(TokioExecutor::new());
        builder.pool_timer(TokioTimer::new()).pool_idle_timeout(limits.idle).set_host(false);
        let pooled = builder.build(connector.clone());
        let fresh = builder.pool_max_idle_per_host(0).build(connector);
        Self { pooled, fresh }
    }

    /// Sends a request, over a connection that is there if possible.
    ///
    /// A kept connection may be closed by the service in the moment in which it is used. When not a byte was sent,
    /// the connection is replaced silently. When the service may have seen the request, it is sent once more only
    /// if that is harmless: an idempotent method without a body.
    ///
    /// # Errors
    /// [`SendError`] when no head of an answer came.
    pub(crate) async fn send(&self, request: Request<Upload>) -> Result<Response<Incoming>, SendError> {
        let again = repeatable(&request);
        let failure = match self.pooled.request(request).await {
            Ok(answer) => return Ok(answer),
            Err(failure) => SendError::from(failure),
        };
        match again {
            Some(request) if failure.is_close() => {
                metrics::counter!("gateway_upstream_retries_total").increment(1);
                Ok(self.fresh.request(request).await?)
            }
            _ => Err(failure),
        }
    }
}

/// A copy to send again, if that is harmless.
fn repeatable(request: &Request<Upload>) -> Option<Request<Upload>> {
    if !request.body().is_empty() || !request.method().is_idempotent() {
        return None;
    }
    let mut copy = Request::new(Upload::empty());
    *copy.method_mut() = request.method().clone();
    *copy.uri_mut() = request.uri().clone();
    *copy.headers_mut() = request.headers().clone();
    Some(copy)
}
