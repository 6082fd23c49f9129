//! A service that records the requests it receives.

use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::{Router, middleware};
use http::HeaderMap;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// A running service; it stops when dropped.
pub(crate) struct Service {
    pub(crate) address: SocketAddr,
    pub(crate) received: ReceivedRequests,
    stopping: CancellationToken,
}

/// The requests that a service received.
#[derive(Clone, Default)]
pub(crate) struct ReceivedRequests(Arc<Mutex<Records>>);

#[derive(Default)]
struct Records {
    heads: Vec<Head>,
    bodies: Vec<Bytes>,
    peers: BTreeSet<SocketAddr>,
}

/// The head of a request.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    pub(crate) line: String,
    pub(crate) headers: HeaderMap,
}

impl Service {
    /// A service that responds with the request's body.
    pub(crate) async fn echo() -> Self {
        Self::start(|received| Router::new().fallback(echo).with_state(received)).await
    }

    /// A service with this router.
    pub(crate) async fn start(router: impl FnOnce(ReceivedRequests) -> Router) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let received = ReceivedRequests::default();
        let stopping = CancellationToken::new();
        let router = router(received.clone()).layer(middleware::from_fn_with_state(received.clone(), record));
        tokio::spawn(http_server::serve::serve(listener, router, stopping.clone()));
        Self { address, received, stopping }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.stopping.cancel();
    }
}

impl ReceivedRequests {
    /// The heads of all requests.
    pub(crate) fn heads(&self) -> Vec<Head> {
        self.0.lock().unwrap().heads.clone()
    }

    /// Clears the records.
    pub(crate) fn clear(&self) {
        *self.0.lock().unwrap() = Records::default();
    }

    /// The head of the only request.
    pub(crate) fn only(&self) -> Head {
        let heads = self.heads();
        assert_eq!(heads.len(), 1, "{heads:?}");
        heads[0].clone()
    }

    /// The bodies that arrived completely.
    pub(crate) fn bodies(&self) -> Vec<Bytes> {
        self.0.lock().unwrap().bodies.clone()
    }

    /// How many connections were used.
    pub(crate) fn connections(&self) -> usize {
        self.0.lock().unwrap().peers.len()
    }
}

async fn record(
    State(received): State<ReceivedRequests>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
    next: Next,
) -> Response {
    {
        let mut records = received.0.lock().unwrap();
        records.peers.insert(peer);
        records
            .heads
            .push(Head { line: format!("{} {}", request.method(), request.uri()), headers: request.headers().clone() });
    }
    next.run(request).await
}

async fn echo(State(received): State<ReceivedRequests>, request: Request) -> Response {
    match axum::body::to_bytes(request.into_body(), usize::MAX).await {
        Ok(body) => {
            received.0.lock().unwrap().bodies.push(body.clone());
            Body::from(body).into_response()
        }
        Err(_) => http::StatusCode::BAD_REQUEST.into_response(),
    }
}
