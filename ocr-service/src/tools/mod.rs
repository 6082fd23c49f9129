//! What the program does besides serving: reading pictures from files, and showing how workers are held in.

mod isolation;
mod read;

use clap::{CommandFactory, Parser};
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
            Tool::Read(tool) => tool.run(),
            Tool::Isolation(tool) => tool.run(),
        }
    }
}

fn failed(failure: &(dyn std::error::Error + 'static)) -> ExitCode {
    eprintln!("{}", chassis::process::chain(failure));
    ExitCode::FAILURE
}
