//! Child processes that are measured and end with this process.

use crate::parts::Part;
use std::error::Error;
use std::net::TcpListener;
use std::process::{self, Command, Stdio};
use std::time::{Duration, Instant};
use tokio::net::TcpStream;

/// Time limit until a program accepts connections.
const TIMEOUT: Duration = Duration::from_secs(20);

/// A running program; dropping it kills it.
pub(super) struct Child(process::Child);

impl Child {
    /// Starts a program and discards its log.
    pub(super) fn start(name: &str, command: &mut Command) -> Result<Self, Box<dyn Error>> {
        let started = command.stdout(Stdio::null()).stderr(Stdio::inherit()).spawn();
        Ok(Self(started.map_err(|failure| format!("start {name}: {failure}"))?))
    }

    /// The process, for measuring its resource usage.
    pub(super) fn part(&self, name: &str) -> Part {
        Part::of(name, self.0.id())
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// An unused address on the loopback interface.
pub(super) fn free_host() -> std::io::Result<String> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string())
}

/// Waits until the address accepts connections.
pub(super) async fn reachable(host: &str) -> Result<(), Box<dyn Error>> {
    let began = Instant::now();
    while TcpStream::connect(host).await.is_err() {
        if began.elapsed() > TIMEOUT {
            return Err(format!("{host} does not accept connections after {} s", TIMEOUT.as_secs()).into());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}
