//! What the program does besides serving: reading pictures from files, and showing how workers are held in.

mod isolation;
mod read;

use crate::workers::{attempts, child};
use clap::{CommandFactory, Parser};
use std::path::PathBuf;
use std::process::ExitCode;

/// Reads cheques from photos: tools.
#[derive(Debug, clap::Parser)]
#[command(name = "ocr-service", version)]
pub struct Tools {
    #[command(subcommand)]
    tool: Tool,
}

#[derive(Debug, clap::Subcommand)]
enum Tool {
    /// Reads pictures in isolated workers, and prints a line of JSON for each.
    Read(read::Read),
    /// Tries in a worker what a worker must not do, and prints what came of it; fails if anything was possible.
    Isolation(isolation::Isolation),
    /// Reads one picture from standard input; started by the pool.
    #[command(hide = true)]
    Worker(Worker),
}

#[derive(Debug, clap::Args)]
struct Worker {
    /// The folder with Tesseract's data.
    #[arg(long)]
    tessdata_dir: Option<PathBuf>,

    /// Tries what it must not do instead of reading.
    #[arg(long)]
    attempts: bool,
}

impl Tools {
    /// The tool that the command line names, if its first word is one's name. Ends the process when it is misused.
    pub fn asked_for() -> Option<Self> {
        let name = std::env::args_os().nth(1)?;
        Self::command().find_subcommand(name).is_some().then(Self::parse)
    }

    /// Runs it.
    pub fn run(self) -> ExitCode {
        match self.tool {
            Tool::Worker(Worker { attempts: true, .. }) => {
                attempts::try_out().map_or_else(|failure| failed(&failure), |()| ExitCode::SUCCESS)
            }
            Tool::Worker(Worker { tessdata_dir, .. }) => child::run(tessdata_dir.as_deref()),
            Tool::Read(tool) => tool.run(),
            Tool::Isolation(tool) => tool.run(),
        }
    }
}

fn failed(failure: &(dyn std::error::Error + 'static)) -> ExitCode {
    eprintln!("{}", chassis::process::chain(failure));
    ExitCode::FAILURE
}
