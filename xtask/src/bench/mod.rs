//! `bench`: starts what is to be measured, alone on servers of its own, and measures it with the program `bench`.

use std::path::PathBuf;
use std::process::{Command, ExitCode};

use crate::checkout::Checkout;
use crate::cli::{Bench, BenchOptions};
use crate::console::{Console, say};
use crate::failure::{Doing, Failure};
use crate::install::{Need, ask_for_password, install, missing};
use crate::instance::{Backing, Lock, PROGRAMS, Plan, Product, cargo_build};
use crate::interrupt::Interrupt;
use crate::run::{self, OnInterrupt};

/// What one measurement needs besides its own options.
struct Stage<'a> {
    checkout: &'a Checkout,
    options: &'a BenchOptions,
    folder: PathBuf,
    console: &'a Console,
    interrupt: &'a Interrupt,
}

/// Builds, starts, measures, stops.
///
/// # Errors
/// Fails if something does not build, start or come to rest, or a rule of money is broken afterwards.
pub(crate) fn bench(checkout: &Checkout, options: &BenchOptions) -> Result<ExitCode, Failure> {
    let interrupt = Interrupt::watch()?;
    // The answer of `--json` is for a program.
    let console = if options.json { Console::silent() } else { Console::new() };
    let folder = checkout.local().join("bench");
    std::fs::create_dir_all(&folder).doing(format!("make {}", folder.display()))?;
    let Some(_lock) = Lock::take(&folder)? else {
        return Err(Failure::new("another `cargo xtask bench` runs: two would measure each other"));
    };
    let mut needs = vec![Need::Postgres, Need::RabbitMq, Need::Redis, Need::Tesseract];
    if matches!(options.bench, Bench::Gateway { .. }) {
        needs.push(Need::Nginx);
    }
    let packages = missing(&needs);
    ask_for_password(&packages);
    install(&packages, &console, &interrupt)?;
    let stage = Stage { checkout, options, folder, console: &console, interrupt: &interrupt };
    stage.build()?;
    match &options.bench {
        Bench::Orders { seconds, users, connections, rate, young } => {
            let mut arguments = vec![format!("--seconds={seconds}"), format!("--users={users}")];
            arguments.push(format!("--connections={connections}"));
            arguments.extend(rate.map(|rate| format!("--rate={rate}")));
            arguments.extend(young.then(|| "--young".to_owned()));
            stage.on_product("orders", arguments)
        }
        Bench::Sockets { sockets } => {
            // Two of the gateway for each, and some for everything else.
            raise_open_files(2 * u64::from(*sockets) + 1_000)?;
            stage.on_product("sockets", vec![format!("--sockets={sockets}")])
        }
        Bench::Relay { events, rounds } => {
            stage.on_servers("relay", vec![format!("--events={events}"), format!("--rounds={rounds}")])
        }
        Bench::Gateway { seconds, connections, rounds } => {
            let gateway = options.programs.as_ref().map(|folder| folder.join("gateway"));
            let gateway = gateway.unwrap_or_else(|| Checkout::program("gateway", true));
            let all = [
                format!("--gateway={}", gateway.display()),
                format!("--folder={}", stage.fresh_data()?.display()),
                format!("--seconds={seconds}"),
                format!("--connections={connections}"),
                format!("--rounds={rounds}"),
            ];
            stage.measure("gateway", &all)
        }
    }
}

/// Allows what is started from here to have so many files open.
fn raise_open_files(wanted: u64) -> Result<(), Failure> {
    servers::raise_open_files(wanted)
        .doing(format!("allow {wanted} open files (see `ulimit -Hn`; fewer sockets need fewer, `--sockets`)"))
}

impl Stage<'_> {
    fn build(&self) -> Result<(), Failure> {
        let mut command = Command::new("cargo");
        command
            .args(["build", "--release", "-p", "bench"])
            .current_dir(self.checkout.root())
            .env_remove("DATABASE_URL");
        for program in PROGRAMS {
            command.args(["-p", program]);
        }
        self.console.timed("build", || cargo_build(command, "build", self.console, self.interrupt))
    }

    /// Measures a whole product with empty tables.
    fn on_product(&self, bench: &str, arguments: Vec<String>) -> Result<ExitCode, Failure> {
        let data = self.fresh_data()?;
        let plan = Plan::for_bench(data, self.options.programs.clone())?;
        Product::prepare(&plan)?;
        let backing = self.console.timed("servers", || Backing::start(&plan, self.console))?;
        let database_url = backing.database_url();
        let mut product = Product::start(&plan, backing, self.console, self.interrupt)?;
        let mut all = vec![format!("--api=127.0.0.1:{}", plan.services.api), format!("--database-url={database_url}")];
        all.push(format!("--folder={}", plan.folder().display()));
        all.extend(product.parts().iter().map(|part| format!("--part={}={}", part.name, part.process.pid())));
        all.extend(arguments);
        let measured = self.measure(bench, &all);
        product.stop();
        measured
    }

    /// Measures on a database and a broker alone.
    fn on_servers(&self, bench: &str, arguments: Vec<String>) -> Result<ExitCode, Failure> {
        let plan = Plan::for_bench(self.fresh_data()?, None)?;
        let mut backing = self.console.timed("servers", || Backing::start(&plan, self.console))?;
        let mut all = vec![
            format!("--database-url={}", backing.maintenance_url().unwrap_or_default()),
            format!("--amqp-url={}", backing.amqp_admin_url()),
            format!("--folder={}", plan.folder().display()),
        ];
        all.extend(arguments);
        let measured = self.measure(bench, &all);
        backing.stop();
        measured
    }

    /// Runs the program `bench` and passes on what it prints.
    fn measure(&self, bench: &str, arguments: &[String]) -> Result<ExitCode, Failure> {
        self.console.line("bench", &format!("{bench} {}", arguments.join(" ")));
        let mut command = Command::new(Checkout::program("bench", true));
        command.arg(bench).args(arguments);
        if self.options.json {
            command.arg("--json");
        }
        let status = run::lines(command, self.interrupt, OnInterrupt::Stop, |line| say!("{line}"))?;
        Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    /// A folder without the data of an earlier run: tables grow, and with them every figure.
    fn fresh_data(&self) -> Result<PathBuf, Failure> {
        let data = self.folder.join("data");
        if data.exists() {
            std::fs::remove_dir_all(&data).doing(format!("remove {}", data.display()))?;
        }
        std::fs::create_dir_all(&data).doing(format!("make {}", data.display()))?;
        Ok(data)
    }
}
