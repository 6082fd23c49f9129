//! The life of the gateway process: check the configuration, bind, serve, drain.

use crate::auth::{AuthModeError, Authenticator, follow_sessions, refresh_keys};
use crate::config::{AuthMode, Config};
use crate::forward::target::Service;
use crate::gateway::Gateway;
use crate::limits::Limits;
use crate::metrics_help;
use crate::peer::Peer;
use crate::rate_limit::RateLimits;
use crate::report_refusals::report_refusals;
use crate::routes::{Listener, Routes};
use axum::middleware;
use http_server::health::health;
use http_server::layers::observe;
use http_server::readiness::Readiness;
use http_server::serve::{self, serve, serve_on_workers};
use http_server::thread_per_core::Workers;
use process::{Process, Shutdown};

use metrics_exporter_prometheus::PrometheusHandle;
use socket2::{SockRef, TcpKeepalive};
use std::convert::Infallible;
use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tls::{ClientTls, ConnectTlsError, ListenTlsError, ServerTls};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tracing::info;

/// Part of the shutdown time reserved for closing tunnels that did not end by themselves.
const CUT_MARGIN: Duration = Duration::from_millis(500);

/// Why the gateway could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The authentication mode is not safe with this configuration.
    #[error(transparent)]
    Auth(#[from] AuthModeError),
    /// The certificate can't be used, or an address needs one.
    #[error(transparent)]
    ListenTls(#[from] ListenTlsError),
    /// A service needs TLS, or the authorities can't be used.
    #[error(transparent)]
    ConnectTls(#[from] ConnectTlsError),
    /// The address is in use or not an address of this machine.
    #[error("listen on {address} ({variable})")]
    Listen {
        /// The variable that names the address.
        variable: &'static str,
        /// The address as configured.
        address: SocketAddr,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// The operating system can't create more threads.
    #[error("start worker threads")]
    Workers(#[source] std::io::Error),
}

/// The addresses that the gateway listens on. They differ from the configured ones if a configured port was 0.
#[derive(Clone, Copy, Debug)]
pub struct Listening {
    /// The API.
    pub api: SocketAddr,
    /// The web UI and the API.
    pub ui: SocketAddr,
    /// The web UI and the API, for share links.
    pub links: SocketAddr,
    /// The metrics, if they are served.
    pub metrics: Option<SocketAddr>,
}

/// Serves until SIGTERM or SIGINT.
///
/// # Errors
/// When it can't start.
pub async fn run(config: Config) -> Result<Shutdown, Box<dyn Error>> {
    let metrics = telemetry::start(&config.process.telemetry)?;
    let shutdown = config.process.shutdown_timeout();
    let process = Process::default();
    let limits = Limits::of(&config).within(http_server::open_files::raise_limit());
    start(config, limits, metrics, &process).await?;
    Ok(process.run_until_shutdown(shutdown).await?)
}

/// Binds the listeners and serves them as tasks of `process`.
///
/// # Errors
/// [`StartError`] when the configuration is unsafe or an address can't be bound.
pub async fn start(
    mut config: Config,
    limits: Limits,
    metrics: PrometheusHandle,
    process: &Process,
) -> Result<Listening, StartError> {
    metrics_help::describe();
    let authenticator = Authenticator::start(&config)?;
    let rate_limits = match config.mode() {
        AuthMode::Header => None,
        AuthMode::Jwt => {
            Some(RateLimits::new(config.redis_url.as_ref(), &config.connect_tls).map_err(AuthModeError::Redis)?)
        }
    };
    let (tls, client) = tls_of(&config)?;
    let api = bind("API_ADDR", config.api_addr, &limits).await?;
    let ui = bind("UI_ADDR", config.ui_addr, &limits).await?;
    let links = bind("LINKS_ADDR", config.links_addr, &limits).await?;
    let monitored = match config.metrics_addr {
        Some(configured) => Some((bind("METRICS_ADDR", configured, &limits).await?, configured)),
        None => None,
    };
    let listening = Listening {
        api: address(&api, config.api_addr),
        ui: address(&ui, config.ui_addr),
        links: address(&links, config.links_addr),
        metrics: monitored.as_ref().map(|(listener, configured)| address(listener, *configured)),
    };
    config.allowed_origins.add_own(listening.ui, tls.is_some());
    config.allowed_origins.add_own(listening.links, tls.is_some());
    config.allowed_origins.add(&config.share_base_url);
    let shutdown = config.process.shutdown_timeout();
    let permits = Arc::new(Semaphore::new(limits.connections));
    let workers = Arc::new(Workers::start(limits.workers).map_err(StartError::Workers)?);
    let gateway = Arc::new(Gateway::new(config, authenticator, rate_limits, &client, limits));
    follow_users(&gateway, process);
    let stopping = process.stopping();
    process.run("refusals", report_refusals(Arc::clone(&gateway), stopping.clone()));
    for (name, kind, tcp) in [("api", Listener::Api, api), ("ui", Listener::Ui, ui), ("links", Listener::Links, links)]
    {
        let routes = Routes::new(kind, &gateway);
        let shares = (!gateway.config.trust_forwarded).then(|| gateway.connections.clone());
        let of_connection = move |peer: SocketAddr| {
            let share = match &shares {
                Some(shares) => Some(shares.take(None, peer.ip())?),
                None => None,
            };
            let (routes, peer) = (routes.clone(), Arc::new(Peer::at(peer)));
            Some(move |request| {
                let _open = &share;
                routes.answer(request, &peer)
            })
        };
        let (permits, listener) = (Arc::clone(&permits), serve::Listener { tcp, tls: tls.clone() });
        process.run(name, serve_on_workers(Arc::clone(&workers), listener, of_connection, permits, stopping.clone()));
    }
    if let Some((listener, _)) = monitored {
        let router = health(Readiness::default(), metrics).layer(middleware::from_fn(observe));
        let listener = serve::Listener { tcp: listener, tls };
        process.run("metrics", serve(listener, router, stopping.clone()));
    }
    process.run("tunnels", async move {
        stopping.cancelled().await;
        gateway.tunnels.drain(shutdown.saturating_sub(CUT_MARGIN)).await;
        // The tunnels run on these threads.
        drop(workers);
        Ok::<(), Infallible>(())
    });
    let Listening { api, ui, links, .. } = listening;
    info!(%api, %ui, %links, "listening: API on {api}, UI on {ui}, share links on {links}");
    Ok(listening)
}

/// TLS for clients, if there is a certificate, and for services.
fn tls_of(config: &Config) -> Result<(Option<ServerTls>, ClientTls), StartError> {
    let mut addresses = config.addresses().to_vec();
    addresses.extend(config.metrics_addr.map(|address| ("METRICS_ADDR", address)));
    let tls = config.listen_tls.build(&addresses)?;
    for (variable, url) in config.service_urls() {
        config.connect_tls.check(variable, "begin with https://", url.peer())?;
    }
    Ok((tls, config.connect_tls.client()?))
}

/// Asks users-service for what the verification of tokens needs.
fn follow_users(gateway: &Gateway, process: &Process) {
    let users = gateway.upstream(Service::Users);
    if let Some(keys) = gateway.authenticator.keys() {
        process.run("keys", refresh_keys(keys, Arc::clone(users), process.stopping()));
    }
    if let Some(sessions) = gateway.authenticator.sessions() {
        process.run("sessions", follow_sessions(sessions, Arc::clone(users), process.stopping()));
    }
}

async fn bind(variable: &'static str, address: SocketAddr, limits: &Limits) -> Result<TcpListener, StartError> {
    let refused = |source| StartError::Listen { variable, address, source };
    let listener = TcpListener::bind(address).await.map_err(refused)?;
    // Accepted connections inherit both options (Linux). A client that vanished, with or without unacknowledged data,
    // must not hold its tunnel for hours.
    let keepalive = TcpKeepalive::new().with_time(limits.keepalive).with_interval(limits.keepalive / 3);
    let socket = SockRef::from(&listener);
    socket.set_tcp_keepalive(&keepalive).map_err(refused)?;
    socket.set_tcp_user_timeout(Some(limits.keepalive * 2)).map_err(refused)?;
    Ok(listener)
}

fn address(listener: &TcpListener, configured: SocketAddr) -> SocketAddr {
    listener.local_addr().unwrap_or(configured)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_address_in_use_is_named_with_its_variable() {
        let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = taken.local_addr().unwrap();
        let failure = bind("API_ADDR", address, &Limits::default()).await.unwrap_err();
        assert_eq!(failure.to_string(), format!("listen on {address} (API_ADDR)"));
    }
}
