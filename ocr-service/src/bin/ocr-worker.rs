//! Reads one picture in an isolated process; started by ocr-service.

use clap::Parser;
use ocr_service::workers::{attempts, child};
use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;
use telemetry::chain;

/// Reads one picture from standard input, isolated, and writes the recognised cheque to standard output.
///
/// ocr-service starts one process per picture. It is a separate program so that only this process maps Tesseract.
#[derive(Debug, Parser)]
#[command(version)]
struct Worker {
    /// The folder with Tesseract's models.
    #[arg(long)]
    tessdata_dir: Option<PathBuf>,

    /// Instead of reading, attempts everything that a worker must not be able to do.
    #[arg(long)]
    attempts: bool,
}

// No async runtime: the process must have only one thread when it applies its isolation.
fn main() -> ExitCode {
    let Worker { tessdata_dir, attempts } = Worker::parse();
    let outcome: Result<(), Box<dyn Error>> = if attempts {
        attempts::run_all().map_err(Into::into)
    } else {
        child::run(tessdata_dir.as_deref()).map_err(Into::into)
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{}", chain(&*failure));
            ExitCode::FAILURE
        }
    }
}
