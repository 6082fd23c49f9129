//! `receipts`: measures the accuracy of receipt recognition on a folder of photos with known contents.

mod print;
mod reading;
mod score;
mod similar;
mod truth;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use crate::checkout::Checkout;
use crate::cli::ReceiptsOptions;
use crate::console::{Console, say};
use crate::failure::Failure;
use crate::instance::cargo_build;
use crate::interrupt::Interrupt;
use crate::receipts::reading::Reading;
use crate::receipts::score::{Scores, score};
use crate::receipts::truth::{Receipt, receipts};
use crate::run::{self, OnInterrupt};

/// Reads all pictures of the folder with the real program, and prints the accuracy.
///
/// # Errors
/// Fails if the folder is invalid, or if the program does not build or crashes.
pub(crate) fn measure(checkout: &Checkout, options: &ReceiptsOptions) -> Result<ExitCode, Failure> {
    let interrupt = Interrupt::watch()?;
    // With `--json`, standard output contains only the result; progress goes to standard error.
    let console = (!options.json).then(Console::new);
    let folder = match (&options.folder, options.generated) {
        (_, Some(count)) => generate(checkout, count, options.seed, console.as_ref(), &interrupt)?,
        (Some(folder), None) => folder.clone(),
        (None, None) => return Err(Failure::new("name a folder, or use --generated")),
    };
    let mut receipts = receipts(&folder)?;
    if let Some(part) = &options.filter {
        receipts.retain(|receipt| receipt.file.contains(part.as_str()));
    }
    if receipts.is_empty() {
        return Err(Failure::new("no receipt matches the filter"));
    }
    build(checkout, console.as_ref(), &interrupt)?;
    let readings = read(&folder, &receipts, console.as_ref(), &interrupt)?;
    let scores = score(&receipts, &readings);
    say!("{}", if options.json { print::json(&scores) } else { print::table(&scores) });
    check_complete(&scores)?;
    Ok(ExitCode::SUCCESS)
}

/// Draws bills with known contents.
fn generate(
    checkout: &Checkout,
    count: u32,
    seed: u32,
    console: Option<&Console>,
    interrupt: &Interrupt,
) -> Result<PathBuf, Failure> {
    let folder = checkout.root().join("target").join("generated-bills");
    let mut command = Command::new("cargo");
    command.args(["run", "-p", "reading", "--example", "bills", "--"]).arg(&folder);
    command.args([count.to_string(), seed.to_string()]).current_dir(checkout.root());
    let quiet = Console::silent();
    cargo_build(command, "draw", console.unwrap_or(&quiet), interrupt)?;
    Ok(folder)
}

fn build(checkout: &Checkout, console: Option<&Console>, interrupt: &Interrupt) -> Result<(), Failure> {
    let mut command = Command::new("cargo");
    // This profile also optimises image processing, and linking a full release build would take minutes.
    command.args(["build", "-p", "ocr-service"]).current_dir(checkout.root()).env_remove("DATABASE_URL");
    let quiet = Console::silent();
    cargo_build(command, "build", console.unwrap_or(&quiet), interrupt)
}

fn read(
    folder: &Path,
    receipts: &[Receipt],
    console: Option<&Console>,
    interrupt: &Interrupt,
) -> Result<Vec<Reading>, Failure> {
    let program = Checkout::program("ocr-service", false);
    let mut command = Command::new(&program);
    // One worker, so that the time per picture is what a single user experiences.
    command
        .args(["read", "--workers", "1"])
        .args(receipts.iter().map(|receipt| folder.join("images").join(&receipt.file)));
    let mut readings: Vec<Reading> = vec![];
    let mut other = vec![];
    let status = run::lines(command, interrupt, OnInterrupt::Stop, |line| match Reading::of_line(line) {
        Some(reading) => {
            let text = format!("{}/{} {}: {}", readings.len() + 1, receipts.len(), reading.file, reading.describe());
            match console {
                Some(console) => console.line("read", &text),
                None => eprintln!("{text}"),
            }
            readings.push(reading);
        }
        None => other.push(line.to_owned()),
    })?;
    if status.success() && !readings.is_empty() {
        return Ok(readings);
    }
    let from = other.len().saturating_sub(20);
    Err(Failure::new(format!("{} read: {status}\n{}", program.display(), other[from..].join("\n"))))
}

fn check_complete(scores: &Scores) -> Result<(), Failure> {
    match scores.without_result() {
        0 => Ok(()),
        count => Err(Failure::new(format!("{count} pictures have no result"))),
    }
}
