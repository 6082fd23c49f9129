//! `bench`: starts the programs to measure, with their own servers, and measures them with the program `bench`.

use std::path::PathBuf;
use std::process::{Command, ExitCode};

use crate::checkout::Checkout;
use crate::cli::{Bench, BenchOptions};
use crate::console::{Console, say};
use crate::failure::{Doing, Failure};
use crate::install::{Need, ask_for_password, install, missing};
use crate::instance::{Backing, Lock, Plan, Product, cargo_build};
use crate::interrupt::Interrupt;
use crate::run::{self, OnInterrupt};
use crate::services::programs;

/// The environment of a measurement.
struct Stage<'a> {
    checkout: &'a Checkout,
    options: &'a BenchOptions,
    folder: PathBuf,
    console: &'a Console,
    interrupt: &'a Interrupt,
}

/// Builds, starts, measures, and stops.
///
/// # Errors
/// Fails if a program does not build, start or become idle, or if an invariant of the money is violated afterwards.
pub(crate) fn bench(checkout: &Checkout, options: &BenchOptions) -> Result<ExitCode, Failure> {
    let interrupt = Interrupt::watch()?;
    // With `--json`, standard output contains only the result.
    let console = if options.json { Console::silent() } else { Console::new() };
    let folder = checkout.local().join("bench");
    std::fs::create_dir_all(&folder).doing(format!("make {}", folder.display()))?;
    let Some(_lock) = Lock::take(&folder)? else {
        return Err(Failure::new("another `cargo xtask bench` is running, and both would affect each other's results"));
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
            // Two files of the gateway per socket, plus some for everything else.
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

/// Raises the limit of open files for this process and its children.
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
        for program in programs() {
            command.args(["-p", program]);
        }
        self.console.timed("build", || cargo_build(command, "build", self.console, self.interrupt))
    }

    /// Measures the whole system with empty tables.
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

    /// Measures with only a database and a broker.
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

    /// Runs the program `bench` and forwards its output.
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

    /// A folder without data of earlier runs, because growing tables change the results.
    fn fresh_data(&self) -> Result<PathBuf, Failure> {
        let data = self.folder.join("data");
        if data.exists() {
            std::fs::remove_dir_all(&data).doing(format!("remove {}", data.display()))?;
        }
        std::fs::create_dir_all(&data).doing(format!("make {}", data.display()))?;
        Ok(data)
    }
}
