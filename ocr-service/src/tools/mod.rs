//! Command-line tools: reading pictures from files, and testing the isolation of workers.

mod failed;
mod isolation;
mod read;

use clap::CommandFactory;
use std::process::ExitCode;

/// Tools: recognise cheques on photos, or test the isolation.
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
    /// Attempts in a worker everything that it must not do, and prints the results; fails if anything succeeded.
    Isolation(isolation::Isolation),
}

impl Tools {
    /// The tool named by the first command-line argument, if any. Exits the process if the tool's arguments are wrong.
    pub fn from_arguments() -> Option<Self> {
        let name = std::env::args_os().nth(1)?;
        Self::command().find_subcommand(name).is_some().then(configuration::parse)
    }

    /// Runs the tool.
    pub fn run(self) -> ExitCode {
        match self.tool {
            Tool::Read(tool) => tool.run(),
            Tool::Isolation(tool) => tool.run(),
        }
    }
}
