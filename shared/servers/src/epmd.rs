//! The Erlang port mapper (epmd) of a private RabbitMQ.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::Signal;

use crate::daemon::{Daemon, Launch, stop_leftover};
use crate::{Programs, StartError, probe};

const LIMIT: Duration = Duration::from_secs(10);

/// Starts epmd on `port` of loopback and waits until it accepts connections.
///
/// Otherwise Erlang would start one on the system's port, which would survive the broker.
pub(crate) fn start(programs: &Programs, folder: &Path, port: u16) -> Result<Daemon, StartError> {
    let program =
        programs.find("epmd").ok_or(StartError::ProgramMissing { program: "epmd", package: "rabbitmq-server" })?;
    let mut command = programs.command(&program, folder, "rabbitmq")?;
    command.args(["-address", "127.0.0.1", "-port"]).arg(port.to_string());
    let mut daemon = Daemon::spawn(Launch {
        name: "epmd".to_owned(),
        command,
        log: folder.join("epmd.log"),
        append_log: false,
        record: record(folder),
    })?;
    daemon.wait_until_ready(LIMIT, || probe::accepts(port))?;
    Ok(daemon)
}

/// Stops epmd; it has no data to save.
pub(crate) fn stop(mut daemon: Daemon) {
    daemon.stop(Signal::TERM, LIMIT);
}

/// Stops an epmd that remains from a killed parent.
pub(crate) fn stop_leftover_in(folder: &Path) {
    stop_leftover(&record(folder), Signal::TERM, LIMIT);
}

fn record(folder: &Path) -> PathBuf {
    folder.join("epmd.pid")
}
