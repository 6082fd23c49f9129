//! The gateway as a program.

use chassis::config::Command;
use gateway::config::Config;
use mimalloc::MiMalloc;
use std::process::ExitCode;

/// Each request takes and gives back buffers of 8 KiB on either side. The C library's allocator keeps nothing above 1 KiB
/// at hand and was a seventh of what a request cost outside of the kernel.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

// What serves has threads of its own.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let config: Config = chassis::config::parse();
    match config.command {
        Some(Command::Healthcheck) => chassis::healthcheck::run(config.api_addr).await,
        None => gateway::program::run(config).await,
    }
}
