//! The query data of sqlx: parameters and results of each query, so that a build needs no database.

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;
use std::time::SystemTime;

use crate::checkout::Checkout;
use crate::console::Console;
use crate::failure::{Doing, Failure};
use crate::generate::compare::{differences, read};
use crate::install::{Need, ask_for_password, install, missing};
use crate::instance::{Backing, Plan, cargo_build, create_database, migrate_database, stop_leftovers};
use crate::interrupt::Interrupt;
use crate::services::SERVICES;

/// Generates the data of every crate with a private server, or checks the committed ones.
pub(super) fn generate(
    checkout: &Checkout,
    check: bool,
    console: &Console,
    interrupt: &Interrupt,
) -> Result<(), Failure> {
    let packages = missing(&[Need::Postgres, Need::Tesseract]);
    ask_for_password(&packages);
    install(&packages, console, interrupt)?;
    let folder = checkout.local().join("generate");
    stop_leftovers(&folder);
    let mut plan = Plan::for_tests(folder)?;
    plan.only_postgres();
    let build = |package: &str| {
        let mut command = Command::new("cargo");
        command.args(["build", "-p", package]).current_dir(checkout.root());
        console.timed("build", || cargo_build(command, "build", console, interrupt))
    };
    build("migrations")?;
    let mut backing = console.timed("servers", || Backing::start(&plan, console))?;
    let outcome = with_server(checkout, check, &plan, &backing, console, interrupt);
    backing.stop();
    outcome
}

fn with_server(
    checkout: &Checkout,
    check: bool,
    plan: &Plan,
    backing: &Backing,
    console: &Console,
    interrupt: &Interrupt,
) -> Result<(), Failure> {
    // A separate, fresh database: queries must match the migrations, not the schema left by an older run.
    let maintenance = backing.maintenance_url().unwrap_or_default();
    create_database(&maintenance, "chipin", true)?;
    migrate_database(plan, backing)?;
    for service in SERVICES {
        let committed = checkout.path(service.package).join(".sqlx");
        let fresh = plan.folder().join("sqlx").join(service.package);
        if fresh.exists() {
            fs::remove_dir_all(&fresh).doing(format!("empty {}", fresh.display()))?;
        }
        fs::create_dir_all(&fresh).doing(format!("make {}", fresh.display()))?;
        let url = format!("{}?options=-c%20search_path%3D{}", backing.database_url(), service.name);
        touch(&checkout.path(service.package).join("src/lib.rs"))?;
        let mut command = Command::new("cargo");
        command
            .args(["check", "-p", service.package])
            .current_dir(checkout.root())
            .env("DATABASE_URL", url)
            .env("SQLX_OFFLINE", "false")
            .env("SQLX_OFFLINE_DIR", &fresh);
        console.timed(service.package, || cargo_build(command, service.package, console, interrupt))?;
        settle(service.package, &committed, &fresh, check, console)?;
    }
    Ok(())
}

fn settle(package: &str, committed: &Path, fresh: &Path, check: bool, console: &Console) -> Result<(), Failure> {
    let generated = read(fresh)?;
    let differences = differences(&read(committed)?, &generated);
    if differences.is_empty() {
        let line = format!("{} queries, up to date", generated.len());
        console.line(package, &line);
        return Ok(());
    }
    if check {
        return Err(Failure::new(format!("{package}/.sqlx: {}; run `cargo xtask sqlx`", differences.join(", "))));
    }
    if committed.exists() {
        fs::remove_dir_all(committed).doing(format!("empty {}", committed.display()))?;
    }
    fs::create_dir_all(committed).doing(format!("make {}", committed.display()))?;
    for (name, content) in &generated {
        let path = committed.join(name);
        fs::write(&path, content).doing(format!("write {}", path.display()))?;
    }
    console.line(package, &format!("{} queries, written", generated.len()));
    Ok(())
}

/// Makes cargo compile the crate again, because the query macros write their data during expansion.
fn touch(path: &Path) -> Result<(), Failure> {
    let doing = || format!("touch {}", path.display());
    let file = File::options().append(true).open(path).doing(doing())?;
    file.set_modified(SystemTime::now()).doing(doing())
}
