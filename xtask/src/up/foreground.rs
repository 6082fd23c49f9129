//! The process that starts, watches and stops the system.

use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use servers::{Process, leave_session};

use crate::checkout::Checkout;
use crate::cli::UpOptions;
use crate::console::Console;
use crate::console::say;
use crate::failure::{Doing, Failure};
use crate::install::{self, Need, ask_for_password, missing};
use crate::instance::{Backing, Lock, Phase, Plan, Product, State, build_services, stop_leftovers};
use crate::interrupt::Interrupt;
use crate::up::addresses::print_addresses;

const WATCH: Duration = Duration::from_millis(100);

/// Starts everything, prints the addresses, watches until Ctrl-C or SIGTERM, and stops everything.
pub(super) fn run(checkout: &Checkout, options: &UpOptions) -> Result<ExitCode, Failure> {
    if options.supervisor {
        leave_session().doing("leave the terminal's session")?;
    }
    let console = Console::new();
    let interrupt = Interrupt::watch()?;
    let plan = Plan::up(checkout, options.release, options.tls);
    let Some(_lock) = Lock::take(plan.folder())? else {
        return Err(Failure::new("another `up` has just started here"));
    };
    publish_state(&plan, Phase::Starting, None)?;
    let outcome = start(checkout, &plan, &console, &interrupt);
    let mut product = match outcome {
        Ok(product) => product,
        Err(failure) => {
            publish_state(&plan, Phase::Failed, None)?;
            return Err(failure);
        }
    };
    publish_state(&plan, Phase::Ready, Some(&product))?;
    say!("\n{}\n\nChipin is ready:\n", console.timings());
    print_addresses(&product.addresses());
    if product.requires_sign_in() {
        say!("\nSign-in is required. Demo users: anna, boris, vera and admin, password chipin-demo. Loopback only.");
    } else {
        say!("\nDevelopment mode: requests with `X-User-ID: 1` are user 1. Loopback only.");
    }
    if let Some(files) = plan.tls() {
        let authority = files.authority.display();
        say!(
            "\nEvery connection is encrypted. To trust the certificates, import this authority into your browser; it can sign for"
        );
        say!("this machine only. For curl: --cacert {authority}");
        say!("  {authority}");
    }
    if !options.supervisor {
        say!("Ctrl-C stops it; data are preserved.\n");
    }
    watch(&plan, &mut product, &console, &interrupt)?;
    console.line("stop", "stopping services, then servers");
    publish_state(&plan, Phase::Stopping, Some(&product))?;
    product.stop();
    let _ = std::fs::remove_file(plan.folder().join("state"));
    console.line("stop", "everything is stopped; the data remain in .local");
    Ok(ExitCode::SUCCESS)
}

fn start(checkout: &Checkout, plan: &Plan, console: &Console, interrupt: &Interrupt) -> Result<Product, Failure> {
    for name in stop_leftovers(plan.folder()) {
        console.line("leftovers", &format!("stopped {name}, left by a killed `up`"));
    }
    Product::prepare(plan)?;
    let packages = missing(&needs(plan));
    ask_for_password(&packages);
    // Compiling needs the headers and takes longest: it starts as soon as they are installed, while the other packages
    // are installed and the servers started.
    let for_building = missing(&[Need::Tesseract]);
    if !for_building.is_empty() {
        console.timed("packages", || install::install(&for_building, console, interrupt))?;
    }
    let (built, backing) = thread::scope(|scope| {
        let built = scope.spawn(|| {
            let built = console.timed("build", || build_services(checkout, plan.release, console, interrupt));
            if built.is_err() {
                interrupt.raise();
            }
            built
        });
        let backing = start_servers(plan, &packages, console, interrupt);
        if backing.is_err() {
            interrupt.raise();
        }
        let built = built.join().unwrap_or_else(|_| Err(Failure::new("the thread that builds panicked")));
        (built, backing)
    });
    let backing = first_cause(built, backing)?;
    Product::start(plan, backing, console, interrupt)
}

fn start_servers(plan: &Plan, packages: &[&str], console: &Console, interrupt: &Interrupt) -> Result<Backing, Failure> {
    if !packages.is_empty() {
        console.timed("packages", || install::install(packages, console, interrupt))?;
    }
    interrupt.check()?;
    console.timed("servers", || Backing::start(plan, console))
}

/// If one side fails, the other is interrupted and fails too: the cause is the failure that is not an interrupt.
fn first_cause(built: Result<(), Failure>, backing: Result<Backing, Failure>) -> Result<Backing, Failure> {
    match (built, backing) {
        (Ok(()), backing) => backing,
        (Err(failure), Ok(mut backing)) => {
            backing.stop();
            Err(failure)
        }
        (Err(built), Err(backing)) if built.to_string() == "interrupted" => Err(backing),
        (Err(built), Err(_)) => Err(built),
    }
}

fn needs(plan: &Plan) -> Vec<Need> {
    let given = &plan.given;
    // A given PostgreSQL needs no local server programs.
    [
        (given.database.is_none(), Need::Postgres),
        (given.amqp.is_none(), Need::RabbitMq),
        (given.redis.is_none(), Need::Redis),
        (plan.tls().is_some(), Need::OpenSsl),
    ]
    .into_iter()
    .filter_map(|(needed, need)| needed.then_some(need))
    .collect()
}

fn watch(plan: &Plan, product: &mut Product, console: &Console, interrupt: &Interrupt) -> Result<(), Failure> {
    while !interrupt.is_raised() {
        if product.restart_crashed(console) {
            publish_state(plan, Phase::Ready, Some(product))?;
        }
        thread::sleep(WATCH);
    }
    Ok(())
}

fn publish_state(plan: &Plan, phase: Phase, product: Option<&Product>) -> Result<(), Failure> {
    let supervisor =
        Process::running(std::process::id()).ok_or_else(|| Failure::new("read our own process from /proc"))?;
    State {
        supervisor,
        phase,
        addresses: product.map(Product::addresses).unwrap_or_default(),
        parts: product.map(Product::parts).unwrap_or_default(),
    }
    .write(plan.folder())
}
