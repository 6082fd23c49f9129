//! The gateway program.

use gateway::config::Config;
use mimalloc::MiMalloc;
use process::config::Command;
use std::process::ExitCode;

/// Each request allocates and frees 8 KiB buffers on both sides. The C library's allocator does not cache blocks above
/// 1 KiB and took a seventh of the time of a request outside the kernel.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

// Connections are served on separate threads.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let config: Config = process::config::parse();
    match config.command {
        Some(Command::Healthcheck) => http_server::healthcheck::run(config.api_addr, &config.listen_tls).await,
        None => process::exit_code(gateway::program::run(config).await),
    }
}
