//! Reads one picture, locked down; started by ocr-service.

use chassis::process::chain;
use clap::Parser;
use ocr_service::workers::{attempts, child};
use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

/// Reads one picture from standard input, locked down, and says what stands on it on standard output.
///
/// ocr-service starts it, one for each picture; it is a program of its own so that only it maps Tesseract.
#[derive(Debug, Parser)]
#[command(version)]
struct Worker {
    /// The folder with Tesseract's data.
    #[arg(long)]
    tessdata_dir: Option<PathBuf>,

    /// Tries what it must not do instead of reading.
    #[arg(long)]
    attempts: bool,
}

// No runtime: it must have one thread when it locks itself down.
fn main() -> ExitCode {
    let Worker { tessdata_dir, attempts } = Worker::parse();
    let outcome: Result<(), Box<dyn Error>> = if attempts {
        attempts::try_out().map_err(Into::into)
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
