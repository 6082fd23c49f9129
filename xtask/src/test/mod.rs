//! `test`: runs all tests with separate servers and a separate system; the last line has the totals.

mod api;
mod cargo;
mod counts;
mod frontend;
mod fuzz;
mod generated_client;
mod report;
mod stage;
mod supply_chain;

use std::process::ExitCode;
use std::thread;

use servers::Programs;

use crate::checkout::Checkout;
use crate::cli::{Generation, Part, TestOptions};
use crate::console::Console;
use crate::failure::{Doing, Failure};
use crate::install::{Need, ask_for_password, install, missing, trixie};
use crate::instance::{Lock, Product, stop_leftovers};
use crate::interrupt::Interrupt;
use crate::new::copy::Copy;
use crate::new::create;
use crate::test::cargo::Selection;
use crate::test::counts::Counts;
use crate::test::report::Report;
use crate::test::stage::Stage;

const DEFAULT_PARTS: [Part; 5] = [Part::Integration, Part::E2e, Part::Frontend, Part::Browser, Part::Fuzz];
/// Parts that take some minutes more and install tools.
const EXTRA_PARTS: [Part; 3] = [Part::NewService, Part::SupplyChain, Part::Api];

/// Runs the selected parts, or the default ones; fails if a test failed or could not run.
///
/// # Errors
/// Fails if a requirement of the tests cannot be installed or started.
pub(crate) fn test(checkout: &Checkout, options: &TestOptions) -> Result<ExitCode, Failure> {
    let console = Console::new();
    let interrupt = Interrupt::watch()?;
    let folder = checkout.local().join("test");
    let Some(_lock) = Lock::take(&folder)? else {
        return Err(Failure::new("another `cargo xtask test` is running in this checkout"));
    };
    for name in ["servers", "product", "signed-in", "api", "new-service"] {
        let instance = folder.join(name);
        stop_leftovers(&instance);
        if instance.exists() {
            std::fs::remove_dir_all(&instance).doing(format!("empty {}", instance.display()))?;
        }
    }
    let mut parts = if options.parts.is_empty() { DEFAULT_PARTS.to_vec() } else { options.parts.clone() };
    if options.full {
        parts.extend(EXTRA_PARTS);
    }
    let packages = missing(&needs(&parts));
    ask_for_password(&packages);
    install(&packages, &console, &interrupt)?;

    let server_programs = match options.servers {
        Generation::Machine => Programs::Machine,
        Generation::Trixie => trixie(checkout, &console, &interrupt)?,
    };
    console.line("servers", &format!("tests run on {}", server_programs.versions().join(", ")));

    let stage = Stage {
        checkout,
        folder: &folder,
        filter: options.filter.as_deref(),
        server_programs: &server_programs,
        console: &console,
        interrupt: &interrupt,
    };
    let mut report = Report::default();
    let outcome = run(&stage, &parts, options.fuzz_seconds, &mut report);
    report.print();
    outcome?;
    Ok(ExitCode::from(u8::from(!report.is_green())))
}

fn run(stage: &Stage<'_>, parts: &[Part], fuzz_seconds: u32, report: &mut Report) -> Result<(), Failure> {
    let has = |part| parts.contains(&part);
    if has(Part::Unit) {
        report.add("unit", || cargo::unit(stage))?;
    }
    if let Some(selection) = Selection::of(has(Part::Integration), has(Part::E2e)) {
        on_servers(stage, selection, report)?;
    }
    if has(Part::Frontend) {
        report.add("frontend", || frontend::checks(stage))?;
    }
    if has(Part::Browser) {
        on_product("browser", stage, stage.product("product"), report, frontend::browser)?;
        on_product("signed in", stage, stage.product_with_sign_in(), report, frontend::browser)?;
    }
    if has(Part::Fuzz) {
        report.add("fuzz", || fuzz::fuzz(stage, fuzz_seconds))?;
    }
    if has(Part::NewService) {
        new_service(stage, report)?;
    }
    if has(Part::SupplyChain) {
        report.add("supply chain", || supply_chain::supply_chain(stage))?;
    }
    if has(Part::Api) {
        on_product("api", stage, stage.product("api"), report, api::api)?;
    }
    Ok(())
}

fn on_product(
    part: &'static str,
    stage: &Stage<'_>,
    product: Result<Product, Failure>,
    report: &mut Report,
    run: impl FnOnce(&Stage<'_>, &Product) -> Result<Counts, Failure>,
) -> Result<(), Failure> {
    match product {
        Ok(mut product) => {
            let outcome = report.add(part, || run(stage, &product));
            product.stop();
            outcome
        }
        Err(failure) => report.broken(part, &failure, stage),
    }
}

/// What a developer does for a new service, in a copy of the checkout with its own build.
fn new_service(stage: &Stage<'_>, report: &mut Report) -> Result<(), Failure> {
    let copy = Copy::of(stage.checkout, stage.folder.join("new-service"))?;
    let checkout = copy.checkout();
    let port = create(&checkout, "trialrun")?;
    stage.console.line("service", &format!("trialrun-service is made, on port {port}"));
    on_servers(&Stage { checkout: &checkout, filter: None, ..*stage }, Selection::NewService, report)
}

fn on_servers(stage: &Stage<'_>, selection: Selection, report: &mut Report) -> Result<(), Failure> {
    let servers = thread::scope(|scope| {
        let servers = scope.spawn(|| stage.servers());
        let built = cargo::build(stage, selection);
        let servers = servers.join().unwrap_or_else(|_| Err(Failure::new("the thread that starts servers panicked")));
        built.and(servers)
    });
    match servers {
        Ok(mut servers) => {
            let outcome = report.add(selection.name(), || cargo::on_servers(stage, selection, &servers));
            servers.stop();
            outcome
        }
        Err(failure) => report.broken(selection.name(), &failure, stage),
    }
}

fn needs(parts: &[Part]) -> Vec<Need> {
    let mut needs = Vec::new();
    for part in parts {
        match part {
            Part::Frontend | Part::SupplyChain => {}
            Part::Unit | Part::Fuzz => needs.push(Need::Tesseract),
            Part::Integration | Part::E2e | Part::NewService => {
                needs.extend([Need::Tesseract, Need::Postgres, Need::RabbitMq, Need::Redis, Need::PgBouncer]);
            }
            Part::Api => {
                needs.extend([Need::Tesseract, Need::Postgres, Need::RabbitMq, Need::Redis, Need::Python]);
            }
            Part::Browser => {
                needs.extend([Need::Tesseract, Need::Postgres, Need::RabbitMq, Need::Redis, Need::Chromium]);
            }
        }
    }
    needs.sort_unstable();
    needs.dedup();
    needs
}
