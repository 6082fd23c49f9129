//! The open tunnels: their limit, and how they end at shutdown.

use super::frames::Frames;
use super::pipe::{self, End};
use crate::auth::SessionWatch;
use crate::shares::{Share, Shares};
use bytes::Bytes;
use hyper::upgrade::OnUpgrade;
use metrics::gauge;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tls::Socket;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{debug, info, warn};

/// All tunnels of the gateway.
pub(crate) struct Tunnels {
    permits: Arc<Semaphore>,
    shares: Shares,
    open: TaskTracker,
    cut: CancellationToken,
}

/// A permit to open one tunnel.
#[expect(dead_code, reason = "released when dropped")]
pub(crate) struct TunnelPermit {
    permit: OwnedSemaphorePermit,
    share: Share,
}

/// Why no further tunnel may be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoPermit {
    /// This client has its share open.
    Client,
    /// All tunnels are open.
    Gateway,
}

/// A Close frame: 1008, "the session has ended". Source: RFC 6455, sections 5.5.1 and 7.4.1.
const SESSION_ENDED: &[u8] = b"\x88\x17\x03\xf0the session has ended";

/// Counts an open tunnel in the metric, until it is dropped.
struct Counted;

impl Tunnels {
    /// No open tunnels, of at most `total`.
    pub(crate) fn new(total: usize, shares: Shares) -> Self {
        Self {
            permits: Arc::new(Semaphore::new(total)),
            shares,
            open: TaskTracker::new(),
            cut: CancellationToken::new(),
        }
    }

    /// A permit for one more tunnel of a user, or of a guest, at an address.
    ///
    /// # Errors
    /// [`NoPermit`] when a limit is reached.
    pub(crate) fn permit(&self, user: Option<i64>, address: IpAddr) -> Result<TunnelPermit, NoPermit> {
        let share = self.shares.take(user, address).ok_or(NoPermit::Client)?;
        let permit = Arc::clone(&self.permits).try_acquire_owned().map_err(|_| NoPermit::Gateway)?;
        Ok(TunnelPermit { permit, share })
    }

    /// Copies bytes both ways, once both ends have switched protocols, until both directions have ended, or the session
    /// of the user.
    pub(crate) fn run(
        &self,
        permit: TunnelPermit,
        client: OnUpgrade,
        service: impl Future<Output = Option<(Socket, Bytes)>> + Send + 'static,
        session: Option<SessionWatch>,
    ) {
        let cut = self.cut.clone();
        // The handshake's future is larger than the tunnel's, which would otherwise hold its memory until it ends.
        let connected = Box::pin(connect(client, service));
        self.open.spawn(async move {
            let counted = Counted::one();
            let copied = async {
                let (client, service) = connected.await?;
                let mut frames = Frames::default();
                tokio::select! {
                    copied = pipe::copy_both_ways(&client, &service, &mut frames) => return copied,
                    () = ended(session.as_ref()) => {}
                }
                drop(service);
                pipe::close(&client, &frames, SESSION_ENDED).await;
                Ok(())
            };
            tokio::select! {
                ended = copied => match ended {
                    Ok(()) => debug!("tunnel closed"),
                    Err(failure) => debug!(error = %failure, "tunnel failed"),
                },
                () = cut.cancelled() => debug!("tunnel closed at shutdown"),
            }
            drop((counted, permit));
        });
    }

    /// Waits until the services have closed all tunnels; closes the rest after `limit`.
    ///
    /// A service closes its WebSockets with 1012 when it restarts. The gateway can't: it does not parse WebSocket
    /// frames.
    pub(crate) async fn drain(&self, limit: Duration) {
        self.open.close();
        if !self.open.is_empty() {
            info!(tunnels = self.open.len(), "waiting for tunnels to close");
        }
        if tokio::time::timeout(limit, self.open.wait()).await.is_err() {
            warn!(tunnels = self.open.len(), "the remaining tunnels did not close in time and are closed now");
            self.cut.cancel();
            self.open.wait().await;
        }
    }
}

/// Completes when the session has ended; never for guests and in development, which have none.
async fn ended(session: Option<&SessionWatch>) {
    match session {
        Some(session) => session.ended().await,
        None => std::future::pending().await,
    }
}

/// Both ends, once both have switched protocols.
async fn connect(client: OnUpgrade, service: impl Future<Output = Option<(Socket, Bytes)>>) -> io::Result<(End, End)> {
    let (client, service) = tokio::join!(client, service);
    let client = End::of_client(client.map_err(io::Error::other)?);
    match (client, service) {
        (Some(client), Some((socket, read_before))) => Ok((client, End::new(socket, &read_before))),
        _ => Err(io::Error::other("a connection closed while it switched protocols")),
    }
}

impl Counted {
    fn one() -> Self {
        gauge!("gateway_tunnels").increment(1);
        Self
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        gauge!("gateway_tunnels").decrement(1);
    }
}
