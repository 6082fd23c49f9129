//! What an instance is to be: decided before anything starts.

use std::path::{Path, PathBuf};

use servers::{Durability, Port, Programs, pick};

use crate::checkout::{Checkout, variable};
use crate::failure::Failure;
use crate::instance::given::Given;

/// Whoever sends `X-User-ID: 1` is user 1: on one machine, for development.
const BELIEVING: &str = "header";

/// The ports of the services.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ServicePorts {
    pub(crate) api: u16,
    pub(crate) ui: u16,
    pub(crate) links: u16,
    pub(crate) orders: u16,
    pub(crate) payments: u16,
    pub(crate) ocr: u16,
    pub(crate) router: u16,
    pub(crate) users: u16,
}

/// The wished ports of the servers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ServerPorts {
    pub(crate) postgres: Port,
    pub(crate) amqp: Port,
    pub(crate) console: Port,
    pub(crate) redis: Port,
}

/// Where an instance lives and what it uses.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    folder: PathBuf,
    pub(crate) services: ServicePorts,
    pub(crate) servers: ServerPorts,
    pub(crate) durability: Durability,
    pub(crate) given: Given,
    pub(crate) release: bool,
    /// How people prove who they are: `header` or `jwt`.
    pub(crate) auth_mode: String,
    /// Whose programs the servers are.
    pub(crate) server_programs: Programs,
    /// Where the programs are, unless where this build puts them.
    programs: Option<PathBuf>,
}

impl Plan {
    /// The instance of `up`: the ports that the documentation names.
    pub(crate) fn up(checkout: &Checkout, release: bool) -> Self {
        Self {
            folder: checkout.local(),
            services: ServicePorts {
                api: 8000,
                ui: 8080,
                links: 8090,
                orders: 8001,
                payments: 8002,
                ocr: 8003,
                router: 8005,
                users: 8004,
            },
            servers: ServerPorts {
                postgres: Port::Prefer(15_432),
                amqp: Port::Prefer(15_673),
                console: Port::Prefer(15_672),
                redis: Port::Prefer(16_379),
            },
            durability: Durability::Full,
            given: Given::from_environment(),
            release,
            auth_mode: variable("AUTH_MODE").unwrap_or_else(|| BELIEVING.to_owned()),
            server_programs: Programs::Machine,
            programs: None,
        }
    }

    /// An instance for tests in a folder of its own, on free ports, that forgets when the power goes.
    ///
    /// # Errors
    /// Fails if no port is free.
    pub(crate) fn for_tests(folder: PathBuf) -> Result<Self, Failure> {
        Ok(Self {
            folder,
            services: ServicePorts {
                api: pick(Port::Free)?,
                ui: pick(Port::Free)?,
                links: pick(Port::Free)?,
                orders: pick(Port::Free)?,
                payments: pick(Port::Free)?,
                ocr: pick(Port::Free)?,
                router: pick(Port::Free)?,
                users: pick(Port::Free)?,
            },
            servers: ServerPorts { postgres: Port::Free, amqp: Port::Free, console: Port::Free, redis: Port::Free },
            durability: Durability::None,
            given: Given::default(),
            release: false,
            auth_mode: BELIEVING.to_owned(),
            server_programs: Programs::Machine,
            programs: None,
        })
    }

    /// The same, into which people sign in.
    pub(crate) fn where_people_sign_in(self) -> Self {
        Self { auth_mode: "jwt".to_owned(), ..self }
    }

    /// The same, on servers of another installation.
    pub(crate) fn on_servers_of(self, server_programs: Programs) -> Self {
        Self { server_programs, ..self }
    }

    /// An instance that is measured: optimised, on free ports, and it loses nothing when the power goes.
    ///
    /// # Errors
    /// Fails if no port is free.
    pub(crate) fn for_bench(folder: PathBuf, programs: Option<PathBuf>) -> Result<Self, Failure> {
        Ok(Self { durability: Durability::Full, release: true, programs, ..Self::for_tests(folder)? })
    }

    /// Whether people sign in, and there are some for trying it out.
    pub(crate) fn signs_in(&self) -> bool {
        self.auth_mode != BELIEVING
    }

    /// Leaves the broker and Redis out, as if they were given.
    pub(crate) fn only_postgres(&mut self) {
        self.given.amqp = Some("amqp://unused".to_owned());
        self.given.redis = Some("redis://unused".to_owned());
    }

    /// Where a program of the product is.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        match &self.programs {
            Some(folder) => folder.join(name),
            None => Checkout::program(name, self.release),
        }
    }

    /// Where data, logs and state are.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where ocr-service keeps the photos.
    pub(crate) fn photos(&self) -> PathBuf {
        self.folder.join("photos")
    }

    /// Where users-service keeps the keys that tokens are signed with.
    pub(crate) fn keys(&self) -> PathBuf {
        self.folder.join("keys")
    }

    /// The log of a service or server.
    pub(crate) fn log(&self, name: &str) -> PathBuf {
        self.folder.join("logs").join(format!("{name}.log"))
    }

    /// Where the process of a service is recorded.
    pub(crate) fn record(&self, name: &str) -> PathBuf {
        self.folder.join("run").join(format!("{name}.pid"))
    }
}
