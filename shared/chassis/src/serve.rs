//! The serve loop of every server: `axum::serve` has no header timeout and can't be given one.

use crate::framing::Framed;
use crate::open_files;
use crate::workers::Workers;
use axum::Router;
use axum::extract::ConnectInfo;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;
use tracing::{debug, warn};

/// A connection whose request head is not complete by then is closed, idle ones too.
const HEADER_TIMEOUT: Duration = Duration::from_secs(15);
/// Open connections, sockets included; further ones wait in the kernel's queue.
const CONNECTIONS_MAX: usize = 20_000;
/// Largest request head, in bytes.
const HEAD_BYTES_MAX: usize = 64 * 1024;
/// Pause after a failed accept: out of file descriptors is not cured by trying again at once.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves `router` on `listener` until `stopping`, then lets requests in flight end.
///
/// Sockets that were upgraded leave this loop; whoever upgraded them ends them.
///
/// # Errors
/// None at present: a failed accept is logged and tried again.
pub async fn serve(listener: TcpListener, router: Router, stopping: CancellationToken) -> Result<(), std::io::Error> {
    accept(listener, router, stopping, None).await
}

/// The same on threads of their own: `workers` take connections in turns.
///
/// # Errors
/// As [`serve`].
pub async fn serve_on(
    workers: Arc<Workers>,
    listener: TcpListener,
    router: Router,
    stopping: CancellationToken,
) -> Result<(), std::io::Error> {
    accept(listener, router, stopping, Some(&workers)).await
}

async fn accept(
    listener: TcpListener,
    router: Router,
    stopping: CancellationToken,
    workers: Option<&Workers>,
) -> Result<(), std::io::Error> {
    open_files::allow_all();
    let connections = TaskTracker::new();
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else {
            break;
        };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stopping.cancelled() => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                let (router, stopping) = (router.clone(), stopping.clone());
                let Some(workers) = workers else {
                    connections.spawn(async move {
                        tell(peer, serve_connection(stream, peer, router, stopping).await);
                        drop(place);
                    });
                    continue;
                };
                // A socket belongs to the runtime that waits for it.
                let Ok(stream) = stream.into_std() else { continue };
                let connection = async move {
                    if let Ok(stream) = TcpStream::from_std(stream) {
                        tell(peer, serve_connection(stream, peer, router, stopping).await);
                    }
                    drop(place);
                };
                connections.spawn_on(connection, workers.next());
            }
            Err(failure) => {
                warn!(error = %failure, "accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    connections.close();
    connections.wait().await;
    Ok(())
}

fn tell(peer: SocketAddr, ended: hyper::Result<()>) {
    if let Err(failure) = ended {
        debug!(%peer, error = %failure, "a connection ended badly");
    }
}

async fn serve_connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    stopping: CancellationToken,
) -> hyper::Result<()> {
    // Small answers must not wait for Nagle's algorithm; a socket that refuses still works.
    let _ = stream.set_nodelay(true);
    let service = router.map_request(move |request: Request<Incoming>| {
        let mut request = request.map(axum::body::Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        request
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(Framed::new(stream)), TowerToHyperService::new(service))
        .with_upgrades();
    let mut connection = pin!(connection);
    tokio::select! {
        ended = connection.as_mut() => return ended,
        () = stopping.cancelled() => connection.as_mut().graceful_shutdown(),
    }
    connection.await
}
