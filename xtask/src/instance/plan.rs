//! The configuration of an instance, decided before anything starts.

use std::path::{Path, PathBuf};

use servers::{Durability, Port, Programs, TlsFiles, pick};

use crate::checkout::{Checkout, variable};
use crate::failure::Failure;
use crate::instance::given::Given;
use crate::services::{SERVICES, Service};

/// A request with `X-User-ID: 1` is authenticated as user 1: only for development on one machine.
const HEADER_MODE: &str = "header";

/// The port of the API.
pub(crate) const API: u16 = 8000;
/// The ports of the page and of share links.
pub(crate) const PAGES: [u16; 2] = [8080, 8090];
/// The port of the gateway's metrics.
pub(crate) const METRICS: u16 = 8091;
/// The preferred ports of private servers: PostgreSQL, AMQP, RabbitMQ's console, Redis.
pub(crate) const SERVERS: [u16; 4] = [15_432, 15_673, 15_672, 16_379];

/// The ports of the gateway and the services.
#[derive(Clone, Debug)]
pub(crate) struct ServicePorts {
    pub(crate) api: u16,
    pub(crate) ui: u16,
    pub(crate) links: u16,
    /// The gateway's `/metrics`.
    pub(crate) metrics: u16,
    /// In the order of [`SERVICES`].
    backends: Vec<u16>,
}

impl ServicePorts {
    /// The port of a service.
    pub(crate) fn of(&self, service: &Service) -> u16 {
        let ports = SERVICES.iter().zip(&self.backends);
        ports.into_iter().find(|(other, _)| *other == service).map_or(service.port, |(_, port)| *port)
    }
}

/// The preferred ports of the servers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ServerPorts {
    pub(crate) postgres: Port,
    pub(crate) amqp: Port,
    pub(crate) console: Port,
    pub(crate) redis: Port,
}

/// Location and configuration of an instance.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    folder: PathBuf,
    pub(crate) services: ServicePorts,
    pub(crate) servers: ServerPorts,
    pub(crate) durability: Durability,
    pub(crate) given: Given,
    pub(crate) release: bool,
    has_tls: bool,
    /// Authentication mode of the gateway: `header` or `jwt`.
    pub(crate) auth_mode: String,
    /// Open live sockets per user; `None` for the default of the services.
    pub(crate) live_sockets_per_user: Option<u32>,
    /// The installation that contains the server programs.
    pub(crate) server_programs: Programs,
    /// Folder of the programs; `None` for those of this build.
    programs: Option<PathBuf>,
}

impl Plan {
    /// The instance of `up`, with the documented ports.
    pub(crate) fn up(checkout: &Checkout, release: bool, has_tls: bool) -> Self {
        Self {
            folder: checkout.local(),
            services: ServicePorts {
                api: API,
                ui: PAGES[0],
                links: PAGES[1],
                metrics: METRICS,
                backends: SERVICES.iter().map(|service| service.port).collect(),
            },
            servers: ServerPorts {
                postgres: Port::Prefer(SERVERS[0]),
                amqp: Port::Prefer(SERVERS[1]),
                console: Port::Prefer(SERVERS[2]),
                redis: Port::Prefer(SERVERS[3]),
            },
            durability: Durability::Full,
            given: Given::from_environment(),
            release,
            has_tls,
            auth_mode: variable("AUTH_MODE").unwrap_or_else(|| HEADER_MODE.to_owned()),
            live_sockets_per_user: None,
            server_programs: Programs::Machine,
            programs: None,
        }
    }

    /// An instance for tests in its own folder, on free ports, without durability after a power failure.
    ///
    /// # Errors
    /// Fails if there is no free port.
    pub(crate) fn for_tests(folder: PathBuf) -> Result<Self, Failure> {
        Ok(Self {
            folder,
            services: ServicePorts {
                api: pick(Port::Free)?,
                ui: pick(Port::Free)?,
                links: pick(Port::Free)?,
                metrics: pick(Port::Free)?,
                backends: SERVICES.iter().map(|_| pick(Port::Free)).collect::<Result<_, _>>()?,
            },
            servers: ServerPorts { postgres: Port::Free, amqp: Port::Free, console: Port::Free, redis: Port::Free },
            durability: Durability::None,
            given: Given::default(),
            release: false,
            has_tls: false,
            auth_mode: HEADER_MODE.to_owned(),
            live_sockets_per_user: None,
            server_programs: Programs::Machine,
            programs: None,
        })
    }

    /// The same with sign-in required.
    pub(crate) fn with_sign_in(self) -> Self {
        Self { auth_mode: "jwt".to_owned(), ..self }
    }

    /// The same with the servers of another installation.
    pub(crate) fn on_servers_of(self, server_programs: Programs) -> Self {
        Self { server_programs, ..self }
    }

    /// An instance for benchmarks: optimised, on free ports, with full durability.
    ///
    /// # Errors
    /// Fails if there is no free port.
    pub(crate) fn for_bench(folder: PathBuf, programs: Option<PathBuf>) -> Result<Self, Failure> {
        let tests = Self::for_tests(folder)?;
        // One user opens all sockets that are measured.
        let live_sockets_per_user = Some(u32::MAX);
        Ok(Self { durability: Durability::Full, release: true, programs, live_sockets_per_user, ..tests })
    }

    /// The certificate of all programs and servers; `None` without TLS.
    pub(crate) fn tls(&self) -> Option<TlsFiles> {
        self.has_tls.then(|| TlsFiles::in_folder(&self.folder.join("tls")))
    }

    /// The URL of one of our ports, for people and browsers.
    pub(crate) fn url(&self, host: &str, port: u16) -> String {
        let scheme = if self.has_tls { "https" } else { "http" };
        format!("{scheme}://{host}:{port}")
    }

    /// Whether sign-in is required, with demo users.
    pub(crate) fn requires_sign_in(&self) -> bool {
        self.auth_mode != HEADER_MODE
    }

    /// Disables broker and Redis, by setting unused URLs.
    pub(crate) fn only_postgres(&mut self) {
        self.given.amqp = Some("amqp://unused".to_owned());
        self.given.redis = Some("redis://unused".to_owned());
    }

    /// Path of a program.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        match &self.programs {
            Some(folder) => folder.join(name),
            None => Checkout::program(name, self.release),
        }
    }

    /// Folder of data, logs and state.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// ocr-service's photo folder.
    pub(crate) fn photos(&self) -> PathBuf {
        self.folder.join("photos")
    }

    /// users-service's folder of token signing keys.
    pub(crate) fn keys(&self) -> PathBuf {
        self.folder.join("keys")
    }

    /// Log file of a service or server.
    pub(crate) fn log(&self, name: &str) -> PathBuf {
        self.folder.join("logs").join(format!("{name}.log"))
    }

    /// File with the process id of a service.
    pub(crate) fn record(&self, name: &str) -> PathBuf {
        self.folder.join("run").join(format!("{name}.pid"))
    }
}
