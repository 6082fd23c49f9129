//! The whole running system: servers and services of one instance.

use std::time::Duration;

use servers::is_free;

use crate::console::Console;
use crate::failure::{Doing, Failure};
use crate::instance::backing::Backing;
use crate::instance::given::without_password;
use crate::instance::listeners::listener;
use crate::instance::migrate::migrate;
use crate::instance::plan::Plan;
use crate::instance::services::services;
use crate::instance::state::Part;
use crate::instance::supervise::{self, Supervised, wait_until_ready};
use crate::interrupt::Interrupt;
use crate::services::SERVICES;

/// A running system. Stop it with [`Product::stop`], which stops the parts in order.
#[derive(Debug)]
pub(crate) struct Product {
    plan: Plan,
    backing: Backing,
    services: Vec<Supervised>,
}

impl Product {
    /// Checks that the services' ports are free, and creates the folders.
    ///
    /// # Errors
    /// Fails with the port and, if possible, the process that uses it.
    pub(crate) fn prepare(plan: &Plan) -> Result<(), Failure> {
        for folder in ["run", "logs", "photos"] {
            let path = plan.folder().join(folder);
            servers::private_folder(&path).doing(format!("make {}", path.display()))?;
        }
        let ports = &plan.services;
        let pages =
            [(ports.api, "the API"), (ports.ui, "the UI"), (ports.links, "share links"), (ports.metrics, "metrics")];
        let backends = SERVICES.iter().map(|service| (ports.of(service), service.package));
        for (port, whose) in pages.into_iter().chain(backends) {
            if !is_free(port) {
                let by = listener(port).unwrap_or_else(|| "a process of another user".to_owned());
                return Err(Failure::new(format!("port {port} of {whose} is in use by {by}")));
            }
        }
        Ok(())
    }

    /// Runs the migrations and starts the services on running servers; waits until all are ready.
    ///
    /// # Errors
    /// Fails with the end of the failed program's log; everything that was started is stopped.
    pub(crate) fn start(
        plan: &Plan,
        backing: Backing,
        console: &Console,
        interrupt: &Interrupt,
    ) -> Result<Self, Failure> {
        let mut product = Self { plan: plan.clone(), backing, services: Vec::new() };
        match product.start_services(console, interrupt) {
            Ok(()) => Ok(product),
            Err(failure) => {
                product.stop();
                Err(failure)
            }
        }
    }

    fn start_services(&mut self, console: &Console, interrupt: &Interrupt) -> Result<(), Failure> {
        console.timed("migrate", || migrate(&self.plan, &self.backing))?;
        console.timed("services", || {
            for service in services(&self.plan, &self.backing) {
                self.services.push(Supervised::start(service, &self.plan)?);
            }
            wait_until_ready(&mut self.services, &self.plan, interrupt)
        })
    }

    /// Restarts crashed parts; returns whether the state has changed.
    pub(crate) fn restart_crashed(&mut self, console: &Console) -> bool {
        let mut changed = false;
        for name in self.backing.ended() {
            console.line(name, "exited unexpectedly; restarting it with its data");
            changed = true;
        }
        if changed && let Err(failure) = self.backing.start_again() {
            console.line("servers", &failure.to_string());
            // Retried with the next call; delayed because the cause may persist, such as a full disk.
            std::thread::sleep(Duration::from_secs(5));
        } else if changed {
            console.line("servers", "all are running again");
        }
        for service in &mut self.services {
            changed |= service.restart_crashed(&self.plan, console);
        }
        changed
    }

    /// All servers and services, for `status`.
    pub(crate) fn parts(&self) -> Vec<Part> {
        let services = self.services.iter().filter_map(Supervised::part);
        self.backing.parts().into_iter().chain(services).collect()
    }

    /// Whether sign-in is required.
    pub(crate) fn requires_sign_in(&self) -> bool {
        self.plan.requires_sign_in()
    }

    /// URL of the API.
    pub(crate) fn api_url(&self) -> String {
        self.plan.url("127.0.0.1", self.plan.services.api)
    }

    /// URL of the UI, which also serves the API.
    pub(crate) fn ui_url(&self) -> String {
        self.plan.url("127.0.0.1", self.plan.services.ui)
    }

    /// Labelled URLs to show.
    pub(crate) fn addresses(&self) -> Vec<(String, String)> {
        let ports = &self.plan.services;
        let console = self.backing.console_url().map_or_else(
            || "of the given broker".to_owned(),
            |url| format!("{}  guest / guest", url.replace("127.0.0.1", "localhost")),
        );
        // The password of a private server is not a secret, but that of a given server is.
        let database = if self.plan.given.database.is_some() {
            without_password(&self.backing.database_url())
        } else {
            self.backing.database_url()
        };
        [
            ("UI", self.plan.url("localhost", ports.ui)),
            ("API", self.plan.url("localhost", ports.api)),
            ("API docs", format!("{}/docs", self.plan.url("localhost", ports.api))),
            ("RabbitMQ", console),
            ("PostgreSQL", database),
        ]
        .map(|(label, url)| (label.to_owned(), url))
        .into()
    }

    /// Stops the services, then the servers.
    pub(crate) fn stop(&mut self) {
        supervise::stop(std::mem::take(&mut self.services));
        self.backing.stop();
    }
}
