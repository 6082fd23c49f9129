//! The environment of the tests: separate servers, and a separate system.

use std::path::Path;

use servers::Programs;

use crate::checkout::Checkout;
use crate::console::Console;
use crate::failure::Failure;
use crate::instance::{Backing, Plan, Product, build_services};
use crate::interrupt::Interrupt;

/// Location and options of a test run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stage<'a> {
    pub(super) checkout: &'a Checkout,
    /// `.local/test`.
    pub(super) folder: &'a Path,
    pub(super) filter: Option<&'a str>,
    /// The installation that contains the server programs.
    pub(super) server_programs: &'a Programs,
    pub(super) console: &'a Console,
    pub(super) interrupt: &'a Interrupt,
}

impl Stage<'_> {
    /// Starts servers for integration tests. The system under test has others, so that their queues stay separate.
    ///
    /// # Errors
    /// Fails if a server does not start.
    pub(super) fn servers(&self) -> Result<Backing, Failure> {
        let plan = self.plan("servers")?;
        self.console.timed("servers", || Backing::start(&plan, self.console))
    }

    /// Builds and starts a whole system on free ports, in a folder of this name.
    ///
    /// # Errors
    /// Fails if a program does not build or start.
    pub(super) fn product(&self, name: &str) -> Result<Product, Failure> {
        self.start(&self.plan(name)?)
    }

    /// The same with sign-in required.
    ///
    /// # Errors
    /// As [`Stage::product`].
    pub(super) fn product_with_sign_in(&self) -> Result<Product, Failure> {
        self.start(&self.plan("signed-in")?.with_sign_in())
    }

    fn plan(&self, name: &str) -> Result<Plan, Failure> {
        Ok(Plan::for_tests(self.folder.join(name))?.on_servers_of(self.server_programs.clone()))
    }

    fn start(&self, plan: &Plan) -> Result<Product, Failure> {
        Product::prepare(plan)?;
        self.console.timed("build", || build_services(self.checkout, plan.release, self.console, self.interrupt))?;
        let backing = self.console.timed("servers", || Backing::start(plan, self.console))?;
        Product::start(plan, backing, self.console, self.interrupt)
    }
}
